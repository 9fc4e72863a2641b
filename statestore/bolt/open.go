package bolt

import (
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
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
	return fmt.Sprintf("state store %s is in use by %s: stop that master or choose another state directory", e.Path, who)
}

// Open opens the store in the file at path, or makes a new one if there is no
// file or an empty one.
func Open(path string, o Options) (*Store, error) {
	o = o.withDefaults()
	db, err := bbolt.Open(path, 0o600, boltOptions(o))
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, &LockedError{Path: path, PID: holderOf(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("opening state store %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(bucketMeta) != nil {
			return nil
		}
		return create(tx)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return serve(db, path, o), nil
}

// initialMap is how much address space is mapped at once: a map that must grow
// waits for all readers.
const initialMap = 256 << 20

func boltOptions(o Options) *bbolt.Options {
	return &bbolt.Options{
		Timeout:         o.Timeout,
		NoSync:          o.NoSync,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: initialMap,
		NoStatistics:    true,
	}
}

func holderOf(path string) int { return 0 }

func removeHolder(path string) error { _ = os.Remove; return nil }
