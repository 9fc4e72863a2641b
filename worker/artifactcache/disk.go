package artifactcache

import (
	"io/fs"
	"os"
	"path/filepath"
)

// sizeOf adds up the files beneath path; what vanishes meanwhile counts nothing.
func sizeOf(path string) int64 {
	var total int64
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // gone, or unreadable: its removal will say so
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

// removeAll removes a tree whose directories may be read-only. The tree is first
// moved out of its name, so that a crash leaves nothing half-removed under it.
func removeAll(path string) error {
	doomed := path
	if moved := path + ".removed"; os.Rename(path, moved) == nil {
		doomed = moved
	}
	_ = filepath.WalkDir(doomed, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(p, 0o700) // if it fails the removal says so
		}
		return nil
	})
	return os.RemoveAll(doomed)
}
