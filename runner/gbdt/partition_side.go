package gbdt

// sideDecider writes 1 into side for each row that goes left, else 0, and
// returns how many do.
type sideDecider func(rows []uint32, side []uint8) (left int)

// decider looks up the sides of a slot's bins wherever they are kept. count is
// how many rows will be asked for.
func (p *partition) decider(slot int, goesLeft []uint8, count int) sideDecider {
	d, place := p.data, &p.data.places[slot]
	usual := d.mapper(slot).usual
	switch place.kind {
	case inWide:
		bins := d.wideData[place.column]
		return func(rows []uint32, side []uint8) (left int) {
			for i, row := range rows {
				is := goesLeft[bins[row]]
				side[i] = is
				left += int(is)
			}
			return left
		}
	case inSparse:
		list, most := d.lists[place.column], goesLeft[usual]
		for i, row := range list.rows {
			p.mark[row] = most ^ goesLeft[list.bins[i]]
		}
		return func(rows []uint32, side []uint8) (left int) {
			for i, row := range rows {
				is := most ^ p.mark[row]
				side[i] = is
				left += int(is)
			}
			return left
		}
	}
	bytes := place.physical(goesLeft, usual)
	if column := p.columns.get(place.column, count); column != nil {
		return func(rows []uint32, side []uint8) int { return decideColumn(column, rows, side, &bytes) }
	}
	word, shift := wordOf(place.column)
	return func(rows []uint32, side []uint8) int {
		return decideWords(d.data, d.words, word, shift, rows, side, &bytes)
	}
}

// unmark forgets the last split's marks.
func (p *partition) unmark(slot int) {
	if place := &p.data.places[slot]; place.kind == inSparse {
		for _, row := range p.data.lists[place.column].rows {
			p.mark[row] = 0
		}
	}
}

func decideColumn(column []uint8, rows []uint32, side []uint8, goesLeft *[byteBins]uint8) (left int) {
	side = side[:len(rows)]
	for i, row := range rows {
		is := goesLeft[column[row]]
		side[i] = is
		left += int(is)
	}
	return left
}

func decideWords(data []uint64, words, word int, shift uint, rows []uint32, side []uint8, goesLeft *[byteBins]uint8) (left int) {
	side = side[:len(rows)]
	for i, row := range rows {
		is := goesLeft[uint8(data[int(row)*words+word]>>(shift&63))]
		side[i] = is
		left += int(is)
	}
	return left
}

// byteColumns are copies of byte columns that splits ask for again and again: a
// row's word costs a cache line, its byte in a column of its own a 64th.
type byteColumns struct {
	data    *Dataset
	workers *pool
	cached  [][]uint8
	looked  []int // rows looked up without a copy
	room    int   // copies that may yet be made
}

// cachedShare is the part of the columns that may be copied: most splits are on
// few of them, and more copies cost more memory than they save time.
const cachedShare = 0.25

// get returns the copy of a column, or nil while it would not pay: it is made
// when as many rows have been looked up as it takes to read the whole column.
func (c *byteColumns) get(column, count int) []uint8 {
	d := c.data
	if c.cached[column] == nil {
		if c.looked[column] += count; c.looked[column] < d.rows || d.words == 1 || c.room == 0 {
			return nil
		}
		c.room--
		copied := make([]uint8, d.rows)
		word, shift := wordOf(column)
		c.workers.each(chunks(d.rows), func(_, task int) {
			from, to := chunk(task, d.rows)
			at := from*d.words + word
			for row := from; row < to; row++ {
				copied[row] = uint8(d.data[at] >> (shift & 63))
				at += d.words
			}
		})
		c.cached[column] = copied
	}
	return c.cached[column]
}
