package training

import (
	"slices"

	"mlops/runner/table"
)

// readGroups numbers the used rows' groups in the order of their first
// appearance. The rows of a ranking's queries are brought together: trainers of
// orders take them one query after another.
func (g *goal) readGroups(c *table.Column) error {
	values := inOrderOfAppearance(c, c.Len())
	number := make([]int32, len(values.labels)) // of each value, from 1; 0: not seen
	seen := int32(0)
	g.groups = make([]int32, g.size())
	for position := range g.groups {
		row := g.row(position)
		if c.IsNull(row) {
			return &DataError{Column: c.Name(), Row: row + 1, Reason: "the row belongs to no group; fill the cell, or remove its row"}
		}
		value := values.index[row]
		if number[value] == 0 {
			seen++
			number[value] = seen
		}
		g.groups[position] = number[value] - 1
	}
	if g.problem == Ranking {
		g.bringTogether()
	}
	return nil
}

// bringTogether puts the rows of each group side by side. The groups keep the
// order of their first appearance, and rows their order within the group.
func (g *goal) bringTogether() {
	if slices.IsSorted(g.groups) {
		return
	}
	order := make([]int, g.size())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(g.groups[a]) - int(g.groups[b]) })
	g.rows = g.inputRows(order)
	g.values = pick(g.values, order)
	g.groups = pick(g.groups, order)
}

// pick returns the values at some positions; nil of nil.
func pick[T any](values []T, positions []int) []T {
	if values == nil {
		return nil
	}
	out := make([]T, len(positions))
	for i, p := range positions {
		out[i] = values[p]
	}
	return out
}

// membersOfGroups lists the positions of each group that has any, in the order
// of the groups' numbers; positions keep their order.
func (g *goal) membersOfGroups(positions []int) [][]int {
	place := map[int32]int{}
	var members [][]int
	for _, p := range positions {
		at, ok := place[g.groups[p]]
		if !ok {
			at = len(members)
			place[g.groups[p]] = at
			members = append(members, nil)
		}
		members[at] = append(members[at], p)
	}
	return members
}

// groupSizes are the numbers of consecutive rows, at positions, of one group
// each.
func (g *goal) groupSizes(positions []int) []int {
	var sizes []int
	for i, p := range positions {
		if i == 0 || g.groups[p] != g.groups[positions[i-1]] {
			sizes = append(sizes, 0)
		}
		sizes[len(sizes)-1]++
	}
	return sizes
}

// stratum is the class that a position counts for where parts shall have the
// same shares of classes; numbers have a single one.
func (g *goal) stratum(position int) int {
	if g.classes == nil {
		return 0
	}
	return g.classes[position]
}

// rowsAt counts the rows that positions stand for.
func (g *goal) rowsAt(positions []int) int {
	rows := 0
	for _, p := range positions {
		rows += g.count(p)
	}
	return rows
}

// strataOf counts the rows of each stratum.
func (g *goal) strataOf(positions []int) map[int]int {
	counts := map[int]int{}
	for _, p := range positions {
		counts[g.stratum(p)] += g.count(p)
	}
	return counts
}
