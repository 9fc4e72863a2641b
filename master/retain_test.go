package master_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mlops/master"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// playRetention runs a master in a bubble of fake time that looks for what is old
// every minute.
func playRetention(t *testing.T, keep statestore.Retention, f func(t *testing.T, s *served, dir string)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, err := bolt.Open(filepath.Join(dir, "state.db"), bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		s := serveStore(t, dir, store, func(o *master.Options) {
			o.Retention, o.RetentionEvery, o.ArtifactMinAge = keep, time.Minute, time.Hour
		})
		f(t, s, dir)
		s.stop()
	})
}

// cancelled is a workflow that is final.
func (s *served) cancelled(t *testing.T, spec *mlopsv1.TaskSpec) string {
	t.Helper()
	id := s.submit(t, spec).GetWorkflowId()
	if _, err := s.clients.CancelWorkflow(t.Context(), &mlopsv1.CancelWorkflowRequest{WorkflowId: id}); err != nil {
		t.Fatal(err)
	}
	return id
}

// left returns the ids of the workflows that are kept, oldest first.
func (s *served) left(t *testing.T) []string {
	t.Helper()
	list, err := s.clients.ListWorkflows(t.Context(), &mlopsv1.ListWorkflowsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, w := range list.GetWorkflows() {
		ids = append(ids, w.GetWorkflowId())
	}
	slices.Reverse(ids)
	return ids
}

// put uploads an artifact and returns its digest.
func (s *served) put(t *testing.T, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	digest := hex.EncodeToString(sum[:])
	stream, err := s.artifacts.UploadArtifact(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&mlopsv1.UploadArtifactRequest{Digest: digest, Size: int64(len(text)), Data: []byte(text)}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
	return digest
}

// trains is a task on an artifact.
func trains(digest string) *mlopsv1.TaskSpec {
	return &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{
		Data: "artifact://" + digest + "/data.csv",
	}}}}
}

func TestFinalWorkflowsAreKeptForTheirAge(t *testing.T) {
	playRetention(t, statestore.Retention{MaxAge: 24 * time.Hour, MaxCount: -1}, func(t *testing.T, s *served, dir string) {
		used, unused := s.put(t, "a,b\n1,2\n"), s.put(t, "c,d\n3,4\n")
		waiting := s.submit(t, probe()).GetWorkflowId()
		first := s.cancelled(t, trains(used))
		time.Sleep(12 * time.Hour)
		second := s.cancelled(t, probe())
		time.Sleep(12*time.Hour - time.Minute)
		if got := s.left(t); !slices.Equal(got, []string{waiting, first, second}) {
			t.Errorf("before the first is a day old %v are left", got)
		}
		if got := kept(t, dir); !slices.Equal(got, []string{used}) {
			t.Errorf("artifacts %v are left, want %s, which a workflow names, and not %s", got, used, unused)
		}
		time.Sleep(3 * time.Minute)
		if got := s.left(t); !slices.Equal(got, []string{waiting, second}) {
			t.Errorf("when the first is a day old %v are left", got)
		}
		synctest.Wait()
		if got := kept(t, dir); len(got) != 0 {
			t.Errorf("artifacts %v are left that nothing names", got)
		}
		time.Sleep(26 * time.Hour)
		if got := s.left(t); !slices.Equal(got, []string{waiting}) {
			t.Errorf("in the end %v are left: one that waits is never deleted", got)
		}
	})
}

func TestSoManyFinalWorkflowsAreKept(t *testing.T) {
	playRetention(t, statestore.Retention{MaxAge: -1, MaxCount: 2}, func(t *testing.T, s *served, _ string) {
		waiting := s.submit(t, probe()).GetWorkflowId()
		ids := []string{waiting}
		for range 5 {
			time.Sleep(time.Second)
			ids = append(ids, s.cancelled(t, probe()))
		}
		time.Sleep(2 * time.Minute)
		if got, want := s.left(t), []string{waiting, ids[4], ids[5]}; !slices.Equal(got, want) {
			t.Errorf("%v are left of %v", got, ids)
		}
		if _, err := s.clients.GetWorkflow(t.Context(), &mlopsv1.GetWorkflowRequest{WorkflowId: ids[1]}); err == nil {
			t.Error("a deleted workflow is found")
		}
	})
}

// kept lists the artifacts on disk.
func kept(t *testing.T, dir string) []string {
	t.Helper()
	var digests []string
	err := filepath.WalkDir(filepath.Join(dir, "artifacts", "sha256"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			digests = append(digests, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return digests
}
