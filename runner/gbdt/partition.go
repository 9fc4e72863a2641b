package gbdt

import (
	"math"
	"unsafe"
)

// partition keeps the rows of each leaf together, with their packed gradients
// beside them, so that building a histogram reads both in order. There are two
// copies; a leaf's rows lie in one of them, and splitting it writes its
// children's into the other. Rows keep their order.
type partition struct {
	data    *Dataset
	workers *pool
	rows    [2][]uint32
	values  [2][]uint64
	side    []uint8 // per position: 1 for left
	counts  []int   // per piece: rows that go left
	columns byteColumns
	mark    []uint8 // per row: 1 where a sparse column's bin goes to another side than the usual one
}

// segment is where a leaf's rows are.
type segment struct {
	from, count int
	copy        int
}

func newPartition(d *Dataset, workers *pool) *partition {
	p := &partition{data: d, workers: workers, side: make([]uint8, d.rows), counts: make([]int, pieces(d.rows))}
	for i := range p.rows {
		p.rows[i] = make([]uint32, d.rows)
		p.values[i] = make([]uint64, d.rows)
	}
	p.columns = byteColumns{data: d, workers: workers, cached: make([][]uint8, len(d.bytes)), looked: make([]int, len(d.bytes)),
		room: int(math.Ceil(cachedShare * float64(len(d.bytes))))}
	if len(d.sparse) > 0 {
		p.mark = make([]uint8, d.rows)
	}
	return p
}

// slices gives the rows and values of a segment.
func (p *partition) slices(s segment) (rows []uint32, values []uint64) {
	return p.rows[s.copy][s.from : s.from+s.count], p.values[s.copy][s.from : s.from+s.count]
}

// spare gives two numbers a row in the memory of the copy that a tree does not
// begin in: the first split of a tree overwrites them.
func (p *partition) spare() (gradient, hessian []float32) {
	both := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(p.values[1]))), 2*p.data.rows)
	return both[:p.data.rows:p.data.rows], both[p.data.rows:]
}

// split moves the rows of s. goesLeft has 1 for each bin of the slot that goes
// left, else 0.
func (p *partition) split(s segment, slot int, goesLeft []uint8) (left, right segment) {
	rows, values := p.slices(s)
	side := p.side[s.from : s.from+s.count]
	decide := p.decider(slot, goesLeft, s.count)
	p.workers.eachPiece(s.count, func(task, from, to int) {
		p.counts[task] = decide(rows[from:to], side[from:to])
	})
	p.unmark(slot)
	leftCount := 0
	for task := range pieces(s.count) {
		// From here on counts[task] is how many go left before the task's rows.
		leftCount, p.counts[task] = leftCount+p.counts[task], leftCount
	}
	other := 1 - s.copy
	left = segment{s.from, leftCount, other}
	right = segment{s.from + leftCount, s.count - leftCount, other}
	toRows, toValues := p.slices(segment{s.from, s.count, other})
	p.workers.eachPiece(s.count, func(task, from, to int) {
		nextLeft := p.counts[task]
		nextRight := leftCount + from - nextLeft
		scatter(rows[from:to], values[from:to], side[from:to], toRows, toValues, nextLeft, nextRight)
	})
	return left, right
}

// scatter has no branch that depends on the data. Inlined, it would have too few
// registers.
//
//go:noinline
func scatter(rows []uint32, values []uint64, side []uint8, toRows []uint32, toValues []uint64, nextLeft, nextRight int) {
	values, side = values[:len(rows)], side[:len(rows)]
	for i, row := range rows {
		is := int(side[i])
		at := nextRight
		if is != 0 {
			at = nextLeft
		}
		toRows[at], toValues[at] = row, values[i]
		nextLeft += is
		nextRight += 1 - is
	}
}
