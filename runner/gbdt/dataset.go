package gbdt

import (
	"context"
	"fmt"
	"math"
	"runtime"
)

// Feature is one input column.
type Feature struct {
	Name string
	// Values has one value a row; NaN is missing. A categorical feature holds
	// whole numbers from 0 to 1,048,575; negative ones count as missing.
	Values []float64
	// Column has the values where Values is nil.
	Column      Column
	Categorical bool
	// ForcedBins are upper bounds that a numeric feature's bins must have.
	ForcedBins []float64
}

func (f *Feature) column() Column {
	if f.Column != nil && f.Values == nil {
		return f.Column
	}
	return floats(f.Values)
}

// Dataset is binned training or validation data: a byte for most values of the
// columns that can be used (see layout). It is not changed by training and may
// be used by several trainings at once.
type Dataset struct {
	*layout
	rows      int
	names     []string
	mappers   []*binMapper                      // one a feature
	used      []int                             // features that can be used; their order is the slots'
	data      []uint64                          // words of byte columns, row by row
	wideData  [][]uint16                        // of each wide column
	entries   *sparseRows                       // nil without sparse columns
	lists     []*sparseList                     // of each sparse column; nil in validation data
	order     []uint32                          // the caller's number of each row; nil: the same
	label     []float64                         // in the order of the rows, once in training; else the caller's
	weight    []float64                         // nil: all one
	given     struct{ label, weight []float64 } // in the caller's order
	groups    []int                             // where each query begins, and the end; nil without queries
	raw       [][]float32                       // of numeric features, for linear trees; else nil
	initScore []float64                         // output by output; nil: none
}

// NumRows is the number of rows.
func (d *Dataset) NumRows() int { return d.rows }

// NumFeatures is the number of columns given, used or not.
func (d *Dataset) NumFeatures() int { return len(d.names) }

// NewDataset bins the features, choosing the bins from at most
// bin_construct_sample_cnt rows. label holds one finite value a row; weight
// holds one finite, non-negative value a row, or is nil where all rows count
// the same. Features are not kept: the caller may reuse them. Labels and weights
// are: they must not change while the data is used. When ctx is done, NewDataset
// stops soon and returns ctx's error. Other errors: ErrNoRows,
// ErrNoUsableFeatures (*UnusableFeaturesError), *FeatureError, *LabelError, *WeightError, *ParamError.
func NewDataset(ctx context.Context, features []Feature, label, weight []float64, p Params) (*Dataset, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	d, err := emptyDataset(features, label, weight)
	if err != nil {
		return nil, err
	}
	workers := newPool(ctx, p.threads())
	defer workers.close()
	if err := d.chooseBins(features, &p, workers); err != nil {
		return nil, err
	}
	// Whatever is done by several goroutines is left half done once ctx is.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.collect()
	for i, m := range d.mappers {
		if !m.trivial {
			d.used = append(d.used, i)
		}
	}
	if len(d.used) == 0 {
		return nil, d.unusable(p.MinDataInLeaf)
	}
	lists := d.listUnusual(features, workers, d.sparseCandidates(&p))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	bundles, sparse := bundleExclusive(d.rows, d.slotBins(), lists)
	if len(sparse) < minSparse {
		sparse = nil
	}
	d.layout = newLayout(d.slotBins(), bundles, sparse)
	d.fill(features, lists, workers)
	for _, slot := range sparse {
		d.lists = append(d.lists, lists[slot])
	}
	if p.LinearTree {
		d.keepRaw(features)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := d.orderRows(ctx, &p, workers); err != nil {
		return nil, err
	}
	d.collect()
	return d, nil
}

// NewValidation bins the features with the bins of reference, which must have
// the same features in the same order. Categories unknown there are kept with
// the rare ones. Errors as NewDataset's.
func NewValidation(ctx context.Context, reference *Dataset, features []Feature, label, weight []float64) (*Dataset, error) {
	if len(features) != len(reference.names) {
		return nil, fmt.Errorf("gbdt: validation data has %d features, the training data has %d", len(features), len(reference.names))
	}
	for i := range features {
		f := &features[i]
		if f.Name != reference.names[i] {
			return nil, &FeatureError{Feature: f.Name, Row: -1,
				Reason: fmt.Sprintf("the training data has %q at position %d", reference.names[i], i)}
		}
		if f.Categorical != reference.mappers[i].categorical {
			return nil, &FeatureError{Feature: f.Name, Row: -1, Reason: "is categorical in only one of training and validation data"}
		}
	}
	d, err := emptyDataset(features, label, weight)
	if err != nil {
		return nil, err
	}
	d.mappers, d.used = reference.mappers, reference.used
	workers := newPool(ctx, Params{}.threads())
	defer workers.close()
	// What excludes each other in the training data need not do so here: bundles
	// are kept sparsely.
	var sparse []int
	for slot := range reference.places {
		if reference.places[slot].unsummed() {
			sparse = append(sparse, slot)
		}
	}
	d.layout = newLayout(reference.numBins, nil, sparse)
	lists := d.listUnusual(features, workers, sparse)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.fill(features, lists, workers)
	if reference.raw != nil {
		d.keepRaw(features)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// collect gives back what choosing bins and ordering rows of large data left
// over. The collector by its own rule would wait until that is as much as the
// caller's table; as neither holds pointers, asking it takes no time.
func (d *Dataset) collect() {
	const manyValues = 1 << 22
	if d.rows*len(d.names) >= manyValues {
		runtime.GC()
	}
}

// emptyDataset checks shapes, labels and weights.
func emptyDataset(features []Feature, label, weight []float64) (*Dataset, error) {
	rows := len(label)
	if rows == 0 {
		return nil, ErrNoRows
	}
	if rows > math.MaxInt32 {
		return nil, fmt.Errorf("gbdt: %d rows are more than the %d that a dataset can hold", rows, math.MaxInt32)
	}
	if len(features) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrNoUsableFeatures)
	}
	d := &Dataset{rows: rows}
	seen := make(map[string]bool, len(features))
	for i := range features {
		f := &features[i]
		if n := f.column().Len(); n != rows {
			return nil, &FeatureError{Feature: f.Name, Row: -1, Reason: fmt.Sprintf("has %d values, the label has %d", n, rows)}
		}
		if sparse, ok := f.column().(*Sparse); ok {
			if err := sparse.check(f.Name); err != nil {
				return nil, err
			}
		}
		if err := checkForced(f); err != nil {
			return nil, err
		}
		if f.Name == "" {
			return nil, &FeatureError{Feature: f.Name, Row: -1, Reason: fmt.Sprintf("the feature at position %d has no name", i)}
		}
		if seen[f.Name] {
			return nil, &FeatureError{Feature: f.Name, Row: -1, Reason: "the name is given to two features"}
		}
		seen[f.Name] = true
		d.names = append(d.names, f.Name)
	}
	for row, v := range label {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, &LabelError{Row: row, Value: v, Reason: "a label must be a finite number: drop or repair the row"}
		}
	}
	if weight != nil {
		if err := checkWeights(weight, rows); err != nil {
			return nil, err
		}
	}
	d.given.label, d.given.weight = label, weight
	d.label, d.weight = label, weight
	return d, nil
}

func checkWeights(weight []float64, rows int) error {
	if len(weight) != rows {
		return fmt.Errorf("gbdt: %d weights for %d rows", len(weight), rows)
	}
	sum := 0.0
	for row, w := range weight {
		if math.IsNaN(w) || math.IsInf(w, 0) || w < 0 {
			return &WeightError{Row: row, Value: w, Reason: "a weight must be finite and not negative"}
		}
		sum += w
	}
	if sum <= 0 || math.IsInf(sum, 0) {
		return &WeightError{Row: 0, Value: weight[0], Reason: fmt.Sprintf("the weights add up to %v: they must have a positive, finite sum", sum)}
	}
	return nil
}
