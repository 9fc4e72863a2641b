package table

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// textCells are strings that no reader may take for anything else, among them
// all that quoting and escaping must get right.
var textCells = rapid.OneOf(
	rapid.SampledFrom([]string{"", " ", "NA", "null", "a,b", "a\tb", "say \"x\"", "\"", "two\nlines", "cr\r\nlf", "\r", " padded ", "é☃𝄞", "12a", "#N/A", "\ufeffx", "\\", "\u2028", "{}"}),
	rapid.StringMatching(`[bdx"',\n\t ]{0,6}`),
)

// anyTable draws tables that every format can hold exactly: no column of nulls
// only, and text that is not spelt like another kind throughout.
func anyTable(t *rapid.T) *Table {
	rows := rapid.IntRange(1, 12).Draw(t, "rows")
	width := rapid.IntRange(1, 6).Draw(t, "columns")
	var columns []*Column
	for j := range width {
		name := fmt.Sprintf("c%d%s", j, rapid.SampledFrom([]string{"", " x", ",", "\"", "\n", "é"}).Draw(t, "name"))
		nulls := rapid.SliceOfN(rapid.Bool(), rows, rows).Draw(t, "nulls")
		nulls[rapid.IntRange(0, rows-1).Draw(t, "value at")] = false
		if rapid.Bool().Draw(t, "no nulls") {
			nulls = nil
		}
		columns = append(columns, anyColumn(t, name, rows, nulls))
	}
	table, err := New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func anyColumn(t *rapid.T, name string, rows int, nulls []bool) *Column {
	switch kind := rapid.SampledFrom([]Kind{Float64, Int64, Bool, String, Time}).Draw(t, "kind"); kind {
	case Float64:
		cells := rapid.SliceOfN(rapid.OneOf(
			rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -3, 1e21, 1e300, 5e-324, math.Inf(1), math.Inf(-1)}),
		), rows, rows).Draw(t, "cells")
		return NewFloat64(name, cells, nulls)
	case Bool:
		return NewBool(name, rapid.SliceOfN(rapid.Bool(), rows, rows).Draw(t, "cells"), nulls)
	case Int64:
		return NewInt64(name, rapid.SliceOfN(rapid.Int64(), rows, rows).Draw(t, "cells"), nulls)
	case Time:
		return NewTime(name, rapid.SliceOfN(rapid.Int64(), rows, rows).Draw(t, "cells"), nulls)
	default:
		return NewString(name, rapid.SliceOfN(textCells, rows, rows).Draw(t, "cells"), nulls)
	}
}

var allFormats = []Format{CSV, TSV, JSON, JSONL, Parquet}

func TestEveryFormatReadsBackEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyTable(t)
		for _, format := range allFormats {
			got := writeAndRead(t, want, format, ReadOptions{})
			if !got.Equal(want) {
				t.Fatalf("%s: read back as another table:\n%s", format, cmp.Diff(cells(want), cells(got)))
			}
			if got.Fingerprint() != want.Fingerprint() {
				t.Fatalf("%s: equal tables with different fingerprints", format)
			}
		}
	})
}

// TestForcedTypesReadBackEqual does the same where inference alone cannot tell:
// columns of nulls, numbers as text.
func TestForcedTypesReadBackEqual(t *testing.T) {
	nulls := []bool{true, true}
	want, err := New(
		NewString("digits", []string{"007", "12"}, nil),
		NewString("dates", []string{"2020-01-01", "2020-01-02"}, nil),
		NewString("no text", make([]string, 2), []bool{true, true}),
		NewInt64("no integers", make([]int64, 2), []bool{true, true}),
		NewTime("no times", make([]int64, 2), []bool{true, true}),
		NewBool("no truths", make([]bool, 2), nulls),
	)
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]Kind)
	for _, c := range want.Columns() {
		types[c.Name()] = c.Kind()
	}
	for _, format := range allFormats {
		if got := writeAndRead(t, want, format, ReadOptions{Types: types}); !got.Equal(want) {
			t.Errorf("%s: %s", format, cmp.Diff(cells(want), cells(got)))
		}
	}
}

func writeAndRead(t rapid.TB, table *Table, format Format, opts ReadOptions) *Table {
	var buf bytes.Buffer
	if err := Write(&buf, table, WriteOptions{Format: format}); err != nil {
		t.Fatalf("write %s: %v", format, err)
	}
	opts.Format = format
	got, err := Read(context.Background(), bytes.NewReader(buf.Bytes()), int64(buf.Len()), opts)
	if err != nil {
		t.Fatalf("read %s back: %v", format, err)
	}
	return got
}

// cells shows a table for comparison.
func cells(t *Table) [][]string {
	var out [][]string
	for _, c := range t.Columns() {
		column := []string{c.Name(), c.Kind().String()}
		for i := range c.Len() {
			if c.IsNull(i) {
				column = append(column, "null")
			} else {
				column = append(column, fmt.Sprintf("%q", c.Text(i)))
			}
		}
		out = append(out, column)
	}
	return out
}

func TestFilesReadBackEqual(t *testing.T) {
	want, err := New(NewFloat64("x", []float64{1, 2.5}, nil), NewString("s", []string{"a", "b"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range allFormats {
		path := filepath.Join(t.TempDir(), "data."+string(format))
		if err := WriteFile(path, want, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile(context.Background(), path, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(want) {
			t.Errorf("%s: %s", format, cmp.Diff(cells(want), cells(got)))
		}
	}
}
