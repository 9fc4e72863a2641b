package worker

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// scratchPool hands out empty directories. Most attempts never touch theirs: those
// are used again, which is much cheaper than a new one each time. That nothing was
// made or removed in one is told by its time of change, which is set back before
// it is handed out.
type scratchPool struct {
	parent string

	mu   sync.Mutex
	free []string
}

// take returns an empty directory.
func (p *scratchPool) take() (string, error) {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		dir := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return dir, nil
	}
	p.mu.Unlock()
	dir, err := os.MkdirTemp(p.parent, "attempt-")
	if err != nil {
		return "", err
	}
	return dir, os.Chtimes(dir, untouched, untouched)
}

// untouched is when a directory in the pool was changed last: long ago, and with
// no fraction that a file system might round.
var untouched = time.Unix(1_000_000_000, 0)

// giveBack takes a directory back, or removes it with all that is in it. One
// that may still be in use is only removed.
func (p *scratchPool) giveBack(dir string, mayBeInUse bool) error {
	if !mayBeInUse && isUntouched(dir) {
		p.mu.Lock()
		p.free = append(p.free, dir)
		p.mu.Unlock()
		return nil
	}
	return os.RemoveAll(dir)
}

// clear removes the directories that nobody uses.
func (p *scratchPool) clear() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, dir := range p.free {
		errs = append(errs, os.RemoveAll(dir))
	}
	p.free = nil
	return errors.Join(errs...)
}

func isUntouched(dir string) bool {
	info, err := os.Lstat(dir)
	return err == nil && info.ModTime().Equal(untouched)
}

func newScratchPool(workDir string) (*scratchPool, error) {
	p := &scratchPool{parent: filepath.Join(workDir, "attempts")}
	return p, os.MkdirAll(p.parent, 0o700)
}
