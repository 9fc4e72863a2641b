package training

import (
	"fmt"
	"math"
	"slices"

	"mlops/runner/preprocess"
	"mlops/runner/table"
)

// errNoFeatures says that there is nothing to learn from.
var errNoFeatures = &DataError{Reason: "preprocessing leaves no features"}

// finiteColumns gives the named features for a model that cannot take a missing
// cell or an infinity, except that a categorical column may have the former. What
// it cannot take is a [*preprocess.ColumnError] that names the column and row.
func finiteColumns(features *table.Table, names, categorical []string, model string) ([][]float64, error) {
	columns := make([][]float64, len(names))
	for i, name := range names {
		c := features.Column(name)
		if c == nil {
			return nil, &table.MissingColumnError{Name: name, Have: features.Names()}
		}
		if c.Kind() != table.Float64 {
			return nil, fmt.Errorf("feature %q holds %s, not numbers", name, c.Kind())
		}
		columns[i] = c.Floats()
		missing := slices.Contains(categorical, name)
		for row, v := range columns[i] {
			switch {
			case v-v == 0, missing && math.IsNaN(v):
			case math.IsNaN(v):
				return nil, &preprocess.ColumnError{Column: name, Row: row + 1, Reason: "the cell is missing, which " + model +
					" cannot take; fill missing cells in preprocessing (handle_missing, or the step missing_values), or use a model of trees"}
			default:
				return nil, &preprocess.ColumnError{Column: name, Row: row + 1, Reason: fmt.Sprintf("%v is no number that %s can take; correct the cell, or clip the column (outlier_clip)", v, model)}
			}
		}
	}
	return columns, nil
}

// allFinite tells of a row, of width figures each, whose prediction overflows.
func allFinite(figures []float64, width int) error {
	for i, v := range figures {
		if v-v != 0 {
			return &DataError{Reason: fmt.Sprintf("the prediction of row %d is no finite number: its values are far outside of those trained on", i/width+1)}
		}
	}
	return nil
}

// ofProba is the prediction of a classification from the probabilities of all of
// the target's classes.
func ofProba(info ModelInfo, proba []float64) *Prediction {
	width := len(info.Target.Classes)
	out := &Prediction{Classes: info.Target.Classes, Proba: proba, Class: make([]int, len(proba)/width)}
	for row := range out.Class {
		out.Class[row] = argmax(proba[row*width : (row+1)*width])
	}
	return out
}

// weightedMeanAndDeviation gives the mean and the population standard deviation;
// nil weighs all alike. The values are divided by the largest one's size first, so
// that no square overflows.
func weightedMeanAndDeviation(values, weights []float64) (mean, deviation float64) {
	largest, total := 0.0, 0.0
	for _, v := range values {
		largest = max(largest, math.Abs(v))
	}
	if largest == 0 {
		return 0, 0
	}
	weight := func(i int) float64 {
		if weights == nil {
			return 1
		}
		return weights[i]
	}
	for i := range values {
		total += weight(i)
	}
	if total == 0 {
		return 0, 0
	}
	for i, v := range values {
		mean += weight(i) / total * (v / largest)
	}
	for i, v := range values {
		d := v/largest - mean
		deviation += weight(i) / total * d * d
	}
	return mean * largest, math.Sqrt(deviation) * largest
}

// asShares divides numbers of at least 0 by their sum; where all are 0 they stay.
func asShares(sizes []float64) []float64 {
	largest, total := slices.Max(sizes), 0.0
	if largest == 0 {
		return sizes
	}
	for i := range sizes {
		sizes[i] /= largest
		total += sizes[i]
	}
	for i := range sizes {
		sizes[i] /= total
	}
	return sizes
}

func byName(names []string, shares []float64) map[string]float64 {
	out := make(map[string]float64, len(names))
	for i, name := range names {
		out[name] = shares[i]
	}
	return out
}
