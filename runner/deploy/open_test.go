package deploy_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mlops/needs"
	"mlops/runner/deploy"
	"mlops/runner/table"
)

// withEndpoint publishes every kind of file that there is.
func withEndpoint(t testing.TB, parent string) string {
	t.Helper()
	o := options(t, parent)
	o.Config.CreateEndpoint, o.Config.EndpointFilename = true, "predict.sh"
	o.Steps = steps(t, o.Config)
	return publish(t, o)
}

func TestATamperedFileIsRefusedWhateverWasDoneToIt(t *testing.T) {
	dir := withEndpoint(t, t.TempDir())
	spare := filepath.Join(t.TempDir(), "spare")
	tamper := map[string]func(path string, data []byte) error{
		"first byte flipped":  func(path string, d []byte) error { d[0] ^= 1; return os.WriteFile(path, d, 0o666) },
		"middle byte flipped": func(path string, d []byte) error { d[len(d)/2] ^= 1; return os.WriteFile(path, d, 0o666) },
		"last byte flipped":   func(path string, d []byte) error { d[len(d)-1] ^= 1; return os.WriteFile(path, d, 0o666) },
		"last byte gone":      func(path string, d []byte) error { return os.WriteFile(path, d[:len(d)-1], 0o666) },
		"emptied":             func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o666) },
		"something added":     func(path string, d []byte) error { return os.WriteFile(path, append(d, '\n'), 0o666) },
		"deleted":             func(path string, _ []byte) error { return os.Remove(path) },
		"made a directory":    func(path string, _ []byte) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o777)) },
		"made a link": func(path string, d []byte) error {
			return errors.Join(os.WriteFile(spare, d, 0o666), os.Remove(path), os.Symlink(spare, path))
		},
		"made a pipe": func(path string, _ []byte) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o666)) },
	}
	files := names(t, dir)
	if len(files) != 8 {
		t.Fatalf("the deployment has %q", files)
	}
	for _, name := range files {
		if name == deploy.LogsDir {
			continue
		}
		path := filepath.Join(dir, name)
		original, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for what, change := range tamper {
			if err := change(path, append([]byte(nil), original...)); err != nil {
				t.Fatal(err)
			}
			_, err := deploy.Open(t.Context(), dir)
			var tampered *deploy.TamperedError
			if !errors.As(err, &tampered) || tampered.File != name || tampered.Dir != dir {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
			if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, original, 0o777)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := deploy.Open(t.Context(), dir); err != nil {
		t.Errorf("restored, it gives %v", err)
	}
}

func TestALineTakenFromTheListIsNoticed(t *testing.T) {
	dir := withEndpoint(t, t.TempDir())
	path := filepath.Join(dir, deploy.ChecksumsFile)
	list, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(list)) {
		if !strings.HasSuffix(line, "predict.sh\n") {
			kept = append(kept, line)
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(kept, "")), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = deploy.Open(t.Context(), dir)
	if err == nil || !strings.Contains(err.Error(), "checksums.txt does not match its own last line; it was changed or damaged") {
		t.Errorf("got %v", err)
	}
}

func TestLogsAndStrangersAreNotPartOfADeployment(t *testing.T) {
	dir := publish(t, options(t, t.TempDir()))
	for _, name := range []string{"logs/metrics_history.jsonl", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := deploy.Open(t.Context(), dir); err != nil {
		t.Error(err)
	}
}

func TestADirectoryThatIsNoDeploymentIsTold(t *testing.T) {
	parent := t.TempDir()
	dir := publish(t, options(t, parent))
	var none *deploy.NotDeploymentError
	if _, err := deploy.Open(t.Context(), parent); !errors.As(err, &none) || !strings.HasSuffix(err.Error(), "did you mean "+dir+"?") {
		t.Errorf("got %v", err)
	}
	if _, err := deploy.Open(t.Context(), t.TempDir()); !errors.As(err, &none) || none.Near != "" {
		t.Errorf("got %v", err)
	}
	if _, err := deploy.Open(t.Context(), filepath.Join(parent, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestOtherProgramsCheckTheChecksums(t *testing.T) {
	program := needs.Program(t, "sha256sum", "other programs can check a deployment's checksums")
	dir := withEndpoint(t, t.TempDir())
	check := exec.CommandContext(t.Context(), program, "--strict", "-c", deploy.ChecksumsFile)
	check.Dir = dir
	if out, err := check.CombinedOutput(); err != nil || strings.Count(string(out), ": OK\n") != 6 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheEndpointScriptPassesItsArgumentsOn(t *testing.T) {
	dir := withEndpoint(t, filepath.Join(t.TempDir(), `it's a "model" $(touch pwned) dir`))
	cli := filepath.Join(t.TempDir(), "cli")
	if err := os.WriteFile(cli, []byte("#!/bin/sh\nfor a in \"$@\"; do echo \"<$a>\"; done\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), "sh", filepath.Join(dir, "predict.sh"), "-data `x`.csv", "--output", "a b.json")
	script.Env = append(os.Environ(), "MLOPS_CLI="+cli)
	script.Dir = t.TempDir()
	out, err := script.CombinedOutput()
	real, _ := filepath.EvalSymlinks(dir)
	if want := "<predict>\n<--output>\n<a b.json>\n<-->\n<-data `x`.csv>\n<" + real + ">\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
	wantNames(t, script.Dir)
}

func TestATemplateIsCopiedAndNothingElse(t *testing.T) {
	o := options(t, t.TempDir())
	o.Config.CreateEndpoint, o.Config.EndpointFilename = true, "serve.py"
	o.Steps, o.EndpointTemplate = steps(t, o.Config), []byte("print('{{.Dir}} %s')\n")
	got, err := os.ReadFile(filepath.Join(publish(t, o), "serve.py"))
	if err != nil || string(got) != "print('{{.Dir}} %s')\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPredictingFromAForeignTable(t *testing.T) {
	b, err := deploy.Open(t.Context(), publish(t, options(t, t.TempDir())))
	if err != nil {
		t.Fatal(err)
	}
	lacking, err := table.New(table.NewFloat64("x", []float64{1}, nil), table.NewString("colour", []string{"red"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var missing *table.MissingColumnError
	if _, err := b.Predict(t.Context(), lacking); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
	if got := b.Types()["n"]; got != table.Float64 {
		t.Errorf("a column of whole numbers is read as %s, which would refuse 1.5", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := deploy.Open(ctx, b.Dir); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, opening gives %v", err)
	}
}
