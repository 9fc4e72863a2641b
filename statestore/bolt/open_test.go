package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

const (
	pageSize = 4096
	lives    = 60 // in a filled store
)

// filled writes a store with some workflows and returns its bytes.
func filled(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for range lives {
		live(t, s)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// bbolt grows its file by much at once: keep only the pages that were used.
	high := max(binary.NativeEndian.Uint64(b[16+40:]), binary.NativeEndian.Uint64(b[pageSize+16+40:]))
	return b[:high*pageSize]
}

// written writes bytes to a file and returns its path.
func written(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// otherBolt is a bbolt file with these keys in a bucket.
func otherBolt(t *testing.T, bucket string, keys map[string]string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(bucket))
		for k, v := range keys {
			err = errors.Join(err, b.Put([]byte(k), []byte(v)))
		}
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenRefusesAndLeavesAlone(t *testing.T) {
	good := filled(t)
	zeroed := func(from, to int) []byte {
		b := bytes.Clone(good)
		clear(b[from:to])
		return b
	}
	version := func(v string) map[string]string { return map[string]string{"format": "mlops-statestore", "schema": v} }
	for _, c := range []struct {
		name    string
		content []byte
		want    error
		message string
	}{
		{"text", []byte("id,name\n1,a\n"), new(bolt.ForeignError), "is not a state store"},
		{"one byte", []byte{0}, new(bolt.ForeignError), "is not a state store"},
		{"SQLite", append([]byte("SQLite format 3\x00"), make([]byte, 8*pageSize)...), new(bolt.ForeignError), "is not a state store"},
		{"another application", otherBolt(t, "users", nil), new(bolt.ForeignError), `with a bucket "users"`},
		{"another application's meta", otherBolt(t, "meta", map[string]string{"version": "3"}), new(bolt.ForeignError), "another application"},
		{"newer schema", otherBolt(t, "meta", version("\x00\x00\x00\x00\x00\x00\x00\x09")), new(bolt.NewerError), "schema version 9"},
		{"schema without a version", otherBolt(t, "meta", version("")), new(bolt.DamagedError), "schema version"},
		{"missing buckets", otherBolt(t, "meta", version("\x00\x00\x00\x00\x00\x00\x00\x01")), new(bolt.DamagedError), "is missing"},
		{"cut off", good[:len(good)/2], new(bolt.DamagedError), "cut off"},
		{"cut off in the header", good[:100], new(bolt.DamagedError), ""},
		{"both headers gone", zeroed(0, 2*pageSize), new(bolt.ForeignError), "is not a state store"},
		{"both headers damaged", zeroed(32, 2*pageSize), new(bolt.DamagedError), "header"},
		{"one header gone", zeroed(0, pageSize), nil, ""}, // that is what there are two for
		{"all pages zero", zeroed(2*pageSize, len(good)), new(bolt.DamagedError), "page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := written(t, c.content)
			s, err := bolt.Open(path, bolt.Options{})
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !sameType(err, c.want) || !strings.Contains(err.Error(), c.message) || !strings.Contains(err.Error(), path) {
				t.Errorf("error is %T: %v", err, err)
			}
			unchanged(t, path, c.content)
		})
	}
	dir := t.TempDir()
	if _, err := bolt.Open(dir, bolt.Options{}); !sameType(err, new(bolt.ForeignError)) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := bolt.Open(filepath.Join(dir, "none", "state.db"), bolt.Options{}); err == nil {
		t.Error("opened in a directory that does not exist")
	}
}

// unchanged checks that a file is as it was and that nothing lies beside it.
func unchanged(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file was changed (%v)", err)
	}
	if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 1 {
		t.Errorf("beside the file lie %v, %v", list, err)
	}
}

// sameType says whether err is of one of the package's types.
func sameType(err, want error) bool {
	var (
		foreign *bolt.ForeignError
		damaged *bolt.DamagedError
		newer   *bolt.NewerError
	)
	switch want.(type) {
	case *bolt.ForeignError:
		return errors.As(err, &foreign)
	case *bolt.DamagedError:
		return errors.As(err, &damaged)
	default:
		return errors.As(err, &newer)
	}
}

// TestOpenSurvivesAnyDamage overwrites each page in turn: Open refuses the file
// or, where the page was free, opens it whole.
func TestOpenSurvivesAnyDamage(t *testing.T) {
	good := filled(t)
	refused := 0
	for p := range len(good) / pageSize {
		for _, fill := range []byte{0x00, 0xFF} {
			damaged := bytes.Clone(good)
			copy(damaged[p*pageSize:], bytes.Repeat([]byte{fill}, pageSize))
			path := written(t, damaged)
			s, err := bolt.Open(path, bolt.Options{NoSync: true})
			if err != nil {
				refused++
				unchanged(t, path, damaged)
				continue
			}
			for _, err := range s.Unfinished(t.Context()) {
				t.Fatalf("page %d filled with %x: opened, but %v", p, fill, err)
			}
			page, _, err := s.List(t.Context(), statestore.Filter{Limit: 1000})
			if err != nil || len(page) != lives {
				t.Fatalf("page %d filled with %x: opened with %d workflows, %v", p, fill, len(page), err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if refused == 0 {
		t.Error("no damage was found")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(0, []byte{0xff})
	f.Add(pageSize*3+8, []byte{2, 0, 0xff, 0xff})
	f.Add(pageSize*5+16, []byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	var good []byte
	f.Fuzz(func(t *testing.T, at int, patch []byte) {
		if good == nil {
			good = filled(t)
		}
		b := bytes.Clone(good)
		copy(b[uint(at)%uint(len(b)):], patch)
		path := written(t, b)
		s, err := bolt.Open(path, bolt.Options{NoSync: true})
		if err != nil {
			unchanged(t, path, b)
			return
		}
		for _, err := range s.Unfinished(t.Context()) {
			_ = err // a damaged value is an error, not a crash
			break
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpenNew(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) string{
		"no file":    func(t *testing.T) string { return filepath.Join(t.TempDir(), "state.db") },
		"empty file": func(t *testing.T) string { return written(t, nil) },
		"bbolt without buckets": func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "state.db")
			db, err := bbolt.Open(path, 0o600, nil)
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := prepare(t)
			for range 2 {
				s, err := bolt.Open(path, bolt.Options{})
				if err != nil {
					t.Fatal(err)
				}
				live(t, s)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 1 {
				t.Errorf("closed stores left %v, %v", list, err)
			}
		})
	}
}

func TestOpenLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var locked *bolt.LockedError
	if _, err = bolt.Open(path, bolt.Options{Timeout: 50 * time.Millisecond}); !errors.As(err, &locked) {
		t.Fatalf("opened twice: %v", err)
	}
	if locked.Path != path || locked.PID != os.Getpid() || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v", err)
	}
	live(t, s) // and the first one is none the worse
}

// TestOpenVersion1 opens a database that the first version wrote.
func TestOpenVersion1(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "v1.db"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := bolt.Open(written(t, b), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	page, _, err := s.List(t.Context(), statestore.Filter{})
	if err != nil || len(page) != 2 {
		t.Fatalf("%d workflows, %v", len(page), err)
	}
	waiting, done := page[0], page[1]
	if done.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED || done.Owner != "alice" {
		t.Errorf("finished workflow is %v", done)
	}
	events, err := s.Events(t.Context(), done.WorkflowId, 1, 0)
	if err != nil || len(events) != 8 || events[5].GetLog().GetText() != "hello" {
		t.Errorf("its events are %v, %v", events, err)
	}
	full, err := s.Workflow(t.Context(), done.WorkflowId)
	if err != nil || full.Result.GetTrain().GetModelName() != "lightgbm" || full.Spec.GetOperation().GetTrain().GetData() != "data.csv" {
		t.Errorf("finished workflow is %v, %v", full, err)
	}
	n := 0
	for task, err := range s.Unfinished(t.Context()) {
		if err != nil || task.WorkflowId != waiting.WorkflowId || task.Attempt != 1 || task.WorkerId != "worker" {
			t.Errorf("unfinished task is %v, %v", task, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d unfinished tasks", n)
	}
}
