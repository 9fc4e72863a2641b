package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/e2e/harness"
)

// A task that runs a program goes to the worker that was started with it, in whose
// child process it runs; where no worker was, it fails and says what is missing.
func TestProgramsRunOnTheWorkersThatAllowThem(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	dir := t.TempDir()
	programs := filepath.Join(dir, "programs")
	if err := os.Mkdir(programs, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(programs, "mean.sh")
	script := "#!/bin/sh\ncase $1 in\ntrain) echo 3 >\"$2/model/mean\"; echo \"ran as a child of $PPID\" >&2 ;;\n" +
		"predict) sed -e '1s/.*/prediction/' -e '2,$s/.*/3/' \"$2/data.csv\" >\"$2/predictions.csv\" ;;\nesac\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "data.csv"), "x,y\n"+strings.Repeat("1,2\n2,4\n", 10))
	writeFile(t, filepath.Join(dir, "own.yaml"), "preprocessing: {steps: []}\n"+
		"training: {backend: callable, cv_folds: 0, problem_type: regression, params: {program: "+path+", data_format: csv}}\n")

	fleet.StartWorkerAs("without", "--slots", "2")
	fleet.AwaitWorkers(fleet.Client(), 1)
	refused := fleet.CLI(dir, "train", "data.csv", "-t", "y", "-c", "own.yaml")
	if refused.Code != 1 || !strings.Contains(refused.Stderr, "--allow-program") || !strings.Contains(refused.Stderr, "mean.sh") {
		t.Errorf("with no worker that allows it: exit code %d\n%s", refused.Code, refused.Stderr)
	}

	with := fleet.StartWorkerAs("with", "--slots", "2", "--allow-program", programs)
	fleet.AwaitWorkers(fleet.Client(), 2)
	trained := mustSucceed(t, fleet.CLI(dir, "train", "data.csv", "-t", "y", "-c", "own.yaml", "-o", "json"))
	if got := decode(t, trained); got.Result.ModelName != "mean.sh" {
		t.Errorf("the model is %q", got.Result.ModelName)
	}
	if !strings.Contains(trained.Stderr, "ran as a child of") {
		t.Errorf("what the program says is not in the task's log:\n%s", trained.Stderr)
	}
	if strings.Contains(with.Log(), "panic") {
		t.Errorf("the worker's log:\n%s", with.Log())
	}
}
