package linear

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// referenceCase is a case of tools/reference/linear.py.
type referenceCase struct {
	Name, Estimator, Set string
	Params               map[string]any
	Classes              int
	Weights              bool

	Coef                   [][]float64
	Intercept, Predictions []float64
	Metrics                map[string]float64
	Rank                   int
	DefaultNIter           int `json:"default_n_iter"`
}

func readReference(t *testing.T) []referenceCase {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []referenceCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// with is the case's parameters and more.
func (c *referenceCase) with(more map[string]any) map[string]any {
	out := map[string]any{}
	for _, from := range []map[string]any{more, c.Params} {
		for k, v := range from {
			out[k] = v
		}
	}
	return out
}

func (c *referenceCase) options(s *set) FitOptions {
	if !c.Weights {
		return FitOptions{}
	}
	return FitOptions{SampleWeight: s.weights(len(c.Set))}
}

// regressor fits a regression of the given name.
func regressor(estimator string, values map[string]any, x *Dense, y []float64, o FitOptions) (*Regressor, error) {
	ctx := context.Background()
	switch estimator {
	case "linear_regression":
		p, err := ParseLinearRegression(values)
		if err != nil {
			return nil, err
		}
		return p.Fit(ctx, x, y, o)
	case "ridge":
		p, err := ParseRidge(values)
		if err != nil {
			return nil, err
		}
		return p.Fit(ctx, x, y, o)
	case "lasso":
		p, err := ParseLasso(values)
		if err != nil {
			return nil, err
		}
		return p.Fit(ctx, x, y, o)
	case "elastic_net":
		p, err := ParseElasticNet(values)
		if err != nil {
			return nil, err
		}
		return p.Fit(ctx, x, y, o)
	}
	return nil, fmt.Errorf("unknown estimator %q", estimator)
}

// same compares to a millionth, of each figure or of a thousandth of the largest.
func same(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d figures, scikit-learn has %d", what, len(got), len(want))
	}
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-6*max(math.Abs(want[i]), 1e-3*largest)) {
			t.Errorf("%s %d: %v, scikit-learn has %v", what, i, got[i], want[i])
		}
	}
}

func TestRegressionsEqualScikitLearn(t *testing.T) {
	for _, c := range readReference(t) {
		if c.Estimator == "logistic_regression" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s := buildSet(c.Set)
			x := s.dense(t)
			tight := map[string]any{}
			if c.DefaultNIter > 0 {
				tight = map[string]any{"tol": 1e-13, "max_iter": 1_000_000}
			}
			m, err := regressor(c.Estimator, c.with(tight), x, s.score, c.options(&s))
			if err != nil {
				t.Fatal(err)
			}
			if !m.Report().Converged {
				t.Error("did not converge")
			}
			same(t, "coefficient", m.Coef(), c.Coef[0])
			same(t, "intercept", []float64{m.Intercept()}, c.Intercept)
			predicted, err := m.Predict(context.Background(), x)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "prediction", predicted[:len(c.Predictions)], c.Predictions)
			mse, spread, mean := 0.0, 0.0, total(s.score)/float64(len(s.score))
			for i, v := range s.score {
				mse += (v - predicted[i]) * (v - predicted[i]) / float64(len(predicted))
				spread += (v - mean) * (v - mean) / float64(len(predicted))
			}
			if mse > 1e-12 || c.Metrics["mse"] > 1e-12 {
				same(t, "mse", []float64{mse}, []float64{c.Metrics["mse"]})
			}
			same(t, "r2_score", []float64{1 - mse/spread}, []float64{c.Metrics["r2_score"]})
			if m.Report().Rank != c.Rank {
				t.Errorf("rank %d, scikit-learn has %d", m.Report().Rank, c.Rank)
			}
		})
	}
}

// Coordinate descent takes scikit-learn's steps, so that it stops where it does.
func TestCoordinateDescentTakesAsManyIterations(t *testing.T) {
	for _, c := range readReference(t) {
		if c.DefaultNIter == 0 {
			continue
		}
		s := buildSet(c.Set)
		m, err := regressor(c.Estimator, c.Params, s.dense(t), s.score, c.options(&s))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Report().Iterations; got != c.DefaultNIter {
			t.Errorf("%s: %d iterations, scikit-learn has %d", c.Name, got, c.DefaultNIter)
		}
	}
}

func TestLogisticRegressionEqualsScikitLearn(t *testing.T) {
	for _, c := range readReference(t) {
		if c.Estimator != "logistic_regression" {
			continue
		}
		s := buildSet(c.Set)
		designs := map[string]Matrix{"dense": s.dense(t), "as_sparse": sparseOf(t, s.columns...)}
		for kind, x := range designs {
			if kind == "as_sparse" && c.Set == "scaled" {
				continue // columns whose means dwarf their spread are centred only where they are dense
			}
			t.Run(c.Name+"/"+kind, func(t *testing.T) {
				p, err := ParseLogisticRegression(c.with(map[string]any{"tol": 1e-10, "max_iter": 3000}))
				if err != nil {
					t.Fatal(err)
				}
				labels := s.labels(c.Classes)
				m, err := p.Fit(context.Background(), x, labels, c.Classes, c.options(&s))
				if err != nil {
					t.Fatal(err)
				}
				if !m.Report().Converged {
					t.Error("did not converge")
				}
				for k, coef := range m.Coef() {
					same(t, fmt.Sprintf("coefficient of output %d,", k), coef, c.Coef[k])
				}
				same(t, "intercept", m.Intercept(), c.Intercept)
				proba, err := m.PredictProba(context.Background(), x)
				if err != nil {
					t.Fatal(err)
				}
				same(t, "probability", proba[:len(c.Predictions)], c.Predictions)
				predicted, err := m.Predict(context.Background(), x)
				if err != nil {
					t.Fatal(err)
				}
				accuracy, logLoss := 0.0, 0.0
				for i, label := range labels {
					logLoss -= math.Log(proba[i*c.Classes+label]) / float64(len(labels))
					if predicted[i] == label {
						accuracy += 1 / float64(len(labels))
					}
				}
				same(t, "accuracy", []float64{accuracy}, []float64{c.Metrics["accuracy"]})
				same(t, "log_loss", []float64{logLoss}, []float64{c.Metrics["log_loss"]})
			})
		}
	}
}
