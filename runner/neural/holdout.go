package neural

import (
	"fmt"
	"math"
	"slices"
)

// holdOut divides the rows into those to train on and those to stop early on: of
// classes the same share of each, as nearly as whole rows allow, though the last
// row of a class always stays. Both are in rising order.
func holdOut(target []float64, p *Params) (train, valid []int, err error) {
	rows := len(target)
	want := int(math.Ceil(p.ValidationFraction * float64(rows)))
	groups := [][]int{make([]int, 0, rows)}
	if p.Loss == LogLoss {
		groups = make([][]int, p.NumClass)
	}
	for row, y := range target {
		at := 0
		if p.Loss == LogLoss {
			at = int(y)
		}
		groups[at] = append(groups[at], row)
	}
	random := stream(p.RandomState, drawHoldout)
	for i, take := range shares(groups, want, rows) {
		g := groups[i]
		random.Shuffle(len(g), func(a, b int) { g[a], g[b] = g[b], g[a] })
		valid, train = append(valid, g[:take]...), append(train, g[take:]...)
	}
	if len(valid) < 2 || len(train) == 0 {
		return nil, nil, &ParamError{Key: "validation_fraction", Reason: fmt.Sprintf("%v of %d rows leaves %d to stop early on and %d to train on; change it, or use more rows or no early_stopping",
			p.ValidationFraction, rows, len(valid), len(train))}
	}
	slices.Sort(train)
	slices.Sort(valid)
	return train, valid, nil
}

// shares is how many rows to take of each group to have want in all: the whole part
// of its share, and one more where most was cut off.
func shares(groups [][]int, want, rows int) []int {
	take := make([]int, len(groups))
	order := make([]int, len(groups))
	cut := make([]float64, len(groups))
	left := want
	for i, g := range groups {
		share := float64(want) * float64(len(g)) / float64(rows)
		take[i] = min(int(share), max(0, len(g)-1))
		order[i], cut[i] = i, share-float64(take[i])
		left -= take[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case cut[a] > cut[b]:
			return -1
		case cut[a] < cut[b]:
			return 1
		}
		return 0
	})
	for _, i := range order {
		if left > 0 && take[i] < len(groups[i])-1 {
			take[i]++
			left--
		}
	}
	return take
}
