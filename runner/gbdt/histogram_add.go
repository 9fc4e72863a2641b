package gbdt

import "math"

// addWords sums the values of rows into the columns of the words first to
// last-1. rows is nil for those from firstRow on.
func (h *histograms) addWords(buffer []uint64, hist *histogram, first, last int, rows []uint32, firstRow int, values []uint64) {
	from, to := h.data.span(first, last)
	h.clear(hist, from, to)
	width := last - first
	for start := 0; start < len(values); start += blockRows {
		if h.workers.stopped.Load() {
			return
		}
		end := min(start+blockRows, len(values))
		block := values[start:end]
		if rows == nil {
			// The rows' words are in order: nothing to gather.
			words := h.data.words
			for w := first; w < last; w++ {
				h.addWord(hist, w, h.data.data[(firstRow+start)*words+w:], words, block)
			}
			continue
		}
		h.gather(buffer, rows[start:end], first, width)
		for w := range width {
			h.addWord(hist, first+w, buffer[w:], width, block)
		}
	}
}

// gather copies the rows' words, row by row.
func (h *histograms) gather(buffer []uint64, rows []uint32, first, width int) {
	data, words := h.data.data, h.data.words
	switch width {
	case 4:
		for i, row := range rows {
			from := (*[4]uint64)(data[int(row)*words+first:])
			to := (*[4]uint64)(buffer[i*4:])
			to[0], to[1], to[2], to[3] = from[0], from[1], from[2], from[3]
		}
	case 8:
		for i, row := range rows {
			from := (*[8]uint64)(data[int(row)*words+first:])
			to := (*[8]uint64)(buffer[i*8:])
			to[0], to[1], to[2], to[3] = from[0], from[1], from[2], from[3]
			to[4], to[5], to[6], to[7] = from[4], from[5], from[6], from[7]
		}
	default:
		for i, row := range rows {
			at := int(row)*words + first
			copy(buffer[i*width:(i+1)*width], data[at:at+width])
		}
	}
}

// addWord adds the values to the bins of a word's columns. The words of
// successive rows are stride apart.
func (h *histograms) addWord(hist *histogram, word int, columns []uint64, stride int, values []uint64) {
	d := h.data
	bytes := d.bytes[word*slotsPerWord : min((word+1)*slotsPerWord, len(d.bytes))]
	at := bytes[0].at
	switch {
	case h.float:
		addFloats(hist.floats, bytes, columns, stride, values)
	case word >= d.fullWords:
		addClose8(hist.packed, bytes, d.bins, columns, stride, values)
	case len(bytes) <= 4:
		addPacked4((*[4 * byteBins]uint64)(hist.packed[at:]), columns, stride, values)
	default:
		addPacked8((*[slotsPerWord * byteBins]uint64)(hist.packed[at:]), columns, stride, values)
	}
}

func addPacked8(sums *[slotsPerWord * byteBins]uint64, columns []uint64, stride int, values []uint64) {
	at := 0
	for _, v := range values {
		bins := columns[at]
		at += stride
		sums[uint(uint8(bins))] += v
		sums[256+uint(uint8(bins>>8))] += v
		sums[512+uint(uint8(bins>>16))] += v
		sums[768+uint(uint8(bins>>24))] += v
		sums[1024+uint(uint8(bins>>32))] += v
		sums[1280+uint(uint8(bins>>40))] += v
		sums[1536+uint(uint8(bins>>48))] += v
		sums[1792+uint(bins>>56)] += v
	}
}

func addPacked4(sums *[4 * byteBins]uint64, columns []uint64, stride int, values []uint64) {
	at := 0
	for _, v := range values {
		bins := columns[at]
		at += stride
		sums[uint(uint8(bins))] += v
		sums[256+uint(uint8(bins>>8))] += v
		sums[512+uint(uint8(bins>>16))] += v
		sums[768+uint(uint8(bins>>24))] += v
	}
}

// addClose8 is addPacked8 for columns that lie wherever their predecessors end;
// padding is where unused ones are added.
func addClose8(sums []uint64, bytes []byteColumn, padding int, columns []uint64, stride int, values []uint64) {
	var windows [slotsPerWord]*[windowBins]uint64
	for i := range windows {
		at := padding
		if i < len(bytes) {
			at = bytes[i].at
		}
		windows[i] = (*[windowBins]uint64)(sums[at:])
	}
	h0, h1, h2, h3, h4, h5, h6, h7 := windows[0], windows[1], windows[2], windows[3], windows[4], windows[5], windows[6], windows[7]
	at := 0
	for _, v := range values {
		bins := columns[at]
		at += stride
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

func addFloats(sums []float64, bytes []byteColumn, columns []uint64, stride int, values []uint64) {
	for i := range bytes {
		window := (*[2 * windowBins]float64)(sums[2*bytes[i].at:])
		shift := uint(8*i) & 63
		at := 0
		for _, v := range values {
			b := 2 * int(uint8(columns[at]>>shift))
			at += stride
			window[b] += float64(math.Float32frombits(uint32(v >> 32)))
			window[b+1] += float64(math.Float32frombits(uint32(v)))
		}
	}
}

// addWide sums into the bins of a wide column.
func (h *histograms) addWide(hist *histogram, column int, rows []uint32, firstRow int, values []uint64) {
	from, to := h.data.slotSpan(h.data.wide[column])
	h.clear(hist, from, to)
	bins := h.data.wideData[column]
	bin := func(i int) int {
		if rows == nil {
			return int(bins[firstRow+i])
		}
		return int(bins[rows[i]])
	}
	for start := 0; start < len(values) && !h.workers.stopped.Load(); start += chunkRows {
		end := min(start+chunkRows, len(values))
		if h.float {
			sums := hist.floats[2*from : 2*to]
			for i := start; i < end; i++ {
				b, v := bin(i), values[i]
				sums[2*b] += float64(math.Float32frombits(uint32(v >> 32)))
				sums[2*b+1] += float64(math.Float32frombits(uint32(v)))
			}
			continue
		}
		sums := hist.packed[from:to]
		for i := start; i < end; i++ {
			sums[bin(i)] += values[i]
		}
	}
}

// addSparse sums into the unusual bins of all sparse columns.
func (h *histograms) addSparse(hist *histogram, rows []uint32, firstRow int, values []uint64) {
	h.clear(hist, h.data.sparseAt, h.data.bins)
	entries := h.data.entries
	for start := 0; start < len(values) && !h.workers.stopped.Load(); start += blockRows {
		for i := start; i < min(start+blockRows, len(values)); i++ {
			row := firstRow + i
			if rows != nil {
				row = int(rows[i])
			}
			v := values[i]
			if h.float {
				gradient, hessian := float64(math.Float32frombits(uint32(v>>32))), float64(math.Float32frombits(uint32(v)))
				for _, e := range entries.row(row) {
					hist.floats[2*e] += gradient
					hist.floats[2*e+1] += hessian
				}
				continue
			}
			for _, e := range entries.row(row) {
				hist.packed[e] += v
			}
		}
	}
}
