package linear

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// The penalties of a [LogisticRegression].
const (
	PenaltyL1         = "l1"
	PenaltyL2         = "l2"
	PenaltyElasticNet = "elasticnet"
	PenaltyNone       = "none"
)

// MaxClasses is how many classes a classifier may have.
const MaxClasses = 1 << 16

// LogisticRegression is a linear classifier of two or, multinomial, of many
// classes. It minimizes the weighted sum of the log losses plus
//
//	(L1Ratio |w|₁ + (1 - L1Ratio) |w|² / 2) / C
//
// The intercept is not penalized.
type LogisticRegression struct {
	// Penalty is one of the constants, or empty, as scikit-learn recommends since
	// 1.8: then L1Ratio and C say all (0 is L2, 1 is L1, a C of infinity is none).
	Penalty string
	C       float64 // inverse strength of the penalty, > 0, or +Inf for no penalty
	// L1Ratio is from 0 to 1, and counts where Penalty is empty or elasticnet; with
	// l1 and l2 it must not say otherwise.
	L1Ratio      float64
	FitIntercept bool
	ClassWeight  ClassWeight
	MaxIter      int // >= 1
	// Tol is the largest element of the gradient (with an L1 penalty: of the
	// subgradient nearest to zero) of the mean loss at which the fit has converged,
	// in units in which the columns have a spread of 1.
	Tol float64
}

// ClassWeight multiplies the weights of the rows by class.
type ClassWeight struct {
	// Balanced gives each class the same total weight.
	Balanced bool
	// Of holds the weight by class index, >= 0; a class that is not there has 1.
	Of map[int]float64
}

// NewLogisticRegression gives scikit-learn's defaults.
func NewLogisticRegression() LogisticRegression {
	return LogisticRegression{C: 1, FitIntercept: true, MaxIter: 100, Tol: 1e-4}
}

// Fit fits the model to labels, which are class indices from 0 to classes-1, one a
// row. At least two classes need rows of positive weight; a class without any is
// known to the model with a probability of 0.
//
// Without an L1 penalty it runs L-BFGS; with one, Newton steps whose quadratic
// models are minimized by coordinate descent. Memory beside the caller's data: a
// copy of a [*Dense] design, or, without an L1 penalty, of a [*Sparse] one; some
// 50 vectors of the length of all coefficients for L-BFGS; with an L1 penalty, 4
// vectors of rows and one more for each class.
//
// Errors: [ErrNoRows], [ErrOneClass], [ErrZeroWeight], [ErrOverflow],
// [*ParamError], [*TargetError], [*WeightError], that of the progress function,
// and ctx's.
func (p LogisticRegression) Fit(ctx context.Context, x Matrix, labels []int, classes int, o FitOptions) (*Classifier, error) {
	if err := validate(p.fields()); err != nil {
		return nil, err
	}
	t, err := newClassification(x, labels, classes, &p, &o)
	if err != nil {
		return nil, err
	}
	l1, l2, err := p.strengths(t.sum)
	if err != nil {
		return nil, err
	}
	var s *solution
	if l1 > 0 {
		s, err = t.fitNewton(ctx, x, l1, l2, &p, &o)
	} else {
		s, err = t.fitLBFGS(ctx, x, l2, &p, &o)
	}
	if err != nil {
		return nil, err
	}
	return t.model(x, s)
}

// strengths are the L1 and L2 penalties of the mean loss of rows of the given
// total weight.
func (p *LogisticRegression) strengths(sum float64) (l1, l2 float64, err error) {
	ratio := p.L1Ratio
	contradicts := func(fits bool) error {
		if fits {
			return nil
		}
		return &ParamError{Key: "l1_ratio", Reason: fmt.Sprintf("%v contradicts penalty %s: give only one of them, or penalty %s", p.L1Ratio, p.Penalty, PenaltyElasticNet)}
	}
	switch p.Penalty {
	case PenaltyNone:
		return 0, 0, nil
	case PenaltyL1:
		ratio, err = 1, contradicts(ratio == 0 || ratio == 1)
	case PenaltyL2:
		ratio, err = 0, contradicts(ratio == 0)
	}
	strength := 1 / p.C / sum // 0 where C is infinite
	return ratio * strength, (1 - ratio) * strength, err
}

// classification is what the labels and the weights come to.
type classification struct {
	classes int
	present []int     // the classes that have rows, rising
	label   []int32   // of each row, an index of present; of a row without weight, 0
	weight  []float64 // of each row, its share of the sum
	sum     float64   // of the weights
	outputs int       // 1 for two classes, else the number of present ones
	center  bool
}

func newClassification(x Matrix, labels []int, classes int, p *LogisticRegression, o *FitOptions) (*classification, error) {
	rows := x.Rows()
	sum, err := o.weights(rows)
	if err != nil {
		return nil, err
	}
	if len(labels) != rows {
		return nil, fmt.Errorf("linear: %d labels for %d rows", len(labels), rows)
	}
	if classes < 2 || classes > MaxClasses {
		return nil, fmt.Errorf("linear: a classifier has from 2 to %d classes, not %d", MaxClasses, classes)
	}
	perClass, weight := make([]float64, classes), make([]float64, rows)
	for i, label := range labels {
		if label < 0 || label >= classes {
			return nil, &TargetError{Row: i, Value: float64(label), Reason: fmt.Sprintf("labels are class indices from 0 to %d", classes-1)}
		}
		weight[i] = 1
		if o.SampleWeight != nil {
			weight[i] = o.SampleWeight[i]
		}
		perClass[label] += weight[i]
	}
	factor, err := p.ClassWeight.factors(perClass, sum)
	if err != nil {
		return nil, err
	}
	t := &classification{classes: classes, weight: weight, label: make([]int32, rows), center: p.FitIntercept}
	place := make([]int32, classes)
	for class, w := range perClass {
		if w*factor[class] > 0 {
			place[class] = int32(len(t.present))
			t.present = append(t.present, class)
		}
	}
	if len(t.present) < 2 {
		return nil, ErrOneClass
	}
	if t.outputs = len(t.present); t.outputs == 2 {
		t.outputs = 1
	}
	for i, label := range labels {
		weight[i] *= factor[label]
		t.label[i] = place[label]
		t.sum += weight[i]
	}
	if !finite(t.sum) {
		return nil, ErrOverflow
	}
	for i := range weight {
		weight[i] /= t.sum
	}
	return t, nil
}

// factors are the class weights, given the sum of the sample weights of each class
// and of all.
func (c *ClassWeight) factors(perClass []float64, sum float64) ([]float64, error) {
	if c.Balanced && c.Of != nil {
		return nil, &ParamError{Key: "class_weight", Reason: "is either balanced or given by class, not both"}
	}
	factor := slices.Repeat([]float64{1}, len(perClass))
	for class, w := range c.Of {
		if class >= len(perClass) {
			return nil, &ParamError{Key: "class_weight", Reason: fmt.Sprintf("class %d is not one of the %d classes, counting from 0", class, len(perClass))}
		}
		factor[class] = w
	}
	if c.Balanced {
		present := 0
		for _, w := range perClass {
			if w > 0 {
				present++
			}
		}
		for class, w := range perClass {
			if w > 0 {
				factor[class] = sum / (float64(present) * w)
			}
		}
	}
	return factor, nil
}

// solution is a fit in the caller's columns: coef of each output, and intercepts.
type solution struct {
	coef      [][]float64
	intercept []float64
	report    Report
}

// model checks the solution and, of several outputs, takes that set of intercepts
// whose mean is 0: adding a number to all of them changes nothing.
func (t *classification) model(x Matrix, s *solution) (*Classifier, error) {
	if t.center && t.outputs > 1 {
		total := 0.0
		for _, v := range s.intercept {
			total += v
		}
		for k := range s.intercept {
			s.intercept[k] -= total / float64(t.outputs)
		}
	}
	for k := range s.coef {
		if !allFinite(s.coef[k]) || !finite(s.intercept[k]) {
			return nil, ErrOverflow
		}
	}
	if !finite(s.report.Loss) {
		return nil, ErrOverflow
	}
	return &Classifier{affine: affine{names: x.Names(), coef: s.coef, intercept: s.intercept}, classes: t.classes, present: t.present, report: s.report}, nil
}

// standard is a dense design with columns of mean 0 and of a spread of 1, in one
// block, column after column.
type standard struct {
	rows, cols  int
	data        []float64
	mean, scale []float64
}

// standardize copies x. ridge is added to the variance of each column before its
// root is the scale, so that the penalized loss curves alike along all columns.
// The means are 0 without centring, and a column without spread keeps its scale.
func (t *classification) standardize(ctx context.Context, x *Dense, ridge float64) (*standard, error) {
	s := &standard{rows: x.rows, cols: len(x.columns), mean: make([]float64, len(x.columns)), scale: make([]float64, len(x.columns))}
	s.data = make([]float64, s.rows*s.cols)
	err := perColumn(ctx, s.cols, s.rows, func(j int) {
		if t.center {
			s.mean[j] = mean(x.columns[j], t.weight, 1)
		}
		out := s.column(j)
		for i, v := range x.columns[j] {
			out[i] = v - s.mean[j]
		}
		s.scale[j] = scaleOf(weightedSquare(out, t.weight) + ridge)
		for i := range out {
			out[i] /= s.scale[j]
		}
	})
	if err == nil && (!allFinite(s.mean) || !allFinite(s.scale)) {
		err = ErrOverflow
	}
	return s, err
}

func scaleOf(square float64) float64 {
	if square == 0 {
		return 1
	}
	return math.Sqrt(square)
}

func (s *standard) column(j int) []float64 { return s.data[j*s.rows:][:s.rows] }

// unstandardize turns coefficients and intercept of the standard columns into
// those of the caller's.
func (s *standard) unstandardize(coef []float64, intercept float64) float64 {
	for j := range coef {
		coef[j] /= s.scale[j]
		intercept -= coef[j] * s.mean[j]
	}
	return intercept
}
