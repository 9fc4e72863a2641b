package training

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// divideGroups draws whole groups for validation until about held rows are drawn. A
// group is taken, in random order, where that brings the validation part's number of
// rows, for a classification of each class, nearer to its share of them. No class
// loses its last training row. Where no group does, the one that overshoots least is
// taken.
func divideGroups(g *goal, positions []int, held int, random *rand.Rand) (train, validation []int) {
	members := g.membersOfGroups(positions)
	random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	total := g.strataOf(positions)
	share := float64(held) / float64(g.rowsAt(positions))
	have := map[int]int{}
	drawn, took := make([]bool, g.size()), false
	least, leastCost := -1, math.Inf(1)
	take := func(group []int) {
		for k, n := range g.strataOf(group) {
			have[k] += n
		}
		for _, p := range group {
			drawn[p] = true
		}
		took = true
	}
	for i, group := range members {
		counts := g.strataOf(group)
		cost, allowed := 0.0, true
		for _, k := range sortedKeys(counts) {
			n := counts[k]
			allowed = allowed && have[k]+n < total[k]
			before := float64(have[k]) - share*float64(total[k])
			after := before + float64(n)
			cost += (float64(after*after) - float64(before*before)) / float64(total[k])
		}
		switch {
		case !allowed:
		case cost < 0:
			take(group)
		case cost < leastCost:
			least, leastCost = i, cost
		}
	}
	if !took && least >= 0 {
		take(members[least])
	}
	for _, p := range positions {
		if drawn[p] {
			validation = append(validation, p)
		} else {
			train = append(train, p)
		}
	}
	return train, validation
}

// foldGroups assigns each training position the fold of its group: the groups,
// the largest first, each to the fold that keeps the classes' rows most evenly
// spread, and among such to the one with the fewest rows (as scikit-learn's
// StratifiedGroupKFold and GroupKFold with shuffle).
func foldGroups(g *goal, train []int, k int, random *rand.Rand) ([]int, error) {
	members := g.membersOfGroups(train)
	if len(members) < k {
		return nil, &DataError{Reason: fmt.Sprintf(
			"%d groups to train on are fewer than the %d cross-validation folds; give more groups, or set training.cv_folds to at most %d (0: none)", len(members), k, len(members))}
	}
	random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	slices.SortStableFunc(members, func(a, b []int) int { return len(b) - len(a) })
	total := g.strataOf(train)
	have := make([]map[int]int, k)
	rows := make([]int, k)
	for f := range have {
		have[f] = map[int]int{}
	}
	foldOf := make(map[int32]int, len(members))
	for _, group := range members {
		counts := g.strataOf(group)
		strata := sortedKeys(counts)
		best, bestCost := 0, math.Inf(1)
		for f := range k {
			cost := 0.0
			for _, s := range strata {
				before, n := float64(have[f][s]), float64(counts[s])
				cost += float64((2*before+n)*n) / float64(total[s])
			}
			if cost < bestCost || cost == bestCost && rows[f] < rows[best] {
				best, bestCost = f, cost
			}
		}
		for s, n := range counts {
			have[best][s] += n
		}
		rows[best] += len(group)
		foldOf[g.groups[group[0]]] = best
	}
	fold := make([]int, len(train))
	for i, p := range train {
		fold[i] = foldOf[g.groups[p]]
	}
	return fold, nil
}

// sortedKeys gives a map's keys in order: sums of floats depend on theirs.
func sortedKeys(counts map[int]int) []int {
	keys := make([]int, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// splitFault tells why no group could be set apart.
func splitFault(g *goal, column string, positions []int) error {
	if len(g.membersOfGroups(positions)) < 2 {
		return &DataError{Column: column, Reason: "all rows belong to one group, which cannot be divided between training and validation; name another training.group_column, or set training.test_size to 0"}
	}
	return &DataError{Column: column, Reason: "no group can be set apart for validation without taking all rows of a class from training; give more groups, or set training.test_size to 0"}
}
