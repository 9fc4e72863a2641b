package gbdt

import "slices"

// runRows is how many rows of a column are read at once: short runs, so that
// the words of a row are still in cache for the next column.
const runRows = 512

// chooseBins makes the mappers from a sample of the rows.
func (d *Dataset) chooseBins(features []Feature, p *Params, workers *pool) error {
	sampled, minSplit := d.sampleRows(p)
	d.mappers = make([]*binMapper, len(features))
	errs := make([]error, len(features))
	rooms := make([]binningRoom, workers.threads)
	workers.each(len(features), func(worker, i int) {
		f := &features[i]
		if f.Categorical {
			if errs[i] = checkCategories(f); errs[i] != nil {
				return
			}
		}
		room := &rooms[worker]
		var zeros int
		room.sample, zeros = sampleOf(f.column(), sampled, room.sample[:0])
		if f.Categorical {
			d.mappers[i] = newCategoryMapper(room.sample, zeros, p, minSplit)
		} else {
			d.mappers[i] = newNumericMapper(room.sample, zeros, f.ForcedBins, p, minSplit, room)
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// sampleRows chooses the rows that decide the bins (nil: all), and the number
// of them that each side of a split needs (-1: do not look).
func (d *Dataset) sampleRows(p *Params) (rows []int, minSplit int) {
	size := min(d.rows, p.BinConstructSample)
	if size < d.rows {
		rows = stream(p.seed(drawBins), drawBins, 0).choose(d.rows, size)
	}
	if !p.FeaturePreFilter {
		return rows, -1
	}
	return rows, int(float64(p.MinDataInLeaf) * float64(size) / float64(d.rows))
}

// sampleOf appends the values of the rows (nil: all) to values, but for some
// that are 0, which are counted.
func sampleOf(c Column, rows []int, values []float64) (_ []float64, zeros int) {
	if sparse, ok := c.(*Sparse); ok {
		return sparse.sample(rows, values)
	}
	if rows == nil {
		n := c.Len()
		values = slices.Grow(values, n)[:n]
		for from := 0; from < n; from += runRows {
			buffer := values[from:min(n, from+runRows)]
			copy(buffer, c.Read(from, buffer))
		}
		return values, 0
	}
	values = slices.Grow(values, len(rows))
	if whole, ok := c.(floats); ok {
		for _, row := range rows {
			values = append(values, whole[row])
		}
		return values, 0
	}
	one := make([]float64, 1)
	for _, row := range rows {
		values = append(values, c.Read(row, one)[0])
	}
	return values, 0
}

func (c *Sparse) sample(rows []int, values []float64) (_ []float64, zeros int) {
	if rows == nil {
		return append(values, c.Values...), c.NumRows - len(c.Values)
	}
	before, at := len(values), 0
	values = slices.Grow(values, min(len(rows), len(c.Values)))
	for _, row := range rows {
		for at < len(c.Rows) && int(c.Rows[at]) < row {
			at++
		}
		if at < len(c.Rows) && int(c.Rows[at]) == row {
			values = append(values, c.Values[at])
		}
	}
	return values, len(rows) - (len(values) - before)
}

func (d *Dataset) slotBins() []int {
	bins := make([]int, len(d.used))
	for slot, feature := range d.used {
		bins[slot] = d.mappers[feature].numBins
	}
	return bins
}

func (d *Dataset) mapper(slot int) *binMapper { return d.mappers[d.used[slot]] }

// sparseCandidates are the slots that might be bundled or kept sparsely.
func (d *Dataset) sparseCandidates(p *Params) []int {
	var slots []int
	for slot := range d.used {
		if p.EnableBundle && d.mapper(slot).usualShare >= sparseShare {
			slots = append(slots, slot)
		}
	}
	return slots
}

// listUnusual lists, by slot, the rows whose bin is not the usual one; nil for all
// but the given slots.
func (d *Dataset) listUnusual(features []Feature, workers *pool, slots []int) []*sparseList {
	lists := make([]*sparseList, len(d.used))
	buffers := make([][]float64, workers.threads)
	workers.each(len(slots), func(worker, i int) {
		if buffers[worker] == nil {
			buffers[worker] = make([]float64, runRows)
		}
		slot := slots[i]
		lists[slot] = d.listOf(features[d.used[slot]].column(), d.mapper(slot), buffers[worker])
	})
	return lists
}

func (d *Dataset) listOf(c Column, m *binMapper, buffer []float64) *sparseList {
	list := &sparseList{}
	if sparse, ok := c.(*Sparse); ok && m.bin(0) == m.usual {
		for i, v := range sparse.Values {
			if b := m.bin(v); b != m.usual {
				list.rows, list.bins = append(list.rows, sparse.Rows[i]), append(list.bins, uint16(b))
			}
		}
		return list
	}
	for from := 0; from < d.rows; from += runRows {
		for i, v := range c.Read(from, buffer[:min(runRows, d.rows-from)]) {
			if b := m.bin(v); b != m.usual {
				list.rows, list.bins = append(list.rows, uint32(from+i)), append(list.bins, uint16(b))
			}
		}
	}
	return list
}

// fill bins all rows. A task owns its rows, so that no word is shared.
func (d *Dataset) fill(features []Feature, lists []*sparseList, workers *pool) {
	d.data = make([]uint64, d.rows*d.words)
	d.wideData = make([][]uint16, len(d.wide))
	for i := range d.wideData {
		d.wideData[i] = make([]uint16, d.rows)
	}
	columns := make([]Column, len(d.used))
	for slot, feature := range d.used {
		columns[slot] = features[feature].column()
	}
	workers.each(chunks(d.rows), func(_, task int) {
		from, to := chunk(task, d.rows)
		buffer := make([]float64, runRows)
		for start := from; start < to; start += runRows {
			end := min(start+runRows, to)
			for i := range d.bytes {
				if c := &d.bytes[i]; d.places[c.slots[0]].kind == inByte {
					d.fillBytes(i, d.mapper(c.slots[0]), columns[c.slots[0]].Read(start, buffer[:end-start]), start)
				}
			}
			for i, slot := range d.wide {
				m, into := d.mapper(slot), d.wideData[i][start:end]
				for j, v := range columns[slot].Read(start, buffer[:end-start]) {
					into[j] = uint16(m.bin(v))
				}
			}
		}
		d.fillBundles(lists, from, to)
	})
	if len(d.sparse) == 0 {
		return
	}
	at, ordered := make([]int, len(d.sparse)), make([]*sparseList, len(d.sparse))
	for i, slot := range d.sparse {
		at[i], ordered[i] = d.places[slot].at, lists[slot]
	}
	d.entries = newSparseRows(d.rows, at, ordered, workers)
}

func (d *Dataset) fillBytes(column int, m *binMapper, values []float64, firstRow int) {
	word, shift := wordOf(column)
	data, words := d.data, d.words
	at := firstRow*words + word
	if m.categorical {
		for _, v := range values {
			data[at] |= uint64(m.categoryBin(v)) << (shift & 63)
			at += words
		}
		return
	}
	missing := uint64(m.zero)
	if m.missing == missingNaN {
		missing = uint64(m.numBins - 1)
	}
	for _, v := range values {
		b := uint64(m.byteBin(v))
		if v != v {
			b = missing
		}
		data[at] |= b << (shift & 63)
		at += words
	}
}

// fillBundles writes the bytes of bundled slots in the rows from to to-1.
func (d *Dataset) fillBundles(lists []*sparseList, from, to int) {
	for column := range d.bytes {
		word, shift := wordOf(column)
		for _, slot := range d.bytes[column].slots {
			if d.places[slot].kind != inBundle {
				continue
			}
			first, list := d.places[slot].first, lists[slot]
			i, _ := slices.BinarySearch(list.rows, uint32(from))
			for ; i < len(list.rows) && int(list.rows[i]) < to; i++ {
				d.data[int(list.rows[i])*d.words+word] |= uint64(first+int(list.bins[i])) << shift
			}
		}
	}
}
