package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is a [Bucket] that lasts as long as the process, for tests and
// examples. The zero value is ready.
type Memory struct {
	mu      sync.RWMutex
	objects map[string]memoryObject
	writes  int // so far
}

type memoryObject struct {
	content  []byte
	modified time.Time
	tag      string
}

func (o memoryObject) entry(key string) Entry {
	return Entry{Key: key, Size: int64(len(o.content)), Modified: o.modified, Tag: o.tag}
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
	return m.write(ctx, key, write, func(string) error { return nil })
}

// WriteIf implements [Bucket].
func (m *Memory) WriteIf(ctx context.Context, key, tag string, write func(io.Writer) error) error {
	return m.write(ctx, key, write, func(now string) error {
		if now != tag {
			return &ConflictError{Location: key, Tag: tag}
		}
		return nil
	})
}

// write asks permit, with the tag of what is there, before it replaces that.
func (m *Memory) write(ctx context.Context, key string, write func(io.Writer) error, permit func(tag string) error) error {
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
	if err := permit(m.objects[key].tag); err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	m.put(key, content.Bytes())
	return nil
}

// put is called with the lock held.
func (m *Memory) put(key string, content []byte) {
	if m.objects == nil {
		m.objects = make(map[string]memoryObject)
	}
	m.writes++
	m.objects[key] = memoryObject{content: content, modified: time.Now(), tag: strconv.Itoa(m.writes)}
}

// Copy implements [Bucket].
func (m *Memory) Copy(ctx context.Context, from, to string) error {
	if err := errors.Join(checkKey(from), checkKey(to)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	object, ok := m.objects[from]
	if !ok {
		return &NotFoundError{Location: from}
	}
	m.put(to, object.content)
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
			if !yield(objects[key].entry(key), nil) {
				return
			}
		}
	}
}

// Stat implements [Bucket].
func (m *Memory) Stat(ctx context.Context, key string) (Entry, error) {
	if err := checkKey(key); err != nil {
		return Entry{}, err
	}
	if err := ctx.Err(); err != nil {
		return Entry{}, fmt.Errorf("look for %s: %w", key, err)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	object, ok := m.objects[key]
	if !ok {
		return Entry{}, &NotFoundError{Location: key}
	}
	return object.entry(key), nil
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
