package preprocess

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/config"
	"mlops/runner/table"
)

// anyTable draws a table of every kind of column with holes.
func anyTable(t *rapid.T, rows int) *table.Table {
	var columns []*table.Column
	for i := range rapid.IntRange(1, 5).Draw(t, "columns") {
		name := fmt.Sprintf("c%d", i)
		nulls := rapid.SliceOfN(rapid.SampledFrom([]bool{false, false, false, true}), rows, rows).Draw(t, "nulls")
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			odd := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1e149, -1e149, 5e-324, 1e-200})
			values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e6, 1e6), odd), rows, rows).Draw(t, "floats")
			columns = append(columns, table.NewFloat64(name, values, nulls))
		case 1:
			columns = append(columns, table.NewInt64(name, rapid.SliceOfN(rapid.Int64Range(-5, 5), rows, rows).Draw(t, "ints"), nulls))
		case 2:
			columns = append(columns, table.NewBool(name, rapid.SliceOfN(rapid.Bool(), rows, rows).Draw(t, "bools"), nulls))
		case 3:
			columns = append(columns, table.NewTime(name, rapid.SliceOfN(rapid.Int64(), rows, rows).Draw(t, "times"), nulls))
		default:
			words := rapid.SampledFrom([]string{"", "a", "b", "é", "a\n", `"`, "10", "9", "missing", "2024-02-29", "a b a", "Ünï a"})
			columns = append(columns, table.NewString(name, rapid.SliceOfN(words, rows, rows).Draw(t, "texts"), nulls))
		}
	}
	out, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// drawn draws the parameters of each step for a table: mostly such as fit it.
var drawn = map[string]func(t *rapid.T, in *table.Table) map[string]any{
	"missing_values": func(t *rapid.T, in *table.Table) map[string]any {
		strategies := rapid.SampledFrom([]string{"drop", "mean", "median", "mode", "constant"})
		p := map[string]any{"strategy": strategies.Draw(t, "strategy")}
		if rapid.Bool().Draw(t, "own strategies") {
			p["strategies"] = map[string]string{someColumn(t, in): strategies.Draw(t, "own strategy")}
			p["add_indicator"] = rapid.Bool().Draw(t, "indicator")
		}
		return p
	},
	"categorical_encoder": func(t *rapid.T, in *table.Table) map[string]any {
		p := map[string]any{"method": rapid.SampledFrom([]string{"label", "ordinal", "one_hot", "frequency", "target"}).Draw(t, "method")}
		method := p["method"].(string)
		p["handle_unknown"] = rapid.SampledFrom(encoderPolicies[method]).Draw(t, "policy")
		switch method {
		case "ordinal":
			p["categories"] = map[string]any{columnWith(t, in, true): []any{"missing", "9", "10", "", "a", "b", "é", "a\n", `"`, "2024-02-29", "a b a", "Ünï a"}}
			return p
		case "one_hot":
			p["drop"] = rapid.SampledFrom([]string{"none", "first", "if_binary"}).Draw(t, "drop")
			if rapid.Bool().Draw(t, "rare") {
				p["min_frequency"] = rapid.SampledFrom([]float64{0.2, 1, 2}).Draw(t, "min_frequency")
				p["max_categories"] = rapid.IntRange(1, 4).Draw(t, "max_categories")
			}
		case "target":
			p["smooth"] = rapid.SampledFrom([]any{"auto", 0.0, 3.5}).Draw(t, "smooth")
			p["cv"] = rapid.IntRange(2, 5).Draw(t, "cv")
			p["shuffle"] = rapid.Bool().Draw(t, "shuffle")
		}
		if rapid.Bool().Draw(t, "named") {
			p["columns"] = []string{someColumn(t, in)}
		}
		return p
	},
	"feature_scaler": func(t *rapid.T, in *table.Table) map[string]any {
		p := map[string]any{"method": rapid.SampledFrom([]string{"standard", "min_max", "robust", "max_abs", "quantile"}).Draw(t, "method")}
		switch p["method"] {
		case "min_max":
			p["clip"] = rapid.Bool().Draw(t, "clip")
			p["feature_range"] = []float64{-1, 3}
		case "quantile":
			p["n_quantiles"] = rapid.IntRange(2, 20).Draw(t, "n_quantiles")
			p["output_distribution"] = rapid.SampledFrom([]string{"uniform", "normal"}).Draw(t, "output")
		}
		return p
	},
	"outlier_clip": func(t *rapid.T, in *table.Table) map[string]any {
		p := map[string]any{"method": rapid.SampledFrom([]string{"iqr", "zscore", "quantile", "fixed"}).Draw(t, "method")}
		if p["method"] == "fixed" {
			p["upper"] = 2.0
		}
		return p
	},
	"date_parts": func(t *rapid.T, in *table.Table) map[string]any {
		return map[string]any{"columns": []string{columnWith(t, in, false)}, "parts": partNames(), "keep_original": rapid.Bool().Draw(t, "keep")}
	},
	"select": drawnSelection,
	"drop":   drawnSelection,
	"rename": func(t *rapid.T, in *table.Table) map[string]any {
		return map[string]any{"columns": map[string]string{someColumn(t, in): rapid.SampledFrom([]string{"c0", "c1", "new"}).Draw(t, "name")}}
	},
	"cast": func(t *rapid.T, in *table.Table) map[string]any {
		return map[string]any{
			"columns": map[string]string{someColumn(t, in): rapid.SampledFrom([]string{"float64", "int64", "bool", "string", "time"}).Draw(t, "kind")},
			"errors":  rapid.SampledFrom([]string{"raise", "coerce"}).Draw(t, "errors"),
		}
	},
	"derive": func(t *rapid.T, in *table.Table) map[string]any {
		a, b := columnWith(t, in, false), columnWith(t, in, false)
		source := rapid.SampledFrom([]string{"A + B", "A / B", "log(A)", "A > B ? A : -B", "A >= 0 and B < 1", "mod(A, B) ** 2", "max(A, B, 3)"}).Draw(t, "source")
		return map[string]any{
			"columns":        map[string]string{rapid.SampledFrom([]string{"c0", "d"}).Draw(t, "name"): strings.NewReplacer("A", a, "B", b).Replace(source)},
			"handle_invalid": rapid.SampledFrom([]string{"ignore", "ignore", "error"}).Draw(t, "invalid"),
		}
	},
	"text_tfidf": func(t *rapid.T, in *table.Table) map[string]any {
		p := map[string]any{
			"columns": []string{columnWith(t, in, true)}, "ngram_range": rapid.SampledFrom([][]int{{1, 1}, {1, 2}, {2, 2}}).Draw(t, "ngrams"),
			"token_pattern": rapid.SampledFrom([]string{`\w+`, `(?u)\b\w\w+\b`, `\S`}).Draw(t, "pattern"),
			"norm":          rapid.SampledFrom([]string{"l1", "l2", "none"}).Draw(t, "norm"),
			"use_idf":       rapid.Bool().Draw(t, "idf"), "smooth_idf": rapid.Bool().Draw(t, "smooth"), "sublinear_tf": rapid.Bool().Draw(t, "sublinear"),
		}
		switch rapid.IntRange(0, 2).Draw(t, "vocabulary") {
		case 0:
			p["hashing"], p["n_features"] = true, 3
		case 1:
			p["max_features"] = 2
		}
		return p
	},
}

func drawnSelection(t *rapid.T, in *table.Table) map[string]any {
	if rapid.Bool().Draw(t, "rows") {
		return map[string]any{"where": columnWith(t, in, false) + " > 0"}
	}
	return map[string]any{"columns": slices.Compact([]string{someColumn(t, in), someColumn(t, in)})}
}

func someColumn(t *rapid.T, in *table.Table) string {
	return rapid.SampledFrom(in.Names()).Draw(t, "column")
}

// columnWith draws a column of text or of numbers, or any where there is none.
func columnWith(t *rapid.T, in *table.Table, text bool) string {
	var names []string
	for _, c := range in.Columns() {
		if (c.Kind() == table.String) == text {
			names = append(names, c.Name())
		}
	}
	if names == nil {
		names = in.Names()
	}
	return rapid.SampledFrom(names).Draw(t, "column")
}

// TestEveryStepIsDrawn keeps a new step from being forgotten here.
func TestEveryStepIsDrawn(t *testing.T) {
	for _, kind := range Known() {
		if drawn[kind] == nil && !strings.HasPrefix(kind, "example_") {
			t.Errorf("the step %s has no drawn parameters, so the properties are not tested for it", kind)
		}
	}
}

func drawStep(t *rapid.T, kind string, in *table.Table) config.Step {
	return config.Step{Type: kind, Params: drawn[kind](t, in)}
}

// stepsAround draws a pipeline with a step of that kind in it.
func stepsAround(t *rapid.T, kind string, in *table.Table) config.Preprocessing {
	kinds := slices.Sorted(maps.Keys(drawn))
	cfg := config.Preprocessing{Steps: []config.Step{}}
	for range rapid.IntRange(0, 2).Draw(t, "before") {
		cfg.Steps = append(cfg.Steps, drawStep(t, rapid.SampledFrom(kinds).Draw(t, "step"), in))
	}
	cfg.Steps = append(cfg.Steps, drawStep(t, kind, in))
	for range rapid.IntRange(0, 2).Draw(t, "after") {
		cfg.Steps = append(cfg.Steps, drawStep(t, rapid.SampledFrom(kinds).Draw(t, "step"), in))
	}
	return cfg
}

// anyTarget draws classes or values.
func anyTarget(t *rapid.T, rows int) Target {
	if rapid.Bool().Draw(t, "regression") {
		return Target{Name: "y", Values: rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), rows, rows).Draw(t, "target")}
	}
	names := rapid.SampledFrom([][]string{{"no", "yes"}, {"p", "q", "r"}}).Draw(t, "classes")
	return Target{Name: "y", ClassNames: names, Classes: rapid.SliceOfN(rapid.IntRange(0, len(names)-1), rows, rows).Draw(t, "target")}
}

// bitEqual compares tables cell by cell; a NaN equals a NaN.
func bitEqual(t *rapid.T, what string, a, b *table.Table) {
	if !slices.Equal(a.Names(), b.Names()) || a.NumRows() != b.NumRows() {
		t.Fatalf("%s: %v of %d rows, %v of %d rows", what, a.Names(), a.NumRows(), b.Names(), b.NumRows())
	}
	for i, c := range a.Columns() {
		d := b.Columns()[i]
		for row := range c.Len() {
			same := c.Kind() == d.Kind() && c.IsNull(row) == d.IsNull(row)
			if same && !c.IsNull(row) {
				if c.Kind() == table.Float64 {
					same = math.Float64bits(c.Floats()[row]) == math.Float64bits(d.Floats()[row])
				} else {
					same = c.Text(row) == d.Text(row)
				}
			}
			if !same {
				t.Fatalf("%s: column %q, row %d: %s and %s", what, c.Name(), row+1, c.Text(row), d.Text(row))
			}
		}
	}
}

// Whatever the table, a step does not panic; what it has learnt does not depend
// on the order of rows and survives saving; and chunks give what the whole gives.
func TestEveryStepKeepsItsPromises(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(drawn)) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			fits := 0
			rapid.Check(t, func(t *rapid.T) {
				in := anyTable(t, rapid.IntRange(1, 12).Draw(t, "rows"))
				if keepsPromises(t, stepsAround(t, kind, in), in) {
					fits++
				}
			})
			if fits == 0 {
				t.Error("none of the drawn pipelines could be fitted, so nothing was tested")
			}
		})
	}
}

func keepsPromises(t *rapid.T, cfg config.Preprocessing, in *table.Table) bool {
	rows := in.NumRows()
	p, err := New(cfg)
	if err != nil {
		return false // parameters that do not fit each other; it must only not panic
	}
	target := anyTarget(t, rows)
	fitted, out, kept, err := p.FitTransformTarget(bg, in, target)
	if err != nil {
		return false // a table without usable rows, or a column of another kind
	}
	outOfFold := slices.IndexFunc(cfg.Steps, func(s config.Step) bool { return s.Params["method"] == "target" })
	if outOfFold < 0 {
		again, rowsAgain, err := fitted.Transform(bg, in)
		if err != nil || !slices.Equal(kept, rowsAgain) {
			t.Fatalf("rows %v and %v, %v", kept, rowsAgain, err)
		}
		bitEqual(t, "fit and transform", out, again)
	}
	whole, err := fitted.TransformForInference(bg, in)
	if err != nil {
		var policy *UnknownCategoryError
		var cell *ColumnError
		if errors.As(err, &policy) || errors.As(err, &cell) { // a filled cell, or one of a dropped row
			return true
		}
		t.Fatal(err)
	}
	if whole.NumRows() != rows {
		t.Fatalf("%d rows of %d at inference", whole.NumRows(), rows)
	}
	savedAndLoaded(t, fitted, in, whole)
	cut := rapid.IntRange(0, rows).Draw(t, "cut")
	for _, part := range [][2]int{{0, cut}, {cut, rows}} {
		chunk, err := fitted.TransformForInference(bg, in.Slice(part[0], part[1]))
		if err != nil {
			t.Fatal(err)
		}
		bitEqual(t, "chunk and whole", chunk, whole.Slice(part[0], part[1]))
	}
	if outOfFold >= 0 && outOfFold < len(cfg.Steps)-1 {
		return true // later steps are fitted on the folds' values, which depend on the order
	}
	order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 1)).Perm(rows)
	shuffled, _, _, err := p.FitTransformTarget(bg, in.Take(order), target.Take(order))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := fitted.MarshalJSON()
	b, _ := shuffled.MarshalJSON()
	if string(a) != string(b) {
		t.Fatalf("the order of rows matters:\n%s\n%s", a, b)
	}
	return true
}

func savedAndLoaded(t *rapid.T, fitted *Fitted, in, want *table.Table) {
	data, err := fitted.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadFitted(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	got, err := loaded.TransformForInference(bg, in)
	if err != nil {
		t.Fatal(err)
	}
	bitEqual(t, "saved and loaded", got, want)
	if !slices.Equal(loaded.Categorical(), fitted.Categorical()) || !slices.Equal(loaded.Outputs(), fitted.Outputs()) {
		t.Fatalf("columns differ after loading: %s", data)
	}
	again, err := loaded.MarshalJSON()
	if err != nil || string(again) != string(data) {
		t.Fatalf("saved twice differs: %s\n%s", data, again)
	}
}

// Every fitted pipeline must also take any other table without a panic: all rows
// come back, or an error.
func TestTransformNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyTable(t, 6)
		p, err := New(stepsAround(t, rapid.SampledFrom(slices.Sorted(maps.Keys(drawn))).Draw(t, "kind"), in))
		if err != nil {
			return
		}
		fitted, _, _, err := p.EncodeText().FitTransformTarget(bg, in, anyTarget(t, 6))
		if err != nil {
			return
		}
		other := anyTable(t, 3)
		out, err := fitted.TransformForInference(bg, other)
		if err == nil && out.NumRows() != 3 {
			t.Fatalf("%d rows of 3", out.NumRows())
		}
	})
}

func TestExactSum(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{1e100, 1, -1e100}, 1},
		{[]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 1},
		{[]float64{1, 1e-16, 1e-16}, 1.0000000000000002}, // Python: math.fsum
		{[]float64{math.MaxFloat64 / 4, 1, -math.MaxFloat64 / 4}, 1},
	} {
		if got, _ := exactSum(c.values, itself[float64]); got != c.want {
			t.Errorf("sum of %v is %v, want %v", c.values, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64Range(-1e300, 1e300), rapid.Float64Range(-1e-300, 1e-300), rapid.Float64Range(-1, 1),
			rapid.SampledFrom([]float64{0, math.MaxFloat64, -math.MaxFloat64, 5e-324, math.NaN()}))
		values := rapid.SliceOfN(number, 0, 30).Draw(t, "values")
		exact, numbers := new(big.Float).SetPrec(2200), 0
		for _, v := range values {
			if !math.IsNaN(v) {
				exact.Add(exact, new(big.Float).SetFloat64(v))
				numbers++
			}
		}
		want, _ := exact.Float64()
		got, count := exactSum(values, itself[float64])
		if math.Float64bits(got) != math.Float64bits(want+0) || count != numbers {
			t.Fatalf("sum of %d values is %v, want %v of %d", count, got, want, numbers)
		}
	})
}

func TestMedianIsTheSortedMiddle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, 2})), 1, 40).Draw(t, "values")
		sorted := slices.Sorted(slices.Values(values))
		want := sorted[len(sorted)/2]
		if len(sorted)%2 == 0 {
			low := sorted[len(sorted)/2-1]
			if want = (low + want) / 2; math.IsInf(want, 0) {
				want = low/2 + sorted[len(sorted)/2]/2
			}
		}
		if got := median(values); got != want {
			t.Fatalf("median %v, want %v", got, want)
		}
	})
}

func FuzzLoadFitted(f *testing.F) {
	in := tableOf(f, floats("n", 1, nan, 3), texts("s", "a", "-", "b"))
	target := Target{Name: "y", Values: []float64{1, 2, 3}}
	encoded, _, _, err := pipeline(f, "[{type: categorical_encoder, params: {method: target}}]").FitTransformTarget(bg, in, target)
	if err != nil {
		f.Fatal(err)
	}
	data, err := encoded.MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, steps := range []string{
		"[]", "[missing_values, categorical_encoder, feature_scaler]", "[{type: categorical_encoder, params: {columns: [n]}}]", "[{type: missing_values, params: {strategy: mode, add_indicator: true}}]",
		"[{type: categorical_encoder, params: {method: one_hot, max_categories: 1}}, {type: feature_scaler, params: {method: quantile}}, outlier_clip]",
		"[{type: categorical_encoder, params: {method: ordinal, categories: {s: [b, a]}}}, {type: cast, params: {columns: {n: int64}}}]",
		"[{type: categorical_encoder, params: {method: frequency}}, {type: derive, params: {columns: {q: n * 2 + s}}}, {type: drop, params: {where: n > 5}}]",
		"[{type: text_tfidf, params: {columns: [s], token_pattern: '\\w+'}}, {type: date_parts, params: {columns: [n]}}, {type: rename, params: {columns: {s_a: t}}}]",
		"[{type: text_tfidf, params: {columns: [s], hashing: true, n_features: 2}}, {type: select, params: {columns: [n, s_0]}}]",
	} {
		fitted, err := pipeline(f, steps).Fit(bg, in)
		if err != nil {
			f.Fatal(err)
		}
		data, err := fitted.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fitted, err := LoadFitted(data)
		if err != nil {
			return
		}
		if _, err := fitted.TransformForInference(bg, in); err == nil {
			if _, err := fitted.MarshalJSON(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestLoadFittedIsStrict(t *testing.T) {
	fitted, _, _ := fit(t, pipeline(t, "[missing_values, categorical_encoder, feature_scaler]"), tableOf(t, floats("n", 1, 2), texts("s", "a", "b")))
	data, err := fitted.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, message string }{
		{`"version":1`, `"version":2`, "version 2 is not known"},
		{`"version":1`, `"version":1,"extra":1`, "unknown field"},
		{`"feature_scaler"`, `"magic"`, "no such step"},
		{`"kind":"float64"`, `"kind":"complex"`, "unknown column type"},
		{`"name":"n","kind"`, `"name":"s","kind"`, "given twice"},
		{`"scale":0.5`, `"scale":0`, "above 0"},
		{`"scale":0.5`, `"scale":"x"`, "no number"},
		{`"texts":["a","b"]`, `"texts":["b","a"]`, "sorted order"},
		{`"strategy":"drop"`, `"strategy":"guess"`, "unknown strategy"},
		{`"handle_unknown":"use_first"`, `"handle_unknown":"guess"`, "unknown handle_unknown"},
		{`"categorical":["s"]`, `"categorical":["t"]`, "not among the outputs"},
		{`"outputs":["n","s"]`, `"outputs":[]`, "outputs are missing"},
		{`}`, ``, "JSON"},
	} {
		torn := strings.Replace(string(data), c.old, c.new, 1)
		if torn == string(data) {
			t.Fatalf("%s is not in %s", c.old, data)
		}
		if _, err := LoadFitted([]byte(torn)); err == nil || !strings.Contains(err.Error(), c.message) && c.message != "JSON" {
			t.Errorf("%s for %s: error %v, want %q", c.new, c.old, err, c.message)
		}
	}
	if _, err := LoadFitted(append(data, 'x')); err == nil {
		t.Error("bytes after the state were taken")
	}
}
