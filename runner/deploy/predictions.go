package deploy

import (
	"math"
	"slices"

	"mlops/runner/table"
	"mlops/runner/training"
)

// predictionColumn is the name of the column of predictions.
const predictionColumn = "prediction"

// Predictions are what a deployment says of a table's rows, in their order.
type Predictions struct {
	// Values is a column named "prediction": a classifier's labels in the kind
	// that the target column had, or a regressor's numbers.
	Values *table.Column
	// Classes are a classifier's labels as text, in the model's order.
	Classes []string
	// Proba holds the probability of each class, row by row: rows × classes. nil
	// for a regressor.
	Proba []float64
}

// Len returns the number of rows.
func (p *Predictions) Len() int { return p.Values.Len() }

// Head returns the first n predictions as text.
func (p *Predictions) Head(n int) []string {
	head := make([]string, min(n, p.Len()))
	for i := range head {
		head[i] = p.Values.Text(i)
	}
	return head
}

// ClassCounts counts a classifier's predictions by label; nil for a regressor.
func (p *Predictions) ClassCounts() map[string]int64 {
	if p.Classes == nil {
		return nil
	}
	counts := make(map[string]int64)
	for i := range p.Len() {
		counts[p.Values.Text(i)]++
	}
	return counts
}

// newPredictions gives a model's answer the labels of its classes.
func newPredictions(p *training.Prediction) *Predictions {
	if p.Values != nil {
		return &Predictions{Values: table.NewFloat64(predictionColumn, p.Values, nil)}
	}
	out := &Predictions{Classes: make([]string, len(p.Classes)), Proba: p.Proba}
	for i, label := range p.Classes {
		out.Classes[i] = label.String()
	}
	out.Values = labelColumn(p)
	return out
}

// labelColumn makes a column of the predicted labels in the target's kind; times
// become text.
func labelColumn(p *training.Prediction) *table.Column {
	kind := table.String
	if len(p.Classes) > 0 {
		kind = p.Classes[0].Kind()
	}
	switch kind {
	case table.Int64:
		return table.NewInt64(predictionColumn, values[int64](p), nil)
	case table.Float64:
		return table.NewFloat64(predictionColumn, values[float64](p), nil)
	case table.Bool:
		return table.NewBool(predictionColumn, values[bool](p), nil)
	}
	codes := make([]uint32, len(p.Class))
	dict := make([]string, len(p.Classes))
	for k, label := range p.Classes {
		dict[k] = label.String()
	}
	for i, k := range p.Class {
		codes[i] = uint32(k)
	}
	return table.NewDictionary(predictionColumn, codes, dict, nil)
}

func values[T any](p *training.Prediction) []T {
	out := make([]T, len(p.Class))
	for i, k := range p.Class {
		out[i] = p.Classes[k].Value().(T)
	}
	return out
}

// difference returns the first row of which two answers are not the same bit for
// bit, or -1.
func difference(p, q *training.Prediction) int {
	if p.Len() != q.Len() || len(p.Proba) != len(q.Proba) || !slices.Equal(p.Classes, q.Classes) {
		return 0
	}
	same := func(a, b []float64) bool {
		return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
	}
	for i := range p.Len() {
		a, b := p.Slice(i, i+1), q.Slice(i, i+1)
		if !same(a.Values, b.Values) || !same(a.Proba, b.Proba) || !slices.Equal(a.Class, b.Class) {
			return i
		}
	}
	return -1
}
