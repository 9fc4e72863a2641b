package gbdt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// usable gives a small table that trains.
func usable() ([]Feature, []float64) {
	features, raw := plainData(200, 2, 3)
	label := make([]float64, 200)
	for i := range label {
		label[i] = oneIf(raw[0][i] > 0)
	}
	return features, label
}

func fit(features []Feature, label, weight []float64, p Params) error {
	d, err := NewDataset(context.Background(), features, label, weight, p)
	if err != nil {
		return err
	}
	_, err = Train(context.Background(), d, nil, p)
	return err
}

func constantColumns(n int) []Feature {
	features := make([]Feature, n)
	for i := range features {
		features[i] = Feature{Name: fmt.Sprint("c", i), Values: make200(float64(i))}
	}
	return features
}

func TestRefusesUnusableData(t *testing.T) {
	binary, multi := DefaultParams(), DefaultParams()
	binary.Objective = Binary
	multi.Objective, multi.NumClass = Multiclass, 3
	ones := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = 1
		}
		return v
	}
	with := func(v []float64, row int, value float64) []float64 {
		v[row] = value
		return v
	}
	features, label := usable()
	for _, c := range []struct {
		name     string
		features []Feature
		label    []float64
		weight   []float64
		p        Params
		is       error
		says     string
	}{
		{"no rows", []Feature{{Name: "a"}}, nil, nil, binary, ErrNoRows, ""},
		{"no columns", nil, label, nil, binary, ErrNoUsableFeatures, "there is none"},
		{"constant columns", []Feature{{Name: "a", Values: ones(200)}, {Name: "b", Values: ones(200), Categorical: true}}, label, nil, binary, ErrNoUsableFeatures,
			`"a" is 1 in every row; "b" is the category 1 in every row`},
		{"a column of missing values", []Feature{{Name: "a", Values: make200(math.NaN())}}, label, nil, binary, ErrNoUsableFeatures, `"a" has no value`},
		{"a category column of missing values", []Feature{{Name: "a", Values: make200(math.NaN()), Categorical: true}}, label, nil, binary, ErrNoUsableFeatures,
			`"a" has no value`},
		{"a column that splits off too few rows", []Feature{{Name: "a", Values: with(ones(200), 3, 7)}}, label, nil, binary, ErrNoUsableFeatures,
			`"a" has no split that leaves 20 rows (min_data_in_leaf) on both sides`},
		{"many columns of no use", constantColumns(9), label, nil, binary, ErrNoUsableFeatures, `"c4" is 4 in every row; and 4 more`},
		{"a short column", []Feature{{Name: "a", Values: ones(7)}}, label, nil, binary, nil, `"a": has 7 values, the label has 200`},
		{"a column twice", []Feature{features[0], features[0]}, label, nil, binary, nil, "two features"},
		{"a column without a name", []Feature{{Values: ones(200)}}, label, nil, binary, nil, "no name"},
		{"a fractional category", []Feature{{Name: "c", Values: with(ones(200), 5, 2.5), Categorical: true}}, label, nil, binary, nil, `"c", row 5`},
		{"a huge category", []Feature{{Name: "c", Values: with(ones(200), 6, 1e9), Categorical: true}}, label, nil, binary, nil, `"c", row 6`},
		{"a NaN label", features, with(ones(200), 17, math.NaN()), nil, DefaultParams(), nil, "row 17"},
		{"an infinite label", features, with(ones(200), 18, math.Inf(-1)), nil, DefaultParams(), nil, "row 18"},
		{"a label that is no class", features, with(ones(200), 19, 2), nil, binary, nil, "row 19"},
		{"a negative class", features, with(ones(200), 20, -1), nil, multi, nil, "row 20"},
		{"a fractional class", features, with(ones(200), 21, 0.5), nil, multi, nil, "row 21"},
		{"a class beyond num_class", features, with(ones(200), 22, 3), nil, multi, nil, "row 22"},
		{"one class", features, ones(200), nil, binary, ErrOneClass, "all 200 rows are 1"},
		{"one class of several", features, ones(200), nil, multi, ErrOneClass, "all 200 rows with weight are 1"},
		{"a negative weight", features, label, with(ones(200), 23, -1), binary, nil, "row 23"},
		{"a NaN weight", features, label, with(ones(200), 24, math.NaN()), binary, nil, "row 24"},
		{"an infinite weight", features, label, with(ones(200), 25, math.Inf(1)), binary, nil, "row 25"},
		{"weights of zero", features, label, make([]float64, 200), binary, nil, "add up to 0"},
		{"too few weights", features, label, ones(3), binary, nil, "3 weights for 200 rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := fit(c.features, c.label, c.weight, c.p)
			if err == nil {
				t.Fatal("no error")
			}
			if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, want %v %q", err, c.is, c.says)
			}
		})
	}
}

// The error of a label out of the objective's range names the row, the label, the
// objective and the range, of training and of validation data.
func TestLabelsOutOfRangeAreNamed(t *testing.T) {
	for _, c := range []struct {
		objective string
		good, bad float64
		says      string
	}{
		{Poisson, 1, -1, "label -1 of row 9 (counting from 0): the objective poisson needs labels of at least 0"},
		{Tweedie, 1, -0.5, "label -0.5 of row 9 (counting from 0): the objective tweedie needs labels of at least 0"},
		{Gamma, 1, 0, "label 0 of row 9 (counting from 0): the objective gamma needs labels above 0"},
		{CrossEntropy, 0.5, 1.5, "label 1.5 of row 9 (counting from 0): the objective cross_entropy needs labels from 0 to 1"},
		{LambdaRank, 3, 31, "label 31 of row 9 (counting from 0): the objective lambdarank needs whole numbers from 0 to 30"},
		{LambdaRank, 3, 0.5, "label 0.5 of row 9"},
		{Binary, 1, 2, "label 2 of row 9 (counting from 0): the objective binary needs whole numbers from 0 to 1"},
		{Multiclass, 2, 3, "label 3 of row 9 (counting from 0): the objective multiclass needs whole numbers from 0 to 2"},
		{MulticlassOVA, 2, -1, "label -1 of row 9 (counting from 0): the objective multiclassova needs whole numbers from 0 to 2"},
	} {
		t.Run(c.objective, func(t *testing.T) {
			p := DefaultParams()
			p.Objective, p.NumIterations = c.objective, 1
			if p.manyClasses() {
				p.NumClass = 3
			}
			features, _ := usable()
			label := make200(c.good)
			for i := range 100 {
				label[i] = 0
				if c.objective == Gamma {
					label[i] = 2
				}
			}
			train, err := NewDataset(context.Background(), features, label, nil, p)
			if err != nil {
				t.Fatal(err)
			}
			label = slices.Clone(label) // the data keeps what it was given
			label[9] = c.bad
			wrong, err := NewValidation(context.Background(), train, features, label, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []*Dataset{train, wrong} {
				if err := d.SetGroups([]int{100, 100}); err != nil {
					t.Fatal(err)
				}
			}
			for where, err := range map[string]error{
				"":                  fit(features, label, nil, p),
				"validation data: ": func() error { _, err := Train(context.Background(), train, wrong, p); return err }(),
			} {
				var bad *LabelError
				if !errors.As(err, &bad) || bad.Row != 9 || !strings.HasPrefix(err.Error(), where) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, where+c.says)
				}
			}
		})
	}
}

func make200(v float64) []float64 {
	values := make([]float64, 200)
	for i := range values {
		values[i] = v
	}
	return values
}

func TestLabelErrorNamesTheRow(t *testing.T) {
	features, label := usable()
	label[42] = math.NaN()
	var bad *LabelError
	if err := fit(features, label, nil, DefaultParams()); !errors.As(err, &bad) || bad.Row != 42 {
		t.Errorf("got %v, want a *LabelError of row 42", err)
	}
}

func TestValidationMustFitTheTraining(t *testing.T) {
	features, label := usable()
	p := DefaultParams()
	p.Objective = Binary
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewValidation(context.Background(), d, features[:1], label, nil); err == nil {
		t.Error("a missing column was taken")
	}
	if _, err := NewValidation(context.Background(), d, []Feature{features[1], features[0]}, label, nil); err == nil {
		t.Error("columns in another order were taken")
	}
	other, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Train(context.Background(), d, other, p); err == nil {
		t.Error("validation data with bins of its own was taken")
	}
	p.EarlyStoppingRound = 5
	if _, err := Train(context.Background(), d, nil, p); err == nil {
		t.Error("early stopping without validation data was taken")
	}
}

func TestPredictRefusesOtherColumns(t *testing.T) {
	m := trainTabular(t, "y", 700, DefaultParams())
	_, columns, _ := tabular(t, "y", 700, -1)
	if _, err := m.Predict(columns[:3]); err == nil || !strings.Contains(err.Error(), "needs 7 columns") {
		t.Errorf("too few columns: %v", err)
	}
	columns[2] = columns[2][:5]
	if _, err := m.Predict(columns); err == nil || !strings.Contains(err.Error(), `"x2" has 5 rows`) {
		t.Errorf("a short column: %v", err)
	}
}
