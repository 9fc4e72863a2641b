package needs

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// built keeps what [Tool] has found, by the tool's name.
var built sync.Map // of func() built

type tool struct {
	path    string
	lacking bool // its modules could not be had
	problem string
}

// Tool is the path of the program of a module of its own beneath tools/, which Go
// builds and keeps. Its modules come from the proxy; a machine that reaches none, and
// has not got them, lacks it.
func Tool(t testing.TB, name string) string {
	t.Helper()
	once, _ := built.LoadOrStore(name, sync.OnceValue(func() tool { return build(name) }))
	switch made := once.(func() tool)(); {
	case made.lacking:
		t.Skipf("skipped, nothing is shown that needs %s: its modules cannot be had here: %s", name, made.problem)
	case made.problem != "":
		t.Fatalf("build %s: %s", name, made.problem)
	default:
		return made.path
	}
	return ""
}

func build(name string) tool {
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(here), "..", "tools", name)
	if _, problem := run(dir, "mod", "download"); problem != "" {
		return tool{lacking: true, problem: problem}
	}
	path, problem := run(dir, "tool", "-n", name) // builds it, and prints its path
	return tool{path: path, problem: problem}
}

func run(dir string, args ...string) (out, problem string) {
	cmd := exec.CommandContext(context.Background(), "go", args...) // what it makes is for all tests
	cmd.Dir = dir
	var problems strings.Builder
	cmd.Stderr = &problems
	raw, err := cmd.Output()
	if err != nil {
		return "", strings.TrimSpace(err.Error() + ": " + problems.String())
	}
	return strings.TrimSpace(string(raw)), ""
}
