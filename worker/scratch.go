package worker

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// scratchPool hands out empty directories. Most attempts leave theirs empty:
// those are used again, which is much cheaper than a new one each time.
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
	return os.MkdirTemp(p.parent, "attempt-")
}

// giveBack takes a directory back, or removes it with all that is in it. One
// that may still be in use is only removed.
func (p *scratchPool) giveBack(dir string, mayBeInUse bool) error {
	if !mayBeInUse && isEmpty(dir) {
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

func isEmpty(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	return errors.Is(err, io.EOF)
}

func newScratchPool(workDir string) (*scratchPool, error) {
	p := &scratchPool{parent: filepath.Join(workDir, "attempts")}
	return p, os.MkdirAll(p.parent, 0o700)
}
