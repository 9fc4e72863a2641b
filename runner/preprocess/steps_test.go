package preprocess

import (
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Each step as the configuration has it: what it makes of the training rows, and
// of other rows at inference.
func TestSteps(t *testing.T) {
	in := func() *table.Table {
		return tableOf(t, floats("n", 1, nan, 2, 2, 9), texts("s", "b", "a", "-", "a", "c"))
	}
	other := func() *table.Table { return tableOf(t, floats("n", nan, 100), texts("s", "kiwi", "-")) }
	type columns = map[string]any
	cases := []struct {
		steps               string
		training, inference columns
	}{
		{"[{type: missing_values, params: {strategy: mean, strategies: {s: constant}, fill_value: {s: none}}}]",
			columns{"n": []float64{1, 3.5, 2, 2, 9}, "s": []string{"b", "a", "none", "a", "c"}},
			columns{"n": []float64{3.5, 100}, "s": []string{"kiwi", "none"}}},
		{"[{type: missing_values, params: {strategy: drop, strategies: {s: mode}}}]",
			columns{"n": []float64{1, 2, 2, 9}, "s": []string{"b", "a", "a", "c"}},
			columns{"n": []float64{2, 100}, "s": []string{"kiwi", "a"}}},
		{"[{type: missing_values, params: {strategy: median, columns: [n], add_indicator: true}}]",
			columns{"n": []float64{1, 2, 2, 2, 9}, "s": []string{"b", "a", "-", "a", "c"}, "missingindicator_n": []float64{0, 1, 0, 0, 0}},
			columns{"n": []float64{2, 100}, "s": []string{"kiwi", "-"}, "missingindicator_n": []float64{1, 0}}},
		{"[{type: categorical_encoder, params: {method: ordinal, categories: {n: [9, 1, 2]}}}, {type: drop, params: {columns: [s]}}]",
			columns{"n": []float64{1, nan, 2, 2, 0}}, columns{"n": []float64{nan, 0}}},
		{"[{type: categorical_encoder, params: {method: one_hot}}]",
			columns{"n": []float64{1, nan, 2, 2, 9}, "s_a": []float64{0, 1, 0, 1, 0}, "s_b": []float64{1, 0, 0, 0, 0}, "s_c": []float64{0, 0, 0, 0, 1}},
			columns{"n": []float64{nan, 100}, "s_a": []float64{0, 0}, "s_b": []float64{0, 0}, "s_c": []float64{0, 0}}},
		{"[{type: categorical_encoder, params: {method: one_hot, handle_unknown: use_first, columns: [s]}}]",
			columns{"n": []float64{1, nan, 2, 2, 9}, "s_a": []float64{0, 1, 0, 1, 0}, "s_b": []float64{1, 0, 0, 0, 0}, "s_c": []float64{0, 0, 0, 0, 1}},
			columns{"n": []float64{nan, 100}, "s_a": []float64{1, 0}, "s_b": []float64{0, 0}, "s_c": []float64{0, 0}}},
		{"[{type: categorical_encoder, params: {method: frequency, columns: [s, n]}}]",
			columns{"n": []float64{0.25, nan, 0.5, 0.5, 0.25}, "s": []float64{0.25, 0.5, nan, 0.5, 0.25}},
			columns{"n": []float64{nan, 0}, "s": []float64{0, nan}}},
		{"[{type: outlier_clip, params: {method: fixed, lower: 1.5, upper: 5}}]",
			columns{"n": []float64{1.5, nan, 2, 2, 5}, "s": []string{"b", "a", "-", "a", "c"}},
			columns{"n": []float64{nan, 5}, "s": []string{"kiwi", "-"}}},
		{"[{type: outlier_clip, params: {factor: 1}}, {type: drop, params: {columns: [s]}}]", // quartiles 1.75 and 3.75
			columns{"n": []float64{1, nan, 2, 2, 5.75}}, columns{"n": []float64{nan, 5.75}}},
		{"[{type: outlier_clip, params: {method: quantile, lower: 0, upper: 0.5}}, {type: drop, params: {columns: [s]}}]",
			columns{"n": []float64{1, nan, 2, 2, 2}}, columns{"n": []float64{nan, 2}}},
		{"[{type: outlier_clip, params: {method: zscore, factor: 1}}, {type: drop, params: {columns: [s]}}]", // mean 3.5
			columns{"n": []float64{1, nan, 2, 2, 3.5 + math.Sqrt(41.0/4)}}, columns{"n": []float64{nan, 3.5 + math.Sqrt(41.0/4)}}},
		{"[{type: select, params: {columns: [s]}}]",
			columns{"s": []string{"b", "a", "-", "a", "c"}}, columns{"s": []string{"kiwi", "-"}}},
		{"[{type: select, params: {where: n >= 2}}]", // a missing cell meets no condition
			columns{"n": []float64{2, 2, 9}, "s": []string{"-", "a", "c"}}, columns{"n": []float64{nan, 100}, "s": []string{"kiwi", "-"}}},
		{"[{type: drop, params: {where: n >= 2}}]",
			columns{"n": []float64{1, nan}, "s": []string{"b", "a"}}, columns{"n": []float64{nan, 100}, "s": []string{"kiwi", "-"}}},
		{"[{type: rename, params: {columns: {n: s, s: n}}}]",
			columns{"s": []float64{1, nan, 2, 2, 9}, "n": []string{"b", "a", "-", "a", "c"}}, columns{"s": []float64{nan, 100}, "n": []string{"kiwi", "-"}}},
		{"[{type: cast, params: {columns: {n: string}}}]",
			columns{"n": []string{"1", "-", "2", "2", "9"}, "s": []string{"b", "a", "-", "a", "c"}}, columns{"n": []string{"-", "100"}, "s": []string{"kiwi", "-"}}},
		{"[{type: cast, params: {columns: {s: int64, n: bool}, errors: coerce}}]",
			columns{"n": []float64{1, nan, 1, 1, 1}, "s": []float64{nan, nan, nan, nan, nan}}, columns{"n": []float64{nan, 1}, "s": []float64{nan, nan}}},
		{"[{type: derive, params: {columns: {d: n / 2 + 1, big: n > 2, n: '-n'}}}, {type: select, params: {columns: [d, big, n]}}]",
			columns{"d": []float64{1.5, nan, 2, 2, 5.5}, "big": []float64{0, nan, 0, 0, 1}, "n": []float64{-1, nan, -2, -2, -9}},
			columns{"d": []float64{nan, 51}, "big": []float64{nan, 1}, "n": []float64{nan, -100}}},
		{"[{type: text_tfidf, params: {columns: [s], token_pattern: '\\w+', use_idf: false, norm: none, vocabulary: [b, a]}}, {type: drop, params: {columns: [n]}}]",
			columns{"s_b": []float64{1, 0, 0, 0, 0}, "s_a": []float64{0, 1, 0, 1, 0}}, columns{"s_b": []float64{0, 0}, "s_a": []float64{0, 0}}},
	}
	for _, c := range cases {
		t.Run(c.steps, func(t *testing.T) {
			fitted, out, _ := fit(t, pipeline(t, c.steps), in())
			if diff := cmp.Diff(c.training, cells(out), nans); diff != "" {
				t.Errorf("training (-want +got):\n%s", diff)
			}
			all, err := fitted.TransformForInference(bg, other())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.inference, cells(all), nans); diff != "" {
				t.Errorf("inference (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDateParts(t *testing.T) {
	at := func(unix ...int64) *table.Column {
		nanos := make([]int64, len(unix))
		for i, s := range unix {
			nanos[i] = s * 1e9
		}
		return table.NewTime("t", nanos, nil)
	}
	cases := []struct {
		params string
		in     *table.Column
		want   map[string]any
	}{
		// 2024-02-29 23:59:59 and the second before 1970.
		{"columns: [t], parts: [year, quarter, month, week, day, day_of_year, day_of_week, is_weekend, hour, minute, second, timestamp]", at(1709251199, -1),
			map[string]any{"t_year": []float64{2024, 1969}, "t_quarter": []float64{1, 4}, "t_month": []float64{2, 12}, "t_week": []float64{9, 1}, "t_day": []float64{29, 31},
				"t_day_of_year": []float64{60, 365}, "t_day_of_week": []float64{3, 2}, "t_is_weekend": []float64{0, 0}, "t_hour": []float64{23, 23},
				"t_minute": []float64{59, 59}, "t_second": []float64{59, 59}, "t_timestamp": []float64{1709251199, -1}}},
		{"columns: [t], parts: [day_of_week, is_weekend], keep_original: true", at(1717200000, 1717286400), // Saturday, Sunday
			map[string]any{"t": []float64{1717200000, 1717286400}, "t_day_of_week": []float64{5, 6}, "t_is_weekend": []float64{1, 1}}},
		{"columns: [t], parts: [day, month, year], format: '%d.%m.%y'", texts("t", "3.12.24", "-", "29.02.2024"[:8]),
			map[string]any{"t_day": []float64{3, nan, 29}, "t_month": []float64{12, nan, 2}, "t_year": []float64{2024, nan, 2020}}},
		{"columns: [t], parts: [day, hour], format: '%Y%m%d %I%p'", texts("t", "20240105 03PM", "20241130 12AM"),
			map[string]any{"t_day": []float64{5, 30}, "t_hour": []float64{15, 0}}},
		{"columns: [t], parts: [hour]", texts("t", "2024-01-05", "2024-01-05 07:30", "2024-01-05T23:00:00-03:00"),
			map[string]any{"t_hour": []float64{0, 7, 2}}},
	}
	for _, c := range cases {
		t.Run(c.params, func(t *testing.T) {
			_, out, _ := fit(t, pipeline(t, "[{type: date_parts, params: {"+c.params+"}}]"), tableOf(t, c.in))
			if diff := cmp.Diff(c.want, cells(out), nans); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExpressions(t *testing.T) {
	in := tableOf(t, floats("a", 7, -7, 0.5), floats("b", 2, 2, -2), floats("petal length", 1, 2, 3), floats("max", 4, 4, 4))
	for source, want := range map[string][]float64{
		"1 / 2 * a":                         {3.5, -3.5, 0.25}, // no whole-number division
		"2 ** 3 ** 2 + 0 * a":               {512, 512, 512},
		"mod(a, b)":                         {1, 1, -1.5}, // Python: 7 % 2, -7 % 2, 0.5 % -2
		"abs(a) + sign(a)":                  {8, 6, 1.5},
		"round(a / 2)":                      {4, -4, 0}, // halves to even, as numpy
		"max(a, b, 1) - min(a, b)":          {5, 9, 3},
		`col("petal length") * col("max")`:  {4, 8, 12},
		"a > 0 and not (b < 0) ? 10 : -10":  {10, -10, -10},
		"a != 7 || b == 2":                  {1, 1, 1},
		"sqrt(exp(log(a ** 2)))":            {7, 7, 0.5},
		"9007199254740993 + 0 * a":          {9007199254740992, 9007199254740992, 9007199254740992},
		"1e3 + a":                           {1007, 993, 1000.5},
		"if a > 0 { a } else { -a } // abs": {7, 7, 0.5},
	} {
		e, err := compile(source, false)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got, err := e.values(bg, Frame{Table: in})
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-12*max(1, math.Abs(want[i])) {
				t.Errorf("%s: %v, want %v", source, got, want)
				break
			}
		}
	}
}

// The language has nothing that loops, allocates or reaches outside.
func TestExpressionsAreRefused(t *testing.T) {
	for source, message := range map[string]string{
		"":                               "unexpected token",
		"1 + 2":                          "uses no column",
		"a +":                            "unexpected token",
		"a % 2":                          "mod(a, b)",
		"max(a":                          "unexpected token",
		"max":                            "is a function",
		"squrt(a)":                       "did you mean sqrt?",
		"repeat(\"a\", 1e9)":             "unknown function repeat",
		"map(1..1000000, {# * 2})":       "not accepted",
		"1..a":                           "operator .. is not accepted",
		"[a]":                            "not accepted",
		"{\"x\": a}":                     "not accepted",
		"a.b":                            "not accepted",
		"a?.b":                           "not accepted",
		"a[0]":                           "not accepted",
		"a in [1]":                       "operator in is not accepted",
		"a matches \"x\"":                "operator matches is not accepted",
		"a ?? 1":                         "operator ?? is not accepted",
		"let x = a; x":                   "not accepted",
		"a | abs":                        "",
		"$env":                           "not accepted",
		"$env.a":                         "not accepted",
		"a == nil":                       "not accepted",
		"a == \"x\"":                     "not accepted",
		"col(a)":                         "in quotes",
		"col(\"a\", \"b\")":              "in quotes",
		"a + (a > 1)":                    "mismatched types",
		"sqrt(a, a)":                     "too many arguments",
		"pow(a)":                         "not enough arguments",
		"sqrt(a > 1)":                    "cannot use bool",
		"a ? 1 : 2":                      "non-bool",
		strings.Repeat("a+", 500) + "a":  "the limit is 1000",
		strings.Repeat("a+", 150) + "a":  "exceeds maximum allowed nodes",
		strings.Repeat("(", 900) + "a":   "unexpected token",
		"now() - a":                      "unknown function now",
		"a > 1 ? \"yes\" : \"no\"":       "not accepted",
		"(a; a)":                         "not accepted",
		"sum([a])":                       "not accepted",
		"filter([a], true)":              "not accepted",
		"abs(abs)":                       "is a function",
		"a < 1 ? 2 : true":               "",
		"get({}, \"a\")":                 "unknown function get",
		"string(a)":                      "unknown function string",
		"1 < a < 3 ? a : $env[\"PATH\"]": "not accepted",
	} {
		_, err := compile(source, false)
		if err == nil || !strings.Contains(err.Error(), message) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40s: error %v, want %q", source, err, message)
		}
	}
	if _, err := compile("a + 1", true); err == nil || !strings.Contains(err.Error(), "no condition") {
		t.Errorf("a number was taken as a condition: %v", err)
	}
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{"a + 1", "col(\"a\") ** 2 > 1 ? a : -a", "max(a, 1, 2)", "1..a", "let x = a; x", "$env.a", "if a > 0 {a} else {1}"} {
		f.Add(s)
	}
	in := tableOf(f, floats("a", 1, nan, -3), floats("b", 0, 1, 2))
	f.Fuzz(func(t *testing.T, source string) {
		e, err := compile(source, false)
		if err != nil {
			return
		}
		for _, name := range e.columns {
			if !in.Has(name) {
				return
			}
		}
		if values, err := e.values(bg, Frame{Table: in}); err == nil && len(values) != 3 {
			t.Fatalf("%d values", len(values))
		}
	})
}

// A training row's value must not change with that row's own target.
func TestTargetEncodingDoesNotLeak(t *testing.T) {
	in := tableOf(t, texts("s", "a", "a", "b", "b", "a", "b", "a", "-", "c", "-"))
	y := Target{Name: "y", Values: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}
	p := pipeline(t, "[{type: categorical_encoder, params: {method: target, cv: 3}}]")
	fitted, before, _, err := p.FitTransformTarget(bg, in, y)
	if err != nil {
		t.Fatal(err)
	}
	later, err := fitted.TransformForInference(bg, in)
	if err != nil {
		t.Fatal(err)
	}
	differ := false
	for row := range y.Values {
		changed := Target{Name: "y", Values: append([]float64(nil), y.Values...)}
		changed.Values[row] = 1000
		_, after, _, err := p.FitTransformTarget(bg, in, changed)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := before.Column("s").Floats()[row], after.Column("s").Floats()[row]; a != b {
			t.Errorf("row %d: %v becomes %v with its own target", row+1, a, b)
		}
		differ = differ || before.Column("s").Floats()[row] != later.Column("s").Floats()[row]
	}
	if !differ {
		t.Error("training rows got the means of all rows")
	}
	if _, err := p.Fit(bg, in); err == nil || !strings.Contains(err.Error(), "learns from the target") {
		t.Errorf("without a target: %v", err)
	}
}

func TestColumnsThatAreDroppedFirstAreNotNeeded(t *testing.T) {
	in := tableOf(t, texts("id", "x", "y"), floats("a", 1, 2), floats("none", nan, nan), floats("b", 3, 4))
	for _, steps := range []string{
		"[{type: drop, params: {columns: [id, none]}}, {type: derive, params: {columns: {c: a + b}}}]",
		"[{type: select, params: {columns: [b, a]}}, {type: derive, params: {columns: {c: a + b}}}]",
		"[{type: drop, params: {columns: [id]}}, {type: select, params: {columns: [b, a]}}, {type: drop, params: {columns: [a]}}]",
	} {
		fitted, out, _ := fit(t, pipeline(t, steps), in)
		if diff := cmp.Diff([]string{"a", "b"}, fitted.Schema().Names()); diff != "" {
			t.Errorf("%s: schema (-want +got):\n%s", steps, diff)
		}
		data, err := fitted.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := LoadFitted(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := loaded.TransformForInference(bg, tableOf(t, floats("b", 3, 4), floats("a", 1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cells(out), cells(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", steps, diff)
		}
	}
}

// A deployment of an earlier release still predicts what it did.
func TestSavedStateOfVersion1Loads(t *testing.T) {
	data, err := os.ReadFile("testdata/preprocessor_v1.json")
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := LoadFitted(data)
	if err != nil {
		t.Fatal(err)
	}
	in := tableOf(t, floats("n", 1, nan, 2, 2, 9.5), texts("s", "b", "a", "-", "a", "b"), floats("k", 3, 1, 3, 2, 1))
	got, err := fitted.TransformForInference(bg, in)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{ // the figures of the program that wrote it
		"n": []float64{-0x1.ab6c7cee0f385p-01, -0x1.2472a6520a69fp-01, -0x1.2472a6520a69fp-01, -0x1.2472a6520a69fp-01, 0x1.67ef91a00cd11p+00},
		"s": []float64{1, 0, 0, 0, 1},
		"k": []float64{0x1.3988e1409212ep+00, -0x1.3988e1409212ep+00, 0x1.3988e1409212ep+00, 0, -0x1.3988e1409212ep+00},
	}
	if diff := cmp.Diff(want, cells(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := fitted.MarshalJSON()
	if err != nil || string(again)+"\n" != string(data) {
		t.Errorf("written again it is %s, %v", again, err)
	}
}

func TestParametersAreChecked(t *testing.T) {
	for _, c := range []struct{ step, message string }{
		{"{type: missing_values, params: {strategies: {a: meen}}}", `strategies.a: unknown value "meen"; did you mean "mean"?`},
		{"{type: missing_values, params: {strategies: {a: constant}, fill_value: {b: 1}}}", "the column's strategy is drop"},
		{"{type: missing_values, params: {strategy: mean, strategies: {a: constant, b: constant}, fill_value: {b: 1}}}", "strategies.a: the column has no fill_value"},
		{"{type: missing_values, params: {columns: [b], strategies: {a: mean}}}", "strategies.a: the column is not among columns"},
		{"{type: missing_values, params: {add_indicator: true}}", "add_indicator: the strategy drop"},
		{"{type: categorical_encoder, params: {method: onehot}}", `did you mean "one_hot"?`},
		{"{type: categorical_encoder, params: {drop: first}}", "the method label does not take drop, only one_hot does"},
		{"{type: categorical_encoder, params: {method: frequency, handle_unknown: use_first}}", "known: ignore, error"},
		{"{type: categorical_encoder, params: {method: ordinal}}", "needs the order of each column's categories"},
		{"{type: categorical_encoder, params: {method: ordinal, categories: {a: [x, y, x]}}}", "categories.a[2]: the category x is given twice"},
		{"{type: categorical_encoder, params: {method: ordinal, categories: {a: []}}}", "categories.a: must list 1 to 10000"},
		{"{type: categorical_encoder, params: {method: ordinal, columns: [b], categories: {a: [x]}}}", "columns[0]: the order of the categories"},
		{"{type: categorical_encoder, params: {method: one_hot, max_categories: 0}}", "must be at least 1 and at most 50000, not 0"},
		{"{type: categorical_encoder, params: {method: one_hot, min_frequency: 1.5}}", "whole number of rows"},
		{"{type: categorical_encoder, params: {method: target, smooth: -1}}", "number of at least 0, not -1"},
		{"{type: categorical_encoder, params: {method: target, smooth: none}}", "must be auto or a number"},
		{"{type: categorical_encoder, params: {method: target, cv: 1}}", "must be at least 2 and at most 1000, not 1"},
		{"{type: feature_scaler, params: {method: robust, clip: true}}", "the method robust does not take clip, only min_max does"},
		{"{type: feature_scaler, params: {method: min_max, feature_range: [1, 0]}}", "two ascending numbers"},
		{"{type: feature_scaler, params: {method: robust, quantile_range: [25, 101]}}", "percentiles from 0 to 100"},
		{"{type: feature_scaler, params: {method: quantile, n_quantiles: 1}}", "must be at least 2 and at most 10000, not 1"},
		{"{type: outlier_clip, params: {method: fixed}}", "needs lower, upper or both"},
		{"{type: outlier_clip, params: {method: quantile, upper: 1.5}}", "at least 0 and at most 1, not 1.5"},
		{"{type: outlier_clip, params: {method: fixed, lower: 2, upper: 1}}", "must not be above upper"},
		{"{type: outlier_clip, params: {factor: 0}}", "must be above 0"},
		{"{type: date_parts, params: {columns: [a], parts: [years]}}", `parts[0]: unknown value "years"; did you mean "year"?`},
		{"{type: date_parts, params: {columns: [a], parts: [day, day]}}", "given twice"},
		{"{type: date_parts, params: {}}", "needs columns"},
		{"{type: date_parts, params: {columns: [a], format: '%Q'}}", `unknown directive "%Q"`},
		{"{type: date_parts, params: {columns: [a], format: '%Y at'}}", "not accepted between directives"},
		{"{type: select, params: {}}", "needs either columns"},
		{"{type: drop, params: {columns: [a], where: a > 1}}", "needs either columns"},
		{"{type: drop, params: {where: a + 1}}", "where: the expression is no condition"},
		{"{type: rename, params: {columns: {a: x, b: x}}}", `columns.b: the new name "x" is given to "a" already`},
		{"{type: cast, params: {columns: {a: flaot64}}}", `columns.a: unknown value "flaot64"; did you mean "float64"?`},
		{"{type: derive, params: {columns: {c: squrt(a)}}}", "columns.c: unknown function squrt; did you mean sqrt?"},
		{"{type: derive, params: {columns: {c: 'now() + a'}}}", "unknown function now"},
		{"{type: derive, params: {column: {c: a}}}", `did you mean "columns"?`},
		{"{type: text_tfidf, params: {}}", "needs columns"},
		{"{type: text_tfidf, params: {columns: [a], ngram_range: [2, 1]}}", "two numbers from 1 to 10"},
		{"{type: text_tfidf, params: {columns: [a], token_pattern: '('}}", "no regular expression"},
		{"{type: text_tfidf, params: {columns: [a], token_pattern: '\\bx'}}", `\b, which is not accepted`},
		{"{type: text_tfidf, params: {columns: [a], token_pattern: '(a)(b)'}}", "more than one group"},
		{"{type: text_tfidf, params: {columns: [a], max_features: 50001}}", "must be at least 1 and at most 50000, not 50001"},
		{"{type: text_tfidf, params: {columns: [a], min_df: 1.5}}", "whole number of rows"},
		{"{type: text_tfidf, params: {columns: [a], hashing: true, max_features: 3}}", "no meaning together with hashing"},
		{"{type: text_tfidf, params: {columns: [a], n_features: 3}}", "hashing: true only"},
		{"{type: text_tfidf, params: {columns: [a], vocabulary: [x, x]}}", `"x" is given twice`},
		{"{type: text_tfidf, params: {columns: [a], nrom: l1}}", `did you mean "norm"?`},
	} {
		_, err := New(section(t, "preprocessing:\n  steps:\n  - "+c.step+"\n"))
		var e *config.Error
		if !errors.As(err, &e) || e.Line != 3 || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: error %v, want %q", c.step, err, c.message)
		}
	}
}

// Errors about data name the step, the column and the row of the file, whatever
// rows an earlier step has dropped.
func TestStepErrorsNameStepColumnAndRow(t *testing.T) {
	in := func() *table.Table {
		return tableOf(t, floats("a", nan, 4, 1, 0), texts("s", "x", "y", "12", "z"), floats("empty", nan, nan, nan, nan))
	}
	target := Target{Name: "y", Values: []float64{1, 2, 3, 4}}
	for _, c := range []struct{ steps, message string }{
		{"[{type: missing_values, params: {columns: [a]}}, {type: derive, params: {columns: {r: 1 / a}}}]", `row 4, column "r": step 2 (derive): 1 / a gives +Inf for a = 0`},
		{"[{type: derive, params: {columns: {r: log(-a)}}}]", `row 2, column "r": step 1 (derive): log(-a) gives NaN for a = 4`},
		{"[{type: missing_values, params: {columns: [a]}}, {type: cast, params: {columns: {s: int64}}}]", `row 2, column "s": step 2 (cast): "y" cannot be cast to int64`},
		{"[{type: missing_values, params: {columns: [a]}}, {type: date_parts, params: {columns: [s]}}]", `row 2, column "s": step 2 (date_parts): "y" is no time in ISO 8601`},
		{"[{type: missing_values, params: {columns: [a]}}, {type: categorical_encoder, params: {method: ordinal, categories: {s: [y, z]}}}]", `row 3, column "s": step 2 (categorical_encoder): the category "12" is not in the order`},
		{"[{type: drop, params: {where: a >= 0}}, {type: drop, params: {where: a == 2}}, {type: missing_values, params: {columns: [a]}}]", "every one of the 1 rows has a missing cell"},
		{"[{type: select, params: {where: a > 5}}]", "step 1 (select) leaves no rows"},
		{"[{type: drop, params: {columns: [a, s]}}]", "step 1 (drop) leaves no columns"},
		{"[{type: drop, params: {columns: [y]}}]", `column "y" is the target`},
		{"[{type: derive, params: {columns: {z: y + 1}}}]", `steps[0].params.columns.z: column "y" is the target`},
		{"[{type: rename, params: {columns: {a: y}}}]", `column "y": step 1 (rename): a feature may not have the name of the target`},
		{"[{type: feature_scaler, params: {columns: [empty]}}]", `column "empty" has no value in the training rows`},
		{"[{type: drop, params: {columns: [ss]}}]", `no column "ss"; did you mean "s"?`},
		{"[{type: derive, params: {columns: {z: s + 1}}}]", `column "s" holds text`},
		{"[{type: rename, params: {columns: {a: s}}}]", `column "s": step 1 (rename): there would be two columns of that name`},
		{"[{type: text_tfidf, params: {columns: [a]}}]", `column "a" holds numbers; text_tfidf takes text`},
		{"[{type: text_tfidf, params: {columns: [s], min_df: 2}}]", `column "s": step 1 (text_tfidf): of its 1 terms none is left`},
		{"[categorical_encoder, {type: date_parts, params: {columns: [s]}}]", "label codes; put date_parts before the encoder"},
		{"[{type: derive, params: {columns: {ms: a * 1e15}}}, {type: date_parts, params: {columns: [ms]}}]", `row 2, column "ms": step 2 (date_parts): 4e+15 is no time`},
	} {
		_, _, _, err := pipeline(t, c.steps).FitTransformTarget(bg, in(), target)
		if err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: error %v, want %q", c.steps, err, c.message)
		}
	}
}

func TestStepsMayNotMakeInfinities(t *testing.T) {
	fitted, _, _ := fit(t, pipeline(t, "[feature_scaler]"), tableOf(t, floats("a", 0, 1e-3, 2e-3)))
	var cell *ColumnError
	_, err := fitted.TransformForInference(bg, tableOf(t, floats("a", 1, 1e308)))
	if !errors.As(err, &cell) || cell.Column != "a" || cell.Row != 2 || !strings.Contains(err.Error(), "step 1 (feature_scaler): the result is infinite") {
		t.Errorf("error %v", err)
	}
	if _, err := fitted.TransformForInference(bg, tableOf(t, floats("a", math.Inf(1)))); err != nil {
		t.Errorf("an infinity of the table's own: %v", err)
	}
}

func TestTargetIsChecked(t *testing.T) {
	in := tableOf(t, floats("a", 1, 2))
	for _, c := range []struct {
		target  Target
		message string
	}{
		{Target{Name: "y"}, "either classes or values"},
		{Target{Name: "y", Values: []float64{1}}, "has 1 rows, the features have 2"},
		{Target{Name: "y", Classes: []int{0, 2}, ClassNames: []string{"p", "q"}}, "class 2 in row 2"},
		{Target{Name: "y", Values: []float64{1, nan}}, `row 2, column "y"`},
	} {
		if _, _, _, err := pipeline(t, "[]").FitTransformTarget(bg, in, c.target); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%+v: error %v, want %q", c.target, err, c.message)
		}
	}
}

// The page on preprocessing has every step and parameter, and its snippets hold.
func TestDocumentationIsComplete(t *testing.T) {
	data, err := os.ReadFile("../../docs/preprocessing.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, kind := range Known() {
		if !strings.HasPrefix(kind, "example_") && !strings.Contains(page, "type: "+kind) && !strings.Contains(page, "- "+kind+"\n") {
			t.Errorf("the step %s has no snippet", kind)
		}
	}
	for _, params := range []any{missingParams{}, encoderParams{}, scalerParams{}, clipParams{}, dateParams{}, selectParams{}, renameParams{}, castParams{}, deriveParams{}, tfidfParams{}} {
		fields := reflect.TypeOf(params)
		for i := range fields.NumField() {
			if name := fields.Field(i).Tag.Get("yaml"); !strings.Contains(page, "`"+name+"`") {
				t.Errorf("%s: the parameter %s is not there", fields.Name(), name)
			}
		}
	}
	snippets := 0
	for _, block := range strings.Split(page, "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.HasPrefix(block, "preprocessing:") {
			block = "preprocessing:\n  steps:\n    " + strings.ReplaceAll(block, "\n", "\n    ")
		}
		if _, err := New(section(t, block)); err != nil {
			t.Errorf("%v\n%s", err, block)
		}
		snippets++
	}
	if snippets < 10 {
		t.Errorf("only %d snippets were found", snippets)
	}
}

// Wide results are refused before memory is taken for them.
func TestWideResultsAreRefused(t *testing.T) {
	words := make([]string, maxColumns+1)
	for i := range words {
		words[i] = "w" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i%11) + string(rune(0x4e00+i%20000)) + string(rune('a'+i/20000))
	}
	in := tableOf(t, table.NewString("s", words, nil))
	for _, c := range []struct {
		steps, message string
		rows           int
	}{
		{"[{type: categorical_encoder, params: {method: one_hot}}]", "it would become 50001 columns; the limit is 50000: lower max_categories", len(words)},
		{"[{type: text_tfidf, params: {columns: [s]}}]", "the limit is 50000: set or lower max_features", len(words)},
		{"[{type: text_tfidf, params: {columns: [s], max_features: 6000}}]", "2.2 GiB; the limit is 268435456 cells (2 GiB), 5368 columns of that many rows: set or lower max_features", len(words)},
		{"[{type: text_tfidf, params: {columns: [s], hashing: true, n_features: 50000}}]", "44739 columns of that many rows: lower n_features, or give fewer rows at a time", 6000},
	} {
		if _, err := pipeline(t, c.steps).Fit(bg, in.Slice(0, c.rows)); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s of %d rows: error %v, want %q", c.steps, c.rows, err, c.message)
		}
	}
}
