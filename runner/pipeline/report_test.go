package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/runner/deploy"
	"mlops/runner/pipeline"
)

func TestADeploymentHoldsTheReportOfItsModel(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "customers.csv", 300)
	trained := train(t, env, pipeline.TrainRequest{Data: "customers.csv", Target: "leaves", BaseDir: dir, Config: settings(t, "")})
	if trained.Deployment.Artifacts["report"] != deploy.ReportTextFile {
		t.Errorf("artifacts %v", trained.Deployment.Artifacts)
	}
	if _, timed := trained.Timings["report"]; !timed {
		t.Errorf("timings %v", trained.Timings)
	}
	b, err := deploy.Open(t.Context(), trained.Deployment.Dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.ReadReport()
	if err != nil {
		t.Fatal(err)
	}
	if auc, _ := r.Metric("roc_auc"); auc != trained.Metrics["roc_auc"] || auc == 0 {
		t.Errorf("roc_auc is %v in the report and %v in the result", auc, trained.Metrics["roc_auc"])
	}
	for _, plot := range r.Plots() {
		text, err := os.ReadFile(filepath.Join(b.Dir, deploy.ReportDir, plot.Name+".svg"))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(text), "<svg") {
			t.Errorf("%s is no drawing", plot.Name)
		}
	}

	// What is not as it was published is not read.
	path := filepath.Join(b.Dir, filepath.FromSlash(deploy.ReportFile))
	if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ReadReport(); err == nil || !strings.Contains(err.Error(), "does not match its checksum") {
		t.Errorf("a changed report gives %v", err)
	}
}

func TestAListOfStepsWithoutSaveReportMakesNone(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "customers.csv", 300)
	trained := train(t, env, pipeline.TrainRequest{
		Data: "customers.csv", Target: "leaves", BaseDir: dir,
		Config: settings(t, "deployment: {steps: [create_directory, save_model, save_preprocessor, save_metadata]}\n"),
	})
	if _, timed := trained.Timings["report"]; timed || trained.Deployment.Artifacts["report"] != "" {
		t.Errorf("timings %v, artifacts %v", trained.Timings, trained.Deployment.Artifacts)
	}
	if files := names(t, trained.Deployment.Dir); slices.ContainsFunc(files, func(name string) bool { return strings.HasPrefix(name, deploy.ReportDir) }) {
		t.Errorf("files %v", files)
	}
	b, err := deploy.Open(t.Context(), trained.Deployment.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := b.ReadReport(); r != nil || err != nil {
		t.Errorf("a deployment without a report has %v, %v", r, err)
	}
}
