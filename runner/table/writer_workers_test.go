package table

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// wide is a table of every kind, with nulls.
func wide(t interface{ Fatal(...any) }, rows int) *Table {
	floats, ints, bools, texts, nulls := make([]float64, rows), make([]int64, rows), make([]bool, rows), make([]string, rows), make([]bool, rows)
	for i := range rows {
		floats[i], ints[i], bools[i], texts[i], nulls[i] = math.Sin(float64(i)), int64(i%7), i%3 == 0, []string{"a", "b", "c"}[i%3], i%5 == 0
	}
	made, err := New(NewFloat64("f", floats, nil), NewFloat64("g", slices.Clone(floats), nulls), NewInt64("i", ints, nulls), NewBool("b", bools, nil), NewString("s", texts, nulls), NewTime("t", ints, nil))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Row groups that are encoded beside one another make the same bytes, wherever the
// parts begin and end.
func TestWorkersOfAWriterMakeTheSameBytes(t *testing.T) {
	defer goleak.VerifyNone(t)
	rapid.Check(t, func(r *rapid.T) {
		all := wide(r, rapid.IntRange(2, 200).Draw(r, "rows"))
		group := rapid.IntRange(1, 60).Draw(r, "row group")
		write := func(workers int) []byte {
			var out bytes.Buffer
			w, err := NewWriter(&out, WriteOptions{Format: Parquet, RowGroupRows: group, Workers: workers, Compression: "none"})
			if err != nil {
				r.Fatal(err)
			}
			for lo := 0; lo < all.NumRows(); {
				hi := min(all.NumRows(), lo+rapid.IntRange(1, 90).Draw(r, "part"))
				if err := w.Write(all.Slice(lo, hi)); err != nil {
					r.Fatal(err)
				}
				lo = hi
			}
			if err := w.Close(); err != nil {
				r.Fatal(err)
			}
			return out.Bytes()
		}
		want := write(0)
		if got := write(rapid.IntRange(1, 4).Draw(r, "workers")); !bytes.Equal(got, want) {
			r.Fatal("the bytes are others")
		}
		back, err := Read(t.Context(), bytes.NewReader(want), int64(len(want)), ReadOptions{Format: Parquet})
		if err != nil || !back.Equal(all) {
			r.Fatalf("%v: what is read back is another table", err)
		}
	})
}

// A writer that is given up on, or whose disk is full, leaves no goroutine behind.
func TestAStoppedWriterLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	full := errors.New("the disk is full")
	w, err := NewWriter(failing{full}, WriteOptions{Format: Parquet, RowGroupRows: 10, Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	var last error
	for range 20 {
		if last = w.Write(wide(t, 50)); last != nil {
			break
		}
	}
	if !errors.Is(last, full) {
		t.Errorf("the error is %v", last)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
