package table

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Kind is the type of a column's cells.
type Kind uint8

// The kinds of columns.
const (
	Float64 Kind = iota + 1
	Int64
	Bool
	String
	Time
)

var kindNames = [...]string{Float64: "float64", Int64: "int64", Bool: "bool", String: "string", Time: "time"}

// String returns the kind's name as schemas write it.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(name string) (Kind, error) {
	for k, n := range kindNames {
		if n == name && n != "" {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("unknown column type %q (known: float64, int64, bool, string, time)", name)
}

// Column is one named, typed, immutable run of cells. Only the slice that
// belongs to its kind is set.
type Column struct {
	name   string
	kind   Kind
	floats []float64
	ints   []int64 // Int64 values, or Time as nanoseconds since the Unix epoch, UTC
	bools  []bool
	codes  []uint32
	dict   []string
	nulls  []bool // nil when no cell is null
}

// NewFloat64 makes a column of numbers. A NaN is a null cell; nulls, which may
// be nil, marks further ones. The column keeps the slices.
func NewFloat64(name string, values []float64, nulls []bool) *Column {
	for i, v := range values {
		if nulls != nil && nulls[i] {
			values[i] = math.NaN()
		} else if math.IsNaN(v) {
			if nulls == nil {
				nulls = make([]bool, len(values))
			}
			nulls[i] = true
		}
	}
	return &Column{name: name, kind: Float64, floats: values, nulls: anyNull(nulls)}
}

// NewInt64 makes a column of integers; nulls may be nil. It keeps the slices.
func NewInt64(name string, values []int64, nulls []bool) *Column {
	return &Column{name: name, kind: Int64, ints: values, nulls: anyNull(nulls)}
}

// NewBool makes a column of truth values; nulls may be nil. It keeps the slices.
func NewBool(name string, values []bool, nulls []bool) *Column {
	return &Column{name: name, kind: Bool, bools: values, nulls: anyNull(nulls)}
}

// NewTime makes a column of instants in nanoseconds since the Unix epoch, UTC;
// nulls may be nil. It keeps the slices.
func NewTime(name string, nanos []int64, nulls []bool) *Column {
	return &Column{name: name, kind: Time, ints: nanos, nulls: anyNull(nulls)}
}

// NewString makes a column of text, building its dictionary in order of first
// appearance; nulls may be nil.
func NewString(name string, values []string, nulls []bool) *Column {
	codes := make([]uint32, len(values))
	var dict []string
	seen := make(map[string]uint32)
	for i, v := range values {
		if nulls != nil && nulls[i] {
			continue
		}
		code, ok := seen[v]
		if !ok {
			code = uint32(len(dict))
			dict = append(dict, v)
			seen[v] = code
		}
		codes[i] = code
	}
	return &Column{name: name, kind: String, codes: codes, dict: dict, nulls: anyNull(nulls)}
}

// NewDictionary makes a column of text from codes into dict, whose entries are
// distinct. The code of a null cell is not looked at. It keeps the slices.
func NewDictionary(name string, codes []uint32, dict []string, nulls []bool) *Column {
	return &Column{name: name, kind: String, codes: codes, dict: dict, nulls: anyNull(nulls)}
}

func anyNull(nulls []bool) []bool {
	for _, n := range nulls {
		if n {
			return nulls
		}
	}
	return nil
}

// Name returns the column's name.
func (c *Column) Name() string { return c.name }

// Kind returns the type of the column's cells.
func (c *Column) Kind() Kind { return c.kind }

// Len returns the number of cells.
func (c *Column) Len() int {
	switch c.kind {
	case Float64:
		return len(c.floats)
	case Int64, Time:
		return len(c.ints)
	case Bool:
		return len(c.bools)
	default:
		return len(c.codes)
	}
}

// Floats returns the cells of a Float64 column, NaN where null; nil for other
// kinds. The caller must not change them.
func (c *Column) Floats() []float64 { return c.floats }

// Ints returns the cells of an Int64 column, or a Time column's nanoseconds
// since the Unix epoch; nil for other kinds. The caller must not change them.
func (c *Column) Ints() []int64 { return c.ints }

// Bools returns the cells of a Bool column; nil for other kinds. The caller
// must not change them.
func (c *Column) Bools() []bool { return c.bools }

// Codes returns a String column's indices into [Column.Dict]; nil for other
// kinds. The caller must not change them.
func (c *Column) Codes() []uint32 { return c.codes }

// Dict returns a String column's distinct values. It may hold values that no
// cell of this column uses (a slice shares its parent's dictionary). The caller
// must not change it.
func (c *Column) Dict() []string { return c.dict }

// IsNull reports whether cell i is null.
func (c *Column) IsNull(i int) bool { return c.nulls != nil && c.nulls[i] }

// HasNulls reports whether any cell is null.
func (c *Column) HasNulls() bool {
	for _, n := range c.nulls {
		if n {
			return true
		}
	}
	return false
}

// NullCount returns the number of null cells.
func (c *Column) NullCount() int {
	count := 0
	for _, n := range c.nulls {
		if n {
			count++
		}
	}
	return count
}

// IsNumeric reports whether the cells are numbers (Float64 or Int64).
func (c *Column) IsNumeric() bool { return c.kind == Float64 || c.kind == Int64 }

// Same reports whether two cells are equal, as two nulls are.
func (c *Column) Same(i, j int) bool {
	if c.IsNull(i) || c.IsNull(j) {
		return c.IsNull(i) && c.IsNull(j)
	}
	switch c.kind {
	case Float64:
		return c.floats[i] == c.floats[j]
	case Int64, Time:
		return c.ints[i] == c.ints[j]
	case Bool:
		return c.bools[i] == c.bools[j]
	}
	return c.codes[i] == c.codes[j]
}

// Text returns cell i as text, and "" for a null one. Numbers are written in
// the shortest form that reads back as the same value, times as RFC 3339.
func (c *Column) Text(i int) string {
	if c.IsNull(i) {
		return ""
	}
	switch c.kind {
	case Float64:
		return strconv.FormatFloat(c.floats[i], 'g', -1, 64)
	case Int64:
		return strconv.FormatInt(c.ints[i], 10)
	case Bool:
		return strconv.FormatBool(c.bools[i])
	case Time:
		return time.Unix(0, c.ints[i]).UTC().Format(time.RFC3339Nano)
	default:
		return c.dict[c.codes[i]]
	}
}

// AsFloats returns the cells as numbers, NaN where null: a Float64 column's own
// cells without a copy, integers and times converted, false and true as 0 and
// 1. A String column gives an error.
func (c *Column) AsFloats() ([]float64, error) {
	switch c.kind {
	case Float64:
		return c.floats, nil
	case String:
		return nil, fmt.Errorf("column %q holds text, not numbers", c.name)
	}
	out := make([]float64, c.Len())
	for i := range out {
		switch {
		case c.IsNull(i):
			out[i] = math.NaN()
		case c.kind == Bool:
			if c.bools[i] {
				out[i] = 1
			}
		default:
			out[i] = float64(c.ints[i])
		}
	}
	return out, nil
}

// Rename returns the same cells under another name.
func (c *Column) Rename(name string) *Column {
	d := *c
	d.name = name
	return &d
}

// Slice returns cells [lo, hi) without copying them.
func (c *Column) Slice(lo, hi int) *Column {
	d := *c
	switch c.kind {
	case Float64:
		d.floats = c.floats[lo:hi:hi]
	case Int64, Time:
		d.ints = c.ints[lo:hi:hi]
	case Bool:
		d.bools = c.bools[lo:hi:hi]
	default:
		d.codes = c.codes[lo:hi:hi]
	}
	if c.nulls != nil {
		d.nulls = c.nulls[lo:hi:hi]
	}
	return &d
}

// compact returns a text column whose dictionary, where it has more entries than
// there are cells, holds what the cells use alone, by first use.
func (c *Column) compact() *Column {
	if c.kind != String || len(c.dict) <= len(c.codes) {
		return c
	}
	d := *c
	d.codes, d.dict = make([]uint32, len(c.codes)), nil
	place := make(map[uint32]uint32, len(c.codes))
	for i, code := range c.codes {
		if c.IsNull(i) {
			continue
		}
		at, ok := place[code]
		if !ok {
			at = uint32(len(d.dict))
			place[code] = at
			d.dict = append(d.dict, c.dict[code])
		}
		d.codes[i] = at
	}
	return &d
}

// Take returns the cells at rows, in that order, copied.
func (c *Column) Take(rows []int) *Column {
	d := *c
	switch c.kind {
	case Float64:
		d.floats = takeCells(c.floats, rows)
	case Int64, Time:
		d.ints = takeCells(c.ints, rows)
	case Bool:
		d.bools = takeCells(c.bools, rows)
	default:
		d.codes = takeCells(c.codes, rows)
	}
	if c.nulls != nil {
		d.nulls = anyNull(takeCells(c.nulls, rows))
	}
	return &d
}

func takeCells[T any](cells []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = cells[r]
	}
	return out
}
