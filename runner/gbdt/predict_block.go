package gbdt

// rowBlocks predicts a few rows at a time: one tree after another over all of
// them, so that the tree is read once. It belongs to one goroutine.
type rowBlocks struct {
	m       *Model
	columns [][]float64
	blocks  []float64 // of each lanes rows: the values of each feature side by side
	missing []bool    // of each block: some are missing
	rows    []float64 // row by row, for trees that are not plain; else nil
	scores  []float64 // of whole blocks
	group   int       // blocks at a time
}

// blockBytes bounds the values that are predicted together: they and a tree
// should stay in the second-level cache.
const blockBytes = 1 << 18

func newRowBlocks(m *Model, columns [][]float64) *rowBlocks {
	width := len(columns)
	b := &rowBlocks{m: m, columns: columns, group: max(1, min(predictRows/lanes, blockBytes/(8*lanes*width)))}
	b.blocks = make([]float64, b.group*lanes*width)
	b.missing = make([]bool, b.group)
	b.scores = make([]float64, b.group*lanes*m.outputs)
	if !m.linear && !m.plain.all {
		b.rows = make([]float64, b.group*lanes*width)
	}
	return b
}

func (b *rowBlocks) predict(from, to int, out []float64, transformed bool) {
	m, width := b.m, len(b.columns)
	if m.linear {
		row := b.blocks[:width]
		for i := from; i < to; i++ {
			for f, column := range b.columns {
				row[f] = column[i]
			}
			m.rawRow(row, out[(i-from)*m.outputs:(i-from+1)*m.outputs])
		}
	}
	for start := from; start < to && !m.linear; start += b.group * lanes {
		end := min(start+b.group*lanes, to)
		count := (end - start + lanes - 1) / lanes
		for i := range count {
			b.fill(i, start+i*lanes, to)
		}
		clear(b.scores[:count*lanes*m.outputs])
		b.addTrees(count)
		copy(out[(start-from)*m.outputs:], b.scores[:(end-start)*m.outputs])
	}
	for i := 0; i < len(out); i += m.outputs {
		row := out[i : i+m.outputs]
		if !m.linear {
			m.finishRaw(row)
		}
		if transformed {
			m.transform.apply(row)
		}
	}
}

// fill copies the lanes rows from first on; the last one stands for those from
// end on.
func (b *rowBlocks) fill(i, first, end int) {
	width := len(b.columns)
	block := b.blocks[i*lanes*width : (i+1)*lanes*width]
	missing := false
	for f, column := range b.columns {
		side := block[f*lanes : (f+1)*lanes : (f+1)*lanes]
		n := copy(side, column[first:min(first+lanes, end)])
		for ; n < lanes; n++ {
			side[n] = column[end-1]
		}
		for _, v := range side {
			missing = missing || v != v
		}
	}
	if b.rows != nil {
		rows := b.rows[i*lanes*width:]
		for f := range width {
			for lane := range lanes {
				rows[lane*width+f] = block[f*lanes+lane]
			}
		}
	}
	b.missing[i] = missing && b.fillZero(block)
}

// fillZero puts 0 for missing values that count as such, and tells whether
// others are left.
func (b *rowBlocks) fillZero(block []float64) (left bool) {
	for f, zero := range b.m.plain.zero {
		for lane, v := range block[f*lanes : (f+1)*lanes] {
			switch {
			case v == v:
			case zero:
				block[f*lanes+lane] = 0
			default:
				left = true
			}
		}
	}
	return left
}

// addTrees adds all trees' values to the scores of the first count blocks.
func (b *rowBlocks) addTrees(count int) {
	m, width := b.m, len(b.columns)
	for tree, root := range m.flat.roots {
		k := tree % m.outputs
		plain := m.plain.roots[tree] >= 0
		for i := range count {
			from, to := i*lanes*width, (i+1)*lanes*width
			scores := b.scores[i*lanes*m.outputs+k:]
			switch {
			case !plain:
				m.flat.addValues(root, b.rows[from:to], width, scores, m.outputs)
			case b.missing[i]:
				m.plain.addRowsMissing(tree, b.blocks[from:to], scores, m.outputs)
			default:
				m.plain.addRows(tree, b.blocks[from:to], scores, m.outputs)
			}
		}
	}
}
