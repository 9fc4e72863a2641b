package bolt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"mlops/statestore"
	"mlops/statestore/bolt"
	"mlops/statestore/storetest"
)

// TestMain also is the process that TestKillLosesNothing kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(crashStore); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// factory opens stores in files of the test's own directory.
type factory struct {
	mu    sync.Mutex
	paths map[statestore.Store]string
}

func (f *factory) Open(t *testing.T) statestore.Store {
	return f.open(t, filepath.Join(t.TempDir(), "state.db"))
}

func (f *factory) open(t *testing.T, path string) statestore.Store {
	t.Helper()
	s, err := bolt.Open(path, bolt.Options{NoSync: true, EventLimit: storetest.EventLimit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paths[s] = path
	return s
}

func (f *factory) Reopen(t *testing.T, s statestore.Store) statestore.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	path := f.paths[s]
	f.mu.Unlock()
	return f.open(t, path)
}

func TestConformance(t *testing.T) {
	storetest.Run(t, &factory{paths: map[statestore.Store]string{}})
}
