package training

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
	"mlops/runner/table"
)

func cfgOf(t testing.TB, yaml string) *config.Config {
	t.Helper()
	c, err := config.Parse("conf.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sequence(n int, f func(i int) float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

func TestDetect(t *testing.T) {
	mod := func(rows, distinct int) *table.Column {
		return table.NewFloat64("y", sequence(rows, func(i int) float64 { return float64(i % distinct) }), nil)
	}
	cases := []struct {
		name   string
		target *table.Column
		want   ProblemType
	}{
		{"two texts", table.NewString("y", []string{"a", "b", "a"}, nil), Binary},
		{"three texts", table.NewString("y", []string{"a", "b", "c"}, nil), Multiclass},
		{"truth values", table.NewBool("y", []bool{true, false}, nil), Binary},
		{"two numbers", mod(100, 2), Binary},
		{"20 distinct of 21", mod(21, 20), Multiclass},
		{"21 distinct of 21", mod(21, 21), Regression},
		{"21 distinct of 420, exactly 5 %", mod(420, 21), Regression},
		{"21 distinct of 421, under 5 %", mod(421, 21), Multiclass},
		{"nulls do not count", table.NewFloat64("y", sequence(440, func(i int) float64 {
			if i >= 420 {
				return math.NaN()
			}
			return float64(i % 21)
		}), nil), Regression},
		{"whole numbers", table.NewInt64("y", []int64{1, 2, 3, 1}, nil), Multiclass},
	}
	for _, c := range cases {
		if got := Detect(c.target); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestClassesKeepTheirLabelsAndOrder(t *testing.T) {
	cases := []struct {
		target *table.Column
		want   []any
	}{
		{table.NewInt64("y", []int64{10, -1, 9}, nil), []any{int64(-1), int64(9), int64(10)}},
		{table.NewFloat64("y", []float64{1, 0.5, math.NaN(), math.Copysign(0, -1), 0}, nil), []any{0.0, 0.5, 1.0}},
		{table.NewString("y", []string{"no", "Yes", "", "10", "9"}, []bool{false, false, true, false, false}), []any{"10", "9", "Yes", "no"}},
		{table.NewBool("y", []bool{true, false}, nil), []any{false, true}},
		{table.NewTime("y", []int64{1e9, 0}, nil), []any{"1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"}},
	}
	for _, c := range cases {
		var got []any
		for _, l := range distinctOf(c.target, maxClasses).labels {
			got = append(got, l.Value())
			data, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := ParseLabel(l.Kind(), data); err != nil || back != l {
				t.Errorf("%s comes back as %v, %v", data, back, err)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
	for _, c := range []struct {
		kind table.Kind
		data string
	}{{table.Int64, "1.5"}, {table.Int64, `"1"`}, {table.Bool, "1"}, {table.String, "1"}, {table.String, "null"}, {table.Time, `"noon"`}, {0, "1"}} {
		if l, err := ParseLabel(c.kind, []byte(c.data)); err == nil {
			t.Errorf("%s was read as the %s label %v", c.data, c.kind, l)
		}
	}
}

func TestTargets(t *testing.T) {
	words := func(values ...string) *table.Column { return table.NewString("y", values, nil) }
	cases := []struct {
		name, yaml string
		target     *table.Column
		problem    ProblemType
		message    string // of the error, or else of a warning
	}{
		{"classes", "", words("a", "b"), Binary, ""},
		{"holes", "", table.NewString("y", []string{"a", "", "b"}, []bool{false, true, false}), Binary, "1 of 3 rows have no target"},
		{"forced classes", "training: {problem_type: classification}", table.NewFloat64("y", sequence(30, func(i int) float64 { return float64(i) }), nil), Multiclass, ""},
		{"forced numbers", "training: {problem_type: regression}", table.NewInt64("y", []int64{0, 1}, nil), Regression, ""},
		{"forced truth values", "training: {problem_type: regression}", table.NewBool("y", []bool{false, true}, nil), Regression, ""},
		{"fractions", "", table.NewFloat64("y", []float64{0.5, 1, 2}, nil), Multiclass, "set training.problem_type to regression"},
		{"constant", "", words("a", "a"), "", `the target is constant: every row holds "a"`},
		{"constant besides holes", "", table.NewString("y", []string{"a", ""}, []bool{false, true}), "", "constant"},
		{"all missing", "", table.NewFloat64("y", []float64{math.NaN(), math.NaN()}, nil), "", "no value in any of the 2 rows"},
		{"no rows", "", words(), "", "no rows"},
		{"infinite", "", table.NewFloat64("y", []float64{1, math.Inf(1)}, nil), "", "infinite"},
		{"infinite after holes", "", table.NewFloat64("y", []float64{1, math.NaN(), math.Inf(-1)}, nil), "", `row 3, column "y": the target is infinite`},
		{"immense", "training: {problem_type: regression}", table.NewFloat64("y", []float64{1, 1e300}, nil), "", `row 2, column "y": the target 1e+300 is beyond`},
		{"too many whole numbers", "training: {problem_type: classification}", table.NewFloat64("y", sequence(10_001, func(i int) float64 { return float64(i) }), nil), "", "or set training.problem_type to regression"},
		{"text as numbers", "training: {problem_type: regression}", words("a", "b"), "", "holds text, which a regression cannot predict"},
		{"times as numbers", "training: {problem_type: regression}", table.NewTime("y", []int64{1, 2}, nil), "", "holds times"},
		{"too many classes", "", table.NewString("y", manyWords(10_001), nil), "", "more than the 10000 classes that can be told apart; name another target"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, warnings, err := newGoal(c.target, cfgOf(t, c.yaml).Training.ProblemType)
			if c.problem == "" {
				var fault *DataError
				if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.message) {
					t.Errorf("error %v, want a *DataError with %q", err, c.message)
				}
				return
			}
			if err != nil || g.problem != c.problem {
				t.Fatalf("problem %v, error %v", g, err)
			}
			if joined := strings.Join(warnings, "\n"); !strings.Contains(joined, c.message) || c.message == "" && joined != "" {
				t.Errorf("warnings %q, want %q", joined, c.message)
			}
		})
	}
}

func manyWords(n int) []string {
	words := make([]string, n)
	for i := range words {
		words[i] = "w" + strconv.Itoa(i)
	}
	return words
}

func TestFindColumns(t *testing.T) {
	tab, err := table.New(table.NewInt64("age", []int64{1}, nil), table.NewInt64("price", []int64{1}, nil), table.NewInt64("w", []int64{1}, nil))
	if err != nil {
		t.Fatal(err)
	}
	plain := cfgOf(t, "")
	weighted := cfgOf(t, "training: {sample_weight_column: w}")
	if c, err := findColumns(tab, "", plain); err != nil || c.target.Name() != "w" || !slices.Equal(c.features.Names(), []string{"age", "price"}) {
		t.Errorf("without a name: %v, %v", c, err)
	}
	if c, err := findColumns(tab, "", weighted); err != nil || c.target.Name() != "price" || c.weight.Name() != "w" || !slices.Equal(c.features.Names(), []string{"age"}) {
		t.Errorf("the last column has a role of its own: %v, %v", c, err)
	}
	if c, err := findColumns(tab, "age", plain); err != nil || c.target.Name() != "age" {
		t.Errorf("by name: %v, %v", c, err)
	}
	var missing *table.MissingColumnError
	if _, err := findColumns(tab, "prize", plain); !errors.As(err, &missing) || !strings.Contains(err.Error(), `did you mean "price"`) {
		t.Errorf("unknown: %v", err)
	}
	var fault *DataError
	for want, tab := range map[string]*table.Table{
		"only column":    tab.Drop("age", "w"),
		"no columns":     tab.Drop("age", "price", "w"),
		"needs at least": tab.Drop("age"),
		"none is left":   tab.Drop("age", "price"),
	} {
		cfg := plain
		if tab.Has("w") {
			cfg = weighted
		}
		if _, err := findColumns(tab, "", cfg); !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	var wrong *config.Error
	for yaml, want := range map[string]string{
		"group_column: aged":                           `conf.yaml:1:12: training.group_column: no column "aged"; did you mean "age"?`,
		"sample_weight_column: price":                  `training.sample_weight_column: the column "price" is the target already`,
		"sample_weight_column: w, group_column: w":     `training.sample_weight_column: the column "w" is the group already`,
		"init_score_column: [age, age]":                `training.init_score_column: the column "age" is an initial score already`,
		"init_score_column: [w, age], group_column: w": `training.init_score_column: the column "w" is the group already`,
	} {
		if _, err := findColumns(tab, "price", cfgOf(t, "training: {"+yaml+"}")); !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", yaml, err, want)
		}
	}
}
