package training

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/runner/table"
)

// drawGoal is a target whose rows belong to groups.
func drawGoal(t *rapid.T) *goal {
	rows := rapid.IntRange(2, 120).Draw(t, "rows")
	g := &goal{problem: Regression, values: make([]float64, rows)}
	groups := make([]int64, rows)
	for i := range groups {
		groups[i] = rapid.Int64Range(0, 15).Draw(t, "group")
	}
	if classes := rapid.IntRange(1, 4).Draw(t, "classes"); classes > 1 {
		g = &goal{problem: classification(classes), classes: make([]int, rows)}
		for k := range classes {
			g.Classes = append(g.Classes, Label{whole: int64(k)})
		}
		for i := range g.classes {
			g.classes[i] = rapid.IntRange(0, classes-1).Draw(t, "class")
		}
	}
	if err := g.readGroups(table.NewInt64("g", groups, nil)); err != nil {
		t.Fatal(err)
	}
	return g
}

func groupsAt(g *goal, positions []int) map[int32]bool {
	groups := map[int32]bool{}
	for _, p := range positions {
		groups[g.groups[p]] = true
	}
	return groups
}

func TestNoGroupIsDivided(t *testing.T) {
	cfg := cfgOf(t, "training: {test_size: 0.3, cv_folds: 3}")
	rapid.Check(t, func(t *rapid.T) {
		g := drawGoal(t)
		train, validation, _, err := split(g, cfg)
		all := make([]int, g.size())
		for i := range all {
			all[i] = i
		}
		if err != nil {
			var fault *DataError
			if !errors.As(err, &fault) {
				t.Fatal(err)
			}
			// Then there is one group, or every group has all rows of some class.
			for _, group := range g.membersOfGroups(all) {
				last := false
				for k, n := range g.strataOf(group) {
					last = last || n == g.strataOf(all)[k]
				}
				if !last {
					t.Fatalf("%v, though a group could be set apart", err)
				}
			}
			return
		}
		both := slices.Concat(train, validation)
		slices.Sort(both)
		if !slices.Equal(both, all) || !slices.IsSorted(train) || !slices.IsSorted(validation) || len(train) == 0 || len(validation) == 0 {
			t.Fatalf("training %v, validation %v", train, validation)
		}
		for group := range groupsAt(g, validation) {
			if groupsAt(g, train)[group] {
				t.Fatalf("group %d is divided", group)
			}
		}
		for k := range g.strataOf(all) {
			if g.strataOf(train)[k] == 0 {
				t.Fatalf("class %d has no row left to train on", k)
			}
		}
		fold, _, err := folds(g, train, cfg)
		if n := len(groupsAt(g, train)); n < 3 {
			if err == nil || !strings.Contains(err.Error(), "to train on are fewer than the 3 cross-validation folds") {
				t.Fatalf("%d groups: %v", n, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		foldOf, size := map[int32]int{}, make([]int, 3)
		for i, p := range train {
			if known, seen := foldOf[g.groups[p]]; seen && known != fold[i] {
				t.Fatalf("group %d is in folds %d and %d", g.groups[p], known, fold[i])
			}
			foldOf[g.groups[p]] = fold[i]
			size[fold[i]]++
		}
		if slices.Min(size) == 0 {
			t.Fatalf("folds of %v rows", size)
		}
		if again, _, _ := folds(g, train, cfg); !slices.Equal(again, fold) {
			t.Fatal("one seed gives two divisions")
		}
	})
}

// With many small groups the parts have nearly the sizes and shares of classes that
// they have without groups.
func TestGroupedPartsKeepSizesAndShares(t *testing.T) {
	const rows = 3000
	g := &goal{Target: Target{Classes: []Label{{whole: 0}, {whole: 1}}}, problem: Binary, classes: make([]int, rows)}
	groups := make([]string, rows)
	for i := range rows {
		groups[i] = string(rune('A'+i%20)) + string(rune('A'+i%17))
		if i%10 == 0 {
			g.classes[i] = 1
		}
	}
	if err := g.readGroups(table.NewString("g", groups, nil)); err != nil {
		t.Fatal(err)
	}
	cfg := cfgOf(t, "training: {test_size: 0.2, cv_folds: 5}")
	train, validation, _, err := split(g, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if counts := countClasses(g, validation); math.Abs(float64(counts[0])-540) > 30 || math.Abs(float64(counts[1])-60) > 10 {
		t.Errorf("validation rows by class: %v, want about 540 and 60", counts)
	}
	fold, _, err := folds(g, train, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ones, size := make([]int, 5), make([]int, 5)
	for i, p := range train {
		size[fold[i]]++
		ones[fold[i]] += g.classes[p]
	}
	if slices.Max(size)-slices.Min(size) > 60 || slices.Max(ones)-slices.Min(ones) > 12 {
		t.Errorf("folds of %v rows with %v of the rarer class", size, ones)
	}
}

// Rows of queries come together in the order in which queries and rows appear.
func TestQueriesAreBroughtTogether(t *testing.T) {
	g := &goal{problem: Ranking, values: []float64{0, 1, 2, 3, 4}, rows: []int{1, 2, 4, 5, 6}}
	query := table.NewString("q", []string{"", "b", "a", "", "b", "c", "a"}, []bool{true, false, false, true, false, false, false})
	if err := g.readGroups(query); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]any{[]int{1, 4, 2, 6, 5}, []float64{0, 2, 1, 4, 3}, []int32{0, 0, 1, 1, 2}}, []any{g.rows, g.values, g.groups}); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int{2, 1}, g.groupSizes([]int{0, 1, 4})); d != "" {
		t.Error(d)
	}
	g = &goal{values: []float64{0, 1}}
	err := g.readGroups(table.NewString("q", []string{"a", ""}, []bool{false, true}))
	if err == nil || err.Error() != `row 2, column "q": the row belongs to no group; fill the cell, or remove its row` {
		t.Error(err)
	}
}

// Figures computed by hand: gains 2^l − 1, discounts 1/log2(i+1).
func TestNDCG(t *testing.T) {
	discount := func(i float64) float64 { return 1 / math.Log2(i+1) }
	best := 7*discount(1) + 3*discount(2) + 1*discount(3)
	cases := []struct {
		name           string
		labels, scores []float64
		groups         []int
		k              int
		want           float64
	}{
		{"best order", []float64{3, 2, 0, 1}, []float64{4, 3, 1, 2}, []int{4}, 0, 1},
		{"worst order", []float64{3, 2, 0, 1}, []float64{1, 2, 4, 3}, []int{4}, 0, (1*discount(2) + 3*discount(3) + 7*discount(4)) / best},
		{"top", []float64{3, 2, 0, 1}, []float64{1, 2, 4, 3}, []int{4}, 2, discount(2) / (7*discount(1) + 3*discount(2))},
		{"ties share", []float64{1, 0}, []float64{5, 5}, []int{2}, 0, (discount(1) + discount(2)) / 2},
		{"ties across the top", []float64{1, 0, 0}, []float64{5, 5, 1}, []int{3}, 1, 0.5},
		{"nothing to gain", []float64{0, 0}, []float64{1, 2}, []int{2}, 0, 1},
		{"mean of queries", []float64{1, 0, 0, 0}, []float64{1, 2, 3, 4}, []int{2, 2}, 0, (discount(2) + 1) / 2},
		{"immense labels", []float64{2000, 0}, []float64{1, 2}, []int{2}, 0, discount(2)},
	}
	for _, c := range cases {
		if got := ndcg(Data{Values: c.labels, Groups: c.groups}, c.scores, c.k); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
