package preprocess

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// sklearnCase is a step, a table and the columns that scikit-learn makes of it;
// tools/reference/preprocess.py writes them.
type sklearnCase struct {
	Name  string
	Steps []struct {
		Type   string
		Params map[string]any
	}
	Columns, Other map[string]any
	Want           [][]*float64
	WantOther      [][]*float64 `json:"want_other"`
	Names          []string
	Target         *struct {
		Values     []float64
		Classes    []int
		ClassNames []string `json:"class_names"`
	}
}

type sklearnFile struct {
	Sklearn string
	Cases   []sklearnCase
	Hashes  []struct {
		Text string
		Hash uint32
	}
}

func readSklearn(t *testing.T) sklearnFile {
	t.Helper()
	data, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var out sklearnFile
	if err := strictjson.Decode(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// tableOfJSON makes columns of numbers or of texts; null is missing.
func tableOfJSON(t *testing.T, columns map[string]any) *table.Table {
	t.Helper()
	var out []*table.Column
	for _, name := range []string{"x", "y", "city", "shop", "text"} {
		given, ok := columns[name].([]any)
		if !ok {
			continue
		}
		nulls := make([]bool, len(given))
		numbers, texts := make([]float64, len(given)), make([]string, len(given))
		isText := false
		for i, v := range given {
			switch v := v.(type) {
			case nil:
				nulls[i] = true
			case string:
				texts[i], isText = v, true
			case float64:
				numbers[i] = v
			}
		}
		if isText {
			out = append(out, table.NewString(name, texts, nulls))
		} else {
			out = append(out, table.NewFloat64(name, numbers, nulls))
		}
	}
	return tableOf(t, out...)
}

// roughness is how far a rounding of the last bit of the largest value moves a
// scaled one: numpy adds in another order than we do, who round once.
func roughness(in *table.Table) float64 {
	rough := 1.0
	for _, c := range in.Columns() {
		if values := sortedPresent(c.Floats()); len(values) > 0 {
			largest := max(math.Abs(values[0]), math.Abs(values[len(values)-1]))
			if spread := values[len(values)-1] - values[0]; spread > 0 {
				rough = max(rough, largest/spread)
			}
		}
	}
	return rough
}

func TestFiguresAreThoseOfScikitLearn(t *testing.T) {
	for _, c := range readSklearn(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			cfg := config.Preprocessing{Steps: []config.Step{}}
			for _, s := range c.Steps {
				cfg.Steps = append(cfg.Steps, config.Step{Type: s.Type, Params: s.Params})
			}
			p, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			in := tableOfJSON(t, c.Columns)
			var fitted *Fitted
			var out *table.Table
			if c.Target == nil {
				fitted, out, _ = fit(t, p, in)
			} else if fitted, out, _, err = p.FitTransformTarget(bg, in, Target{
				Name: "target", Values: c.Target.Values, Classes: c.Target.Classes, ClassNames: c.Target.ClassNames,
			}); err != nil {
				t.Fatal(err)
			}
			if c.Names != nil {
				if diff := cmp.Diff(c.Names, out.Names()); diff != "" {
					t.Errorf("columns (-want +got):\n%s", diff)
				}
			}
			tolerance := 1e-12 * roughness(in)
			sameFigures(t, "training", out, c.Want, tolerance)
			if c.Other != nil {
				other, err := fitted.TransformForInference(bg, tableOfJSON(t, c.Other))
				if err != nil {
					t.Fatal(err)
				}
				sameFigures(t, "other rows", other, c.WantOther, tolerance)
			}
		})
	}
}

func sameFigures(t *testing.T, what string, got *table.Table, want [][]*float64, tolerance float64) {
	t.Helper()
	if got.NumColumns() != len(want) {
		t.Fatalf("%s: %d columns (%s), want %d", what, got.NumColumns(), strings.Join(got.Names(), ", "), len(want))
	}
	for i, c := range got.Columns() {
		for row, v := range c.Floats() {
			switch w := want[i][row]; {
			case w == nil && !math.IsNaN(v), w != nil && !(math.Abs(v-*w) <= tolerance*max(1, math.Abs(*w))):
				text, _ := json.Marshal(w)
				t.Errorf("%s: column %q, row %d: %v, want %s", what, c.Name(), row+1, v, text)
			}
		}
	}
}

func TestHashesAreThoseOfScikitLearn(t *testing.T) {
	for _, c := range readSklearn(t).Hashes {
		if got := murmur3(c.Text); got != c.Hash {
			t.Errorf("hash of %q is %d, want %d", c.Text, got, c.Hash)
		}
	}
}
