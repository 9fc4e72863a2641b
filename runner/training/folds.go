package training

import (
	"fmt"
	"slices"

	"mlops/runner/config"
)

// folds assigns each training position to a fold; result[i] is the fold of
// train[i]. Classes are spread over the folds as scikit-learn's StratifiedKFold
// with shuffle does; the numbers of a regression as KFold does. Rows of one group
// stay together. Where rows have times, see [foldTimes].
func folds(g *goal, train []int, cfg *config.Config) (fold []int, warnings []string, err error) {
	k := cfg.Training.CVFolds
	if len(train) < k {
		return nil, nil, &DataError{Reason: fmt.Sprintf(
			"%d rows to train on are fewer than the %d cross-validation folds; give more rows, or set training.cv_folds to at most %d (0: none)", len(train), k, len(train))}
	}
	if g.moments != nil {
		fold, err = foldTimes(g, train, k)
		return fold, nil, err
	}
	random := generator(cfg, streamFolds)
	if g.groups != nil {
		fold, err = foldGroups(g, train, k, random)
		return fold, nil, err
	}
	fold = make([]int, len(train))
	if !g.problem.IsClassification() {
		for i, at := range random.Perm(len(train)) {
			fold[at] = i % k
		}
		return fold, nil, nil
	}
	classes := make([]int, len(train))
	for i, position := range train {
		classes[i] = g.classes[position]
	}
	places := make([]int, len(train))
	for i := range places {
		places[i] = i
	}
	members := membersOf(classes, len(g.Classes), places)
	largest, smallest := 0, len(train)
	for _, m := range members {
		if len(m) > 0 {
			largest, smallest = max(largest, len(m)), min(smallest, len(m))
		}
	}
	if largest < k {
		return nil, nil, &DataError{Reason: fmt.Sprintf(
			"no class has as many as %d rows to train on, so %d cross-validation folds cannot be stratified; give more rows, or set training.cv_folds to at most %d (0: none)", k, k, largest)}
	}
	if smallest < k {
		warnings = append(warnings, fmt.Sprintf("the smallest class has fewer rows to train on (%d) than there are cross-validation folds (%d)", smallest, k))
	}
	allocation := allocate(classes, len(g.Classes), k)
	for c, m := range members {
		var assigned []int
		for f := range k {
			assigned = append(assigned, slices.Repeat([]int{f}, allocation[f][c])...)
		}
		random.Shuffle(len(assigned), func(i, j int) { assigned[i], assigned[j] = assigned[j], assigned[i] })
		for i, position := range m {
			fold[position] = assigned[i]
		}
	}
	return fold, warnings, nil
}

// allocate counts the rows of each fold and class: the rows sorted by class, in
// order of the classes' first appearance, are dealt to the folds in turn, which
// keeps both folds and classes balanced (scikit-learn's StratifiedKFold).
func allocate(classes []int, count, k int) [][]int {
	first := make([]int, 0, count)
	size := make([]int, count)
	for _, c := range classes {
		if size[c] == 0 {
			first = append(first, c)
		}
		size[c]++
	}
	out := make([][]int, k)
	for f := range out {
		out[f] = make([]int, count)
	}
	dealt := 0
	for _, c := range first {
		for range size[c] {
			out[dealt%k][c]++
			dealt++
		}
	}
	return out
}
