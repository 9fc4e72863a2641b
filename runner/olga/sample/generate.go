package sample

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/google/renameio/v2"
	"golang.org/x/sync/errgroup"
)

// ErrNotEmpty says that the folder holds something, and nothing is to be replaced.
var ErrNotEmpty = errors.New("the folder is not empty")

// Made is a case and its files.
type Made struct {
	Case
	Trends, Keywords string  // paths
	LeakFlow         float64 // the largest, kg/s
}

// tplFolder is the folder of trend files of [TPLFolder].
const tplFolder = "TPL"

// Generate makes cases in a folder, several at once, which it makes, too, where it is
// not there. Each file is whole or not there, whatever ends the work. done, unless nil,
// is called as cases are done, one call at a time.
func Generate(ctx context.Context, folder string, o Options, done func(cases int)) ([]Made, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make cases: %w", err)
	}
	if len(entries) > 0 && !o.Replace {
		return nil, fmt.Errorf("make cases in %s: %w", folder, ErrNotEmpty)
	}
	trends := folder
	if o.Layout == TPLFolder {
		trends = filepath.Join(folder, tplFolder)
	}
	if err := os.MkdirAll(trends, 0o755); err != nil {
		return nil, fmt.Errorf("make cases: %w", err)
	}
	made := make([]Made, o.Cases)
	var (
		mu       sync.Mutex
		finished int
	)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range made {
		group.Go(func() error {
			if groupCtx.Err() != nil {
				return context.Cause(groupCtx)
			}
			c := Draw(o, i)
			made[i] = Made{Case: c, Trends: filepath.Join(trends, c.Name+".tpl"), Keywords: filepath.Join(folder, c.Name+".genkey")}
			if err := made[i].write(groupCtx); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			finished++
			if done != nil {
				done(finished)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return made, nil
}

// write writes the files of a case, the one that others look for last.
func (m *Made) write(ctx context.Context) error {
	if err := create(m.Keywords, m.WriteKeywords); err != nil {
		return err
	}
	return create(m.Trends, func(out io.Writer) (err error) {
		m.LeakFlow, err = m.WriteTrends(ctx, out)
		return err
	})
}

// create writes a file that is not there before it is whole.
func create(path string, write func(io.Writer) error) error {
	file, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o644))
	if err != nil {
		return fmt.Errorf("make cases: %w", err)
	}
	defer file.Cleanup()
	if err := write(file); err != nil {
		return err
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("make cases: %w", err)
	}
	return nil
}
