package gbdt

// merge adds what the other parts of the last build hold for a slot.
func (h *histograms) merge(hist *histogram, slot int) {
	from, to := h.data.slotSpan(slot)
	for _, other := range h.private[:h.parts-1] {
		sums := hist.packed[from:to]
		for i, v := range other.packed[from:to] {
			sums[i] += v
		}
	}
}

// fix sets a slot's usual bin to what the leaf's sums leave for it: where it was
// not summed, and in float64 precision. There it replaces the same number but
// for the last digits, with which LightGBM decides between splits that gain the
// same. Packed sums are exact and have no such digits.
func (h *histograms) fix(hist *histogram, slot int, leaf binSum) {
	usual, unsummed := h.data.mapper(slot).usual, h.data.places[slot].unsummed()
	from, to := h.data.slotSpan(slot)
	if !h.float {
		if unsummed {
			rest, sums := h.code.packSum(leaf), hist.packed[from:to]
			sums[usual] = 0
			for _, v := range sums {
				rest -= v
			}
			sums[usual] = rest
		}
		return
	}
	if !unsummed && usual == 0 {
		return
	}
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
	from, to := h.data.slotSpan(slot)
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

// filledBin is a bin with rows in it, as the search of a split wants it.
type filledBin struct {
	binSum
	rows   int32 // estimated from the hessian
	number int32
}

// read converts a slot's bins for the search of a split. rowsPerHessian is the
// number of rows in one unit of hessian. In packed precision bins without rows
// are left out, unless all are asked for.
func (h *histograms) read(hist *histogram, slot int, rowsPerHessian float64, all bool, into []filledBin) []filledBin {
	from, to := h.data.slotSpan(slot)
	into = into[:to-from]
	if h.float {
		for i := range into {
			gradient, hessian := hist.floats[2*(from+i)], hist.floats[2*(from+i)+1]
			into[i] = filledBin{binSum{gradient, hessian}, int32(hessian*rowsPerHessian + 0.5), int32(i)}
		}
		return into
	}
	shift, mask, gradientUnit, hessianUnit := h.code.shift&63, h.code.mask, h.code.gradientUnit, h.code.hessianUnit
	n := 0
	for i, v := range hist.packed[from:to] {
		hessian := float64(int64(v&mask)) * hessianUnit
		f := &into[n]
		f.gradient, f.hessian = float64(int64(v)>>shift)*gradientUnit, hessian
		f.rows, f.number = int32(hessian*rowsPerHessian+0.5), int32(i)
		if v != 0 || all {
			n++
		}
	}
	return into[:n]
}
