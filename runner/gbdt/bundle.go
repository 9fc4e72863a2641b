package gbdt

import (
	"cmp"
	"slices"
)

// sparseList is the rows of a column whose bin is not the usual one.
type sparseList struct {
	rows []uint32 // in rising order
	bins []uint16
}

const (
	// sparseShare is the share of rows with the usual bin from which a column may
	// be bundled or kept sparsely.
	sparseShare = 0.8
	// minSparse is the fewest columns that are worth a list of entries a row.
	minSparse = 32
	// openBundles bounds the comparisons of a column with bundles so far.
	openBundles = 32
)

// bundle is a byte column being filled with columns that exclude each other.
type bundle struct {
	slots []int
	bins  int
	taken []uint64 // bit of each row that has an unusual bin
}

func (b *bundle) excludes(list *sparseList) bool {
	for _, row := range list.rows {
		if b.taken[row/64]>>(row%64)&1 != 0 {
			return false
		}
	}
	return true
}

func (b *bundle) add(slot, bins int, list *sparseList) {
	b.slots = append(b.slots, slot)
	b.bins += bins
	for _, row := range list.rows {
		b.taken[row/64] |= 1 << (row % 64)
	}
}

// bundleExclusive groups slots with a list whose lists share no row and whose bins
// fit a byte (Ke et al., section 4, without conflicts: no information is lost).
// Those that fit nowhere are given back as rest.
func bundleExclusive(rows int, numBins []int, lists []*sparseList) (bundles [][]int, rest []int) {
	var slots []int
	for slot, list := range lists {
		if list != nil {
			slots = append(slots, slot)
		}
	}
	slices.SortFunc(slots, func(a, b int) int {
		return cmp.Or(cmp.Compare(len(lists[b].rows), len(lists[a].rows)), cmp.Compare(a, b))
	})
	var open []*bundle
	closeAt := func(i int) {
		if b := open[i]; len(b.slots) > 1 {
			slices.Sort(b.slots)
			bundles = append(bundles, b.slots)
		} else {
			rest = append(rest, b.slots...)
		}
		open = slices.Delete(open, i, i+1)
	}
	for _, slot := range slots {
		list, bins := lists[slot], numBins[slot]
		at := slices.IndexFunc(open, func(b *bundle) bool { return b.bins+bins <= byteBins && b.excludes(list) })
		if at < 0 {
			if bins+1 > byteBins/2 {
				rest = append(rest, slot) // no room for a second one
				continue
			}
			if len(open) == openBundles {
				// Of those that found no company the oldest goes first.
				closeAt(max(0, slices.IndexFunc(open, func(b *bundle) bool { return len(b.slots) == 1 })))
			}
			at = len(open)
			open = append(open, &bundle{bins: 1, taken: make([]uint64, (rows+63)/64)})
		}
		open[at].add(slot, bins, list)
	}
	for len(open) > 0 {
		closeAt(0)
	}
	slices.Sort(rest)
	return bundles, rest
}

// sparseRows holds the unusual bins of sparse columns row by row.
type sparseRows struct {
	start   []uint32 // of each row in entries, and the end
	entries []uint32 // index in a histogram, rising within a row
}

// row is a row's entries.
func (s *sparseRows) row(row int) []uint32 { return s.entries[s.start[row]:s.start[row+1]] }

// bin is the bin of a row in the sparse column whose bins begin at at.
func (s *sparseRows) bin(row, at, numBins, usual int) int {
	for _, e := range s.row(row) {
		if int(e) >= at {
			if int(e) < at+numBins {
				return int(e) - at
			}
			break
		}
	}
	return usual
}

// newSparseRows turns the lists of columns, whose bins begin at at, into rows.
func newSparseRows(rows int, at []int, lists []*sparseList, workers *pool) *sparseRows {
	s := &sparseRows{start: make([]uint32, rows+1)}
	// Each task owns some rows and looks up where they begin in each list.
	each := func(task int, visit func(column int, row uint32, bin uint16)) {
		from, to := chunk(task, rows)
		for c, list := range lists {
			i, _ := slices.BinarySearch(list.rows, uint32(from))
			for ; i < len(list.rows) && int(list.rows[i]) < to; i++ {
				visit(c, list.rows[i], list.bins[i])
			}
		}
	}
	workers.each(chunks(rows), func(_, task int) {
		each(task, func(_ int, row uint32, _ uint16) { s.start[row+1]++ })
	})
	for row := range rows {
		s.start[row+1] += s.start[row]
	}
	s.entries = make([]uint32, s.start[rows])
	next := slices.Clone(s.start[:rows])
	workers.each(chunks(rows), func(_, task int) {
		each(task, func(column int, row uint32, bin uint16) {
			s.entries[next[row]] = uint32(at[column]) + uint32(bin)
			next[row]++
		})
	})
	return s
}
