package extraction

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"mlops/runner/etl"
	"mlops/runner/storage"
	"mlops/runner/table"
)

// An item's rows are two files until they are put together: a Parquet file of what
// describes the windows, and their numbers as they are, float64 in little endian,
// row by row. That is a checkpoint only this pipeline reads, and costs a tenth of
// the time that Parquet of hundreds of columns does.

// aboutOf and numbersOf are where an item's rows stand.
func aboutOf(item string) string   { return "metadata/checkpoints/" + item + ".parquet" }
func numbersOf(item string) string { return "metadata/checkpoints/" + item + ".f64" }

// numbersWriter writes rows of numbers.
type numbersWriter struct {
	out   *bufio.Writer
	bytes []byte
}

func newNumbersWriter(out io.Writer) *numbersWriter {
	return &numbersWriter{out: bufio.NewWriterSize(out, 1<<18)}
}

func (w *numbersWriter) write(row []float64) error {
	w.bytes = w.bytes[:0]
	for _, v := range row {
		w.bytes = binary.LittleEndian.AppendUint64(w.bytes, math.Float64bits(v))
	}
	_, err := w.out.Write(w.bytes)
	return err
}

// numbersReader reads them.
type numbersReader struct {
	file  storage.Reader
	in    *bufio.Reader
	width int
	bytes []byte
}

// openNumbers opens an item's rows of so many numbers.
func openNumbers(ctx context.Context, w *etl.Work, o etl.Outcome, width int) (*numbersReader, error) {
	out := o.Output(numbersOf(o.Item))
	if out == nil {
		return nil, fmt.Errorf("the checkpoint of %s has no file of numbers", o.Item)
	}
	file, err := w.OpenOutput(ctx, *out)
	if err != nil {
		return nil, err
	}
	if want := o.Rows * int64(width) * 8; file.Size() != want {
		file.Close()
		return nil, fmt.Errorf("%s has %d bytes, and %d rows of %d numbers have %d; remove it and run again", out.Path, file.Size(), o.Rows, width, want)
	}
	return &numbersReader{file: file, in: bufio.NewReaderSize(file, 1<<18), width: width, bytes: make([]byte, 8*width)}, nil
}

// next reads so many rows into columns, of each row the numbers at places, all of
// them where it is nil.
func (r *numbersReader) next(rows int, places []int) ([][]float64, error) {
	n := len(places)
	if places == nil {
		n = r.width
	}
	cells := make([]float64, n*rows)
	columns := make([][]float64, n)
	for k := range columns {
		columns[k] = cells[k*rows : (k+1)*rows : (k+1)*rows]
	}
	for i := range rows {
		if _, err := io.ReadFull(r.in, r.bytes); err != nil {
			return nil, fmt.Errorf("read a checkpoint: %w", err)
		}
		for k := range columns {
			at := k
			if places != nil {
				at = places[k]
			}
			columns[k][i] = math.Float64frombits(binary.LittleEndian.Uint64(r.bytes[8*at:]))
		}
	}
	return columns, nil
}

func (r *numbersReader) close() error { return r.file.Close() }

// batch is a run of an item's rows.
type batch struct {
	about   *table.Table
	numbers [][]float64
}

// batches streams the rows of items in order, of each row the numbers at places,
// all of them where it is nil.
func batches(ctx context.Context, w *etl.Work, outcomes []etl.Outcome, width, rows int, places []int) etl.Batches[batch] {
	return func(yield func(batch, error) bool) {
		for _, o := range outcomes {
			if o.Output(aboutOf(o.Item)) == nil {
				continue
			}
			if !itemBatches(ctx, w, o, width, rows, places, yield) {
				return
			}
		}
	}
}

// itemBatches streams those of one, and tells whether to go on.
func itemBatches(ctx context.Context, w *etl.Work, o etl.Outcome, width, rows int, places []int, yield func(batch, error) bool) bool {
	numbers, err := openNumbers(ctx, w, o, width)
	if err != nil {
		yield(batch{}, err)
		return false
	}
	defer numbers.close()
	for about, err := range etl.OutputTables(ctx, w, []etl.Outcome{o}, rows, func(o etl.Outcome) *etl.Output { return o.Output(aboutOf(o.Item)) }) {
		b := batch{about: about}
		if err == nil {
			b.numbers, err = numbers.next(about.NumRows(), places)
		}
		if !yield(b, err) || err != nil {
			return false
		}
	}
	return true
}
