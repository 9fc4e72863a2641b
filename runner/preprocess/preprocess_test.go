package preprocess

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mlops/runner/config"
	"mlops/runner/table"
)

var (
	nan  = math.NaN()
	bg   = context.Background()
	nans = cmpopts.EquateNaNs()
)

func floats(name string, values ...float64) *table.Column { return table.NewFloat64(name, values, nil) }

// texts makes a text column in which "-" is null.
func texts(name string, values ...string) *table.Column {
	nulls := make([]bool, len(values))
	for i, v := range values {
		nulls[i] = v == "-"
	}
	return table.NewString(name, values, nulls)
}

func tableOf(t testing.TB, columns ...*table.Column) *table.Table {
	t.Helper()
	out, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func section(t testing.TB, yaml string) config.Preprocessing {
	t.Helper()
	c, err := config.Parse("conf.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return c.Preprocessing
}

func pipeline(t testing.TB, steps string) *Pipeline {
	t.Helper()
	p, err := New(section(t, "preprocessing:\n  steps: "+steps+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func fit(t testing.TB, p *Pipeline, in *table.Table) (*Fitted, *table.Table, []int) {
	t.Helper()
	fitted, out, rows, err := p.FitTransform(bg, in)
	if err != nil {
		t.Fatal(err)
	}
	return fitted, out, rows
}

// cells gives a table's cells by column: numbers, or texts with "-" for null.
func cells(t *table.Table) map[string]any {
	out := map[string]any{}
	for _, c := range t.Columns() {
		if c.Kind() == table.Float64 {
			out[c.Name()] = c.Floats()
			continue
		}
		values := make([]string, c.Len())
		for i := range values {
			if values[i] = c.Text(i); c.IsNull(i) {
				values[i] = "-"
			}
		}
		out[c.Name()] = values
	}
	return out
}

func TestMissingValues(t *testing.T) {
	in := func() *table.Table {
		return tableOf(t, floats("n", 1, nan, 2, 2, 9), texts("s", "b", "a", "-", "a", "b"))
	}
	cases := []struct {
		steps        string
		training     map[string]any
		rows         []int
		inferenceRow map[string]any // row 1 and 2 with their holes filled
	}{
		{"[missing_values]",
			map[string]any{"n": []float64{1, 2, 9}, "s": []string{"b", "a", "b"}}, []int{0, 3, 4},
			map[string]any{"n": []float64{2, 2}, "s": []string{"a", "a"}}},
		{"[{type: missing_values, params: {strategy: mean}}]",
			map[string]any{"n": []float64{1, 3.5, 2, 2, 9}, "s": []string{"b", "a", "a", "a", "b"}}, nil,
			map[string]any{"n": []float64{3.5, 2}, "s": []string{"a", "a"}}},
		{"[{type: missing_values, params: {strategy: median}}]",
			map[string]any{"n": []float64{1, 2, 2, 2, 9}, "s": []string{"b", "a", "a", "a", "b"}}, nil,
			map[string]any{"n": []float64{2, 2}, "s": []string{"a", "a"}}},
		{"[{type: missing_values, params: {strategy: mode}}]",
			map[string]any{"n": []float64{1, 2, 2, 2, 9}, "s": []string{"b", "a", "a", "a", "b"}}, nil,
			map[string]any{"n": []float64{2, 2}, "s": []string{"a", "a"}}},
		{"[{type: missing_values, params: {strategy: constant}}]",
			map[string]any{"n": []float64{1, 0, 2, 2, 9}, "s": []string{"b", "a", "missing", "a", "b"}}, nil,
			map[string]any{"n": []float64{0, 2}, "s": []string{"a", "missing"}}},
		{"[{type: missing_values, params: {strategy: constant, fill_value: -1}}]",
			map[string]any{"n": []float64{1, -1, 2, 2, 9}, "s": []string{"b", "a", "-1", "a", "b"}}, nil,
			map[string]any{"n": []float64{-1, 2}, "s": []string{"a", "-1"}}},
		{"[{type: missing_values, params: {strategy: constant, fill_value: {s: none}}}]",
			map[string]any{"n": []float64{1, nan, 2, 2, 9}, "s": []string{"b", "a", "none", "a", "b"}}, nil,
			map[string]any{"n": []float64{nan, 2}, "s": []string{"a", "none"}}},
		{"[{type: missing_values, params: {columns: [n]}}]",
			map[string]any{"n": []float64{1, 2, 2, 9}, "s": []string{"b", "-", "a", "b"}}, []int{0, 2, 3, 4},
			map[string]any{"n": []float64{2, 2}, "s": []string{"a", "-"}}},
	}
	for _, c := range cases {
		t.Run(c.steps, func(t *testing.T) {
			fitted, out, rows := fit(t, pipeline(t, c.steps), in())
			if diff := cmp.Diff(c.training, cells(out), nans); diff != "" {
				t.Errorf("training (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.rows, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			all, err := fitted.TransformForInference(bg, in().Slice(1, 3))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.inferenceRow, cells(all), nans); diff != "" {
				t.Errorf("inference (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCategoricalEncoder(t *testing.T) {
	in := tableOf(t, texts("s", "pear", "Apple", "-", "fig", "pear"), floats("n", 30, 4, 4, nan, 30))
	seen := tableOf(t, texts("s", "fig", "kiwi", "-"), floats("n", 4, 30, 5))
	cases := []struct {
		steps     string
		training  map[string]any
		inference map[string]any // nil: an error
		marked    []string
	}{
		{"[categorical_encoder]",
			map[string]any{"s": []float64{2, 0, nan, 1, 2}, "n": []float64{30, 4, 4, nan, 30}},
			map[string]any{"s": []float64{1, 0, nan}, "n": []float64{4, 30, 5}}, []string{"s"}},
		{"[{type: categorical_encoder, params: {handle_unknown: ignore, columns: [n, s]}}]",
			map[string]any{"s": []float64{2, 0, nan, 1, 2}, "n": []float64{1, 0, 0, nan, 1}},
			map[string]any{"s": []float64{1, nan, nan}, "n": []float64{0, 1, nan}}, []string{"s", "n"}},
		{"[{type: categorical_encoder, params: {handle_unknown: error}}]",
			map[string]any{"s": []float64{2, 0, nan, 1, 2}, "n": []float64{30, 4, 4, nan, 30}}, nil, []string{"s"}},
	}
	for _, c := range cases {
		t.Run(c.steps, func(t *testing.T) {
			fitted, out, _ := fit(t, pipeline(t, c.steps), in)
			if diff := cmp.Diff(c.training, cells(out), nans); diff != "" {
				t.Errorf("training (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.marked, fitted.Categorical()); diff != "" {
				t.Errorf("categorical (-want +got):\n%s", diff)
			}
			got, err := fitted.TransformForInference(bg, seen)
			if c.inference == nil {
				var unknown *UnknownCategoryError
				if !errors.As(err, &unknown) || unknown.Column != "s" || unknown.Value != "kiwi" || unknown.Row != 2 {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.inference, cells(got), nans); diff != "" {
				t.Errorf("inference (-want +got):\n%s", diff)
			}
		})
	}
}

// Figures of scikit-learn's StandardScaler for [1, 2, 3, 6]: mean 3, scale
// sqrt(3.5).
func TestFeatureScaler(t *testing.T) {
	in := tableOf(t, floats("n", 1, 2, nan, 3, 6), floats("same", 7, 7, 7, 7, 7), texts("s", "a", "b", "a", "b", "c"))
	_, out, _ := fit(t, pipeline(t, "[categorical_encoder, feature_scaler]"), in)
	scale := math.Sqrt(3.5)
	want := map[string]any{
		"n": []float64{-2 / scale, -1 / scale, nan, 0, 3 / scale}, "same": []float64{0, 0, 0, 0, 0},
		"s": []float64{0, 1, 0, 1, 2}, // codes are not scaled
	}
	if diff := cmp.Diff(want, cells(out), nans); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	fitted, out, _ := fit(t, pipeline(t, "[categorical_encoder, {type: feature_scaler, params: {columns: [s]}}]"), in)
	if len(fitted.Categorical()) != 0 || out.Column("s").Floats()[0] >= 0 || out.Column("n").Floats()[0] != 1 {
		t.Errorf("a column of codes that is named must be scaled and lose its mark: %v", cells(out))
	}
}

func TestTogglesStandForSteps(t *testing.T) {
	in := tableOf(t, floats("n", 1, nan, 2, 2, 9), texts("s", "b", "a", "-", "a", "b"))
	for toggles, steps := range map[string]string{
		"{}":                          "[missing_values, categorical_encoder, feature_scaler]",
		"{handle_missing: mean}":      "[{type: missing_values, params: {strategy: mean}}, categorical_encoder, feature_scaler]",
		"{scale_features: false}":     "[missing_values, categorical_encoder]",
		"{encode_categorical: false}": "[missing_values, feature_scaler]",
	} {
		p, err := New(section(t, "preprocessing: "+toggles))
		if err != nil {
			t.Fatal(err)
		}
		one, _, _ := fit(t, p, in)
		other, _, _ := fit(t, pipeline(t, steps), in)
		a, _ := one.MarshalJSON()
		b, _ := other.MarshalJSON()
		if string(a) != string(b) {
			t.Errorf("%s is\n%s\nand %s is\n%s", toggles, a, steps, b)
		}
	}
}

func TestTextIsEncodedForModelsThatNeedNumbers(t *testing.T) {
	in := tableOf(t, texts("s", "b", "a", "-"), floats("n", 1, 2, 3))
	fitted, out, _ := fit(t, pipeline(t, "[]").EncodeText(), in)
	if diff := cmp.Diff([]float64{1, 0, nan}, out.Column("s").Floats(), nans); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"s"}, fitted.Categorical()); diff != "" {
		t.Error(diff)
	}
}

func TestKindsBecomeNumbers(t *testing.T) {
	in := tableOf(t,
		table.NewInt64("i", []int64{1, 2, 0}, []bool{false, false, true}),
		table.NewBool("b", []bool{true, false, true}, []bool{false, false, true}),
		table.NewTime("t", []int64{1_500_000_000, -1, 0}, []bool{false, false, true}),
		floats("none", nan, nan, nan))
	fitted, out, _ := fit(t, pipeline(t, "[]"), in)
	want := map[string]any{"i": []float64{1, 2, nan}, "b": []float64{1, 0, nan}, "t": []float64{1.5, -1e-9, nan}}
	if diff := cmp.Diff(want, cells(out), nans); diff != "" {
		t.Error(diff)
	}
	if w := fitted.Warnings(); len(w) != 1 || !strings.Contains(w[0], `"none" has no values`) {
		t.Errorf("warnings %q", w)
	}
}

func TestInferenceTakesWhatFilesGive(t *testing.T) {
	fitted, _, _ := fit(t, pipeline(t, "[]"), tableOf(t,
		floats("n", 1, 2), table.NewBool("b", []bool{true, false}, nil), texts("s", "1", "x"), table.NewTime("t", []int64{0, 1}, nil)))
	got, err := fitted.TransformForInference(bg, tableOf(t,
		table.NewTime("t", []int64{0, 1_000_000_000}, nil),
		floats("extra", 5, 6),
		table.NewInt64("s", []int64{1, 2}, nil), // a batch of only numeric categories
		table.NewInt64("b", []int64{1, 0}, nil), // 0 and 1 for truth values
		texts("n", "1e3", "-"),                  // quoted numbers
		texts("target", "yes", "no")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"n", "b", "s", "t"}, got.Names()); diff != "" {
		t.Errorf("columns are not in training's order: %s", diff)
	}
	want := map[string]any{"n": []float64{1000, nan}, "b": []float64{1, 0}, "s": []string{"1", "2"}, "t": []float64{0, 1}}
	if diff := cmp.Diff(want, cells(got), nans); diff != "" {
		t.Error(diff)
	}
	empty, err := fitted.TransformForInference(bg, tableOf(t, floats("n"), floats("b"), texts("s"), floats("t")))
	if err != nil || empty.NumRows() != 0 || empty.NumColumns() != 4 {
		t.Errorf("a table without rows: %v, %v", empty, err)
	}
}

func TestInferenceErrorsNameTheCell(t *testing.T) {
	fitted, _, _ := fit(t, pipeline(t, "[]"), tableOf(t, floats("amount", 1, 2), table.NewBool("b", []bool{true, false}, nil), table.NewTime("t", []int64{0, 1}, nil)))
	b, at := floats("b", 0, 1), table.NewTime("t", []int64{0, 1}, nil)
	var missing *table.MissingColumnError
	if _, err := fitted.TransformForInference(bg, tableOf(t, floats("amont", 1), floats("b", 1))); !errors.As(err, &missing) || missing.Name != "amount" || !strings.Contains(err.Error(), `did you mean "amont"`) {
		t.Errorf("missing column: %v", err)
	}
	for _, c := range []struct {
		columns []*table.Column
		column  string
		row     int
	}{
		{[]*table.Column{texts("amount", "-", "much"), b, at}, "amount", 2},
		{[]*table.Column{floats("amount", 1, 2), floats("b", 1, 7), at}, "b", 2},
		{[]*table.Column{floats("amount", 1, 2), texts("b", "yes", "no"), at}, "b", 1},
		{[]*table.Column{floats("amount", 1, 2), b, floats("t", nan, 3)}, "t", 2},
		{[]*table.Column{floats("amount", 1, 2), b, texts("t", "-", "noon")}, "t", 2},
		{[]*table.Column{table.NewTime("amount", []int64{5, 6}, nil), b, at}, "amount", 1},
	} {
		_, err := fitted.TransformForInference(bg, tableOf(t, c.columns...))
		var cell *table.CellError
		if !errors.As(err, &cell) || cell.Column != c.column || cell.Row != c.row {
			t.Errorf("want column %q, row %d: %v", c.column, c.row, err)
		}
	}
}

func TestFitErrors(t *testing.T) {
	in := func() *table.Table { return tableOf(t, floats("a", nan, 1), texts("s", "x", "-")) }
	cases := []struct {
		name, steps string
		in          *table.Table
		message     string
	}{
		{"no row without holes", "[missing_values]", in(), "handle_missing drop leaves none"},
		{"no rows", "[]", in().Slice(0, 0), "no rows"},
		{"no values", "[]", tableOf(t, floats("a", nan, nan)), "no column has a value"},
		{"infinite", "[feature_scaler]", tableOf(t, floats("a", 1, math.Inf(1))), `row 2, column "a"`},
		{"immense mean", "[{type: missing_values, params: {strategy: mean}}]", tableOf(t, floats("a", 1e200, nan)), "too large"},
		{"unknown column", "[{type: missing_values, params: {columns: [b]}}]", in(), "conf.yaml:2:"},
		{"unknown fill column", "[{type: missing_values, params: {strategy: constant, fill_value: {b: 1}}}]", in(), `no column "b"`},
		{"column twice", "[{type: categorical_encoder, params: {columns: [s, s]}}]", in(), "given twice"},
		{"text in numbers", "[{type: missing_values, params: {strategy: constant, fill_value: none}}]", in(), `column "a" holds numbers`},
		{"scaled text", "[{type: feature_scaler, params: {columns: [s]}}]", in(), `column "s" holds text`},
		{"not UTF-8", "[categorical_encoder]", tableOf(t, texts("s", "\xff", "a")), "not UTF-8"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := pipeline(t, c.steps).Fit(bg, c.in); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want %q", err, c.message)
			}
		})
	}
}

func TestConfigurationErrorsKeepTheirPlace(t *testing.T) {
	cases := []struct{ steps, message string }{
		{"[feature_scalar]", `2:11: preprocessing.steps[0]: unknown preprocessing step "feature_scalar"; did you mean "feature_scaler"? (known: ` + strings.Join(Known(), ", ") + ")"},
		{"[{type: missing_values, params: {strategi: mean}}]", `2:43: preprocessing.steps[0].params.strategi: unknown key; did you mean "strategy"?`},
		{"[{type: missing_values, params: {fill_value: 1}}]", "only the strategy constant takes a fill_value"},
		{"[{type: missing_values, params: {strategy: constant, fill_value: [1]}}]", "not a list"},
		{"[{type: missing_values, params: {strategy: constant, fill_value: {a: 1}, columns: [b]}}]", "fill_value.a: the column is not among columns"},
		{"[{type: categorical_encoder, params: {handle_unknown: skip}}]", "known: use_first, ignore, error"},
		{"[{type: feature_scaler, params: {method: minmax}}]", `did you mean "min_max"? (known: standard`},
	}
	for _, c := range cases {
		_, err := New(section(t, "preprocessing:\n  steps: "+c.steps+"\n"))
		var e *config.Error
		if !errors.As(err, &e) || e.Line != 2 || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v", c.steps, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	cancel()
	in := tableOf(t, floats("a", 1, 2))
	if _, err := pipeline(t, "[missing_values]").Fit(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("fit: %v", err)
	}
	fitted, _, _ := fit(t, pipeline(t, "[feature_scaler]"), in)
	if _, err := fitted.TransformForInference(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("transform: %v", err)
	}
}

func TestRegisterRefusesATakenName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Register("feature_scaler", Factory{New: newFeatureScaler, Load: loadFeatureScaler})
}
