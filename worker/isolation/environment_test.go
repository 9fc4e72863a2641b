package isolation

import "testing"

// Snapshots outlive the attempt: they are kept beside the directory of scratch
// directories, in the worker's own.
func TestSnapshotsOutliveTheAttempt(t *testing.T) {
	for scratch, want := range map[string]string{"/var/lib/worker/attempts/attempt-7": "/var/lib/worker", "": ""} {
		if got := (Reach{}).environment(scratch, nil, nil).SnapshotDir; got != want {
			t.Errorf("of %q: %q, want %q", scratch, got, want)
		}
	}
}
