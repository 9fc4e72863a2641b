package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/e2e/harness"
)

// TestUploadedDataTrainsAndServesAnywhere plays a client on another host: what it
// names is uploaded, the deployment comes back as an artifact, and a worker that
// may open nothing but artifacts serves it.
func TestUploadedDataTrainsAndServesAnywhere(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	nothing := filepath.Join(fleet.Dir, "nothing")
	if err := os.Mkdir(nothing, 0o700); err != nil {
		t.Fatal(err)
	}
	first := fleet.StartWorker("--slots", "1", "--allow-root", nothing)
	fleet.AwaitWorkers(client, 1)
	work := t.TempDir()
	csv := exampleCSV(t, work)
	trained := decode(t, mustSucceed(t, fleet.CLI(work, "train", csv, "-t", "churned", "--upload", "-o", "json")))
	model := trained.Result.Deployment.Dir
	if !strings.HasPrefix(model, "artifact://") {
		t.Fatalf("deployment.dir is %q, want an artifact's URL", model)
	}
	first.Kill()
	fleet.StartWorker("--slots", "1", "--allow-root", nothing)
	fleet.AwaitWorkers(client, 1)
	predictions := filepath.Join(work, "predictions.json")
	predicted := decode(t, mustSucceed(t, fleet.CLI(work, "predict", csv, model, "--upload", "--output", predictions, "-o", "json")))
	if predicted.Result.Count != 2000 {
		t.Errorf("%d predictions, want 2000", predicted.Result.Count)
	}
	text, err := os.ReadFile(predictions)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"predictions"`) || !strings.Contains(string(text), `"yes"`) {
		t.Errorf("%s begins %.200s", predictions, text)
	}
	status := mustSucceed(t, fleet.CLI(work, "status", model))
	if !strings.Contains(status.Stdout, "2000") && !strings.Contains(status.Stdout, "2,000") {
		t.Errorf("status does not count the 2,000 rows scored elsewhere:\n%s", status.Stdout)
	}
	if r := fleet.CLI(work, "observe", model); r.Code != 0 || strings.TrimSpace(r.Stdout) == "" {
		t.Errorf("observe: exit code %d\n%s", r.Code, r.Stderr)
	}
}

// TestWorkerOpensNothingOutsideItsRoots tries a path beside the root, one with
// two dots and one through a link.
func TestWorkerOpensNothingOutsideItsRoots(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	root, outside := t.TempDir(), t.TempDir()
	fleet.StartWorker("--slots", "1", "--allow-root", root)
	fleet.AwaitWorkers(client, 1)
	secret := exampleCSV(t, outside)
	inside := exampleCSV(t, root)
	if err := os.Symlink(secret, filepath.Join(root, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(root, "c.yaml")
	writeFile(t, config, "training: {cv_folds: 0, params: {n_estimators: 5}}\n")
	mustSucceed(t, fleet.CLI(root, "train", inside, "-c", config))
	for name, path := range map[string]string{
		"beside":     secret,
		"two dots":   filepath.Join(root, "out") + "/../../" + filepath.Base(outside) + "/churn.csv",
		"by a link":  filepath.Join(root, "link.csv"),
		"etc/passwd": "/etc/passwd",
	} {
		t.Run(name, func(t *testing.T) {
			before := deployments(t, filepath.Join(root, "models"))
			r := fleet.CLI(root, "train", path, "-c", config)
			if r.Code != 1 && r.Code != 2 {
				t.Errorf("exit code %d, want a refusal:\n%s", r.Code, r.Stderr)
			}
			if after := deployments(t, filepath.Join(root, "models")); len(after) != len(before) {
				t.Errorf("it left %q", after)
			}
		})
	}
	t.Run("output outside", func(t *testing.T) {
		r := fleet.CLI(root, "train", inside, "--set", "training.cv_folds=0", "--set", "deployment.output_dir="+filepath.Join(outside, "models"))
		if r.Code != 1 || len(deployments(t, filepath.Join(outside, "models"))) != 0 {
			t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
		}
	})
}
