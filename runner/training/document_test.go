package training

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"mlops/runner/linear"
	"mlops/runner/table"
)

// The backend adds nothing to package linear's figures but the file around them.
func TestLinearModelsAreThoseOfTheirPackage(t *testing.T) {
	job := noisyLine(t, 120, "training: {model_type: elastic_net, params: {alpha: 0.2, l1_ratio: 0.3}}")
	job.Train.Weights = sequence(120, func(i int) float64 { return float64(i%3) / 2 })
	m, err := classic{}.Fit(context.Background(), job)
	if err != nil {
		t.Fatal(err)
	}
	x, err := linear.NewDense(job.Train.Features.Names(), columnsOf(job.Train))
	if err != nil {
		t.Fatal(err)
	}
	p := linear.NewElasticNet()
	p.Alpha, p.L1Ratio = 0.2, 0.3
	direct, err := p.Fit(context.Background(), x, job.Train.Values, linear.FitOptions{SampleWeight: job.Train.Weights})
	if err != nil {
		t.Fatal(err)
	}
	want, err := direct.Predict(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Predict(context.Background(), job.Train.Features)
	if err != nil || !slices.Equal(got.Values, want) {
		t.Errorf("predictions differ (%v)", err)
	}
}

// A decision tree that may split to the last row repeats the rows it has seen.
func TestDecisionTreeSeesAllRows(t *testing.T) {
	job := noisyLine(t, 200, "training: {model_type: decision_tree_regressor}")
	m, err := classic{}.Fit(context.Background(), job)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Predict(context.Background(), job.Train.Features)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range p.Values {
		if math.Abs(v-job.Train.Values[i]) > 1e-4 {
			t.Fatalf("row %d is %v, the tree says %v", i, job.Train.Values[i], v)
		}
	}
}

func TestLoadIsStrictAboutDocuments(t *testing.T) {
	numbers := table.NewFloat64("y", sequence(40, func(i int) float64 { return float64(i) / 3 }), nil)
	for _, c := range []struct {
		yaml   string
		target *table.Column
	}{
		{"training: {cv_folds: 0, model_type: ridge}", numbers},
		{"training: {cv_folds: 0, model_type: logistic_regression}", thirds(30)},
		{"training: {cv_folds: 0, backend: neural_network, params: {max_iter: 2, hidden_layer_sizes: 3}}", numbers},
		{"training: {cv_folds: 0, backend: neural_network, params: {max_iter: 2, hidden_layer_sizes: 3}}", thirds(30)},
	} {
		m := tiny(t, c.target, c.yaml)
		var b bytes.Buffer
		if err := m.Write(&b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for name, changed := range map[string]string{
			"an unknown key":     strings.Replace(text, `"format"`, `"more":1,"format"`, 1),
			"another format":     strings.Replace(text, `"format":"mlops.training`, `"format":"magic`, 1),
			"a later version":    strings.Replace(text, `"version":1`, `"version":2`, 1),
			"no importance":      strings.Replace(text, `"feature_importance":[1]`, `"feature_importance":[]`, 1),
			"negative shares":    strings.Replace(text, `"feature_importance":[1]`, `"feature_importance":[-1]`, 1),
			"another feature":    strings.Replace(text, `"x"`, `"z"`, 1),
			"more after it":      text + "{}",
			"half of it":         text[:len(text)/2],
			"nothing":            "",
			"no model inside it": text[:strings.Index(text, `,"model"`)] + "}",
		} {
			if changed == text {
				t.Fatalf("%s: nothing changed in %s", name, text)
			}
			if _, err := Load(m.Info(), strings.NewReader(changed)); err == nil {
				t.Errorf("%s: %s was taken", c.yaml, name)
			}
		}
		other := m.Info()
		other.Features = []string{"z"}
		if _, err := Load(other, strings.NewReader(text)); err == nil {
			t.Errorf("%s: other features were taken", c.yaml)
		}
	}
}
