package report

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Kind is how an importance is measured.
type Kind string

// The kinds of importances.
const (
	PermutationImportance Kind = "permutation" // what the metric loses when a feature is shuffled
	GainImportance        Kind = "gain"        // of trees: the summed gain of the feature's splits
	SplitImportance       Kind = "split"       // of trees: the number of the feature's splits
	CoefficientImportance Kind = "coefficient" // of a linear model: what a unit of the feature adds
)

// Importance ranks the features by falling magnitude, those of equal magnitude
// in the model's order.
type Importance struct {
	Kind      Kind      `json:"kind"`
	Metric    string    `json:"metric,omitempty"`    // of a permutation
	Baseline  float64   `json:"baseline,omitempty"`  // of a permutation: the metric with nothing shuffled
	Repeats   int       `json:"repeats,omitempty"`   // of a permutation
	Rows      int       `json:"rows,omitempty"`      // of a permutation
	Output    string    `json:"output,omitempty"`    // of coefficients: the class that they belong to
	Intercept *float64  `json:"intercept,omitempty"` // of coefficients
	Features  []Feature `json:"features"`
	Left      int       `json:"left,omitempty"` // features beyond MaxFeatures
}

// Feature is one feature's importance. Std is the population's standard
// deviation over the repeats of a permutation.
type Feature struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Std   float64 `json:"std,omitempty"`
}

// Trees is the importance that tree models carry: kind is GainImportance or
// SplitImportance, values has one value of at least 0 for each name.
func Trees(kind Kind, names []string, values []float64) (Importance, error) {
	if kind != GainImportance && kind != SplitImportance {
		return Importance{}, fmt.Errorf("importance of trees: the kind %q is neither %s nor %s", kind, GainImportance, SplitImportance)
	}
	for i, v := range values {
		if v < 0 {
			return Importance{}, fmt.Errorf("importance of trees: the %s %v of feature %d (counting from 0) is below 0", kind, v, i)
		}
	}
	return ranking(Importance{Kind: kind}, names, values, nil)
}

// Coefficients are the weights of a linear model: coef is outputs × features,
// output by output, intercept has one value for each output or is nil. outputs
// names the classes that the outputs belong to; nil is a single output without
// a name.
func Coefficients(names []string, coef, intercept []float64, outputs []string) ([]Importance, error) {
	if outputs == nil {
		outputs = []string{""}
	}
	if len(names) == 0 || len(coef) != len(outputs)*len(names) || intercept != nil && len(intercept) != len(outputs) {
		return nil, fmt.Errorf("coefficients: there are %d coefficients and %d intercepts of %d features and %d outputs", len(coef), len(intercept), len(names), len(outputs))
	}
	var list []Importance
	for i, output := range outputs {
		m := Importance{Kind: CoefficientImportance, Output: output}
		if intercept != nil {
			m.Intercept = &intercept[i]
		}
		m, err := ranking(m, names, coef[i*len(names):(i+1)*len(names)], nil)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// ranking fills in the features; std may be nil.
func ranking(m Importance, names []string, values, std []float64) (Importance, error) {
	if len(names) == 0 {
		return Importance{}, errors.New("importance: there are no features")
	}
	if len(names) != len(values) {
		return Importance{}, fmt.Errorf("importance: there are %d values for %d features", len(values), len(names))
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Importance{}, fmt.Errorf("importance: the %s %v of feature %q is not finite", m.Kind, v, names[i])
		}
		f := Feature{Name: names[i], Value: v}
		if std != nil {
			f.Std = std[i]
		}
		m.Features = append(m.Features, f)
	}
	slices.SortStableFunc(m.Features, func(a, b Feature) int {
		if m.Kind == CoefficientImportance {
			return cmp.Compare(math.Abs(b.Value), math.Abs(a.Value))
		}
		return cmp.Compare(b.Value, a.Value)
	})
	if len(m.Features) > MaxFeatures {
		m.Left = len(m.Features) - MaxFeatures
		m.Features = m.Features[:MaxFeatures]
	}
	return m, nil
}
