package neural

import (
	"context"
	"fmt"
	"math"
)

// Feature is an input column, one value a row.
type Feature struct {
	Name   string
	Values []float64
	// Categories above 0 declares codes 0..Categories-1: whole numbers, where NaN and
	// numbers outside of the range share the embedding of the unknown. 0 declares a
	// numeric input, where each value must be finite.
	Categories int
}

// Dataset is what a network learns from, or is measured on.
type Dataset struct {
	Features []Feature
	// Target of each row: a number, or for log_loss a class 0..NumClass-1.
	Target []float64
	// Weight of each row, finite and at least 0; nil: all weigh 1.
	Weight []float64
}

// rows is the number of rows after all columns are found to have it.
func (d *Dataset) rows() (int, error) {
	if len(d.Features) == 0 {
		return 0, ErrNoFeatures
	}
	rows := len(d.Target)
	if d.Weight != nil && len(d.Weight) != rows {
		return 0, fmt.Errorf("neural: %d weights for %d targets", len(d.Weight), rows)
	}
	for i := range d.Features {
		if f := &d.Features[i]; len(f.Values) != rows {
			return 0, &FeatureError{Feature: f.Name, Row: -1, Reason: fmt.Sprintf("has %d values for %d targets", len(f.Values), rows)}
		}
	}
	return rows, nil
}

// checkTarget finds the first target or weight that cannot be used.
func (d *Dataset) checkTarget(p *Params) error {
	total := 0.0
	for row, y := range d.Target {
		reason := ""
		switch {
		case math.IsNaN(y) || math.IsInf(y, 0):
			reason = "must be finite; leave such rows out"
		case p.Loss == Poisson && y < 0:
			reason = "the loss poisson needs numbers >= 0"
		case p.Loss == LogLoss && (y != math.Trunc(y) || y < 0 || y >= float64(p.NumClass)):
			reason = fmt.Sprintf("is no class from 0 to %d", p.NumClass-1)
		}
		if reason != "" {
			return &TargetError{Row: row, Value: y, Reason: reason}
		}
		if d.Weight == nil {
			total++
			continue
		}
		w := d.Weight[row]
		if !(w >= 0) || math.IsInf(w, 1) {
			return &WeightError{Row: row, Value: w, Reason: "must be finite and >= 0"}
		}
		total += w
	}
	if total == 0 {
		return ErrNoRows
	}
	if math.IsInf(total, 1) {
		return fmt.Errorf("neural: the weights add up to more than a float64 holds: divide them all by the largest")
	}
	return nil
}

// checkValues finds the first value of a column that cannot be used.
func checkValues(name string, categories int, values []float64) error {
	for row, v := range values {
		reason := ""
		switch {
		case categories > 0:
			if !math.IsNaN(v) && v != math.Trunc(v) {
				reason = fmt.Sprintf("%v is no code of a category, which are whole numbers", v)
			}
		case math.IsNaN(v):
			reason = "is missing (NaN): fill missing values before, or declare the column categorical"
		case math.IsInf(v, 0):
			reason = "is infinite: a numeric input must be finite"
		}
		if reason != "" {
			return &FeatureError{Feature: name, Row: row, Reason: reason}
		}
	}
	return nil
}

// codeOf is a category's code as an index into its embedding.
func codeOf(v float64, categories int) int32 {
	if v >= 0 && v < float64(categories) {
		return int32(v)
	}
	return int32(categories) // unknown, or NaN
}

// matrix holds columns row by row, so that a shuffled batch is quick to gather.
type matrix struct {
	rows, numeric, categorical int
	values                     []float64 // rows × numeric
	codes                      []int32   // rows × categorical
}

// newMatrix checks the columns and lays them out.
func newMatrix(ctx context.Context, features []Feature, rows int) (*matrix, error) {
	m := &matrix{rows: rows}
	for i := range features {
		if err := checkValues(features[i].Name, features[i].Categories, features[i].Values); err != nil {
			return nil, err
		}
		if features[i].Categories > 0 {
			m.categorical++
		} else {
			m.numeric++
		}
	}
	m.values, m.codes = make([]float64, rows*m.numeric), make([]int32, rows*m.categorical)
	number, category := 0, 0
	for i := range features {
		if ctx.Err() != nil {
			return nil, cancelled(ctx)
		}
		f := &features[i]
		if f.Categories > 0 {
			for row, v := range f.Values {
				m.codes[row*m.categorical+category] = codeOf(v, f.Categories)
			}
			category++
			continue
		}
		for row, v := range f.Values {
			m.values[row*m.numeric+number] = v
		}
		number++
	}
	return m, nil
}

// load sets a tile's inputs to the given rows.
func (m *matrix) load(p *pass, rows []int) {
	for i, row := range rows {
		copy(p.values[0][i*p.net.inputs:], m.values[row*m.numeric:(row+1)*m.numeric])
		copy(p.codes[i*m.categorical:], m.codes[row*m.categorical:(row+1)*m.categorical])
	}
}

// widest names the numeric column with the largest absolute value.
func widest(features []Feature) (name string, size float64) {
	for i := range features {
		if features[i].Categories > 0 {
			continue
		}
		for _, v := range features[i].Values {
			if a := math.Abs(v); a >= size {
				name, size = features[i].Name, a
			}
		}
	}
	return name, size
}
