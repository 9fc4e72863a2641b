package table

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// cutAnywhere cuts a table into parts of drawn lengths, some of them empty.
func cutAnywhere(t *rapid.T, whole *Table) []*Table {
	parts := []*Table{}
	for lo := 0; lo < whole.NumRows(); {
		hi := lo + rapid.IntRange(0, whole.NumRows()-lo).Draw(t, "rows of a part")
		parts = append(parts, whole.Slice(lo, hi))
		lo = hi
	}
	return append(parts, whole.Slice(0, 0))
}

func writeParts(t rapid.TB, parts []*Table, o WriteOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What a Writer writes is the same bytes however the table comes, and reads back
// equal, whole and in parts.
func TestPartsMakeTheWholeTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyTable(t)
		for _, o := range []WriteOptions{
			{Format: CSV}, {Format: TSV}, {Format: JSONL}, {Format: Parquet},
			{Format: Parquet, RowGroupRows: rapid.IntRange(1, 5).Draw(t, "group"), Compression: rapid.SampledFrom([]string{"snappy", "gzip", "none", "zstd"}).Draw(t, "codec")},
		} {
			text := writeParts(t, []*Table{want}, o)
			if got := writeParts(t, cutAnywhere(t, want), o); !bytes.Equal(got, text) {
				t.Fatalf("%s: other bytes in parts", o.Format)
			}
			read := ReadOptions{Format: o.Format, Name: "t"}
			got, err := Read(context.Background(), bytes.NewReader(text), int64(len(text)), read)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(want) {
				t.Fatalf("%s: read back as another table:\n%s", o.Format, cmp.Diff(cells(want), cells(got)))
			}
			rows := rapid.IntRange(1, 7).Draw(t, "rows")
			var parts []*Table
			for part, err := range Batches(context.Background(), bytes.NewReader(text), int64(len(text)), rows, read) {
				if err != nil {
					t.Fatal(err)
				}
				if part.NumRows() > rows {
					t.Fatalf("a part of %d rows, more than %d", part.NumRows(), rows)
				}
				parts = append(parts, part)
			}
			joint, err := Concat(parts...)
			if err != nil {
				t.Fatal(err)
			}
			if !joint.Equal(want) {
				t.Fatalf("%s: read in parts as another table:\n%s", o.Format, cmp.Diff(cells(want), cells(joint)))
			}
		}
	})
}

func TestATableWithoutRowsIsOneEmptyPart(t *testing.T) {
	empty, err := New(NewFloat64("x", nil, nil), NewString("s", nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	text := writeParts(t, []*Table{empty}, WriteOptions{Format: Parquet})
	n := 0
	for part, err := range Batches(t.Context(), bytes.NewReader(text), int64(len(text)), 10, ReadOptions{Name: "e.parquet", Columns: []string{"s"}}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if part.NumRows() != 0 || !cmp.Equal(part.Names(), []string{"s"}) {
			t.Errorf("a part of %d rows and the columns %q", part.NumRows(), part.Names())
		}
	}
	if n != 1 {
		t.Errorf("%d parts", n)
	}
	shape, err := ParquetShape(bytes.NewReader(text), int64(len(text)), ReadOptions{Name: "e.parquet"})
	if d := cmp.Diff(Shape{Names: []string{"x", "s"}, Kinds: []Kind{Float64, String}}, shape); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestFaultsOfParts(t *testing.T) {
	one, err := New(NewInt64("n", []int64{1, 2}, nil))
	if err != nil {
		t.Fatal(err)
	}
	text := writeParts(t, []*Table{one}, WriteOptions{Format: Parquet})
	batches := func(ctx context.Context, text []byte, o ReadOptions) error {
		for _, err := range Batches(ctx, bytes.NewReader(text), int64(len(text)), 1, o) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	var missing *MissingColumnError
	if err := batches(t.Context(), text, ReadOptions{Name: "a.parquet", Columns: []string{"m"}}); !errors.As(err, &missing) {
		t.Errorf("a missing column gives %v", err)
	}
	var corrupt *CorruptError
	if err := batches(t.Context(), text[:len(text)-3], ReadOptions{Name: "a.parquet"}); !errors.As(err, &corrupt) || corrupt.File != "a.parquet" {
		t.Errorf("a torn file gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := batches(ctx, text, ReadOptions{Name: "a.parquet"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read gives %v", err)
	}
	w, err := NewWriter(&bytes.Buffer{}, WriteOptions{Format: Parquet})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil {
		t.Error("a table without a part is written")
	}
	if err := w.Write(one); err != nil {
		t.Fatal(err)
	}
	for want, part := range map[string]*Column{
		`no column "n"; the table has "m"`:                           NewInt64("m", []int64{1}, nil),
		`column "n" is string in a part and int64 in the first one`:  NewString("n", []string{"x"}, nil),
		`column "n" is float64 in a part and int64 in the first one`: NewFloat64("n", []float64{0.5}, nil),
	} {
		other, err := New(part)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	nulls, err := New(NewFloat64("n", []float64{0}, []bool{true}))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(nulls); err != nil {
		t.Errorf("a part of nulls: %v", err)
	}
	if _, err := NewWriter(&bytes.Buffer{}, WriteOptions{Format: JSON}); err == nil {
		t.Error("JSON is written in parts")
	}
}

// Memory while a file of one large row group is read in parts is that of pages
// and parts, not of the file.
func TestBatchesKeepLittle(t *testing.T) {
	const rows, columns = 200_000, 10
	var all []*Column
	for j := range columns {
		cells := make([]float64, rows)
		for i := range cells {
			cells[i] = float64(i*(j+1)) * 1.000001
		}
		all = append(all, NewFloat64(string(rune('a'+j)), cells, nil))
	}
	whole, err := New(all...)
	if err != nil {
		t.Fatal(err)
	}
	text := writeParts(t, []*Table{whole}, WriteOptions{Format: Parquet, RowGroupRows: rows})
	n, most := 0, 0
	b := batches{rows: 1000, opts: ReadOptions{Name: "big.parquet", Format: Parquet}.withDefaults()}
	if err := b.open(bytes.NewReader(text), int64(len(text))); err != nil {
		t.Fatal(err)
	}
	defer b.closePages()
	for {
		part, err := b.next(t.Context())
		if err != nil {
			break
		}
		n += part.NumRows()
		for k := range b.built {
			most = max(most, cap(b.built[k].p.floats))
		}
	}
	if n != rows {
		t.Fatalf("%d rows of %d", n, rows)
	}
	if most > rows/2 {
		t.Errorf("up to %d cells of a column were kept for parts of 1000", most)
	}
}
