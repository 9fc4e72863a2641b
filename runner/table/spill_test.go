package table

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wide makes rows of noise, which no codec makes smaller, and a text.
func wide(t testing.TB, columns, rows int) *Table {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, rows)
	for i := range texts {
		texts[i] = fmt.Sprint("case ", i/100)
	}
	all := []*Column{NewString("case", texts, nil)}
	for k := range columns - 1 {
		cells := make([]float64, rows)
		for i := range cells {
			cells[i] = random.NormFloat64()
		}
		all = append(all, NewFloat64(fmt.Sprint("n", k), cells, nil))
	}
	whole, err := New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// spilling begins a file of which a row group keeps little in memory.
func spilling(t *testing.T, out io.Writer, of *Table, o WriteOptions) *Writer {
	t.Helper()
	w, err := NewWriter(out, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(of.Slice(0, 0)); err != nil {
		t.Fatal(err)
	}
	w.parquet.spill.keep = 1000
	return w
}

// A file is the same whether a row group's pages wait in memory or on disk, where
// nothing stays of them.
func TestARowGroupThatWaitsOnDiskIsTheSame(t *testing.T) {
	const columns, rows = 8, 5_000
	whole, scratch := wide(t, columns, rows), t.TempDir()
	for _, group := range []int{rows, 2_001} {
		o := WriteOptions{Format: Parquet, RowGroupRows: group}
		want := writeParts(t, []*Table{whole}, o)
		o.Scratch = scratch
		if got := writeParts(t, []*Table{whole}, o); !bytes.Equal(got, want) {
			t.Errorf("groups of %d rows, all in memory: other bytes", group)
		}
		var out bytes.Buffer
		w := spilling(t, &out, whole, o)
		for _, part := range []*Table{whole.Slice(0, 7), whole.Slice(7, rows)} {
			if err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if w.parquet.spill.file == nil {
			t.Fatal("nothing is on disk: the test shows nothing")
		}
		if err := w.Close(); err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("groups of %d rows, mostly on disk: %v, or other bytes", group, err)
		}
		got, err := Read(context.Background(), bytes.NewReader(want), int64(len(want)), ReadOptions{Format: Parquet, Name: "t"})
		if err != nil || !got.Equal(whole) {
			t.Errorf("groups of %d rows: read back as another table: %v", group, err)
		}
	}
	left, err := os.ReadDir(scratch)
	if err != nil || len(left) != 0 {
		t.Errorf("the scratch folder has %v, %v", left, err)
	}
}

// A table that is given up, or has no room to wait, leaves nothing.
func TestARowGroupThatCannotWait(t *testing.T) {
	whole, scratch := wide(t, 8, 5_000), t.TempDir()
	o := WriteOptions{Format: Parquet, RowGroupRows: 2_001, Scratch: scratch}
	w := spilling(t, io.Discard, whole, o)
	if err := w.Write(whole); err != nil {
		t.Fatal(err)
	}
	if w.parquet.spill.file == nil {
		t.Fatal("all of it is in memory: the test shows nothing")
	}
	w.Discard()
	w.Discard() // again, as behind Close
	if w.parquet.spill.file != nil {
		t.Error("its file is open")
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) != 0 {
		t.Errorf("the scratch folder has %v, %v", left, err)
	}

	o.Scratch = filepath.Join(scratch, "missing")
	w = spilling(t, io.Discard, whole, o)
	if err := w.Write(whole); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("without its folder: %v", err)
	}
	w.Discard()
}

// Many buffers of one spill each give back what was written to them.
func TestASpillGivesBackWhatItWasGiven(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := &spill{dir: dir, keep: 100}
		defer s.close()
		for range rapid.IntRange(1, 3).Draw(t, "row groups") {
			buffers := make([]io.ReadWriteSeeker, rapid.IntRange(1, 4).Draw(t, "columns"))
			want := make([][]byte, len(buffers))
			for k := range buffers {
				buffers[k] = s.GetBuffer()
			}
			for n := range rapid.IntRange(0, 12).Draw(t, "pages") {
				k := rapid.IntRange(0, len(buffers)-1).Draw(t, "column")
				page := bytes.Repeat([]byte{byte(n + 1)}, rapid.SampledFrom([]int{0, 1, 33, 101, 1000}).Draw(t, "bytes"))
				if _, err := buffers[k].Write(page); err != nil {
					t.Fatal(err)
				}
				want[k] = append(want[k], page...)
			}
			for k, b := range buffers {
				if _, err := b.Seek(0, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, want[k]) {
					t.Fatalf("column %d: %d bytes for %d, or others, %v", k, len(got), len(want[k]), err)
				}
				s.PutBuffer(b)
			}
		}
	})
}
