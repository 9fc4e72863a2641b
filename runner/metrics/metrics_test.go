package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// The figures come from tools/reference/metrics.py; null is a figure that
// scikit-learn refuses or has as NaN, and an infinite threshold.
type reference struct {
	Classification []struct {
		Name                  string
		True, Pred, Labels    []int
		Weight                []float64
		Accuracy              float64
		BalancedAccuracy      float64 `json:"balanced_accuracy"`
		MatthewsCorrCoef      float64 `json:"matthews_corrcoef"`
		Confusion             [][]float64
		Precision, Recall, F1 float64
		PrecisionMacro        float64   `json:"precision_macro"`
		RecallMacro           float64   `json:"recall_macro"`
		F1Macro               float64   `json:"f1_macro"`
		PrecisionMicro        float64   `json:"precision_micro"`
		RecallMicro           float64   `json:"recall_micro"`
		F1Micro               float64   `json:"f1_micro"`
		PrecisionClasses      []float64 `json:"precision_classes"`
		RecallClasses         []float64 `json:"recall_classes"`
		F1Classes             []float64 `json:"f1_classes"`
		Support               []float64
	}
	Binary []struct {
		Name             string
		True             []int
		Score, Weight    []float64
		ROCAUC           *float64 `json:"roc_auc"`
		AveragePrecision *float64 `json:"average_precision"`
		Brier            *float64
		LogLoss          *float64 `json:"log_loss"`
		ROC              *referenceCurve
		ROCDropped       *referenceCurve `json:"roc_dropped"`
		PR               *referenceCurve
		PRDropped        *referenceCurve `json:"pr_dropped"`
	}
	Multiclass    []referenceMulticlass
	NotNormalized referenceMulticlass `json:"not_normalized"`
	Regression    []struct {
		Name                string
		True, Pred, Weight  []float64
		MSE, RMSE, MAE      *float64
		MAPE                *float64
		MedianAbsoluteError *float64 `json:"median_absolute_error"`
		MaxError            *float64 `json:"max_error"`
		R2Score             *float64 `json:"r2_score"`
		ExplainedVariance   *float64 `json:"explained_variance"`
	}
	Calibration []struct {
		Name     string
		True     []int
		Proba    []float64
		Bins     int
		Uniform  referenceCurve
		Quantile referenceCurve `json:"quantile"`
	}
	NDCG []struct {
		Name                string
		True, Score, Weight []float64
		Group               []int
		K                   int
		NDCG                *float64
	}
}

type referenceMulticlass struct {
	Name        string
	True        []int
	Classes     int
	Proba       []float64
	Weight      []float64
	ROCAUC      *float64 `json:"roc_auc"`
	ROCAUCMacro *float64 `json:"roc_auc_macro"`
	LogLoss     *float64 `json:"log_loss"`
	Brier       *float64
}

type referenceCurve struct {
	FPR, TPR          []float64
	Precision, Recall []float64
	Thresholds        []*float64
	True, Pred        []float64
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// near compares to 1e-12, relative where the figure is large.
func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
		t.Errorf("%s: got %v, scikit-learn has %v", name, got, want)
	}
}

// figure compares a figure that may not exist.
func figure(t *testing.T, name string, got float64, err error, want *float64) {
	t.Helper()
	switch {
	case want == nil:
		if err == nil && !math.IsNaN(got) {
			t.Errorf("%s: got %v, scikit-learn has none", name, got)
		}
	case err != nil:
		t.Errorf("%s: %v, scikit-learn has %v", name, err, *want)
	default:
		near(t, name, got, *want)
	}
}

// weigh makes the weights of a case.
func weigh(t *testing.T, sampleWeight []float64) Weights {
	t.Helper()
	w, err := NewWeights(sampleWeight)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// nearAll compares element by element.
func nearAll(t *testing.T, name string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %v, scikit-learn has %v", name, got, want)
		return
	}
	for i := range got {
		near(t, fmt.Sprintf("%s at %d", name, i), got[i], want[i])
	}
}

func TestClassificationMatchesScikitLearn(t *testing.T) {
	for _, c := range readReference(t).Classification {
		t.Run(c.Name, func(t *testing.T) {
			w := weigh(t, c.Weight)
			near(t, "accuracy", w.Accuracy(c.True, c.Pred), c.Accuracy)
			near(t, "balanced_accuracy", w.BalancedAccuracy(c.True, c.Pred), c.BalancedAccuracy)
			near(t, "precision", w.Precision(c.True, c.Pred), c.Precision)
			near(t, "recall", w.Recall(c.True, c.Pred), c.Recall)
			near(t, "f1_score", w.F1Score(c.True, c.Pred), c.F1)
			near(t, "precision_macro", w.PrecisionMacro(c.True, c.Pred), c.PrecisionMacro)
			near(t, "recall_macro", w.RecallMacro(c.True, c.Pred), c.RecallMacro)
			near(t, "f1_macro", w.F1Macro(c.True, c.Pred), c.F1Macro)
			near(t, "matthews_corrcoef", w.MatthewsCorrCoef(c.True, c.Pred), c.MatthewsCorrCoef)
			matrix, classes := w.ConfusionMatrix(c.True, c.Pred)
			if !slices.Equal(classes, c.Labels) {
				t.Errorf("classes %v, want %v", classes, c.Labels)
			}
			for i := range matrix {
				nearAll(t, fmt.Sprintf("confusion of class %d", classes[i]), matrix[i], c.Confusion[i])
			}
			report := w.ClassificationReport(c.True, c.Pred)
			near(t, "accuracy of the report", report.Accuracy, c.Accuracy)
			near(t, "precision_micro", report.Micro.Precision, c.PrecisionMicro)
			near(t, "recall_micro", report.Micro.Recall, c.RecallMicro)
			near(t, "f1_micro", report.Micro.F1, c.F1Micro)
			for i, s := range report.Classes {
				near(t, "precision of a class", s.Precision, c.PrecisionClasses[i])
				near(t, "recall of a class", s.Recall, c.RecallClasses[i])
				near(t, "f1 of a class", s.F1, c.F1Classes[i])
				near(t, "support of a class", s.Support, c.Support[i])
			}
		})
	}
}

func TestProbabilitiesMatchScikitLearn(t *testing.T) {
	ref := readReference(t)
	for _, c := range ref.Binary {
		t.Run(c.Name, func(t *testing.T) {
			w := weigh(t, c.Weight)
			auc, err := w.ROCAUC(c.True, c.Score)
			figure(t, "roc_auc", auc, err, c.ROCAUC)
			ap, err := w.AveragePrecision(c.True, c.Score)
			figure(t, "average_precision", ap, err, c.AveragePrecision)
			brier, err := w.Brier(c.True, c.Score)
			figure(t, "brier", brier, err, c.Brier)
			loss, err := w.LogLoss(c.True, BinaryProba(c.Score), 2)
			figure(t, "log_loss", loss, err, c.LogLoss)
			if c.Brier != nil {
				brier, err = w.BrierMulticlass(c.True, BinaryProba(c.Score), 2)
				figure(t, "brier of two classes", brier, err, c.Brier)
			}
		})
	}
	for _, c := range append(ref.Multiclass, ref.NotNormalized) {
		t.Run(c.Name, func(t *testing.T) {
			w := weigh(t, c.Weight)
			if c.Name != ref.NotNormalized.Name { // where scikit-learn refuses roc_auc
				auc, err := w.ROCAUCOneVsRest(c.True, c.Proba, c.Classes)
				figure(t, "roc_auc", auc, err, c.ROCAUC)
				auc, err = w.ROCAUCOneVsRestMacro(c.True, c.Proba, c.Classes)
				figure(t, "roc_auc_ovr", auc, err, c.ROCAUCMacro)
			}
			loss, err := w.LogLoss(c.True, c.Proba, c.Classes)
			figure(t, "log_loss", loss, err, c.LogLoss)
			brier, err := w.BrierMulticlass(c.True, c.Proba, c.Classes)
			figure(t, "brier", brier, err, c.Brier)
		})
	}
}

func TestRegressionMatchesScikitLearn(t *testing.T) {
	for _, c := range readReference(t).Regression {
		t.Run(c.Name, func(t *testing.T) {
			w := weigh(t, c.Weight)
			figure(t, "mse", w.MSE(c.True, c.Pred), nil, c.MSE)
			figure(t, "rmse", w.RMSE(c.True, c.Pred), nil, c.RMSE)
			figure(t, "mae", w.MAE(c.True, c.Pred), nil, c.MAE)
			figure(t, "mape", w.MAPE(c.True, c.Pred), nil, c.MAPE)
			figure(t, "median_absolute_error", w.MedianAbsoluteError(c.True, c.Pred), nil, c.MedianAbsoluteError)
			figure(t, "max_error", MaxError(c.True, c.Pred), nil, c.MaxError)
			figure(t, "r2_score", w.R2Score(c.True, c.Pred), nil, c.R2Score)
			figure(t, "explained_variance", w.ExplainedVariance(c.True, c.Pred), nil, c.ExplainedVariance)
		})
	}
}

func TestNDCGMatchesScikitLearn(t *testing.T) {
	for _, c := range readReference(t).NDCG {
		t.Run(c.Name, func(t *testing.T) {
			got, err := weigh(t, c.Weight).NDCG(c.True, c.Score, c.Group, c.K)
			figure(t, "ndcg", got, err, c.NDCG)
		})
	}
}

func TestScoresOfOneClassAreAnError(t *testing.T) {
	if _, err := ROCAUC([]int{1, 1}, []float64{0.1, 0.2}); !errors.Is(err, ErrOneClass) {
		t.Errorf("roc_auc: got %v", err)
	}
	if _, err := ROCAUCOneVsRest([]int{1, 1}, []float64{.5, .5, .5, .5}, 2); !errors.Is(err, ErrOneClass) {
		t.Errorf("roc_auc of classes: got %v", err)
	}
}

func TestRefusesWhatDoesNotFit(t *testing.T) {
	for name, f := range map[string]func() (float64, error){
		"lengths":                 func() (float64, error) { return ROCAUC([]int{1, 0}, []float64{1}) },
		"no rows":                 func() (float64, error) { return ROCAUC(nil, nil) },
		"a label that is no 0, 1": func() (float64, error) { return ROCAUC([]int{1, 2}, []float64{1, 2}) },
		"a NaN score":             func() (float64, error) { return AveragePrecision([]int{1, 0}, []float64{1, math.NaN()}) },
		"too few probabilities":   func() (float64, error) { return LogLoss([]int{1, 0}, []float64{1, 0, 0}, 2) },
		"a class out of range":    func() (float64, error) { return LogLoss([]int{2}, []float64{1, 0}, 2) },
		"a NaN probability":       func() (float64, error) { return LogLoss([]int{1}, []float64{math.NaN(), 0}, 2) },
		"a probability above one": func() (float64, error) { return Brier([]int{1}, []float64{1.5}) },
		"one class":               func() (float64, error) { return LogLoss([]int{0}, []float64{1}, 1) },
		"unequal brier":           func() (float64, error) { return Brier([]int{0}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := f(); err == nil {
				t.Errorf("got %v and no error", v)
			}
		})
	}
	for name, f := range map[string]func(){
		"accuracy": func() { Accuracy([]int{1}, nil) },
		"mse":      func() { MSE(nil, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestDirection(t *testing.T) {
	for _, name := range Names() {
		if _, known := Direction(name); !known {
			t.Errorf("%s is listed and not known", name)
		}
	}
	if higher, known := Direction("rmse"); higher || !known {
		t.Error("a lower rmse is better")
	}
	if higher, known := Direction("f1_score"); !higher || !known {
		t.Error("a higher f1_score is better")
	}
	if _, known := Direction("magic"); known {
		t.Error("magic is known")
	}
	if !slices.IsSorted(Names()) {
		t.Error("the names are not sorted")
	}
}
