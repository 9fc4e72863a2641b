package metrics

import (
	"errors"
	"math"
	"testing"
)

func TestCurvesMatchScikitLearn(t *testing.T) {
	for _, c := range readReference(t).Binary {
		t.Run(c.Name, func(t *testing.T) {
			w := weigh(t, c.Weight)
			for name, want := range map[string]*referenceCurve{"all": c.ROC, "dropped": c.ROCDropped} {
				got, err := w.ROCCurve(c.True, c.Score, name == "dropped")
				if want == nil {
					if !errors.Is(err, ErrOneClass) {
						t.Errorf("roc, %s: got %v and %v, scikit-learn has no rates", name, got, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				nearAll(t, "fpr, "+name, got.FPR, want.FPR)
				nearAll(t, "tpr, "+name, got.TPR, want.TPR)
				sameThresholds(t, "roc, "+name, got.Thresholds, want.Thresholds)
			}
			for name, want := range map[string]*referenceCurve{"all": c.PR, "dropped": c.PRDropped} {
				got, err := w.PrecisionRecallCurve(c.True, c.Score, name == "dropped")
				if err != nil {
					t.Fatal(err)
				}
				nearAll(t, "precision, "+name, got.Precision, want.Precision)
				nearAll(t, "recall, "+name, got.Recall, want.Recall)
				sameThresholds(t, "precision and recall, "+name, got.Thresholds, want.Thresholds)
			}
		})
	}
}

// sameThresholds compares exactly: they are scores as they were given.
func sameThresholds(t *testing.T, name string, got []float64, want []*float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d thresholds, scikit-learn has %d", name, len(got), len(want))
	}
	for i, v := range got {
		if want[i] == nil && math.IsInf(v, 1) || want[i] != nil && v == *want[i] {
			continue
		}
		t.Errorf("%s: threshold %d is %v", name, i, v)
	}
}

func TestCalibrationMatchesScikitLearn(t *testing.T) {
	for _, c := range readReference(t).Calibration {
		t.Run(c.Name, func(t *testing.T) {
			for strategy, want := range map[Strategy]referenceCurve{Uniform: c.Uniform, Quantile: c.Quantile} {
				got, err := CalibrationCurve(c.True, c.Proba, c.Bins, strategy)
				if err != nil {
					t.Fatal(err)
				}
				nearAll(t, string(strategy)+" prob_true", got.ProbTrue, want.True)
				nearAll(t, string(strategy)+" prob_pred", got.ProbPred, want.Pred)
				rows := 0.0
				for _, n := range got.Weight {
					rows += n
				}
				if rows != float64(len(c.True)) {
					t.Errorf("%s: the bins have %v of %d rows", strategy, rows, len(c.True))
				}
			}
		})
	}
}

// A row of weight two is two rows.
func TestCalibrationWeighsRows(t *testing.T) {
	weighed, err := weigh(t, []float64{1, 2, 3, 0}).CalibrationCurve([]int{0, 1, 0, 1}, []float64{.1, .2, .7, .6}, 2, Uniform)
	if err != nil {
		t.Fatal(err)
	}
	repeated, err := CalibrationCurve([]int{0, 1, 1, 0, 0, 0}, []float64{.1, .2, .2, .7, .7, .7}, 2, Uniform)
	if err != nil {
		t.Fatal(err)
	}
	nearAll(t, "prob_true", weighed.ProbTrue, repeated.ProbTrue)
	nearAll(t, "prob_pred", weighed.ProbPred, repeated.ProbPred)
	nearAll(t, "weight", weighed.Weight, repeated.Weight)
}

func TestCalibrationRefuses(t *testing.T) {
	for name, f := range map[string]func() (Calibration, error){
		"no bins":             func() (Calibration, error) { return CalibrationCurve([]int{1}, []float64{1}, 0, Uniform) },
		"an unknown strategy": func() (Calibration, error) { return CalibrationCurve([]int{1}, []float64{1}, 2, "kmeans") },
		"no rows":             func() (Calibration, error) { return CalibrationCurve(nil, nil, 2, Uniform) },
		"a label of 2":        func() (Calibration, error) { return CalibrationCurve([]int{2}, []float64{1}, 2, Uniform) },
		"a probability of 2":  func() (Calibration, error) { return CalibrationCurve([]int{1}, []float64{2}, 2, Uniform) },
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := f(); err == nil {
				t.Errorf("got %v and no error", c)
			}
		})
	}
}
