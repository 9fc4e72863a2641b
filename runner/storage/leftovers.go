package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// RemoveLeftovers removes what writers left in a local directory that were killed
// before their file was whole: temporary files that nobody has written to since
// before. It returns how many. A directory that is missing has none.
func (o *Opener) RemoveLeftovers(dir string, before time.Time) (int, error) {
	p, err := o.locate(dir, true)
	if err != nil {
		return 0, err
	}
	removed := 0
	err = p.do(func(root *os.Root) error {
		entries, err := fs.ReadDir(root.FS(), p.rel)
		if notExist(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list %s: %w", dir, err)
		}
		within, err := root.OpenRoot(p.rel)
		if err != nil {
			return fmt.Errorf("open %s: %w", dir, err)
		}
		defer within.Close()
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), temporaryPrefix) || !e.Type().IsRegular() {
				continue
			}
			info, err := e.Info()
			if err != nil || !info.ModTime().Before(before) {
				continue
			}
			if err := within.Remove(e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove %s in %s: %w", e.Name(), dir, err)
			}
			removed++
		}
		return nil
	})
	return removed, err
}
