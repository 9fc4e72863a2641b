package gbdt

import (
	"math"
	"slices"
)

// Column is where a feature's values are read from, a run of rows at a time, so
// that they need not be copied into one large array of float64 first.
type Column interface {
	// Len is the number of rows.
	Len() int
	// Read gives the values of the rows from to from+len(buffer)-1, NaN for
	// missing ones: in buffer, or as a slice of what the column holds anyway.
	// It is called by several goroutines.
	Read(from int, buffer []float64) []float64
}

// Number is what a [Numbers] column may hold.
type Number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Numbers is a column over values of any type of number. missing, which may be
// nil, is true for the rows without a value. A whole number beyond 2^53 is
// rounded to the nearest float64.
func Numbers[T Number](values []T, missing []bool) Column { return numberColumn[T]{values, missing} }

type numberColumn[T Number] struct {
	values  []T
	missing []bool
}

func (c numberColumn[T]) Len() int { return len(c.values) }

func (c numberColumn[T]) Read(from int, buffer []float64) []float64 {
	for i, v := range c.values[from : from+len(buffer)] {
		buffer[i] = float64(v)
	}
	if c.missing != nil {
		for i, is := range c.missing[from : from+len(buffer)] {
			if is {
				buffer[i] = math.NaN()
			}
		}
	}
	return buffer
}

// floats is the column of Feature.Values.
type floats []float64

func (c floats) Len() int { return len(c) }

func (c floats) Read(from int, buffer []float64) []float64 { return c[from : from+len(buffer)] }

// Sparse is a column that is 0 but in a few rows.
type Sparse struct {
	NumRows int
	Rows    []uint32 // in rising order
	Values  []float64
}

// Len is the number of rows.
func (c *Sparse) Len() int { return c.NumRows }

// Read fills the buffer.
func (c *Sparse) Read(from int, buffer []float64) []float64 {
	clear(buffer)
	at, _ := slices.BinarySearch(c.Rows, uint32(from))
	for ; at < len(c.Rows) && int(c.Rows[at]) < from+len(buffer); at++ {
		buffer[int(c.Rows[at])-from] = c.Values[at]
	}
	return buffer
}

// check refuses rows that are out of order or out of range.
func (c *Sparse) check(name string) error {
	if len(c.Rows) != len(c.Values) {
		return &FeatureError{Feature: name, Row: -1, Reason: "has sparse rows and values of different numbers"}
	}
	last := -1
	for _, row := range c.Rows {
		if int(row) <= last || int(row) >= c.NumRows {
			return &FeatureError{Feature: name, Row: int(row), Reason: "sparse rows must rise and be below the number of rows"}
		}
		last = int(row)
	}
	return nil
}
