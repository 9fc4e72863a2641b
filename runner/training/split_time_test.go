package training

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/runner/config"
	"mlops/runner/table"
)

// timedGoal is a regression whose rows have the given times.
func timedGoal(t rapid.TB, times []float64, groups []int32) *goal {
	t.Helper()
	g := &goal{problem: Regression, values: make([]float64, len(times)), groups: groups}
	if err := g.readTimes(table.NewFloat64("at", times, nil)); err != nil {
		t.Fatal(err)
	}
	return g
}

// The folds of scikit-learn 1.7's TimeSeriesSplit(k).split(range(n)): rows that are
// learnt from, from the first on, and rows that are judged.
func TestFoldsByTimeAreThoseOfScikitLearn(t *testing.T) {
	for _, test := range []struct {
		n, k int
		want [][2]int
	}{
		{10, 3, [][2]int{{4, 2}, {6, 2}, {8, 2}}},
		{6, 5, [][2]int{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}}},
		{17, 4, [][2]int{{5, 3}, {8, 3}, {11, 3}, {14, 3}}},
		{100, 2, [][2]int{{34, 33}, {67, 33}}},
	} {
		t.Run(fmt.Sprintf("%d rows, %d folds", test.n, test.k), func(t *testing.T) {
			times := make([]float64, test.n) // the newest row first
			for i := range times {
				times[i] = float64(-i)
			}
			g := timedGoal(t, times, nil)
			fold, err := foldTimes(g, allOf(g), test.k)
			if err != nil {
				t.Fatal(err)
			}
			got := make([][2]int, test.k)
			for f := range got {
				for i, at := range fold {
					switch {
					case at == f:
						got[f][1]++
						if i >= test.n-got[f][0] {
							t.Errorf("fold %d judges row %d", f, i)
						}
					case g.trainsFold(at, f):
						got[f][0]++
					}
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func allOf(g *goal) []int {
	all := make([]int, g.size())
	for i := range all {
		all[i] = i
	}
	return all
}

// Whatever the ties and groups: no row is learnt from that is as late as one that is
// judged by it, no group is divided, and every fold judges something.
func TestTimesAreNeverMixed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Float64Range(0, 9), 2, 60).Draw(t, "times")
		for i := range times {
			times[i] = math.Floor(times[i])
		}
		var groups []int32
		if rapid.Bool().Draw(t, "grouped") {
			groups = rapid.SliceOfN(rapid.Int32Range(0, 7), len(times), len(times)).Draw(t, "groups")
		}
		g := timedGoal(t, times, groups)
		check := func(learnt, judged []int) {
			for _, a := range learnt {
				for _, b := range judged {
					if groups == nil && times[a] >= times[b] {
						t.Fatalf("row %d of time %v is learnt from, row %d of time %v judged", a, times[a], b, times[b])
					}
					if groups != nil && groups[a] == groups[b] {
						t.Fatalf("rows %d and %d of group %d are divided", a, b, groups[a])
					}
				}
			}
		}
		held := rapid.IntRange(1, len(times)-1).Draw(t, "held")
		learnt, judged := divideTimes(g, allOf(g), held)
		check(learnt, judged)
		if len(learnt)+len(judged) != len(times) || len(learnt) == 0 {
			t.Fatalf("%d rows are learnt from and %d judged of %d", len(learnt), len(judged), len(times))
		}
		distinct := len(slices.Compact(slices.Sorted(slices.Values(g.moments))))
		if (distinct > 1) != (len(judged) > 0) {
			t.Fatalf("%d different times, and %d rows are judged", distinct, len(judged))
		}
		k := rapid.IntRange(2, 6).Draw(t, "folds")
		fold, err := foldTimes(g, allOf(g), k)
		if (err != nil) != (distinct < k+1) {
			t.Fatalf("%d different times for %d folds: %v", distinct, k, err)
		}
		for f := range k {
			if err != nil {
				return
			}
			var learnt, judged []int
			for i, at := range fold {
				if at == f {
					judged = append(judged, i)
				} else if g.trainsFold(at, f) {
					learnt = append(learnt, i)
				}
			}
			if len(judged) == 0 || len(learnt) == 0 {
				t.Fatalf("fold %d judges %d rows by %d", f, len(judged), len(learnt))
			}
			check(learnt, judged)
		}
	})
}

func TestTimesThatCannotBeUsed(t *testing.T) {
	for _, test := range []struct {
		name, yaml string
		time       *table.Column
		want       string
	}{
		{"text", "", table.NewString("at", strings.Fields("a b c d e f g h"), nil), `column "at": the column of times holds text; it must hold times`},
		{"a missing time", "", table.NewInt64("at", []int64{1, 2, 3, 4, 5, 6, 7, 8}, []bool{2: true, 7: false}), `row 3, column "at": the row has no time`},
		{"one time", "", table.NewInt64("at", []int64{5, 5, 5, 5, 5, 5, 5, 5}, nil), `column "at": all rows have the same time`},
		{"too few for the folds", ", cv_folds: 5", table.NewInt64("at", []int64{1, 1, 2, 2, 3, 3, 4, 4}, nil), "3 different times, too few for 5 cross-validation folds by time, which take 6; give more rows, or set training.cv_folds to at most 2"},
		{"one class early", ", test_size: 4", table.NewInt64("at", []int64{1, 5, 2, 6, 3, 7, 4, 8}, nil), `the 4 earliest rows, to train on, are all of class "no"`},
		{"no such column", "", table.NewInt64("when", make([]int64, 8), nil), `training.time_column: no column "at"; the table has`},
	} {
		t.Run(test.name, func(t *testing.T) {
			tab, err := table.New(
				table.NewFloat64("x", []float64{1, 2, 3, 4, 5, 6, 7, 8}, nil), test.time,
				table.NewString("y", strings.Fields("no yes no yes no yes no yes"), nil))
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Parse("test.yaml", []byte("training: {time_column: at"+test.yaml+"}"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Train(t.Context(), Request{Table: tab, Target: "y", Config: cfg})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
			var data *DataError
			var settings *config.Error
			if !errors.As(err, &data) && !errors.As(err, &settings) {
				t.Errorf("the error is a %T", err)
			}
		})
	}
}

// What depends on time alone is honestly judged only by time.
func TestTheLatestRowsValidate(t *testing.T) {
	const rows = 200
	x, at, y := make([]float64, rows), make([]int64, rows), make([]float64, rows)
	for i := range rows {
		at[i] = int64((i * 37) % rows)
		x[i] = float64(at[i])
		y[i] = float64(at[i])
	}
	tab, err := table.New(table.NewFloat64("x", x, nil), table.NewTime("at", at, nil), table.NewFloat64("y", y, nil))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("test.yaml", []byte("training: {time_column: at, problem_type: regression, cv_folds: 3}"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := Train(t.Context(), Request{Table: tab, Target: "y", Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if out.ValidationRows != 40 || out.TrainRows != 160 {
		t.Errorf("%d rows trained on and %d validated", out.TrainRows, out.ValidationRows)
	}
	for i := range out.Sample.Features.NumRows() {
		if v := out.Sample.Features.Column("x").Floats()[i]; v < 160 {
			t.Errorf("a row of time %v validates", v)
		}
	}
	if slices.Contains(out.Features, "at") {
		t.Errorf("features %v", out.Features)
	}
	if out.Metrics["r2_score"] > 0 || out.Metrics["cv_mean"] > 0 {
		t.Errorf("trees cannot know of later values, yet r2_score is %v and cv_mean %v", out.Metrics["r2_score"], out.Metrics["cv_mean"])
	}
}
