package table

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

// parquetGroupRows is the number of rows in a row group: enough for dictionaries
// and compression to work, few enough to be read in parallel.
const parquetGroupRows = 256 << 10

// blockRows is the number of rows that are handed on at once: pages end where some
// block does, so that they do not depend on how a table came.
const blockRows = 1024

// pagesBytes bounds the pages that are being filled, one of each column: of many
// columns, pages are smaller, down to minPageBytes, a block of numbers.
const (
	pagesBytes   = 16 << 20
	minPageBytes = 13 * blockRows // a number's eight bytes, four of its row and one of its level
)

// parquetRoot is a schema's root whose fields keep their order; the library's
// own group sorts them.
type parquetRoot struct {
	parquet.Group
	fields []parquet.Field
}

// Fields returns the columns in the table's order.
func (r *parquetRoot) Fields() []parquet.Field { return r.fields }

// parquetSchema maps kinds to Parquet types: int64, double, boolean, UTF-8 text
// in dictionaries, UTC timestamps in nanoseconds; optional where optional says so.
func parquetSchema(t *Table, optional func(c *Column) bool) *parquet.Schema {
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
		if optional(c) {
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

// parquetCodecs are the compressions by the names that other tools give them.
var parquetCodecs = map[string]compress.Codec{
	"": &parquet.Zstd, "zstd": &parquet.Zstd, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "none": &parquet.Uncompressed,
}

// parquetWriter writes row groups.
type parquetWriter struct {
	w        *parquet.GenericWriter[any]
	optional func(c *Column) bool
	values   []parquet.Value
	spill    *spill // nil: pages are kept in memory
}

// newParquetWriter begins a file of the table's columns.
func newParquetWriter(out io.Writer, t *Table, opts WriteOptions, optional func(c *Column) bool) (*parquetWriter, error) {
	if t.NumColumns() == 0 {
		return nil, errors.New("a table without columns has no Parquet form")
	}
	codec, ok := parquetCodecs[opts.Compression]
	if !ok {
		return nil, fmt.Errorf("unknown compression %q (known: gzip, none, snappy, zstd)", opts.Compression)
	}
	p := &parquetWriter{optional: optional, values: make([]parquet.Value, 0, blockRows)}
	options := []parquet.WriterOption{
		parquetSchema(t, optional), parquet.Compression(codec),
		parquet.PageBufferSize(max(minPageBytes, min(parquet.DefaultPageBufferSize, pagesBytes/t.NumColumns()))),
	}
	if opts.Scratch != "" {
		p.spill = &spill{dir: opts.Scratch, keep: spillHead}
		options = append(options, parquet.ColumnPageBuffers(p.spill))
	}
	for _, key := range slices.Sorted(maps.Keys(opts.Metadata)) {
		options = append(options, parquet.KeyValueMetadata(key, opts.Metadata[key]))
	}
	p.w = parquet.NewGenericWriter[any](out, options...)
	return p, nil
}

// release lets go of what was kept on disk.
func (p *parquetWriter) release() error {
	if p.spill == nil {
		return nil
	}
	return p.spill.close()
}

// block writes the rows of the parts, at most [blockRows] together, to the row group.
func (p *parquetWriter) block(parts []*Table) error {
	for j, writer := range p.w.ColumnWriters() {
		p.values = p.values[:0]
		for _, t := range parts {
			c := t.columns[j]
			level := 0
			if p.optional(c) {
				level = 1
			}
			p.values = appendParquet(p.values, c, j, level, 0, t.NumRows())
		}
		if _, err := writer.WriteRowValues(p.values); err != nil {
			return fmt.Errorf("column %q: %w", parts[0].columns[j].name, err)
		}
	}
	return nil
}

// group writes a row group of the table's rows.
func (p *parquetWriter) group(t *Table) error {
	for lo := 0; lo < t.NumRows(); lo += blockRows {
		if err := p.block([]*Table{t.Slice(lo, min(lo+blockRows, t.NumRows()))}); err != nil {
			return err
		}
	}
	return p.w.Flush()
}

// writeParquet writes a table in row groups of [parquetGroupRows].
func writeParquet(out io.Writer, t *Table, opts WriteOptions) error {
	p, err := newParquetWriter(out, t, opts, func(c *Column) bool { return t.Column(c.name).HasNulls() })
	if err != nil {
		return err
	}
	for from := 0; from < t.NumRows(); from += parquetGroupRows {
		if err := p.group(t.Slice(from, min(from+parquetGroupRows, t.NumRows()))); err != nil {
			return err
		}
	}
	return p.w.Close()
}

// appendParquet appends cells [lo, hi) with their definition levels, level where
// they are not null.
func appendParquet(values []parquet.Value, c *Column, index, level, lo, hi int) []parquet.Value {
	if c.kind == Float64 && c.nulls == nil { // most of what is large
		for _, v := range c.floats[lo:hi] {
			values = append(values, parquet.DoubleValue(v).Level(0, level, index))
		}
		return values
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
