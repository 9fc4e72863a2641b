package gbdt

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Feature is one input column.
type Feature struct {
	Name string
	// Values has one value a row; NaN is missing. A categorical feature holds
	// whole numbers from 0 to 1,048,575; negative ones count as missing.
	Values      []float64
	Categorical bool
	// ForcedBins are upper bounds that a numeric feature's bins must have.
	ForcedBins []float64
}

// Dataset is binned training or validation data: one byte for each value of
// the columns that can be used, eight columns to a word, and the words of a
// row side by side. It is not changed by training and may be used by several
// trainings at once.
type Dataset struct {
	rows      int
	names     []string
	mappers   []*binMapper // one a feature
	used      []int        // features that can be used; their order is the slots'
	offsets   []int        // where each slot's bins begin in a histogram
	bins      int          // bins of all slots together
	words     int          // words a row
	data      []uint64
	label     []float64
	weight    []float64   // nil: all one
	groups    []int       // where each query begins, and the end; nil without queries
	raw       [][]float32 // of numeric features, for linear trees; else nil
	initScore []float64   // output by output; nil: none
}

// NumRows is the number of rows.
func (d *Dataset) NumRows() int { return d.rows }

// NumFeatures is the number of columns given, used or not.
func (d *Dataset) NumFeatures() int { return len(d.names) }

// NewDataset bins the features, choosing the bins from at most
// bin_construct_sample_cnt rows. label holds one finite value a row; weight
// holds one finite, non-negative value a row, or is nil where all rows count
// the same. Features, labels and weights are not kept: the caller may reuse
// them. Errors: ErrNoRows, ErrNoUsableFeatures, *FeatureError, *LabelError,
// *WeightError, *ParamError.
func NewDataset(features []Feature, label, weight []float64, p Params) (*Dataset, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	d, err := emptyDataset(features, label, weight)
	if err != nil {
		return nil, err
	}
	workers := newPool(context.Background(), p.threads())
	defer workers.close()

	sampled, minSplit := d.sampleRows(&p)
	d.mappers = make([]*binMapper, len(features))
	errs := make([]error, len(features))
	workers.each(len(features), func(_, i int) {
		f := &features[i]
		sample := pick(f.Values, sampled)
		if !f.Categorical {
			d.mappers[i] = newNumericMapper(sample, f.ForcedBins, &p, minSplit)
			return
		}
		if errs[i] = checkCategories(f); errs[i] == nil {
			d.mappers[i] = newCategoryMapper(sample, &p, minSplit)
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	for i, m := range d.mappers {
		if m.trivial {
			continue
		}
		d.used = append(d.used, i)
		d.offsets = append(d.offsets, d.bins)
		d.bins += m.numBins
	}
	if len(d.used) == 0 {
		return nil, ErrNoUsableFeatures
	}
	d.fill(features, workers)
	if p.LinearTree {
		d.keepRaw(features)
	}
	return d, nil
}

// NewValidation bins the features with the bins of reference, which must have
// the same features in the same order. Categories unknown there are kept with
// the rare ones. Errors as NewDataset's.
func NewValidation(reference *Dataset, features []Feature, label, weight []float64) (*Dataset, error) {
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
	d.mappers, d.used, d.offsets, d.bins = reference.mappers, reference.used, reference.offsets, reference.bins
	workers := newPool(context.Background(), Params{}.threads())
	defer workers.close()
	d.fill(features, workers)
	if reference.raw != nil {
		d.keepRaw(features)
	}
	return d, nil
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
		return nil, ErrNoUsableFeatures
	}
	d := &Dataset{rows: rows}
	seen := make(map[string]bool, len(features))
	for i := range features {
		f := &features[i]
		if len(f.Values) != rows {
			return nil, &FeatureError{Feature: f.Name, Row: -1, Reason: fmt.Sprintf("has %d values, the label has %d", len(f.Values), rows)}
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
		d.weight = slices.Clone(weight)
	}
	d.label = slices.Clone(label)
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

// sampleRows chooses the rows that decide the bins (nil: all), and the number
// of them that each side of a split needs (-1: do not look).
func (d *Dataset) sampleRows(p *Params) (rows []int, minSplit int) {
	size := min(d.rows, p.BinConstructSample)
	if size < d.rows {
		rows = stream(p.seed(drawBins), drawBins, 0).choose(d.rows, size)
	}
	if !p.FeaturePreFilter {
		return rows, -1
	}
	return rows, int(float64(p.MinDataInLeaf) * float64(size) / float64(d.rows))
}

func pick(values []float64, rows []int) []float64 {
	if rows == nil {
		return slices.Clone(values)
	}
	picked := make([]float64, len(rows))
	for i, row := range rows {
		picked[i] = values[row]
	}
	return picked
}

// slotsPerWord is how many one-byte bins a word holds.
const slotsPerWord = 8

// fill bins all rows. A task owns its rows' words, so that none is shared.
func (d *Dataset) fill(features []Feature, workers *pool) {
	d.words = (len(d.used) + slotsPerWord - 1) / slotsPerWord
	d.data = make([]uint64, d.rows*d.words)
	workers.each(chunks(d.rows), func(_, task int) {
		from, to := chunk(task, d.rows)
		// Short runs of rows, so that they are still in cache for the next column.
		const run = 512
		for start := from; start < to; start += run {
			end := min(start+run, to)
			for slot, feature := range d.used {
				d.fillSlot(slot, d.mappers[feature], features[feature].Values[start:end], start)
			}
		}
	})
}

func (d *Dataset) fillSlot(slot int, m *binMapper, values []float64, firstRow int) {
	shift := uint(slot%slotsPerWord) * 8
	data, words := d.data, d.words
	at := firstRow*words + slot/slotsPerWord
	for _, v := range values {
		var b uint8
		if m.categorical {
			b = m.categoryBin(v)
		} else {
			b = m.bin(v)
		}
		data[at] |= uint64(b) << (shift & 63)
		at += words
	}
}
