package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Binaries are the built programs.
type Binaries struct {
	dir string
}

// Build compiles the three programs into a new temporary directory. Remove
// deletes it.
func Build(ctx context.Context) (*Binaries, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mlops-e2e-bin-")
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), "./cmd/...")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the binaries: %w\n%s", err, out)
	}
	return &Binaries{dir: dir}, nil
}

// Path returns where the program of that name is.
func (b *Binaries) Path(name string) string { return filepath.Join(b.dir, name) }

// Remove deletes the programs.
func (b *Binaries) Remove() error { return os.RemoveAll(b.dir) }

// Root returns the repository's root: the nearest directory upwards with a
// go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
		dir = up
	}
}
