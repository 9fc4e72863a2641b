package storage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a [Bucket] that lasts as long as the process, for tests and
// examples. The zero value is ready.
type Memory struct {
	mu      sync.RWMutex
	objects map[string]memoryObject
}

type memoryObject struct {
	content  []byte
	modified time.Time
}

// memoryReader reads one object's content, which never changes.
type memoryReader struct{ *bytes.Reader }

// Close does nothing: there is nothing to release.
func (memoryReader) Close() error { return nil }

// Open implements [Bucket].
func (m *Memory) Open(ctx context.Context, key string) (Reader, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	object, ok := m.objects[key]
	if !ok {
		return nil, &NotFoundError{Location: key}
	}
	return memoryReader{bytes.NewReader(object.content)}, nil
}

// WriteAtomic implements [Bucket].
func (m *Memory) WriteAtomic(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := checkKey(key); err != nil {
		return err
	}
	var content bytes.Buffer
	err := ctx.Err()
	if err == nil {
		err = write(&content)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects == nil {
		m.objects = make(map[string]memoryObject)
	}
	m.objects[key] = memoryObject{content: content.Bytes(), modified: time.Now()}
	return nil
}

// List implements [Bucket].
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		objects := make(map[string]memoryObject)
		m.mu.RLock()
		for key, o := range m.objects {
			if strings.HasPrefix(key, prefix) {
				objects[key] = o
			}
		}
		m.mu.RUnlock()
		for _, key := range slices.Sorted(maps.Keys(objects)) {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, fmt.Errorf("list %q: %w", prefix, err))
				return
			}
			o := objects[key]
			tag := fmt.Sprintf("%d-%d", len(o.content), o.modified.UnixNano())
			if !yield(Entry{Key: key, Size: int64(len(o.content)), Modified: o.modified, Tag: tag}, nil) {
				return
			}
		}
	}
}

// Exists implements [Bucket].
func (m *Memory) Exists(ctx context.Context, key string) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, ok := m.objects[key]
	return ok, ctx.Err()
}

// Delete implements [Bucket].
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}
