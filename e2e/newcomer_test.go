package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mlops/e2e/harness"
)

// TestReadmeWorksAsWritten runs the README's marked command blocks in a copy of
// the repository.
func TestReadmeWorksAsWritten(t *testing.T) {
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := readmeBlocks(string(readme))
	oneModel := func(t *testing.T, dir string) {
		if models := deployments(t, filepath.Join(dir, "models")); len(models) != 1 {
			t.Errorf("models/ holds %q, want one deployment", models)
		}
	}
	features := func(t *testing.T, dir string) {
		if _, err := os.Stat(filepath.Join(dir, "demo/features/data/features_dataset.parquet")); err != nil {
			t.Error(err)
		}
	}
	dir := copyTree(t, root) // one, so that Go compiles once
	for _, block := range []struct {
		name  string
		check func(t *testing.T, dir string)
	}{{"quick-start", oneModel}, {"pipelines", features}, {"fleet", oneModel}} {
		script, ok := blocks[block.name]
		if !ok {
			t.Errorf("README has no block marked <!-- test: %s -->", block.name)
			continue
		}
		t.Run(block.name, func(t *testing.T) {
			if err := os.RemoveAll(filepath.Join(dir, "models")); err != nil {
				t.Fatal(err)
			}
			env := append(goDirectories(t), "HOME="+dir, "XDG_STATE_HOME=", "MLOPS_STATE="+filepath.Join(dir, "state"))
			r := harness.Run(t, dir, "bash", []string{"-euo", "pipefail", "-c", script + "\nwait\n"}, env)
			if r.Code != 0 {
				t.Fatalf("exit code %d\n%s\nstdout:\n%s\nstderr:\n%s", r.Code, script, r.Stdout, r.Stderr)
			}
			block.check(t, dir)
		})
	}
}

// goDirectories keeps Go's caches where they are when HOME is elsewhere.
func goDirectories(t *testing.T) []string {
	t.Helper()
	names := []string{"GOCACHE", "GOMODCACHE", "GOPATH"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	values := strings.Split(strings.TrimSpace(string(out)), "\n")
	env := make([]string, len(names))
	for i, name := range names {
		env[i] = name + "=" + values[i]
	}
	return env
}

// readmeBlocks returns the fenced blocks that follow a line <!-- test: NAME -->.
func readmeBlocks(text string) map[string]string {
	blocks := make(map[string]string)
	name, inside := "", false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "<!-- test: "):
			name = strings.TrimSuffix(strings.TrimPrefix(trimmed, "<!-- test: "), " -->")
		case strings.HasPrefix(trimmed, "```"):
			if inside {
				name = ""
			}
			inside = !inside
		case inside && name != "":
			blocks[name] += line
		}
	}
	return blocks
}

// copyTree copies the repository's sources into a new directory.
func copyTree(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "Makefile", "cmd", "client", "master", "worker", "runner", "statestore", "proto", "examples"} {
		from := filepath.Join(root, name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(dir, name), os.DirFS(from))
		} else {
			var text []byte
			if text, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
