package training_test

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/needs"
	"mlops/runner/config"
	"mlops/runner/program"
	"mlops/runner/table"
	"mlops/runner/training"
)

func programTable(t *testing.T) *table.Table {
	t.Helper()
	group, value := make([]string, 60), make([]float64, 60)
	for i := range group {
		group[i], value[i] = []string{"a", "b, c", "d\"e"}[i%3], float64(10*(i%3))+float64(i)/100
	}
	made, err := table.New(table.NewString("group", group, nil), table.NewFloat64("value", value, nil))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestExampleProgramsTrainAndPredict(t *testing.T) {
	examples, err := filepath.Abs("../../examples/programs")
	if err != nil {
		t.Fatal(err)
	}
	binaries := t.TempDir()
	for _, c := range []struct{ name, format, input string }{
		{"mean.sh", "csv", "features"}, {"mean_go", "jsonl", "features"}, {"mean_by_group.py", "csv", "raw"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(examples, c.name)
			switch c.name {
			case "mean_go":
				path = filepath.Join(binaries, c.name)
				if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, filepath.Join(examples, c.name)).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			case "mean_by_group.py":
				needs.Program(t, "python3", "the example in Python trains and predicts")
			}
			cfg, err := config.Parse("test", fmt.Appendf(nil,
				"preprocessing: {steps: []}\ntraining: {backend: callable, cv_folds: 2, problem_type: regression, params: {program: %s, data_format: %s, input: %s}}", path, c.format, c.input))
			if err != nil {
				t.Fatal(err)
			}
			request := training.Request{Table: programTable(t), Target: "value", Config: cfg}
			var forbidden *program.ForbiddenError
			if _, err := training.Train(t.Context(), request); !errors.As(err, &forbidden) {
				t.Errorf("without leave: %v", err)
			}
			ctx := program.With(t.Context(), program.Permission{Allowed: []string{path}, Scratch: t.TempDir()})
			out, err := training.Train(ctx, request)
			if err != nil {
				t.Fatal(err)
			}
			if c.input == "raw" && out.Metrics["r2_score"] < 0.99 || out.Metrics["r2_score"] < -1 {
				t.Errorf("the metrics are %v", out.Metrics)
			}
			var packed bytes.Buffer
			if err := out.Model.Write(&packed); err != nil {
				t.Fatal(err)
			}
			loaded, err := training.Load(out.Model.Info(), &packed)
			if err != nil {
				t.Fatal(err)
			}
			raw := out.Sample.Features
			features, err := out.Preprocess.TransformForInference(ctx, raw)
			if err != nil {
				t.Fatal(err)
			}
			again, err := training.Predict(ctx, loaded, features, raw)
			if err != nil || !slices.Equal(again.Values, out.Sample.Prediction.Values) {
				t.Errorf("loaded it predicts %v (%v), not %v", again, err, out.Sample.Prediction)
			}
			if _, err := training.Predict(t.Context(), loaded, features, raw); !errors.As(err, &forbidden) {
				t.Errorf("a prediction without leave: %v", err)
			}
		})
	}
}

func TestAProgramBackendNeedsAProgram(t *testing.T) {
	cfg, err := config.Parse("test", []byte("training: {backend: callable}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := training.Check(cfg); err == nil || !strings.Contains(err.Error(), "runs a program of yours") {
		t.Errorf("the error is %v", err)
	}
}
