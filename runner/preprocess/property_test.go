package preprocess

import (
	"errors"
	"fmt"
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
			words := rapid.SampledFrom([]string{"", "a", "b", "é", "a\n", `"`, "10", "9", "missing"})
			columns = append(columns, table.NewString(name, rapid.SliceOfN(words, rows, rows).Draw(t, "texts"), nulls))
		}
	}
	out, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func anySteps(t *rapid.T) config.Preprocessing {
	cfg := config.Preprocessing{Steps: []config.Step{}}
	for range rapid.IntRange(0, 4).Draw(t, "steps") {
		step := config.Step{Type: rapid.SampledFrom(Known()).Draw(t, "step"), Params: map[string]any{}}
		switch step.Type {
		case "missing_values":
			step.Params["strategy"] = rapid.SampledFrom([]string{"drop", "mean", "median", "mode", "constant"}).Draw(t, "strategy")
		case "categorical_encoder":
			step.Params["handle_unknown"] = rapid.SampledFrom([]string{"use_first", "ignore", "error"}).Draw(t, "policy")
		}
		cfg.Steps = append(cfg.Steps, step)
	}
	return cfg
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

func TestFittedPipelineKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 12).Draw(t, "rows")
		in := anyTable(t, rows)
		p, err := New(anySteps(t))
		if err != nil {
			t.Fatal(err)
		}
		fitted, out, kept, err := p.FitTransform(bg, in)
		if err != nil {
			return // a table without usable rows; the fit must only not panic
		}
		again, rowsAgain, err := fitted.Transform(bg, in)
		if err != nil || !slices.Equal(kept, rowsAgain) {
			t.Fatalf("rows %v and %v, %v", kept, rowsAgain, err)
		}
		bitEqual(t, "fit and transform", out, again)
		whole, err := fitted.TransformForInference(bg, in)
		if err != nil {
			var policy *UnknownCategoryError
			if errors.As(err, &policy) { // a filled cell, or one of a dropped row
				return
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
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 1)).Perm(rows)
		shuffled, err := p.Fit(bg, in.Take(order))
		if err != nil {
			t.Fatal(err)
		}
		a, _ := fitted.MarshalJSON()
		b, _ := shuffled.MarshalJSON()
		if string(a) != string(b) {
			t.Fatalf("the order of rows matters:\n%s\n%s", a, b)
		}
	})
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

// Every step on its own must also take any other table without a panic: all
// rows come back, or an error.
func TestTransformNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := New(anySteps(t))
		if err != nil {
			t.Fatal(err)
		}
		fitted, err := p.EncodeText().Fit(bg, anyTable(t, 6))
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
		if got, _ := exactSum(c.values, itself); got != c.want {
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
		got, count := exactSum(values, itself)
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
	for _, steps := range []string{"[]", "[missing_values, categorical_encoder, feature_scaler]", "[{type: categorical_encoder, params: {columns: [n]}}]", "[{type: missing_values, params: {strategy: mode}}]"} {
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
