package linear

import (
	"context"
	"math"
	"slices"
)

// affine is what all linear models are: outputs × columns of coefficients, and an
// intercept for each output.
type affine struct {
	names     []string
	coef      [][]float64
	intercept []float64
}

// FeatureNames are the names of the columns that the model was fitted on, in order.
func (a *affine) FeatureNames() []string { return slices.Clone(a.names) }

// margins gives outputs × rows: the columns of x times the coefficients, plus the
// intercepts. Column by column, so that a row's sum does not depend on the other
// rows.
func (a *affine) margins(ctx context.Context, x Matrix) ([][]float64, error) {
	if err := a.checkNames(x.Names()); err != nil {
		return nil, err
	}
	rows := x.Rows()
	out := make([][]float64, len(a.coef))
	for k := range out {
		out[k] = slices.Repeat(a.intercept[k:k+1], rows)
	}
	err := perRows(ctx, rows, func(_, from, to int) {
		for k, coef := range a.coef {
			for j, w := range coef {
				if w != 0 {
					x.add(j, w, from, out[k][from:to])
				}
			}
		}
	})
	return out, err
}

func (a *affine) checkNames(names []string) error {
	for j := range min(len(names), len(a.names)) {
		if names[j] != a.names[j] {
			return &FeatureError{Feature: names[j], Row: -1, Reason: "is not the model's column " + quoted(a.names[j]) + " here: give its columns in its order"}
		}
	}
	switch {
	case len(names) < len(a.names):
		return &FeatureError{Feature: a.names[len(names)], Row: -1, Reason: "is a column of the model and missing"}
	case len(names) > len(a.names):
		return &FeatureError{Feature: names[len(a.names)], Row: -1, Reason: "is no column of the model"}
	}
	return nil
}

// Regressor is a fitted linear model of a number. It is immutable and safe for
// concurrent use.
type Regressor struct {
	affine
	estimator string
	report    Report
}

// Estimator is what fitted the model: linear_regression, ridge, lasso or elastic_net.
func (m *Regressor) Estimator() string { return m.estimator }

// Coef are the coefficients of the columns (coef_).
func (m *Regressor) Coef() []float64 { return slices.Clone(m.coef[0]) }

// Intercept is the prediction where all columns are 0 (intercept_).
func (m *Regressor) Intercept() float64 { return m.intercept[0] }

// Report tells how the fit went.
func (m *Regressor) Report() Report { return m.report }

// Predict gives the prediction of each row of x, whose columns must be those of the
// model, by name and order; else it is a [*FeatureError].
func (m *Regressor) Predict(ctx context.Context, x Matrix) ([]float64, error) {
	out, err := m.margins(ctx, x)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// Classifier is a fitted logistic regression. It is immutable and safe for
// concurrent use.
type Classifier struct {
	affine
	classes int
	present []int
	report  Report
}

// Classes is how many classes there are.
func (m *Classifier) Classes() int { return m.classes }

// Present are the class indices that the fit had rows of, rising. The others have a
// probability of 0.
func (m *Classifier) Present() []int { return slices.Clone(m.present) }

// Coef are the coefficients (coef_): of two present classes one row, which speaks
// for the second; else a row for each present class.
func (m *Classifier) Coef() [][]float64 {
	out := slices.Clone(m.coef)
	for k := range out {
		out[k] = slices.Clone(out[k])
	}
	return out
}

// Intercept is one for each row of Coef (intercept_).
func (m *Classifier) Intercept() []float64 { return slices.Clone(m.intercept) }

// Report tells how the fit went.
func (m *Classifier) Report() Report { return m.report }

// DecisionFunction gives, for each row of Coef, the margins of all rows of x. Errors
// are as those of [Regressor.Predict].
func (m *Classifier) DecisionFunction(ctx context.Context, x Matrix) ([][]float64, error) {
	return m.margins(ctx, x)
}

// PredictProba gives the probabilities, rows × classes, row by row. Errors are as
// those of [Regressor.Predict].
func (m *Classifier) PredictProba(ctx context.Context, x Matrix) ([]float64, error) {
	margins, err := m.margins(ctx, x)
	if err != nil {
		return nil, err
	}
	rows := len(margins[0])
	out := make([]float64, rows*m.classes)
	err = perRows(ctx, rows, func(_, from, to int) {
		for i := from; i < to; i++ {
			own := out[i*m.classes:][:m.classes]
			if len(margins) == 1 {
				own[m.present[0]], _ = logistic(-margins[0][i])
				own[m.present[1]], _ = logistic(margins[0][i])
				continue
			}
			m.softmax(margins, i, own)
		}
	})
	return out, err
}

func (m *Classifier) softmax(margins [][]float64, row int, out []float64) {
	largest, sum := math.Inf(-1), 0.0
	for _, margin := range margins {
		largest = max(largest, margin[row])
	}
	for k, margin := range margins {
		e := math.Exp(margin[row] - largest)
		out[m.present[k]] = e
		sum += e
	}
	for _, class := range m.present {
		out[class] /= sum
	}
}

// Predict gives the most likely class of each row of x; of equals, the first.
// Errors are as those of [Regressor.Predict].
func (m *Classifier) Predict(ctx context.Context, x Matrix) ([]int, error) {
	margins, err := m.margins(ctx, x)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(margins[0]))
	for i := range out {
		best := 0
		if len(margins) == 1 {
			if margins[0][i] > 0 {
				best = 1
			}
		} else {
			for k := range margins {
				if margins[k][i] > margins[best][i] {
					best = k
				}
			}
		}
		out[i] = m.present[best]
	}
	return out, nil
}
