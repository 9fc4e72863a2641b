package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/gofrs/flock"
	"go.etcd.io/bbolt"
)

// LockedError says that another process has the store open.
type LockedError struct {
	Path string
	PID  int // of that process; 0: not known
}

// Error names the file and, if known, the process.
func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("state store %s is in use by %s: stop it or choose another state directory", e.Path, who)
}

// ForeignError says that a file is not a state store; it was left as it is.
type ForeignError struct {
	Path   string
	Reason string
}

// Error names the file and says how one sees that it is not ours.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s is not a state store (%s) and was left as it is: choose another state directory", e.Path, e.Reason)
}

// DamagedError says that a state store is damaged; it was left as it is.
type DamagedError struct {
	Path   string
	Reason string
}

// Error names the file and the damage.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("state store %s is damaged (%s) and was left as it is: restore it from a backup, or move it away to start anew", e.Path, e.Reason)
}

// NewerError says that a store was written by a newer version; it was left as it
// is.
type NewerError struct {
	Path    string
	Version uint64 // of its schema
}

// Error names the file and both versions.
func (e *NewerError) Error() string {
	return fmt.Sprintf("state store %s has schema version %d, this program knows versions up to %d; it was left as it is: use the newer program",
		e.Path, e.Version, schemaVersion)
}

// check opens a file for reading only and says whether it is a whole state
// store, and of which schema version; 0 is an empty bbolt file, left by a
// creation that was interrupted. It takes a shared lock meanwhile.
func check(path string, timeout time.Duration) (version uint64, err error) {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	locked, err := lock.TryRLockContext(ctx, 20*time.Millisecond)
	if !locked && errors.Is(err, context.DeadlineExceeded) {
		return 0, &LockedError{Path: path, PID: holder(path)}
	}
	if err != nil {
		return 0, fmt.Errorf("locking state store %s: %w", path, err)
	}
	defer lock.Close()
	if err := checkFile(path); err != nil {
		return 0, err
	}
	return readVersion(path, timeout)
}

// checkFile checks the file's structure, without bbolt.
func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening state store: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("opening state store: %w", err)
	}
	meta, ours, err := readMeta(f, info.Size())
	if !ours {
		return &ForeignError{Path: path, Reason: "it does not begin as a bbolt file does"}
	}
	if err == nil {
		err = checkPages(f, meta)
	}
	if err != nil {
		return &DamagedError{Path: path, Reason: err.Error()}
	}
	return nil
}

// readVersion reads a store's schema version; what is no store is foreign.
func readVersion(path string, timeout time.Duration) (version uint64, err error) {
	err = guarded(path, func() error {
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: timeout})
		if err != nil {
			return fmt.Errorf("opening state store %s: %w", path, err)
		}
		err = db.View(func(tx *bbolt.Tx) error {
			version, err = versionOf(tx, path)
			return err
		})
		if err != nil {
			_ = db.Close()
			return err
		}
		return db.Close()
	})
	return version, err
}

// versionOf returns the schema version of an open store.
func versionOf(tx *bbolt.Tx, path string) (uint64, error) {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		if name, _ := tx.Cursor().First(); name != nil {
			return 0, &ForeignError{Path: path, Reason: fmt.Sprintf("a bbolt file of another application, with a bucket %q", name)}
		}
		return 0, nil
	}
	if f := meta.Get(keyFormat); string(f) != format {
		return 0, &ForeignError{Path: path, Reason: "a bbolt file of another application"}
	}
	v := meta.Get(keySchema)
	if len(v) != 8 || binary.BigEndian.Uint64(v) == 0 {
		return 0, &DamagedError{Path: path, Reason: "its schema version cannot be read"}
	}
	version := binary.BigEndian.Uint64(v)
	if version > schemaVersion {
		return 0, &NewerError{Path: path, Version: version}
	}
	if version == schemaVersion {
		for _, name := range dataBuckets() {
			if tx.Bucket(name) == nil {
				return 0, &DamagedError{Path: path, Reason: fmt.Sprintf("bucket %q is missing", name)}
			}
		}
	}
	return version, nil
}

// guarded turns a panic or a fault in reading a mapped file into an error: a
// disk that fails shows itself so.
func guarded(path string, work func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &DamagedError{Path: path, Reason: fmt.Sprint(p)}
		}
	}()
	return work()
}
