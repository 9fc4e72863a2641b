package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Open opens the store in the file at path, or makes a new one if there is no
// file or an empty one. Its directory must exist. What is there already is first
// read and checked as a whole; a file that is in use, foreign, damaged or of a
// newer version is left as it is and refused with a [*LockedError],
// [*ForeignError], [*DamagedError] or [*NewerError].
func Open(path string, o Options) (*Store, error) {
	o = o.withDefaults()
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := createFile(path, o); err != nil {
			return nil, fmt.Errorf("making state store %s: %w", path, err)
		}
	case err != nil:
		return nil, fmt.Errorf("opening state store: %w", err)
	case !info.Mode().IsRegular():
		return nil, &ForeignError{Path: path, Reason: "it is no regular file"}
	}
	if err == nil && info.Size() > 0 {
		if _, err := check(path, o.Timeout); err != nil {
			return nil, err
		}
	}
	var db *bbolt.DB
	err = guarded(path, func() (err error) {
		db, err = bbolt.Open(path, 0o600, boltOptions(o))
		return err
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, &LockedError{Path: path, PID: holder(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("opening state store %s: %w", path, err)
	}
	if err := prepare(db, path, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	setHolder(path)
	return serve(db, path, o), nil
}

// prepare brings an open file to the current schema.
func prepare(db *bbolt.DB, path string, o Options) error {
	var version uint64
	err := db.View(func(tx *bbolt.Tx) (err error) {
		version, err = versionOf(tx, path)
		return err
	})
	if err != nil {
		return err
	}
	if version == 0 {
		if err := db.Update(create); err != nil {
			return fmt.Errorf("making state store %s: %w", path, err)
		}
		return nil
	}
	return migrate(db, path, version, migrations(), o.Now)
}

// createFile makes a new store beside its place and then gives it its name, so
// that nobody ever sees half of one; if another process was first, its store
// stays.
func createFile(path string, o Options) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	if err := temp.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(temp.Name(), 0o600, &bbolt.Options{Timeout: o.Timeout, NoSync: o.NoSync, NoGrowSync: o.NoSync})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(create), db.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if o.NoSync {
		return nil
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a directory's new names durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// initialMap is how much address space is mapped at once: a map that must grow
// waits for all readers.
const initialMap = 256 << 20

// boltOptions are bbolt's settings. The list of free pages stays in memory while
// the store is open, because writing it would make each commit as long as that
// list.
func boltOptions(o Options) *bbolt.Options {
	return &bbolt.Options{
		Timeout:         o.Timeout,
		NoSync:          o.NoSync,
		NoGrowSync:      o.NoSync,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: initialMap,
		NoStatistics:    true,
	}
}
