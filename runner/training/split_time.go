package training

import (
	"fmt"
	"slices"

	"mlops/runner/config"
	"mlops/runner/table"
)

// readTimes numbers the used rows' times in their order: rows of the same time have
// the same number. Where rows have groups, a group's rows have the time of its
// last, so that no group is divided.
func (g *goal) readTimes(c *table.Column) error {
	g.moments = make([]int, g.size())
	switch c.Kind() {
	case table.Time, table.Int64:
		return numberTimes(g, c, c.Ints())
	case table.Float64:
		return numberTimes(g, c, c.Floats())
	}
	return &DataError{Column: c.Name(), Reason: fmt.Sprintf(
		"the column of times holds %s; it must hold times (such as 2026-01-31T12:00:00Z) or numbers", describeKind(c.Kind()))}
}

func numberTimes[T int64 | float64](g *goal, c *table.Column, all []T) error {
	times := make([]T, g.size())
	for position := range times {
		row := g.row(position)
		if c.IsNull(row) {
			return &DataError{Column: c.Name(), Row: row + 1, Reason: "the row has no time; fill the cell, or remove its row"}
		}
		times[position] = all[row]
	}
	if g.groups != nil {
		last := map[int32]T{}
		for position, group := range g.groups {
			if latest, seen := last[group]; !seen || times[position] > latest {
				last[group] = times[position]
			}
		}
		for position, group := range g.groups {
			times[position] = last[group]
		}
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(times)))
	for position, t := range times {
		g.moments[position], _ = slices.BinarySearch(distinct, t)
	}
	return nil
}

// timeline is positions by their time.
type timeline struct {
	moments []int // that occur, rising
	before  []int // before[i] are the rows before moments[i]; one entry more: all rows
}

func (g *goal) timelineOf(positions []int) timeline {
	rows := map[int]int{}
	for _, p := range positions {
		rows[g.moments[p]]++
	}
	t := timeline{moments: sortedKeys(rows), before: []int{0}}
	for _, m := range t.moments {
		t.before = append(t.before, t.before[len(t.before)-1]+rows[m])
	}
	return t
}

// cut is the index from lo to hi of the moment before which about so many rows are;
// of two that are as near, the earlier.
func (t timeline) cut(rows, lo, hi int) int {
	best := lo
	for i := lo; i <= hi; i++ {
		if distance(t.before[i], rows) < distance(t.before[best], rows) {
			best = i
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }

// divideTimes sets the latest rows apart, about as many as held: what is of one time
// stays together. Nothing is set apart where all are of one time.
func divideTimes(g *goal, positions []int, held int) (train, validation []int) {
	t := g.timelineOf(positions)
	if len(t.moments) < 2 {
		return positions, nil
	}
	first := t.moments[t.cut(len(positions)-held, 1, len(t.moments)-1)]
	for _, p := range positions {
		if g.moments[p] < first {
			train = append(train, p)
		} else {
			validation = append(validation, p)
		}
	}
	return train, validation
}

// checkTimeSplit tells what keeps a division by time from being trained on.
func checkTimeSplit(g *goal, cfg *config.Config, train, validation []int) error {
	if len(validation) == 0 {
		return &DataError{Column: cfg.Training.TimeColumn, Reason: "all rows have the same time, or belong to one group, so that none are later than others; set training.test_size to 0, or name another training.time_column"}
	}
	if !g.problem.IsClassification() || !g.oneClass(train) {
		return nil
	}
	return &DataError{Column: g.Name, Reason: fmt.Sprintf(
		"the %d earliest rows, to train on, are all of class %q, so there is nothing to learn; lower training.test_size, or leave training.time_column out", len(train), g.Classes[g.classes[train[0]]])}
}

// foldTimes cuts the training positions by time into k+1 blocks, of about equally
// many rows, for folds that each judge a block by what is learnt from the blocks
// before it (scikit-learn's TimeSeriesSplit). The fold of a position is the one that
// judges it, -1 in the first block, which none does.
func foldTimes(g *goal, train []int, k int) ([]int, error) {
	t := g.timelineOf(train)
	if len(t.moments) < k+1 {
		return nil, &DataError{Reason: fmt.Sprintf(
			"the rows to train on have %d different times, too few for %d cross-validation folds by time, which take %d; give more rows, or set training.cv_folds to at most %d (0: none)",
			len(t.moments), k, k+1, len(t.moments)-1)}
	}
	block := len(train) / (k + 1)
	starts := make([]int, k) // the first moment of each judged block
	at := 0
	for f := range starts {
		at = t.cut(len(train)-(k-f)*block, at+1, len(t.moments)-k+f)
		starts[f] = t.moments[at]
	}
	fold := make([]int, len(train))
	for i, p := range train {
		// The number of starts that are not later.
		after, _ := slices.BinarySearch(starts, g.moments[p]+1)
		fold[i] = after - 1
	}
	return fold, nil
}

// trainsFold tells whether rows of one fold are learnt from where another is judged.
func (g *goal) trainsFold(fold, judged int) bool {
	if g.moments != nil {
		return fold < judged
	}
	return fold != judged
}
