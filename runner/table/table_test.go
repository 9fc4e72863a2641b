package table

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustTable(t testing.TB, columns ...*Column) *Table {
	t.Helper()
	table, err := New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]Format{
		"a.csv": CSV, "dir.json/A.TSV": TSV, "a.tab": TSV, "a.json": JSON, "a.jsonl": JSONL, "a.ndjson": JSONL,
		"s3://bucket/a.parquet": Parquet, "a.b.pq": Parquet, `C:\data\a.csv`: CSV,
	} {
		if got, err := FormatOf(name); got != want || err != nil {
			t.Errorf("FormatOf(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"", "csv", "a.csv.gz", "a.xlsx", "dir.csv/a"} {
		var unknown *FormatError
		if got, err := FormatOf(name); !errors.As(err, &unknown) || unknown.Name != name {
			t.Errorf("FormatOf(%q) = %q, %v; want a FormatError", name, got, err)
		}
	}
}

func TestNearestOffersWhatMayHaveBeenMeant(t *testing.T) {
	for _, c := range []struct {
		name, want string
		have       []string
	}{
		{"lable", "label", []string{"x", "label", "table_of_contents"}},
		{"LABEL", "label", []string{"x", "label"}},
		{"customer_ident", "customer_id", []string{"customer_id", "customer"}},
		{"ab", "a", []string{"x", "a"}},
		{"a", "", []string{"x", "y"}}, // written anew, not mistyped
		{"id", "", []string{"xy"}},
		{"price", "", []string{"area", "rooms"}},
		{"", "", []string{"x"}},
	} {
		if got := Nearest(c.name, c.have); got != c.want {
			t.Errorf("Nearest(%q, %q) = %q, want %q", c.name, c.have, got, c.want)
		}
	}
}

// TestFingerprintIsTheContent: the dictionary's order and what lies under nulls
// do not count; everything else does.
func TestFingerprintIsTheContent(t *testing.T) {
	nulls := []bool{false, true, false}
	base := mustTable(t, NewDictionary("s", []uint32{0, 1, 1}, []string{"a", "b"}, nulls), NewInt64("n", []int64{1, 2, 3}, nulls))
	same := mustTable(t, NewDictionary("s", []uint32{2, 0, 1}, []string{"c", "b", "a"}, nulls), NewInt64("n", []int64{1, 9, 3}, nulls))
	if !base.Equal(same) || base.Fingerprint() != same.Fingerprint() {
		t.Error("equal tables differ")
	}
	for name, other := range map[string]*Table{
		"a name":     mustTable(t, base.Columns()[0].Rename("S"), base.Columns()[1]),
		"a cell":     mustTable(t, base.Columns()[0], NewInt64("n", []int64{1, 2, 4}, nulls)),
		"a null":     mustTable(t, base.Columns()[0], NewInt64("n", []int64{1, 2, 3}, nil)),
		"a kind":     mustTable(t, base.Columns()[0], NewTime("n", []int64{1, 2, 3}, nulls)),
		"text":       mustTable(t, NewString("s", []string{"a", "", "c"}, nulls), base.Columns()[1]),
		"the order":  mustTable(t, base.Columns()[1], base.Columns()[0]),
		"the rows":   base.Slice(0, 2),
		"no columns": mustTable(t),
	} {
		if base.Equal(other) || base.Fingerprint() == other.Fingerprint() {
			t.Errorf("%s does not count", name)
		}
	}
}

// TestConcatUndoesSlice cuts tables in two and joins them again.
func TestConcatUndoesSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyTable(t)
		at := rapid.IntRange(0, want.NumRows()).Draw(t, "cut at")
		got, err := Concat(want.Slice(0, at), want.Slice(at, want.NumRows()))
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(want) || got.Fingerprint() != want.Fingerprint() {
			t.Fatal(cmp.Diff(cells(want), cells(got)))
		}
	})
}

func TestConcat(t *testing.T) {
	ints := mustTable(t, NewInt64("x", []int64{1, 2}, []bool{false, true}), NewString("s", []string{"a", "b"}, nil))
	floats := mustTable(t, NewString("s", []string{"b", "c"}, nil), NewFloat64("x", []float64{0.5, math.NaN()}, nil))
	nothing := mustTable(t, NewFloat64("x", []float64{math.NaN()}, nil), NewFloat64("s", []float64{math.NaN()}, nil))
	got, err := Concat(nothing, ints, floats)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"x", "float64", "null", `"1"`, "null", `"0.5"`, "null"}, {"s", "string", "null", `"a"`, `"b"`, `"b"`, `"c"`}}
	if diff := cmp.Diff(want, cells(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if ints.Column("x").Kind() != Int64 || floats.Column("x").NullCount() != 1 {
		t.Error("joining tables changed them")
	}
	for name, tables := range map[string][]*Table{
		`column "x" is int64 in one and string in another`: {ints, mustTable(t, NewString("x", []string{"a"}, nil), NewString("s", []string{"a"}, nil))},
		"one has 2 columns, another 1":                     {ints, mustTable(t, NewInt64("x", []int64{1}, nil))},
		`no column "s"`:                                    {ints, mustTable(t, NewInt64("x", []int64{1}, nil), NewInt64("other", []int64{1}, nil))},
	} {
		if _, err := Concat(tables...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("err = %v, want %s", err, name)
		}
	}
}

func TestMemoryBytes(t *testing.T) {
	table := mustTable(t,
		NewFloat64("x", []float64{1, 2}, nil),
		NewBool("b", []bool{true, false}, []bool{true, false}),
		NewString("s", []string{"abc", "abc"}, nil))
	if got, want := table.MemoryBytes(), int64(2*8+(2+2)+(2*4+3+16)); got != want {
		t.Errorf("MemoryBytes = %d, want %d", got, want)
	}
}

// TestConvertsAsCSVDoes: a column forced to a kind behaves like the cells' text.
func TestConvertsAsCSVDoes(t *testing.T) {
	for _, test := range []struct {
		from *Column
		to   Kind
		want []string // nil if it must be refused
	}{
		{NewInt64("x", []int64{1, 0}, []bool{false, true}), Float64, []string{`"1"`, "null"}},
		{NewInt64("x", []int64{1, 0}, nil), Bool, []string{`"true"`, `"false"`}},
		{NewInt64("x", []int64{1, 2}, nil), Bool, nil},
		{NewInt64("x", []int64{12, 0}, nil), String, []string{`"12"`, `"0"`}},
		{NewFloat64("x", []float64{3, math.NaN()}, nil), Int64, []string{`"3"`, "null"}},
		{NewFloat64("x", []float64{3.5}, nil), Int64, nil},
		{NewFloat64("x", []float64{1e300}, nil), Int64, nil},
		{NewFloat64("x", []float64{1, 0}, nil), Bool, []string{`"true"`, `"false"`}},
		{NewString("x", []string{" 1.5 ", "2"}, nil), Float64, []string{`"1.5"`, `"2"`}},
		{NewString("x", []string{"1.0", ""}, []bool{false, true}), Int64, []string{`"1"`, "null"}},
		{NewString("x", []string{"2020-01-01"}, nil), Time, []string{`"2020-01-01T00:00:00Z"`}},
		{NewString("x", []string{"soon"}, nil), Time, nil},
		{NewBool("x", []bool{true}, nil), String, []string{`"true"`}},
		{NewBool("x", []bool{true}, nil), Float64, nil},
		{NewTime("x", []int64{0}, nil), String, []string{`"1970-01-01T00:00:00Z"`}},
	} {
		got, err := test.from.convert(test.to, "f")
		switch {
		case test.want == nil && err == nil:
			t.Errorf("%s to %s: accepted", test.from.Kind(), test.to)
		case test.want != nil && err != nil:
			t.Errorf("%s to %s: %v", test.from.Kind(), test.to, err)
		case err == nil:
			if diff := cmp.Diff(test.want, cells(mustTable(t, got))[0][2:]); diff != "" || got.Kind() != test.to {
				t.Errorf("%s to %s: (-want +got)\n%s", test.from.Kind(), test.to, diff)
			}
		}
	}
}

func TestSameCells(t *testing.T) {
	null := []bool{false, false, false, true, true}
	for _, c := range []*Column{
		NewFloat64("number", []float64{2, 2, 1, 2, math.NaN()}, null),
		NewInt64("count", []int64{2, 2, 1, 2, 1}, null),
		NewBool("flag", []bool{true, true, false, true, false}, null),
		NewString("text", []string{"a", "a", "b", "a", "b"}, null),
	} {
		for i := range c.Len() {
			for j := range c.Len() {
				want := i == j || i < 2 && j < 2 || i > 2 && j > 2
				if c.Same(i, j) != want {
					t.Errorf("%s: cells %d and %d: %v", c.Name(), i, j, !want)
				}
			}
		}
	}
}
