package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetLeaf says how the values of one Parquet column become cells.
type parquetLeaf struct {
	name     string
	index    int
	kind     Kind
	physical parquet.Kind
	unit     int64 // nanoseconds of a timestamp's or date's unit
	scale    int   // digits behind the point of a decimal
	decimal  bool
	unsigned bool
	uuid     bool
	width    int // bytes of a value of fixed length
}

// unsupportedValue says that a column is well-formed but holds what a table
// cannot.
type unsupportedValue struct{ what string }

func (e *unsupportedValue) Error() string { return e.what }

func newParquetLeaf(c *parquet.Column) (*parquetLeaf, error) {
	t := c.Type()
	l := &parquetLeaf{name: c.Name(), index: c.Index(), physical: t.Kind()}
	if l.physical == parquet.FixedLenByteArray {
		l.width = t.Length()
	}
	var logical format.LogicalTypeValue
	if lt := t.LogicalType(); lt != nil {
		logical = lt.Value
	}
	refused := fmt.Errorf("column %q has the Parquet type %s, which a table cannot hold; leave it out with a list of columns", c.Name(), t)
	switch l.physical {
	case parquet.Boolean:
		l.kind = Bool
	case parquet.Float, parquet.Double:
		l.kind = Float64
	case parquet.Int96:
		l.kind = Time
	case parquet.Int32, parquet.Int64:
		l.kind = Int64
	default:
		l.kind = String
	}
	switch lt := logical.(type) {
	case nil:
		if l.physical == parquet.FixedLenByteArray {
			return nil, refused
		}
	case *format.IntType:
		l.unsigned = !lt.IsSigned
	case *format.DecimalType:
		l.kind, l.decimal, l.scale = Float64, true, int(lt.Scale)
		if lt.Scale < 0 || lt.Scale > 10_000 {
			return nil, refused
		}
	case *format.DateType:
		l.kind, l.unit = Time, int64(24*time.Hour)
	case *format.TimestampType:
		if l.physical != parquet.Int64 || lt.Unit.Value == nil {
			return nil, refused
		}
		l.kind, l.unit = Time, int64(lt.Unit.Value.Duration())
	case *format.UUIDType:
		if l.width != 16 {
			return nil, refused
		}
		l.uuid = true
	case *format.StringType, *format.EnumType, *format.JsonType:
	case *format.NullType:
		l.kind = Float64 // as every column of nulls only
	default:
		return nil, refused
	}
	return l, nil
}

// read reads the column's cells in one row group.
func (l *parquetLeaf) read(group parquet.RowGroup, opts *ReadOptions) (p piece, err error) {
	defer recoverAs(&err)
	pages := group.ColumnChunks()[l.index].Pages()
	defer pages.Close()
	b := parquetBuilder{leaf: l, maxCell: opts.MaxCellBytes}
	b.p.kind = l.kind
	want := int(group.NumRows())
	b.reserve(min(want, 1<<20)) // the number is only claimed until the pages are there
	for b.p.rows < want {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return piece{}, fmt.Errorf("%d rows where %d are promised", b.p.rows, want)
		}
		if err != nil {
			return piece{}, err
		}
		err = b.addPage(page)
		parquet.Release(page)
		if err != nil {
			return piece{}, err
		}
	}
	if b.p.rows != want {
		return piece{}, fmt.Errorf("%d rows where %d are promised", b.p.rows, want)
	}
	if b.values == 0 {
		return piece{rows: want}, nil
	}
	return b.p, nil
}

// parquetBuilder gathers the cells of one column of one row group.
type parquetBuilder struct {
	leaf    *parquetLeaf
	maxCell int
	p       piece
	values  int // cells that are not null
	known   map[string]uint32
	dict    parquet.Dictionary // the one that batch was decoded from
	batch   parquetBatch
}

func (b *parquetBuilder) reserve(rows int) {
	switch b.p.kind {
	case Float64:
		b.p.floats = make([]float64, 0, rows)
	case Int64, Time:
		b.p.ints = make([]int64, 0, rows)
	case Bool:
		b.p.bools = make([]bool, 0, rows)
	case String:
		b.p.codes = make([]uint32, 0, rows)
		b.known = make(map[string]uint32)
	}
}

// addPage appends a page's cells.
func (b *parquetBuilder) addPage(page parquet.Page) error {
	rows := int(page.NumRows())
	values := rows - int(page.NumNulls())
	if len(page.RepetitionLevels()) > 0 {
		return errors.New("repeated values in a column that is not repeated")
	}
	levels := page.DefinitionLevels()
	if len(levels) > 0 && len(levels) != rows {
		return fmt.Errorf("%d definition levels for %d rows", len(levels), rows)
	}
	if values == 0 {
		b.addNulls(rows)
		return nil
	}
	var indexes []int32
	if dict := page.Dictionary(); dict != nil {
		data := page.Data()
		indexes = data.Int32()
		if b.dict != dict {
			inner := dict.Page()
			batch, err := b.decode(inner.Data(), dict.Len())
			if err != nil {
				return err
			}
			b.dict, b.batch = dict, batch
		}
	} else {
		batch, err := b.decode(page.Data(), values)
		if err != nil {
			return err
		}
		b.dict, b.batch = nil, batch
	}
	return b.addCells(rows, values, levels, indexes)
}

// addNulls appends rows of nulls.
func (b *parquetBuilder) addNulls(rows int) {
	b.needNulls()
	for range rows {
		b.addNull()
	}
}

func (b *parquetBuilder) needNulls() {
	if b.p.nulls == nil {
		b.p.nulls = make([]bool, b.p.rows, max(b.p.rows, 1024))
	}
}

func (b *parquetBuilder) addNull() {
	switch b.p.kind {
	case Float64:
		b.p.floats = append(b.p.floats, math.NaN())
	case Int64, Time:
		b.p.ints = append(b.p.ints, 0)
	case Bool:
		b.p.bools = append(b.p.bools, false)
	case String:
		b.p.codes = append(b.p.codes, 0)
	}
	b.p.nulls = append(b.p.nulls, true)
	b.p.rows++
}
