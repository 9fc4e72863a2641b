package table

import (
	"fmt"
	"math"
)

// addCells appends rows whose values are, in order, those of the batch, or the
// ones that indexes name; a level below 1 means null.
func (b *parquetBuilder) addCells(rows, values int, levels []byte, indexes []int32) error {
	have := b.batch.len(b.p.kind)
	if indexes == nil && have < values || indexes != nil && len(indexes) < values {
		return fmt.Errorf("a page with fewer values than the %d it promises", values)
	}
	for _, index := range indexes[:min(values, len(indexes))] {
		if int(uint32(index)) >= have {
			return fmt.Errorf("dictionary index %d of %d", uint32(index), have)
		}
	}
	b.batch.indexes = indexes
	b.widen()
	if values == rows && indexes == nil && b.appendPlain(values) {
		return nil
	}
	next := 0
	for i := range rows {
		if len(levels) > 0 && levels[i] == 0 {
			b.needNulls()
			b.addNull()
			continue
		}
		at := next
		if indexes != nil {
			at = int(indexes[next])
		}
		next++
		b.addValue(at)
	}
	return nil
}

// appendPlain appends a page of values without nulls in one go where that needs
// no look at each; it reports whether it did.
func (b *parquetBuilder) appendPlain(n int) bool {
	switch b.p.kind {
	case Int64, Time:
		b.p.ints = append(b.p.ints, b.batch.ints[:n]...)
	case Bool:
		b.p.bools = append(b.p.bools, b.batch.bools[:n]...)
	case Float64:
		if b.p.nulls != nil {
			return false
		}
		for _, v := range b.batch.floats[:n] {
			if v != v {
				return false
			}
		}
		b.p.floats = append(b.p.floats, b.batch.floats[:n]...)
	default:
		return false
	}
	if b.p.nulls != nil {
		b.p.nulls = append(b.p.nulls, make([]bool, n)...)
	}
	b.p.rows += n
	b.values += n
	return true
}

// addValue appends value at of the batch. NaN is null.
func (b *parquetBuilder) addValue(at int) {
	switch b.p.kind {
	case Float64:
		v := b.batch.floats[at]
		if math.IsNaN(v) {
			b.needNulls()
			b.addNull()
			return
		}
		b.p.floats = append(b.p.floats, v)
	case Int64, Time:
		b.p.ints = append(b.p.ints, b.batch.ints[at])
	case Bool:
		b.p.bools = append(b.p.bools, b.batch.bools[at])
	case String:
		b.p.codes = append(b.p.codes, b.code(at))
	}
	if b.p.nulls != nil {
		b.p.nulls = append(b.p.nulls, false)
	}
	b.p.rows++
	b.values++
}

// code returns the code of the batch's text at, looked up once for each entry of
// a dictionary.
func (b *parquetBuilder) code(at int) uint32 {
	if b.batch.codes == nil {
		b.batch.codes = make([]uint32, len(b.batch.texts))
		fill(b.batch.codes, math.MaxUint32)
	}
	if code := b.batch.codes[at]; code != math.MaxUint32 {
		return code
	}
	text := b.batch.texts[at]
	code, ok := b.known[string(text)]
	if !ok {
		code = uint32(len(b.p.dict))
		value := string(text)
		b.p.dict = append(b.p.dict, value)
		b.known[value] = code
	}
	b.batch.codes[at] = code
	return code
}

// widen turns what was gathered into floats, or a batch of integers, if the
// column's unsigned integers have passed int64 in either.
func (b *parquetBuilder) widen() {
	switch {
	case b.p.kind == Int64 && b.batch.floats != nil:
		b.p.kind = Float64
		b.p.floats = make([]float64, len(b.p.ints), cap(b.p.ints))
		for i, v := range b.p.ints {
			b.p.floats[i] = float64(v)
			if b.p.nulls != nil && b.p.nulls[i] {
				b.p.floats[i] = math.NaN()
			}
		}
		b.p.ints = nil
	case b.p.kind == Float64 && b.batch.floats == nil:
		b.batch.floats = make([]float64, len(b.batch.ints))
		for i, v := range b.batch.ints {
			b.batch.floats[i] = float64(v)
		}
	}
}
