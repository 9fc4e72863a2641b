package bolt

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestMigrate runs made-up steps, as there are no real ones yet.
func TestMigrate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	if err := createFile(path, Options{}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	version := func() (v uint64) {
		_ = db.View(func(tx *bbolt.Tx) error {
			v = binary.BigEndian.Uint64(tx.Bucket(bucketMeta).Get(keySchema))
			return nil
		})
		return v
	}
	add := func(name string) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte(name))
			return err
		}
	}
	errStep := errors.New("no")
	err = migrate(db, path, 1, []migration{{1, add("two")}, {2, func(*bbolt.Tx) error { return errStep }}}, now)
	if !errors.Is(err, errStep) || version() != 1 {
		t.Errorf("a failing step gave %v and left version %d", err, version())
	}
	if err := migrate(db, path, 1, []migration{{0, func(*bbolt.Tx) error { return errStep }}, {1, add("two")}, {2, add("three")}}, now); err != nil || version() != 3 {
		t.Errorf("migrated to %d: %v", version(), err)
	}
	backup := path + ".v1-20261122T120000Z.bak"
	if v, err := check(backup, time.Second); err != nil || v != 1 {
		t.Errorf("the backup has version %d: %v", v, err)
	}
	if len(before) == 0 {
		t.Error("there was nothing to back up")
	}
	if err := migrate(db, path, 3, []migration{{1, add("two")}}, now); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
		t.Errorf("beside the store lie %v, %v", list, err)
	}
}
