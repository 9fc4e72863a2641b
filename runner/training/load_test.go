package training

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"mlops/runner/table"
)

// tiny trains a small model of each problem.
func tiny(t testing.TB, target *table.Column, yaml string) Model {
	t.Helper()
	x := table.NewFloat64("x", sequence(target.Len(), func(i int) float64 { return float64(i) }), nil)
	tab, err := table.New(x, target)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Train(context.Background(), Request{Table: tab, Config: cfgOf(t, yaml)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Model
}

func thirds(n int) *table.Column {
	words := make([]string, n)
	for i := range words {
		words[i] = []string{"low", "middle", "top"}[i*3/n]
	}
	return table.NewString("y", words, nil)
}

const quick = "training: {backend: classic, cv_folds: 0, params: {n_estimators: 3}}"

func TestLoadRefusesAModelThatIsNotTheOneDescribed(t *testing.T) {
	m := tiny(t, thirds(30), quick)
	var text bytes.Buffer
	if err := m.Write(&text); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		change  func(*ModelInfo)
		text    string
		message string
	}{
		{"backend", func(i *ModelInfo) { i.Backend = "magic" }, text.String(), "unknown backend"},
		{"feature", func(i *ModelInfo) { i.Features = []string{"a", "b"} }, text.String(), "takes 1 features"},
		{"features", func(i *ModelInfo) { i.Features = nil }, text.String(), "no features"},
		{"classes", func(i *ModelInfo) { i.Present = []int{0, 1} }, text.String(), "3 outputs"},
		{"class index", func(i *ModelInfo) { i.Present = []int{0, 1, 7} }, text.String(), "ascending indices"},
		{"problem", func(i *ModelInfo) { i.Problem = "guessing" }, text.String(), "unknown problem type"},
		{"objective", func(i *ModelInfo) { i.Problem, i.Target.Classes, i.Present = Regression, nil, nil }, text.String(), "3 outputs"},
		{"torn text", func(*ModelInfo) {}, text.String()[:text.Len()/2], "gbdt: model text"},
	}
	for _, c := range cases {
		info := m.Info()
		c.change(&info)
		if _, err := Load(info, strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.message)
		}
	}
}

func TestPredictNeedsItsFeatures(t *testing.T) {
	m := tiny(t, thirds(30), quick)
	for _, c := range []*table.Column{table.NewFloat64("z", []float64{1}, nil), table.NewString("x", []string{"a"}, nil)} {
		tab, err := table.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Predict(context.Background(), tab); err == nil {
			t.Errorf("column %s of %s was taken", c.Name(), c.Kind())
		}
	}
}

// In a forest without depth every leaf is pure in its bagged rows, so that the
// mean over trees is a share of votes; three classes far apart get all of them.
func TestForestProbabilitiesAreShares(t *testing.T) {
	for _, backendYAML := range []string{
		"preprocessing: {steps: []}\ntraining: {backend: classic, cv_folds: 0, params: {n_estimators: 40}}",
		"preprocessing: {steps: []}\ntraining: {backend: classic, cv_folds: 0, params: {n_estimators: 40, class_weight: balanced}}",
	} {
		m := tiny(t, thirds(90), backendYAML)
		tab, err := table.New(table.NewFloat64("x", []float64{5, 45, 85, 30}, nil))
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Predict(context.Background(), tab)
		if err != nil {
			t.Fatal(err)
		}
		for row := range 3 {
			if p.Class[row] != row || p.Proba[row*3+row] < 0.999 {
				t.Errorf("row %d: class %d of %v", row, p.Class[row], p.Proba[row*3:row*3+3])
			}
		}
		if p.Proba[3*3+2] > 1e-6 { // at the border of the first two, far from the third
			t.Errorf("at the border: %v", p.Proba[9:])
		}
	}
}

func FuzzModelInfo(f *testing.F) {
	for _, m := range []Model{
		tiny(f, thirds(30), quick),
		tiny(f, table.NewBool("y", []bool{true, false, true, false, true, false}, nil), quick),
		tiny(f, table.NewFloat64("y", sequence(40, func(i int) float64 { return float64(i) / 3 }), nil), quick),
	} {
		data, err := json.Marshal(m.Info())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var info ModelInfo
		if err := info.UnmarshalJSON(data); err != nil {
			return
		}
		out, err := info.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var back ModelInfo
		if err := back.UnmarshalJSON(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}

// The largest numbers that a target may hold are learnt like small ones.
func TestTargetsNearTheirBoundAreLearnt(t *testing.T) {
	x := table.NewFloat64("x", sequence(200, func(i int) float64 { return float64(i) }), nil)
	y := table.NewFloat64("y", sequence(200, func(i int) float64 { return float64(i-100) * maxTarget / 100 }), nil)
	tab, err := table.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for _, backend := range []string{"classic", "lightgbm"} {
		out, err := Train(context.Background(), Request{Table: tab, Config: cfgOf(t, "training: {backend: "+backend+", cv_folds: 0, params: {n_estimators: 50}}")})
		if err != nil {
			t.Fatal(err)
		}
		if r2 := out.Metrics["r2_score"]; !(r2 > 0.9) {
			t.Errorf("%s: r2_score %v", backend, r2)
		}
	}
}
