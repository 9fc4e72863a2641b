package metrics

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// ErrNotBinary says that a metric is for two classes.
var ErrNotBinary = errors.New("metrics: the metric is defined for two classes")

// Classification is what the metrics of a classification look at.
type Classification struct {
	YTrue, YPred []int     // classes from 0 to Classes-1, one a row
	Proba        []float64 // rows × Classes, row by row; nil where the model gives none
	Classes      int
}

// Regression is what the metrics of a regression look at, one value a row.
type Regression struct{ YTrue, YPred []float64 }

// Ranking is what the metrics of a ranking look at; see NDCG.
type Ranking struct {
	YTrue, Score []float64
	Group        []int
	K            int
}

// Metric computes a metric of ClassificationNames. For more than two classes
// roc_auc is roc_auc_ovr_weighted. Errors: an unknown name, slices that do not
// fit, a class outside 0..Classes-1, those of the metric itself.
func (c Classification) Metric(name string, w Weights) (float64, error) {
	m, known := find(canonical(name))
	if !known || m.classification == nil {
		return 0, unknown(name, "a classification", ClassificationNames())
	}
	if err := checkRows(w, len(c.YTrue), len(c.YPred)); err != nil {
		return 0, err
	}
	for _, classes := range [][]int{c.YTrue, c.YPred} {
		if err := checkLabels(classes, c.Classes); err != nil {
			return 0, err
		}
	}
	return m.classification(w, c)
}

// Metric computes a metric of RegressionNames. Errors: an unknown name, slices
// that do not fit, a value that is not finite, a figure that is not defined.
func (r Regression) Metric(name string, w Weights) (float64, error) {
	m, known := find(canonical(name))
	if !known || m.regression == nil {
		return 0, unknown(name, "a regression", RegressionNames())
	}
	if err := checkRows(w, len(r.YTrue), len(r.YPred)); err != nil {
		return 0, err
	}
	for i, y := range r.YTrue {
		if d := y - r.YPred[i]; math.IsNaN(d) || math.IsInf(d, 0) {
			return 0, fmt.Errorf("metrics: the true value %v and the prediction %v of row %d (counting from 0) have no finite difference", y, r.YPred[i], i)
		}
	}
	return m.regression(w, r)
}

// Metric computes ndcg; w has one weight a query.
func (r Ranking) Metric(name string, w Weights) (float64, error) {
	m, known := find(canonical(name))
	if !known || m.ranking == nil {
		return 0, unknown(name, "a ranking", []string{"ndcg"})
	}
	return m.ranking(w, r)
}

func canonical(name string) string {
	name, _ = Canonical(name)
	return name
}

func unknown(name, problem string, known []string) error {
	return fmt.Errorf("metrics: %q is not a metric of %s; known: %s", name, problem, strings.Join(known, ", "))
}

func checkRows(w Weights, yTrue, yPred int) error {
	if yTrue != yPred || yTrue == 0 {
		return fmt.Errorf("metrics: %d true values and %d predictions: both must be given, in equal number", yTrue, yPred)
	}
	return w.fit(yTrue)
}

// positive gives the probabilities of class 1 of two.
func (c Classification) positive(w Weights) ([]float64, error) {
	if c.Classes != 2 {
		return nil, fmt.Errorf("%w and there are %d", ErrNotBinary, c.Classes)
	}
	if err := w.checkProba(c.YTrue, c.Proba, c.Classes); err != nil {
		return nil, err
	}
	positive := make([]float64, len(c.YTrue))
	for i := range positive {
		positive[i] = c.Proba[2*i+1]
	}
	return positive, nil
}

func averagePrecision(w Weights, c Classification) (float64, error) {
	positive, err := c.positive(w)
	if err != nil {
		return 0, err
	}
	return w.AveragePrecision(c.YTrue, positive)
}

func rocAUC(w Weights, c Classification) (float64, error) {
	if c.Classes > 2 {
		return w.ROCAUCOneVsRest(c.YTrue, c.Proba, c.Classes)
	}
	positive, err := c.positive(w)
	if err != nil {
		return 0, err
	}
	return w.ROCAUC(c.YTrue, positive)
}

func r2Score(w Weights, r Regression) (float64, error) {
	if v := w.R2Score(r.YTrue, r.YPred); !math.IsNaN(v) {
		return v, nil
	}
	return 0, errors.New("metrics: r2_score needs at least 2 rows")
}
