package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/cmd/mlops-cli/embedded"
)

// TestAFleetRunsAProgramWhereItIsAllowed: a worker that may not run the program
// gives the task back, and one that may takes it. Where there is none the task
// fails, and says why.
func TestAFleetRunsAProgramWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	address, c := fleet(t, true)
	dir := churn(t)
	script := filepath.Join(dir, "half.sh")
	text := "#!/bin/sh\ncase $1 in\ntrain) echo 1 >\"$2/model/m\" ;;\n*) awk 'NR==1{print \"proba_0,proba_1\"} NR>1{print \"0.5,0.5\"}' \"$2/data.csv\" >\"$2/predictions.csv\" ;;\nesac\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	train := []string{"train", "churn.csv", "--no-deploy", "--set", "training.backend=callable", "--set", "training.cv_folds=0", "--set", "training.params.program=" + script, "--set", "training.params.data_format=csv"}
	refused := newConsole(dir, address)
	if code := refused.run(t.Context(), train); code != codeFailed || !strings.Contains(refused.errors(), "is not allowed here; who runs this worker or command line allows it with --allow-program "+script) {
		t.Errorf("where nobody may: exit code %d\n%s", code, refused.errors())
	}
	second, err := embedded.Open(context.WithoutCancel(t.Context()), embedded.Options{
		StateDir: filepath.Dir(strings.TrimPrefix(address, "unix://")), Worker: true, Programs: []string{script}, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	}()
	awaitWorkers(t, c, 2)
	for range 4 { // whichever is asked first
		if out := must(t, dir, address, train...); !strings.Contains(out, "half.sh") {
			t.Errorf("train says\n%s", out)
		}
	}
}
