package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/client"
)

func TestAFleetServesRegisteredModels(t *testing.T) {
	t.Parallel()
	address, c := fleet(t, true)
	dir := churn(t)
	model := strings.TrimSpace(must(t, dir, address, append([]string{"train", "churn.csv", "--upload", "-o", "name"}, quickly...)...))
	if !strings.HasPrefix(model, "artifact://") {
		t.Fatalf("the deployment is %s", model)
	}
	if out := must(t, dir, address, "models", "register", "churn", model, "--alias", "champion", "--by", "ann"); !strings.Contains(out, "models:/churn/1") {
		t.Errorf("register says\n%s", out)
	}
	must(t, dir, address, "predict", "churn.csv", "models:/churn@champion", "--upload", "--output", "p.csv")
	text, err := os.ReadFile(filepath.Join(dir, "p.csv"))
	if err != nil || strings.Count(string(text), "\n") != 81 {
		t.Errorf("%d lines of predictions (%v)", strings.Count(string(text), "\n"), err)
	}
	must(t, dir, address, "predict", "churn.csv", "models:/churn/1") // the worker is on this host
	var sent []string
	for w, err := range c.List(t.Context(), client.Filter{Operations: []string{"predict"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Get(t.Context(), w.GetWorkflowId())
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, got.GetWorkflow().GetSpec().GetOperation().GetPredict().GetModel())
	}
	// A task names the version itself: an alias that moves later changes nothing.
	if len(sent) != 2 || sent[0] != filepath.Join(dir, "models", "registry", "churn", "1") || !strings.HasPrefix(sent[1], "artifact://") {
		t.Errorf("submitted with %q", sent)
	}
}

func TestAWorkerElsewhereNeedsARegistryThatItCanReach(t *testing.T) {
	t.Parallel()
	address, _ := fleet(t, true)
	dir := churn(t)
	write := func(name, params string) {
		t.Helper()
		text := "training: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 3}}\n" +
			"deployment: {steps: [create_directory, save_model, save_preprocessor, save_metadata, {type: register, params: {" + params + "}}]}\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("none.yaml", "name: churn")
	refused := newConsole(dir, address)
	if code := refused.run(t.Context(), []string{"train", "churn.csv", "-c", "none.yaml", "--upload"}); code != codeFailed ||
		!strings.Contains(refused.errors(), "name a registry that the worker can reach with params.registry, or register the result afterwards with mlops-cli models register") {
		t.Errorf("exit code %d\n%s", code, refused.errors())
	}
	shared := t.TempDir()
	write("shared.yaml", "name: churn, registry: "+shared)
	if out := must(t, dir, address, "train", "churn.csv", "-c", "shared.yaml", "--upload"); !strings.Contains(out, "models:/churn/1") {
		t.Errorf("train says\n%s", out)
	}
	if out := must(t, dir, address, "status", "models:/churn", "--registry", shared); !strings.Contains(out, filepath.Join(shared, "churn", "1")) {
		t.Errorf("status says\n%s", out)
	}
}
