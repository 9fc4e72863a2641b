package table

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// parquetGroupRows is the number of rows in a row group: enough for dictionaries
// and compression to work, few enough to be read in parallel.
const parquetGroupRows = 256 << 10

// parquetRoot is a schema's root whose fields keep their order; the library's
// own group sorts them.
type parquetRoot struct {
	parquet.Group
	fields []parquet.Field
}

// Fields returns the columns in the table's order.
func (r *parquetRoot) Fields() []parquet.Field { return r.fields }

// parquetSchema maps kinds to Parquet types: int64, double, boolean, UTF-8 text
// in dictionaries, UTC timestamps in nanoseconds; optional where there are nulls.
func parquetSchema(t *Table) *parquet.Schema {
	root := &parquetRoot{Group: make(parquet.Group)}
	for _, c := range t.Columns() {
		var node parquet.Node
		switch c.kind {
		case Float64:
			node = parquet.Leaf(parquet.DoubleType)
		case Int64:
			node = parquet.Int(64)
		case Bool:
			node = parquet.Leaf(parquet.BooleanType)
		case Time:
			node = parquet.Timestamp(parquet.Nanosecond)
		default:
			node = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		}
		if c.HasNulls() {
			node = parquet.Optional(node)
		}
		root.Group[c.name] = node
	}
	byName := make(map[string]parquet.Field)
	for _, field := range root.Group.Fields() {
		byName[field.Name()] = field
	}
	for _, c := range t.Columns() {
		root.fields = append(root.fields, byName[c.name])
	}
	return parquet.NewSchema("table", root)
}

// writeParquet writes row groups compressed with Zstandard.
func writeParquet(out io.Writer, t *Table) (err error) {
	if t.NumColumns() == 0 {
		return errors.New("a table without columns has no Parquet form")
	}
	w := parquet.NewGenericWriter[any](out, parquetSchema(t), parquet.Compression(&parquet.Zstd))
	values := make([]parquet.Value, 0, 4096)
	for from := 0; from < t.NumRows(); from += parquetGroupRows {
		to := min(from+parquetGroupRows, t.NumRows())
		writers := w.ColumnWriters()
		for j, c := range t.Columns() {
			for lo := from; lo < to; lo += cap(values) {
				hi := min(lo+cap(values), to)
				values = appendParquet(values[:0], c, j, lo, hi)
				if _, err := writers[j].WriteRowValues(values); err != nil {
					return fmt.Errorf("column %q: %w", c.name, err)
				}
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return w.Close()
}

// appendParquet appends cells [lo, hi) with their definition levels.
func appendParquet(values []parquet.Value, c *Column, index, lo, hi int) []parquet.Value {
	level := 0
	if c.HasNulls() {
		level = 1
	}
	for i := lo; i < hi; i++ {
		if c.IsNull(i) {
			values = append(values, parquet.NullValue().Level(0, 0, index))
			continue
		}
		var v parquet.Value
		switch c.kind {
		case Float64:
			v = parquet.DoubleValue(c.floats[i])
		case Int64, Time:
			v = parquet.Int64Value(c.ints[i])
		case Bool:
			v = parquet.BooleanValue(c.bools[i])
		default:
			text := c.dict[c.codes[i]]
			v = parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(text), len(text))) // only read
		}
		values = append(values, v.Level(0, level, index))
	}
	return values
}
