package gbdt

import (
	"math"
)

// histogram holds the sums of gradient and hessian of a leaf's rows in each bin
// of each slot, all slots one after another. Depending on the precision one of
// the two is used:
//
//	packed  one word a bin: gradient in the upper, hessian in the lower bits
//	floats  two numbers a bin: gradient, hessian
type histogram struct {
	packed []uint64
	floats []float64
}

// binSum is the content of a bin in units of the loss.
type binSum struct{ gradient, hessian float64 }

// histograms builds, subtracts and reads histograms of one dataset.
type histograms struct {
	data    *Dataset
	workers *pool
	float   bool
	code    *packing
	free    []*histogram
	private []*histogram // of the chunks after the first, while building
	columns [][]uint64   // per worker: bins gathered for the inner loop
	parts   int          // chunks of the last build
}

// windowBins is the length of the array that the inner loop indexes with a
// byte, so that it needs no bounds check. Slots with fewer bins overlap; the
// last one is followed by so much padding.
const windowBins = 256

func newHistograms(d *Dataset, workers *pool, float bool) *histograms {
	h := &histograms{data: d, workers: workers, float: float}
	h.columns = make([][]uint64, workers.threads)
	for i := range h.columns {
		h.columns[i] = make([]uint64, slotsPerWord*blockRows)
	}
	return h
}

func (h *histograms) get() *histogram {
	if n := len(h.free); n > 0 {
		hist := h.free[n-1]
		h.free = h.free[:n-1]
		return hist
	}
	// One more window takes the adds for the unused slots of the last word.
	if h.float {
		return &histogram{floats: make([]float64, 2*(h.data.bins+windowBins))}
	}
	return &histogram{packed: make([]uint64, h.data.bins+windowBins)}
}

func (h *histograms) put(hist *histogram) { h.free = append(h.free, hist) }

// blockRows is how many rows are gathered at once: eight columns of them and
// their gradients fit the first-level cache beside eight slots' histograms.
const blockRows = 256

// smallLeaf is the number of rows × words below which one goroutine is faster
// than waking others.
const smallLeaf = 8192

// build sums the rows' values into hist. rows is nil for the rows 0 to
// len(values)-1. Words of slots are dealt out in groups of at most eight, a
// cache line; in packed precision rows are dealt out too where there are few
// groups, because integer sums do not depend on the order.
func (h *histograms) build(hist *histogram, rows []uint32, values []uint64) {
	words, threads := h.data.words, h.workers.threads
	group := min(words, slotsPerWord)
	h.parts = 1
	small := len(values)*words < smallLeaf
	if threads > 1 && !small && words < 2*slotsPerWord*threads {
		if h.float {
			group = 1
		} else {
			h.parts = threads
		}
	}
	for len(h.private) < h.parts-1 {
		h.private = append(h.private, h.get())
	}
	groups := (words + group - 1) / group
	task := func(worker, task int) {
		part := task / groups
		into := hist
		if part > 0 {
			into = h.private[part-1]
		}
		from, to := len(values)*part/h.parts, len(values)*(part+1)/h.parts
		first := task % groups * group
		last := min(first+group, words)
		h.clear(into, first, last)
		var taken []uint32
		if rows != nil {
			taken = rows[from:to]
		}
		h.accumulate(worker, into, first, last, taken, from, values[from:to])
	}
	if small {
		for i := range groups {
			task(0, i)
		}
		return
	}
	h.workers.each(groups*h.parts, task)
}

// span is where the bins of the words first to last-1 lie.
func (h *histograms) span(first, last int) (from, to int) {
	from = h.data.offsets[first*slotsPerWord]
	to = h.data.bins
	if next := last * slotsPerWord; next < len(h.data.offsets) {
		to = h.data.offsets[next]
	}
	return from, to
}

func (h *histograms) clear(hist *histogram, first, last int) {
	from, to := h.span(first, last)
	if h.float {
		clear(hist.floats[2*from : 2*to])
		return
	}
	clear(hist.packed[from:to])
}

// accumulate adds the rows' values to the words first to last-1.
func (h *histograms) accumulate(worker int, hist *histogram, first, last int, rows []uint32, firstRow int, values []uint64) {
	buffer := h.columns[worker]
	width := last - first
	for start := 0; start < len(values); start += blockRows {
		if h.workers.stopped.Load() {
			return
		}
		end := min(start+blockRows, len(values))
		if rows != nil {
			h.gather(buffer, rows[start:end], first, width)
		} else {
			h.gatherRange(buffer, firstRow+start, end-start, first, width)
		}
		block := values[start:end]
		for w := range width {
			h.addWord(hist, first+w, buffer[w*blockRows:w*blockRows+len(block)], block)
		}
	}
}

// gather copies the rows' words, each word into a run of its own.
func (h *histograms) gather(buffer []uint64, rows []uint32, first, width int) {
	data, words := h.data.data, h.data.words
	if width == 4 {
		b0, b1, b2, b3 := buffer[:blockRows], buffer[blockRows:2*blockRows], buffer[2*blockRows:3*blockRows], buffer[3*blockRows:4*blockRows]
		for i, row := range rows {
			at := int(row)*words + first
			line := data[at : at+4 : at+4]
			b0[i&(blockRows-1)], b1[i&(blockRows-1)], b2[i&(blockRows-1)], b3[i&(blockRows-1)] = line[0], line[1], line[2], line[3]
		}
		return
	}
	for i, row := range rows {
		at := int(row)*words + first
		for w, word := range data[at : at+width] {
			buffer[w*blockRows+i] = word
		}
	}
}

func (h *histograms) gatherRange(buffer []uint64, firstRow, n, first, width int) {
	data, words := h.data.data, h.data.words
	for i := range n {
		at := (firstRow+i)*words + first
		for w, word := range data[at : at+width] {
			buffer[w*blockRows+i] = word
		}
	}
}

// addWord adds the values to the bins of the word's slots.
func (h *histograms) addWord(hist *histogram, word int, column, values []uint64) {
	var at [slotsPerWord]int
	offsets := h.data.offsets[word*slotsPerWord:]
	for slot := range at {
		if slot < len(offsets) {
			at[slot] = offsets[slot]
		} else {
			at[slot] = h.data.bins
		}
	}
	switch {
	case h.float:
		addFloats(hist.floats, &at, min(len(offsets), slotsPerWord), column, values)
	case len(offsets) <= 4:
		addPacked4(hist.packed, &at, column, values)
	default:
		addPacked8(hist.packed, &at, column, values)
	}
}

func addPacked8(sums []uint64, at *[slotsPerWord]int, column, values []uint64) {
	h0 := (*[windowBins]uint64)(sums[at[0]:])
	h1 := (*[windowBins]uint64)(sums[at[1]:])
	h2 := (*[windowBins]uint64)(sums[at[2]:])
	h3 := (*[windowBins]uint64)(sums[at[3]:])
	h4 := (*[windowBins]uint64)(sums[at[4]:])
	h5 := (*[windowBins]uint64)(sums[at[5]:])
	h6 := (*[windowBins]uint64)(sums[at[6]:])
	h7 := (*[windowBins]uint64)(sums[at[7]:])
	values = values[:len(column)]
	for i, bins := range column {
		v := values[i]
		h0[uint8(bins)] += v
		h1[uint8(bins>>8)] += v
		h2[uint8(bins>>16)] += v
		h3[uint8(bins>>24)] += v
		h4[uint8(bins>>32)] += v
		h5[uint8(bins>>40)] += v
		h6[uint8(bins>>48)] += v
		h7[uint8(bins>>56)] += v
	}
}

func addPacked4(sums []uint64, at *[slotsPerWord]int, column, values []uint64) {
	h0 := (*[windowBins]uint64)(sums[at[0]:])
	h1 := (*[windowBins]uint64)(sums[at[1]:])
	h2 := (*[windowBins]uint64)(sums[at[2]:])
	h3 := (*[windowBins]uint64)(sums[at[3]:])
	values = values[:len(column)]
	for i, bins := range column {
		v := values[i]
		h0[uint8(bins)] += v
		h1[uint8(bins>>8)] += v
		h2[uint8(bins>>16)] += v
		h3[uint8(bins>>24)] += v
	}
}

func addFloats(sums []float64, at *[slotsPerWord]int, slots int, column, values []uint64) {
	values = values[:len(column)]
	for slot := range slots {
		window := (*[2 * windowBins]float64)(sums[2*at[slot]:])
		shift := uint(8*slot) & 63
		for i, bins := range column {
			v := values[i]
			b := 2 * int(uint8(bins>>shift))
			window[b] += float64(math.Float32frombits(uint32(v >> 32)))
			window[b+1] += float64(math.Float32frombits(uint32(v)))
		}
	}
}

// merge adds what the other chunks of the last build hold for a slot.
func (h *histograms) merge(hist *histogram, slot int) {
	from, to := h.slotSpan(slot)
	for _, other := range h.private[:h.parts-1] {
		sums := hist.packed[from:to]
		for i, v := range other.packed[from:to] {
			sums[i] += v
		}
	}
}

// fix replaces a slot's usual bin by what the leaf's sums leave for it. That is
// the same number but for the last digits, with which LightGBM decides between
// splits that gain the same. Packed sums are exact and have no such digits.
func (h *histograms) fix(hist *histogram, slot int, leaf binSum) {
	usual := h.data.mappers[h.data.used[slot]].usual
	if !h.float || usual == 0 {
		return
	}
	from, to := h.slotSpan(slot)
	for b := from; b < to; b++ {
		if b != from+usual {
			leaf.gradient -= hist.floats[2*b]
			leaf.hessian -= hist.floats[2*b+1]
		}
	}
	hist.floats[2*(from+usual)], hist.floats[2*(from+usual)+1] = leaf.gradient, leaf.hessian
}

// subtract takes a child's bins of a slot from its parent's, which leaves the
// other child's.
func (h *histograms) subtract(parent, child *histogram, slot int) {
	from, to := h.slotSpan(slot)
	if h.float {
		sums := parent.floats[2*from : 2*to]
		for i, v := range child.floats[2*from : 2*to] {
			sums[i] -= v
		}
		return
	}
	sums := parent.packed[from:to]
	for i, v := range child.packed[from:to] {
		sums[i] -= v
	}
}

func (h *histograms) slotSpan(slot int) (from, to int) {
	from = h.data.offsets[slot]
	return from, from + h.data.mappers[h.data.used[slot]].numBins
}

// read converts a slot's bins for the split search.
func (h *histograms) read(hist *histogram, slot int, sums *[windowBins]binSum) []binSum {
	from, to := h.slotSpan(slot)
	out := sums[:to-from]
	if h.float {
		for i := range out {
			out[i] = binSum{hist.floats[2*(from+i)], hist.floats[2*(from+i)+1]}
		}
		return out
	}
	for i, v := range hist.packed[from:to] {
		out[i] = h.code.unpack(v)
	}
	return out
}
