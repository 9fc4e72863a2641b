package etl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"
)

const digestPrefix = "sha256:"

func digestOf(h hash.Hash) string { return digestPrefix + hex.EncodeToString(h.Sum(nil)) }

// DigestOf returns the digest of texts, each of which counts with its length: for
// [Input.Digest].
func DigestOf(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return digestOf(h)
}

// digests computes digests of files, each once as long as it does not change:
// items often share an input.
type digests struct {
	store *Store
	mu    sync.Mutex
	known map[digestKey]*digest
}

type digestKey struct{ location, tag string }

type digest struct {
	once sync.Once
	text string
	err  error
}

func (d *digests) of(ctx context.Context, location, tag string) (string, error) {
	d.mu.Lock()
	key := digestKey{location, tag}
	one := d.known[key]
	if one == nil {
		one = &digest{}
		d.known[key] = one
	}
	d.mu.Unlock()
	one.once.Do(func() { one.text, one.err = d.compute(ctx, location) })
	return one.text, one.err
}

func (d *digests) compute(ctx context.Context, location string) (string, error) {
	file, err := d.store.Open(ctx, location)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, &untilDone{ctx: ctx, r: file}); err != nil {
		return "", fmt.Errorf("read %s: %w", location, err)
	}
	return digestOf(h), nil
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := context.Cause(u.ctx); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
