package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFiles bounds the files of one version.
const maxFiles = 20_000

// copyTree copies the regular files below the directory from into the directory
// into of root, which exists, and makes them durable. A file that may be executed
// stays so; every other property of files is left behind.
func copyTree(ctx context.Context, from string, root *os.Root, into string) error {
	source, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := root.OpenRoot(into)
	if err != nil {
		return err
	}
	defer target.Close()
	var dirs []string
	files := 0
	err = fs.WalkDir(source.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.IsDir():
			dirs = append(dirs, name)
			if name == "." {
				return nil
			}
			return target.Mkdir(name, 0o777)
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is not a regular file", name)
		case files == maxFiles:
			return fmt.Errorf("%s has more than %d files", from, maxFiles)
		}
		files++
		return copyFile(source, target, name)
	})
	for i := len(dirs) - 1; i >= 0 && err == nil; i-- {
		err = syncDir(target, dirs[i])
	}
	return err
}

func copyFile(source, target *os.Root, name string) error {
	in, err := source.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	perm := fs.FileMode(0o666)
	if info.Mode()&0o111 != 0 {
		perm = 0o777
	}
	out, err := target.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	return nil
}
