package bolt

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/renameio/v2"
	"go.etcd.io/bbolt"
)

// migration rewrites a store of one schema version into the next.
type migration struct {
	from  uint64
	apply func(*bbolt.Tx) error
}

// migrations are all there are, in order: none yet, as version 1 is the first.
// One that is added raises schemaVersion, and a database of the old version goes
// to testdata.
func migrations() []migration { return nil }

// migrate brings an open store from a version to the current one, after copying
// it beside. All steps share one transaction: they succeed together or leave the
// store as it was.
func migrate(db *bbolt.DB, path string, version uint64, steps []migration, now func() time.Time) error {
	var todo []migration
	for _, step := range steps {
		if step.from >= version {
			todo = append(todo, step)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	backup := fmt.Sprintf("%s.v%d-%s.bak", path, version, now().UTC().Format("20060102T150405Z"))
	if err := backUp(db, backup); err != nil {
		return fmt.Errorf("backing up state store %s before its migration: %w", path, err)
	}
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, step := range todo {
			if err := step.apply(tx); err != nil {
				return fmt.Errorf("from version %d: %w", step.from, err)
			}
			version = step.from + 1
		}
		return tx.Bucket(bucketMeta).Put(keySchema, binary.BigEndian.AppendUint64(nil, version))
	})
	if err != nil {
		return fmt.Errorf("migrating state store %s (backup in %s): %w", path, backup, err)
	}
	return nil
}

// backUp copies an open store to a new file, durably and under its name only
// when whole.
func backUp(db *bbolt.DB, to string) error {
	return db.View(func(tx *bbolt.Tx) error {
		f, err := renameio.NewPendingFile(to, renameio.WithPermissions(0o600))
		if err != nil {
			return err
		}
		defer f.Cleanup() // nothing, once the file has its name
		if _, err := tx.WriteTo(f); err != nil {
			return err
		}
		return f.CloseAtomicallyReplace()
	})
}
