package deploy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/runner/deploy"
)

// TestAnotherVersionsDeploymentIsTold has checksums that hold over contents that
// this program does not write.
func TestAnotherVersionsDeploymentIsTold(t *testing.T) {
	for _, c := range []struct{ file, old, new, want string }{
		{"inference.json", `"format_version": 1`, `"format_version": 2`, "inference.json has version 2 of its format"},
		{"inference.json", `"model_file": "model.txt"`, `"model_file": "../model.txt"`, `names "../model.txt", which is no file of a deployment`},
		{"inference.json", `"model_file": "model.txt"`, `"model_file": "other.txt"`, "other.txt is not in the list of checksums"},
		{"inference.json", `"backend": "sum"`, `"backend": "magic"`, "model.txt, whose checksum holds, cannot be used by this program"},
		{"metadata.json", `"format": "mlops-metadata"`, `"format": "zip"`, "metadata.json, whose checksum holds, cannot be used"},
		{"metadata.json", `"run"`, `"ran"`, `unknown field "ran"`},
		{"schema.json", `"name": "x"`, `"name": "z"`, "schema.json, whose checksum holds, cannot be used by this program: it names other columns than preprocessor.json"},
		{"preprocessor.json", `"version":1`, `"version":9`, "preprocessor.json, whose checksum holds, cannot be used"},
		{"model.txt", `{`, `[`, "model.txt, whose checksum holds, cannot be used"},
	} {
		dir := publish(t, options(t, t.TempDir()))
		path := filepath.Join(dir, c.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), c.old, c.new, 1)
		if changed == string(text) {
			t.Fatalf("%s does not hold %s:\n%s", c.file, c.old, text)
		}
		if err := errors.Join(os.WriteFile(path, []byte(changed), 0o666), deploy.Reseal(dir)); err != nil {
			t.Fatal(err)
		}
		if _, err := deploy.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: got %v, want %q", c.file, c.new, err, c.want)
		}
	}
}

func TestRenamingWithoutTheSystemsHelpNeverReplaces(t *testing.T) {
	for name, rename := range map[string]func(from, to string) error{
		"reserving": deploy.ReserveAndRename, "the system's": deploy.LocalDisk{}.RenameNew,
	} {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
		for _, d := range []string{filepath.Join(from, "full"), to} {
			if err := os.MkdirAll(d, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		if err := rename(from, to); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: over an empty directory: %v", name, err)
		}
		if err := rename(from, to+"2"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantNames(t, dir, "to", "to2")
		wantNames(t, to+"2", "full")
		if err := rename(from, to+"3"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: of nothing: %v", name, err)
		}
		wantNames(t, dir, "to", "to2")
	}
}
