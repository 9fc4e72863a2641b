package report

import (
	"errors"
	"fmt"
	"math"

	"mlops/runner/metrics"
)

// Truth is what a model should have said, one entry a row.
type Truth struct {
	Problem Problem
	Values  []float64 // of a regression
	Classes []int     // of a classification: indices into Names
	Names   []string  // the model's classes; of two the second is the positive one
	Weights []float64 // sample weights, or nil
}

// Prediction is what a model said, one entry a row.
type Prediction struct {
	Values  []float64 // of a regression
	Classes []int     // of a classification: indices into the truth's Names
	Proba   []float64 // rows × classes, row by row; nil where the model has none
}

// Rows is the number of rows.
func (t Truth) Rows() int { return max(len(t.Values), len(t.Classes)) }

// Headline is the metric that stands for all where none is chosen: roc_auc for
// two classes, f1_score for several, r2_score for a regression.
func (p Problem) Headline() string {
	switch p {
	case Binary:
		return "roc_auc"
	case Multiclass:
		return "f1_score"
	}
	return "r2_score"
}

// Metric computes a metric by one of scikit-learn's names. Errors are those of
// package metrics.
func (t Truth) Metric(name string, p Prediction) (float64, error) {
	w, err := metrics.NewWeights(t.Weights)
	if err != nil {
		return 0, err
	}
	if t.Problem == Regression {
		return metrics.Regression{YTrue: t.Values, YPred: p.Values}.Metric(name, w)
	}
	return metrics.Classification{YTrue: t.Classes, YPred: p.Classes, Proba: p.Proba, Classes: len(t.Names)}.Metric(name, w)
}

// check tells what of truth and prediction cannot be used, and gives the weights.
func (t Truth) check(p Prediction) (metrics.Weights, error) {
	w, err := metrics.NewWeights(t.Weights)
	if err != nil {
		return w, err
	}
	rows := t.Rows()
	if rows == 0 {
		return w, errors.New("there are no rows")
	}
	if t.Weights != nil && len(t.Weights) != rows {
		return w, fmt.Errorf("there are %d weights for %d rows", len(t.Weights), rows)
	}
	switch t.Problem {
	case Regression:
		return w, checkValues(t, p)
	case Binary, Multiclass:
		return w, checkClasses(t, p)
	}
	return w, fmt.Errorf("unknown problem %q (known: %s, %s, %s)", t.Problem, Binary, Multiclass, Regression)
}

func checkValues(t Truth, p Prediction) error {
	if len(t.Values) != len(p.Values) {
		return fmt.Errorf("there are %d true values and %d predictions", len(t.Values), len(p.Values))
	}
	for i, y := range t.Values {
		if d := y - p.Values[i]; math.IsNaN(d) || math.IsInf(d, 0) {
			return fmt.Errorf("row %d (counting from 0): the true value %v and the prediction %v have no finite difference", i, y, p.Values[i])
		}
	}
	return nil
}

func checkClasses(t Truth, p Prediction) error {
	classes := len(t.Names)
	switch {
	case classes < 2 || classes > MaxClasses:
		return fmt.Errorf("there are %d classes: from 2 to %d are possible", classes, MaxClasses)
	case t.Problem == Binary && classes != 2:
		return fmt.Errorf("a %s has two classes and not %d", Binary, classes)
	case len(t.Classes) != len(p.Classes):
		return fmt.Errorf("there are %d true classes and %d predictions", len(t.Classes), len(p.Classes))
	case p.Proba != nil && len(p.Proba) != len(t.Classes)*classes:
		return fmt.Errorf("there are %d probabilities for %d rows of %d classes", len(p.Proba), len(t.Classes), classes)
	}
	for i, y := range t.Classes {
		if y < 0 || y >= classes || p.Classes[i] < 0 || p.Classes[i] >= classes {
			return fmt.Errorf("row %d (counting from 0): the true class %d or the predicted class %d is not within 0..%d", i, y, p.Classes[i], classes-1)
		}
	}
	for i, v := range p.Proba {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("row %d (counting from 0): the probability %v is not within 0..1", i/classes, v)
		}
	}
	return nil
}
