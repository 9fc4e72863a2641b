package training

import (
	"cmp"
	"slices"

	"mlops/runner/table"
)

// distinct are the values that occur in a column.
type distinct struct {
	labels []Label // in order: numbers ascending, texts by code points, false before true
	index  []int32 // of each cell, its value's place in labels; undefined for null cells
	many   bool    // there are more than the limit; labels are some of them
}

// distinctOf finds a column's values, of which it follows at most limit.
func distinctOf(c *table.Column, limit int) distinct {
	d := inOrderOfAppearance(c, limit)
	d.sort()
	return d
}

// inOrderOfAppearance is [distinctOf] with the values in the order of their first
// appearance.
func inOrderOfAppearance(c *table.Column, limit int) distinct {
	switch c.Kind() {
	case table.Float64:
		return firstSeen(c, c.Floats(), limit, func(v float64) Label { return Label{kind: c.Kind(), number: v + 0} }) // -0 + 0 is 0
	case table.Int64, table.Time:
		return firstSeen(c, c.Ints(), limit, func(v int64) Label { return Label{kind: c.Kind(), whole: v} })
	case table.Bool:
		return firstSeen(c, c.Bools(), limit, func(v bool) Label {
			l := Label{kind: c.Kind()}
			if v {
				l.whole = 1
			}
			return l
		})
	}
	return firstSeen(c, c.Codes(), limit, func(v uint32) Label { return Label{kind: c.Kind(), text: c.Dict()[v]} })
}

// firstSeen numbers a column's values in the order of their first appearance.
func firstSeen[T comparable](c *table.Column, cells []T, limit int, label func(T) Label) distinct {
	d := distinct{index: make([]int32, len(cells))}
	seen := map[T]int32{}
	var last T // runs of equal cells are common; skip the map for them
	at, started := int32(0), false
	for i, v := range cells {
		if c.IsNull(i) {
			continue
		}
		if !started || v != last {
			var known bool
			if at, known = seen[v]; !known {
				if len(seen) == limit {
					d.many = true
					return d
				}
				at = int32(len(seen))
				seen[v] = at
				d.labels = append(d.labels, label(v))
			}
			last, started = v, true
		}
		d.index[i] = at
	}
	return d
}

// sort puts the labels in order and lets the index follow.
func (d *distinct) sort() {
	order := make([]int32, len(d.labels))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return compareLabels(d.labels[a], d.labels[b]) })
	sorted, place := make([]Label, len(order)), make([]int32, len(order))
	for to, from := range order {
		sorted[to], place[from] = d.labels[from], int32(to)
	}
	d.labels = sorted
	if !d.many {
		for i, at := range d.index {
			if int(at) < len(place) { // not where every cell is null
				d.index[i] = place[at]
			}
		}
	}
}

func compareLabels(a, b Label) int {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.whole, b.whole), cmp.Compare(a.text, b.text))
}
