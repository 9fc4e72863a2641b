package observe

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Bounds of a log whose own are zero.
const (
	DefaultMaxBytes    = 8 << 20
	DefaultMaxSegments = 4
	DefaultMaxAge      = 400 * 24 * time.Hour
)

const (
	// defaultLineBytes bounds one entry; a longer line is read as damaged.
	defaultLineBytes = 1 << 20
	// lockPatience is how long an append waits for other writers.
	lockPatience = 10 * time.Second
	lockPoll     = 5 * time.Millisecond
)

// Log is a bounded, append-only file of JSON lines that many processes may write
// to at once. When the file would grow past MaxBytes it is renamed from x.jsonl
// to x.1.jsonl, that to x.2.jsonl, and so on; of such segments the MaxSegments
// newest are kept, and of those none whose last entry is older than MaxAge.
type Log struct {
	Path string // of the current segment, ending in .jsonl
	Limits
	MaxLineBytes int // of one entry; 0: 1 MiB
}

// Limits bound what a log keeps.
type Limits struct {
	MaxBytes    int64         // of one segment; 0: DefaultMaxBytes
	MaxSegments int           // rotated ones beside the current; 0: DefaultMaxSegments
	MaxAge      time.Duration // of a rotated segment's newest entry; 0: DefaultMaxAge
}

func (l Log) withDefaults() Log {
	if l.MaxLineBytes <= 0 {
		l.MaxLineBytes = defaultLineBytes
	}
	l.Limits = l.Limits.withDefaults()
	return l
}

func (l Limits) withDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	if l.MaxSegments <= 0 {
		l.MaxSegments = DefaultMaxSegments
	}
	if l.MaxAge <= 0 {
		l.MaxAge = DefaultMaxAge
	}
	return l
}

// Append adds entry as one line and makes it durable. It makes the directory if
// need be.
func (l Log) Append(ctx context.Context, entry any, now time.Time) error {
	return l.locked(ctx, func(l Log) error { return l.write(entry, now) })
}

// AppendIf lets decide see the log's segments, oldest first, and appends the
// entry that it gives, if any; nobody else writes meanwhile. It tells whether
// something was appended.
func (l Log) AppendIf(ctx context.Context, now time.Time, decide func(segments [][]byte) (entry any, ok bool)) (appended bool, err error) {
	err = l.locked(ctx, func(l Log) error {
		segments, err := l.segments(ctx)
		if err != nil {
			return err
		}
		entry, ok := decide(segments)
		if !ok {
			return nil
		}
		appended = true
		return l.write(entry, now)
	})
	return appended && err == nil, err
}

// locked runs f while nobody else writes.
func (l Log) locked(ctx context.Context, f func(Log) error) error {
	l = l.withDefaults()
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o777); err != nil {
		return fmt.Errorf("append to %s: %w", l.Path, err)
	}
	lock := l.lock()
	defer lock.Close()
	wait, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if _, err := lock.TryLockContext(wait, lockPoll); err != nil {
		return fmt.Errorf("append to %s: wait for the log's lock: %w", l.Path, err)
	}
	if err := f(l); err != nil {
		return fmt.Errorf("append to %s: %w", l.Path, err)
	}
	return nil
}

// write appends an entry; the lock is held.
func (l Log) write(entry any, now time.Time) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	if len(line) >= l.MaxLineBytes {
		return fmt.Errorf("an entry of %d bytes is longer than %d", len(line), l.MaxLineBytes)
	}
	line = append(line, '\n')
	if err := l.rotate(int64(len(line)), now); err != nil {
		return fmt.Errorf("rotate: %w", err)
	}
	f, err := os.OpenFile(l.Path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	created, err := appendLine(f, line)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil && created {
		syncDir(filepath.Dir(l.Path))
	}
	return err
}

// syncDir makes a new file's name durable where the file system can; the entry is
// in the file whether or not it does.
func syncDir(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
}

// lock is a file of its own because the log is renamed under its writers. Whoever
// may write the log may lock it.
func (l Log) lock() *flock.Flock {
	return flock.New(strings.TrimSuffix(l.Path, ".jsonl")+".lock", flock.SetPermissions(0o666))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// appendLine writes line after ending one that a crash has torn, and tells
// whether it is the first.
func appendLine(f *os.File, line []byte) (first bool, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	if size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err != nil {
			return false, err
		}
		if last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	if _, err := f.Write(line); err != nil {
		// A full disk may have taken a part of the line; take it back.
		return false, errors.Join(err, f.Truncate(size))
	}
	return size == 0, f.Sync()
}

// segment returns the path of the i-th rotated segment, 1 being the newest, or of
// the current one for 0.
func (l Log) segment(i int) string {
	if i == 0 {
		return l.Path
	}
	return strings.TrimSuffix(l.Path, ".jsonl") + "." + strconv.Itoa(i) + ".jsonl"
}

// rotated returns the numbers of the rotated segments that there are, rising:
// newest first.
func (l Log) rotated() ([]int, error) {
	entries, err := os.ReadDir(filepath.Dir(l.Path))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	var numbers []int
	prefix := strings.TrimSuffix(filepath.Base(l.Path), "jsonl")
	for _, e := range entries {
		text, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), ".jsonl"), prefix)
		if n, err := strconv.Atoi(text); ok && err == nil && n > 0 && e.Name() == filepath.Base(l.segment(n)) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// rotate makes room for so many bytes and drops what is too much or too old.
func (l Log) rotate(room int64, now time.Time) error {
	info, err := os.Stat(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	numbers, err := l.rotated()
	if err != nil {
		return err
	}
	if info.Size()+room > l.MaxBytes {
		// From the oldest on, so that no rename meets a file that is still needed.
		for _, n := range slices.Backward(append([]int{0}, numbers...)) {
			if err := os.Rename(l.segment(n), l.segment(n+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if numbers, err = l.rotated(); err != nil {
			return err
		}
	}
	for _, n := range numbers {
		info, err := os.Stat(l.segment(n))
		if err == nil && (n > l.MaxSegments || now.Sub(info.ModTime()) > l.MaxAge) {
			err = os.Remove(l.segment(n))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ReadLog returns a log's entries, oldest first, and how many lines were damaged
// and left out. A log that does not exist has none.
func ReadLog[T any](ctx context.Context, l Log) (entries []T, damaged int, err error) {
	l = l.withDefaults()
	// The lock keeps segments from being renamed meanwhile. Where its file is not
	// there nobody has written yet, and reading must leave no trace.
	if lock := l.lock(); exists(lock.Path()) {
		defer lock.Close()
		wait, cancel := context.WithTimeout(ctx, lockPatience)
		defer cancel()
		if _, err := lock.TryRLockContext(wait, lockPoll); err != nil && wait.Err() != nil {
			return nil, 0, fmt.Errorf("read log %s: wait for its lock: %w", l.Path, err)
		}
	}
	segments, err := l.segments(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("read log: %w", err)
	}
	for _, data := range segments {
		more, bad := parseLines[T](data, l.MaxLineBytes)
		entries = append(entries, more...)
		damaged += bad
	}
	return entries, damaged, nil
}

// segments reads all of them, oldest first.
func (l Log) segments(ctx context.Context) ([][]byte, error) {
	numbers, err := l.rotated()
	if err != nil {
		return nil, err
	}
	var segments [][]byte
	for _, n := range slices.Backward(append([]int{0}, numbers...)) {
		data, err := os.ReadFile(l.segment(n))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		segments = append(segments, data)
	}
	return segments, nil
}

// parseLines decodes JSON lines and counts those that are none.
func parseLines[T any](data []byte, maxLine int) (entries []T, damaged int) {
	lines := bufio.NewReaderSize(bytes.NewReader(data), 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 {
			var entry T
			if len(text) > maxLine || json.Unmarshal(text, &entry) != nil {
				damaged++
			} else {
				entries = append(entries, entry)
			}
		}
		if err != nil {
			return entries, damaged
		}
	}
}
