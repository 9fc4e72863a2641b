package training

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/runner/config"
)

// classGoal is a classification target with the given number of rows a class,
// the classes taking turns.
func classGoal(counts ...int) *goal {
	g := &goal{problem: classification(len(counts))}
	left := slices.Clone(counts)
	for k := range counts {
		g.Classes = append(g.Classes, Label{whole: int64(k)})
	}
	for again := true; again; {
		again = false
		for k := range left {
			if left[k] > 0 {
				left[k]--
				g.classes = append(g.classes, k)
				again = true
			}
		}
	}
	return g
}

func countClasses(g *goal, positions []int) []int {
	counts := make([]int, len(g.Classes))
	for _, p := range positions {
		counts[g.classes[p]]++
	}
	return counts
}

// Sizes of scikit-learn's train_test_split(stratify=y), which rounds the
// validation part up and gives what is left over to the largest remainders (it
// breaks ties by chance). The last case it refuses; here one class goes without
// validation.
func TestSplitSizesAreThoseOfScikitLearn(t *testing.T) {
	cases := []struct {
		size   string
		counts []int
		want   []int // validation rows a class
	}{
		{"0.2", []int{50, 50}, []int{10, 10}},
		{"0.2", []int{90, 10}, []int{18, 2}},
		{"0.25", []int{60, 30, 10}, []int{15, 8, 2}},
		{"0.2", []int{7, 4}, []int{2, 1}},
		{"30", []int{50, 50}, []int{15, 15}},
		{"0.001", []int{50, 50}, []int{1, 0}},
	}
	for _, c := range cases {
		g := classGoal(c.counts...)
		train, validation, _, err := split(g, cfgOf(t, "training: {test_size: "+c.size+"}"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, countClasses(g, validation)); diff != "" {
			t.Errorf("test_size %s of %v (-want +got):\n%s", c.size, c.counts, diff)
		}
		if len(train)+len(validation) != g.size() {
			t.Errorf("%d and %d rows of %d", len(train), len(validation), g.size())
		}
	}
}

func TestSplitIsAPartitionThatTheSeedDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &goal{problem: Regression, values: make([]float64, rapid.IntRange(2, 60).Draw(t, "rows"))}
		if rapid.Bool().Draw(t, "classes") {
			g = classGoal(rapid.SliceOfN(rapid.IntRange(1, 12), 2, 5).Draw(t, "counts")...)
		}
		cfg := config.Default()
		cfg.Training.TestSize = rapid.Float64Range(0.05, 0.5).Draw(t, "test_size")
		train, validation, _, err := split(g, cfg)
		if err != nil {
			return
		}
		all := slices.Sorted(slices.Values(append(slices.Clone(train), validation...)))
		for i, p := range all {
			if p != i {
				t.Fatalf("position %d is lost or doubled: %v and %v", i, train, validation)
			}
		}
		if len(all) != g.size() || len(train) == 0 || len(validation) == 0 {
			t.Fatalf("%d and %d rows of %d", len(train), len(validation), g.size())
		}
		if g.classes != nil && slices.Contains(countClasses(g, train), 0) {
			t.Fatalf("a class is not trained on: %v", countClasses(g, train))
		}
		again, _, _, _ := split(g, cfg)
		if !slices.Equal(train, again) {
			t.Fatal("one seed, two splits")
		}
	})
	g := classGoal(50, 50)
	a, _, _, _ := split(g, cfgOf(t, "training: {random_state: 1}"))
	b, _, _, _ := split(g, cfgOf(t, "training: {random_state: 2}"))
	if slices.Equal(a, b) {
		t.Error("two seeds, one split")
	}
}

func TestSplitErrorsAndWarnings(t *testing.T) {
	var fault *DataError
	if _, _, _, err := split(classGoal(1, 1, 1), config.Default()); !errors.As(err, &fault) || !strings.Contains(err.Error(), "every class of the target has a single row") {
		t.Errorf("only single rows: %v", err)
	}
	if _, _, _, err := split(&goal{problem: Regression, values: []float64{1}}, config.Default()); !errors.As(err, &fault) {
		t.Errorf("one row: %v", err)
	}
	var wrong *config.Error
	if _, _, _, err := split(classGoal(5, 5), cfgOf(t, "training:\n  test_size: 10\n")); !errors.As(err, &wrong) || wrong.Line != 2 {
		t.Errorf("all rows for validation: %v", err)
	}
	_, validation, warnings, err := split(classGoal(9, 1), config.Default())
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "single row") || len(validation) != 2 {
		t.Errorf("a single member: %v, %q, %v", validation, warnings, err)
	}
}

// Sizes of scikit-learn's StratifiedKFold, by fold and class: for
// y = [0]*7+[1]*4 with 3 folds it gives 4, 4 and 3 rows, of class 0 3, 2 and 2.
func TestFoldSizesAreThoseOfScikitLearn(t *testing.T) {
	if diff := cmp.Diff([][]int{{3, 1}, {2, 2}, {2, 1}}, allocate([]int{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}, 2, 3)); diff != "" {
		t.Error(diff)
	}
	// The order of first appearance decides who gets the odd rows.
	if diff := cmp.Diff([][]int{{2, 2}, {3, 1}, {2, 1}}, allocate([]int{1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1}, 2, 3)); diff != "" {
		t.Error(diff)
	}
}

func TestFoldsAreBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &goal{problem: Regression, values: make([]float64, rapid.IntRange(4, 60).Draw(t, "rows"))}
		if rapid.Bool().Draw(t, "classes") {
			g = classGoal(rapid.SliceOfN(rapid.IntRange(4, 15), 2, 4).Draw(t, "counts")...)
		}
		cfg := config.Default()
		cfg.Training.CVFolds = rapid.IntRange(2, 4).Draw(t, "folds")
		train := make([]int, g.size())
		for i := range train {
			train[i] = i
		}
		fold, _, err := folds(g, train, cfg)
		if err != nil {
			t.Fatal(err)
		}
		sizes := make([]int, cfg.Training.CVFolds)
		byClass := map[string]int{}
		for i, f := range fold {
			sizes[f]++
			if g.classes != nil {
				byClass[fmt.Sprint(g.classes[i], " ", f)]++
			}
		}
		if slices.Max(sizes)-slices.Min(sizes) > 1 {
			t.Fatalf("folds of %v rows", sizes)
		}
		for k := range g.Classes {
			counts := make([]int, cfg.Training.CVFolds)
			for f := range counts {
				counts[f] = byClass[fmt.Sprint(k, " ", f)]
			}
			if slices.Max(counts)-slices.Min(counts) > 1 {
				t.Fatalf("class %d has %v rows in the folds", k, counts)
			}
		}
	})
}

func TestFoldErrors(t *testing.T) {
	cfg := config.Default()
	var fault *DataError
	if _, _, err := folds(&goal{problem: Regression, values: make([]float64, 4)}, []int{0, 1, 2, 3}, cfg); !errors.As(err, &fault) || !strings.Contains(err.Error(), "4 rows to train on are fewer than the 5 cross-validation folds") {
		t.Errorf("few rows: %v", err)
	}
	if _, _, err := folds(classGoal(4, 4), []int{0, 1, 2, 3, 4, 5, 6, 7}, cfg); !errors.As(err, &fault) || !strings.Contains(err.Error(), "cannot be stratified") {
		t.Errorf("small classes: %v", err)
	}
	if _, warnings, err := folds(classGoal(6, 2), []int{0, 1, 2, 3, 4, 5, 6, 7}, cfg); err != nil || len(warnings) != 1 {
		t.Errorf("one small class: %q, %v", warnings, err)
	}
}

func TestTooFewRowsForFoldsAreToldBeforeTraining(t *testing.T) {
	rows := func(n int) []int { return make([]int, n) }
	for _, c := range []struct {
		goal  *goal
		train []int
		want  string
	}{
		{&goal{problem: Regression}, rows(10), ""},
		{&goal{problem: Regression}, rows(9), "at least 2 rows in each of the 5 folds, and there are only 9"},
		{&goal{problem: Regression}, rows(4), ""}, // refused by folds
		{classGoal(8, 3), rows(9), ""},
		{classGoal(8, 2), rows(8), "has fewer than 3 rows"},
		{classGoal(8, 1, 1), rows(8), ""}, // a small class among several is only warned of
	} {
		r := &run{cfg: config.Default(), goal: c.goal, train: c.train}
		if got := r.tooFewForFolds(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s with %d rows: %q, want %q", c.goal.problem, len(c.train), got, c.want)
		}
	}
}
