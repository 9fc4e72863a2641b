package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/preprocess"
	"mlops/runner/table"
	"mlops/runner/training"
)

func TestMain(m *testing.M) {
	training.Register("sum", sumBackend{})
	deploy.Register("test_upload", func(s config.Step) (deploy.Step, error) {
		return config.DecodeParamsOver(s, uploadStep{})
	})
	deploy.Register("test_nothing", func(config.Step) (deploy.Step, error) { return idleStep{}, nil })
	goleak.VerifyTestMain(m)
}

// sumModel predicts a multiple of the sum of its features: enough of a model to
// be written, read back and compared.
type sumModel struct {
	info   training.ModelInfo
	Factor float64 `json:"factor"`
}

func (m *sumModel) Info() training.ModelInfo              { return m.info }
func (m *sumModel) Name() string                          { return "sum" }
func (m *sumModel) Problem() training.ProblemType         { return m.info.Problem }
func (m *sumModel) FeatureImportance() map[string]float64 { return nil }
func (m *sumModel) FileName() string                      { return "model.txt" }
func (m *sumModel) Write(w io.Writer) error               { return json.NewEncoder(w).Encode(m) }

func (m *sumModel) Predict(_ context.Context, features *table.Table) (*training.Prediction, error) {
	values := make([]float64, features.NumRows())
	for _, name := range m.info.Features {
		for i, v := range features.Column(name).Floats() {
			values[i] += m.Factor * v
		}
	}
	return &training.Prediction{Values: values}, nil
}

type sumBackend struct{}

func (sumBackend) Check(*config.Config) error { return nil }
func (sumBackend) Fit(context.Context, training.Job) (training.Model, error) {
	return nil, fmt.Errorf("the tests make their models")
}

func (sumBackend) Load(info training.ModelInfo, r io.Reader) (training.Model, error) {
	m := &sumModel{info: info}
	return m, json.NewDecoder(r).Decode(m)
}

var noon = time.Date(2026, 3, 1, 12, 30, 15, 0, time.UTC)

// candidate is a model of two numeric columns and one of text.
func candidate(t testing.TB) *deploy.Candidate {
	t.Helper()
	raw, err := table.New(
		table.NewFloat64("x", []float64{1.5, 2, 3.25, 4}, nil),
		table.NewInt64("n", []int64{10, 20, 30, 40}, nil),
		table.NewString("color", []string{"red", "blue", "red", "green"}, nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := preprocess.New(config.Default().Preprocessing)
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := pipeline.Fit(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	model := &sumModel{Factor: 1.0 / 3, info: training.ModelInfo{
		Backend: "sum", Model: "sum", Problem: training.Regression,
		Target: training.Target{Name: "y", Kind: table.Float64}, Features: fitted.Outputs(),
	}}
	features, err := fitted.TransformForInference(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	expected, err := model.Predict(t.Context(), features)
	if err != nil {
		t.Fatal(err)
	}
	return &deploy.Candidate{
		Model: model, Preprocessor: fitted, Config: string(config.Default().YAML()), Validation: raw, Expected: expected,
		Run: deploy.Run{ModelName: "sum", ProblemType: "regression", Target: "y", Metrics: map[string]float64{"rmse": 0.5}, Timings: map[string]float64{"total": 1.5}},
	}
}

// options publish into parent with the standard steps at a fixed time.
func options(t testing.TB, parent string) deploy.Options {
	t.Helper()
	c := config.Default().Deployment
	return deploy.Options{Config: c, Steps: steps(t, c), Parent: parent, Now: func() time.Time { return noon }}
}

func steps(t testing.TB, c config.Deployment) deploy.Steps {
	t.Helper()
	steps, err := deploy.NewSteps(c)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func publish(t testing.TB, o deploy.Options) string {
	t.Helper()
	p, err := deploy.Publish(t.Context(), candidate(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return p.Dir
}

// names lists a directory, hidden entries too.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Name()
	}
	return out
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("%s holds %q, want %q", filepath.Base(dir), got, want)
	}
}
