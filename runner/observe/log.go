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
	// maxLineBytes bounds one entry; a longer line is read as damaged.
	maxLineBytes = 1 << 20
	// lockPatience is how long an append waits for other writers.
	lockPatience = 10 * time.Second
	lockPoll     = 5 * time.Millisecond
)

// Log is a bounded, append-only file of JSON lines that many processes may write
// to at once. When the file would grow past MaxBytes it is renamed from x.jsonl
// to x.1.jsonl, that to x.2.jsonl, and so on; of such segments the MaxSegments
// newest are kept, and of those none whose last entry is older than MaxAge.
type Log struct {
	Path        string        // of the current segment, ending in .jsonl
	MaxBytes    int64         // of one segment; 0: DefaultMaxBytes
	MaxSegments int           // rotated ones beside the current; 0: DefaultMaxSegments
	MaxAge      time.Duration // 0: DefaultMaxAge
}

func (l Log) withDefaults() Log {
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
	line, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("append to %s: %w", l.Path, err)
	}
	if len(line) >= maxLineBytes {
		return fmt.Errorf("append to %s: an entry of %d bytes is longer than %d", l.Path, len(line), maxLineBytes)
	}
	l = l.withDefaults()
	if err := l.append(ctx, append(line, '\n'), now); err != nil {
		return fmt.Errorf("append to %s: %w", l.Path, err)
	}
	return nil
}

func (l Log) append(ctx context.Context, line []byte, now time.Time) error {
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o777); err != nil {
		return err
	}
	lock := l.lock()
	defer lock.Close()
	wait, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if _, err := lock.TryLockContext(wait, lockPoll); err != nil {
		return fmt.Errorf("wait for the log's lock: %w", err)
	}
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

// rotate makes room for so many bytes and drops what is too old.
func (l Log) rotate(room int64, now time.Time) error {
	info, err := os.Stat(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Size()+room > l.MaxBytes {
		for i := l.MaxSegments - 1; i >= 0; i-- {
			if err := os.Rename(l.segment(i), l.segment(i+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	for i := 1; i <= l.MaxSegments; i++ {
		info, err := os.Stat(l.segment(i))
		if err == nil && now.Sub(info.ModTime()) > l.MaxAge {
			err = os.Remove(l.segment(i))
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
	for i := l.MaxSegments; i >= 0; i-- {
		data, err := os.ReadFile(l.segment(i))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read log: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		more, bad := parseLines[T](data)
		entries = append(entries, more...)
		damaged += bad
	}
	return entries, damaged, nil
}

// parseLines decodes JSON lines and counts those that are none.
func parseLines[T any](data []byte) (entries []T, damaged int) {
	lines := bufio.NewReaderSize(bytes.NewReader(data), 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if text := bytes.TrimSpace(line); len(text) > 0 {
			var entry T
			if len(text) > maxLineBytes || json.Unmarshal(text, &entry) != nil {
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
