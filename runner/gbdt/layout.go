package gbdt

import (
	"cmp"
	"slices"
)

// layout says where the bins of each slot are kept in a dataset, and where
// their sums are in a histogram.
//
//	byte column  one byte a row; eight columns to a 64-bit word, a row's words side by side
//	bundle       a byte column shared by slots of which at most one is unusual in any row
//	wide column  two bytes a row, for more than 256 bins
//	sparse       the unusual bins only, listed by row and by column
//
// In a histogram the bins of a slot lie one after another, whatever its place.
type layout struct {
	places  []place // one a slot
	numBins []int   // one a slot
	bins    int     // of a histogram
	// Byte columns are ordered by falling number of bins. Each column of the first
	// fullWords words has byteBins bins in a histogram, used or not, so that the
	// inner loop addresses all eight from one base.
	bytes     []byteColumn
	words     int
	fullWords int
	wide      []int // slot of each wide column
	sparse    []int // slot of each sparse column
	sparseAt  int   // where the sparse columns begin in a histogram, after all others
}

type place struct {
	kind   placeKind
	at     int // of bin 0 in a histogram
	column int // among those of its kind; of a bundle: the byte column
	first  int // of a bundle: the byte that stands for bin 0
}

type placeKind uint8

const (
	inByte placeKind = iota
	inBundle
	inWide
	inSparse
)

type byteColumn struct {
	slots []int // several for a bundle
	bins  int
	at    int // in a histogram
}

const (
	// slotsPerWord is how many one-byte bins a word holds.
	slotsPerWord = 8
	// fewBins is where a word's columns are packed closely in a histogram: it is
	// then so small that a closer one saves more than a simpler loop.
	fewBins = 64
)

// unsummed is true where the usual bin is not summed but is what the others leave.
func (p *place) unsummed() bool { return p.kind == inBundle || p.kind == inSparse }

// wordOf is where a byte column is in a row.
func wordOf(column int) (word int, shift uint) {
	return column / slotsPerWord, uint(column%slotsPerWord) * 8
}

// newLayout places slots of the given numbers of bins. bundles are groups of
// slots that share a byte column; slots in sparse are kept sparsely.
func newLayout(numBins []int, bundles [][]int, sparse []int) *layout {
	l := &layout{places: make([]place, len(numBins)), numBins: numBins, sparse: sparse}
	for _, slot := range sparse {
		l.places[slot].kind = inSparse
	}
	for _, bundle := range bundles {
		c := byteColumn{slots: bundle, bins: 1} // 0 stands for: all are usual
		for _, slot := range bundle {
			l.places[slot] = place{kind: inBundle, first: c.bins}
			c.bins += numBins[slot]
		}
		l.bytes = append(l.bytes, c)
	}
	for slot, bins := range numBins {
		switch {
		case l.places[slot].kind != inByte: // placed above
		case bins > byteBins:
			l.places[slot] = place{kind: inWide, column: len(l.wide)}
			l.wide = append(l.wide, slot)
		default:
			l.bytes = append(l.bytes, byteColumn{slots: []int{slot}, bins: bins})
		}
	}
	slices.SortStableFunc(l.bytes, func(a, b byteColumn) int { return cmp.Compare(b.bins, a.bins) })
	l.words = (len(l.bytes) + slotsPerWord - 1) / slotsPerWord
	l.number()
	return l
}

// number gives each column its part of a histogram.
func (l *layout) number() {
	for l.fullWords < l.words && l.bytes[l.fullWords*slotsPerWord].bins > fewBins {
		l.fullWords++
	}
	l.bins = l.fullWords * slotsPerWord * byteBins
	for i := range l.bytes {
		c := &l.bytes[i]
		if i < l.fullWords*slotsPerWord {
			c.at = i * byteBins
		} else {
			c.at = l.bins
			l.bins += c.bins
		}
		for _, slot := range c.slots {
			p := &l.places[slot]
			p.column, p.at = i, c.at+p.first
		}
	}
	for _, slots := range [][]int{l.wide, l.sparse} {
		l.sparseAt = l.bins
		for i, slot := range slots {
			l.places[slot].column, l.places[slot].at = i, l.bins
			l.bins += l.numBins[slot]
		}
	}
}

// span is where the bins of the words first to last-1 lie in a histogram.
func (l *layout) span(first, last int) (from, to int) {
	end := l.bytes[min(last*slotsPerWord, len(l.bytes))-1]
	return l.bytes[first*slotsPerWord].at, end.at + end.bins
}

// slotSpan is where a slot's bins lie in a histogram.
func (l *layout) slotSpan(slot int) (from, to int) {
	from = l.places[slot].at
	return from, from + l.numBins[slot]
}

// physical turns a table of a slot's bins into one of the bytes of its column:
// in a bundle, all bytes but its own mean that its bin is the usual one.
func (p *place) physical(table []uint8, usual int) (bytes [byteBins]uint8) {
	if p.kind == inBundle {
		for i := range bytes {
			bytes[i] = table[usual]
		}
	}
	copy(bytes[p.first:], table)
	return bytes
}
