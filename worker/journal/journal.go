package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/renameio/v2"
	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

const (
	fileName = "results.journal"
	// maxLiveBytes bounds the results that wait for an acknowledgement.
	maxLiveBytes = 256 << 20
	// rewriteAbove is the size from which a file that is mostly forgotten is
	// rewritten; below it the file only grows.
	rewriteAbove = 4 << 20
	// maxFile bounds what is read at the start.
	maxFile = 2 * maxLiveBytes
)

// ErrFull says that too many results wait for an acknowledgement.
var ErrFull = errors.New("the journal is full")

// Journal keeps results on disk. Its methods are safe for concurrent use. Two
// processes must not open the same directory; the caller sees to it.
type Journal struct {
	path string
	log  *slog.Logger

	mu        sync.Mutex
	file      *os.File // nil once closed
	size      int64    // where the next record goes
	live      map[key]entry
	order     uint64 // of the newest entry
	liveBytes int64
	doubtful  bool // a write failed: what is on disk is not known
}

// entry is a result that waits, with its place in the order of puts.
type entry struct {
	held  *mlopsv1.HeldAttempt
	order uint64
	bytes int64
}

// Open opens the journal in dir, which must exist, and returns the results that
// were not acknowledged, oldest first. A damaged file is set aside with a
// warning to log; the results that can still be read are returned.
func Open(dir string, log *slog.Logger) (*Journal, []*mlopsv1.HeldAttempt, error) {
	j := &Journal{path: filepath.Join(dir, fileName), log: log, live: map[key]entry{}}
	raw, err := readBounded(j.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("reading the journal: %w", err)
	}
	c := parse(raw)
	if c.foreign || c.damaged > 0 {
		aside := fmt.Sprintf("%s.damaged-%s", j.path, time.Now().UTC().Format("20060102T150405.000000000"))
		if err := os.Rename(j.path, aside); err != nil {
			return nil, nil, fmt.Errorf("setting a damaged journal aside: %w", err)
		}
		log.Warn("the journal of results was damaged and has been set aside", "file", aside, "unreadable_bytes", c.damaged, "foreign", c.foreign, "results_saved", len(c.live))
	}
	for _, held := range c.live {
		j.remember(held)
	}
	if err := j.rewrite(c.live); err != nil {
		return nil, nil, fmt.Errorf("opening the journal: %w", err)
	}
	return j, c.live, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that a journal may have: move it away", path, info.Size(), int64(maxFile))
	}
	return io.ReadAll(f)
}

// Put makes results durable: all of them with one flush. After an error none
// of them is known to be.
func (j *Journal) Put(entries ...*mlopsv1.HeldAttempt) error {
	var buf []byte
	var err error
	for _, held := range entries {
		if !complete(held) {
			return fmt.Errorf("journal: entry of task %q has no outcome", held.GetRef().GetTaskId())
		}
		if buf, err = appendRecord(buf, kindPut, held); err != nil {
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return os.ErrClosed
	}
	if j.liveBytes+int64(len(buf)) > maxLiveBytes {
		return fmt.Errorf("%w: %d results with %d bytes wait for an acknowledgement", ErrFull, len(j.live), j.liveBytes)
	}
	if err := j.write(buf, true); err != nil {
		return err
	}
	for _, held := range entries {
		j.remember(held)
	}
	return nil
}

// Forget notes that results are acknowledged. Unknown ones are ignored.
func (j *Journal) Forget(refs ...*mlopsv1.AttemptRef) error {
	var buf []byte
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return os.ErrClosed
	}
	for _, ref := range refs {
		old, ok := j.live[keyOf(ref)]
		if !ok {
			continue
		}
		j.liveBytes -= old.bytes
		delete(j.live, keyOf(ref))
		var err error
		if buf, err = appendRecord(buf, kindForget, ref); err != nil {
			return err
		}
	}
	switch {
	case len(buf) == 0:
		return nil
	case j.doubtful, len(j.live) == 0 && j.size > rewriteAbove/16, j.size > rewriteAbove && j.liveBytes < j.size/2:
		return j.rewrite(j.entries())
	}
	return j.write(buf, false)
}

// Len returns the number of results that wait for an acknowledgement.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.live)
}

// Close closes the file; results that wait stay in it.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// write appends to the file, after repairing it if an earlier write failed.
func (j *Journal) write(buf []byte, flush bool) error {
	if j.doubtful {
		if err := j.rewrite(j.entries()); err != nil {
			return err
		}
	}
	_, err := j.file.WriteAt(buf, j.size)
	if err == nil && flush {
		err = j.file.Sync()
	}
	if err != nil {
		// After a failed flush nobody knows what the disk holds: write it anew.
		j.doubtful = true
		return fmt.Errorf("writing the journal: %w", err)
	}
	j.size += int64(len(buf))
	return nil
}

// rewrite replaces the file by one that holds only entries.
func (j *Journal) rewrite(entries []*mlopsv1.HeldAttempt) error {
	buf := []byte(header)
	var err error
	for _, held := range entries {
		if buf, err = appendRecord(buf, kindPut, held); err != nil {
			return err
		}
	}
	if err := renameio.WriteFile(j.path, buf, 0o600, renameio.WithTempDir(filepath.Dir(j.path))); err != nil {
		return fmt.Errorf("rewriting the journal: %w", err)
	}
	if err := syncDir(filepath.Dir(j.path)); err != nil {
		return fmt.Errorf("rewriting the journal: %w", err)
	}
	file, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("reopening the journal: %w", err)
	}
	if j.file != nil {
		j.file.Close()
	}
	j.file, j.size, j.doubtful = file, int64(len(buf)), false
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (j *Journal) remember(held *mlopsv1.HeldAttempt) {
	k := keyOf(held.GetRef())
	j.liveBytes -= j.live[k].bytes
	j.order++
	e := entry{held: held, order: j.order, bytes: int64(prefixSize + 1 + proto.Size(held))}
	j.live[k] = e
	j.liveBytes += e.bytes
}

// entries returns what waits, oldest first.
func (j *Journal) entries() []*mlopsv1.HeldAttempt {
	waiting := slices.SortedFunc(maps.Values(j.live), func(a, b entry) int { return cmp.Compare(a.order, b.order) })
	held := make([]*mlopsv1.HeldAttempt, len(waiting))
	for i, e := range waiting {
		held[i] = e.held
	}
	return held
}
