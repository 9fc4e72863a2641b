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

// An item's rows are three files until they are put together: a Parquet file of what
// describes the windows, their features as they are, float64 in little endian, row by
// row, and alike what is looked at before features are written: the levels that a
// baseline is fitted to, and the targets. Checkpoints are read by this pipeline alone,
// and cost a tenth of the time that Parquet of hundreds of columns does.

// aboutOf, featuresOf and levelsOf are where an item's rows stand.
func aboutOf(item string) string    { return "metadata/checkpoints/" + item + ".parquet" }
func featuresOf(item string) string { return "metadata/checkpoints/" + item + ".f64" }
func levelsOf(item string) string   { return "metadata/checkpoints/" + item + ".levels.f64" }

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

// openNumbers opens one of an item's files, of rows of so many numbers.
func openNumbers(ctx context.Context, w *etl.Work, o etl.Outcome, name string, width int) (*numbersReader, error) {
	out := o.Output(name)
	if out == nil {
		return nil, fmt.Errorf("the checkpoint of %s has no %s", o.Item, name)
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

// next reads so many rows into columns.
func (r *numbersReader) next(rows int) ([][]float64, error) {
	cells := make([]float64, r.width*rows)
	columns := make([][]float64, r.width)
	for k := range columns {
		columns[k] = cells[k*rows : (k+1)*rows : (k+1)*rows]
	}
	for i := range rows {
		if _, err := io.ReadFull(r.in, r.bytes); err != nil {
			return nil, fmt.Errorf("read a checkpoint: %w", err)
		}
		for k := range columns {
			columns[k][i] = math.Float64frombits(binary.LittleEndian.Uint64(r.bytes[8*k:]))
		}
	}
	return columns, nil
}

// batch is a run of an item's rows.
type batch struct {
	about    *table.Table
	levels   [][]float64 // by the places of the baseline, then of the targets
	features [][]float64 // nil where they were not asked for
}

// batches streams the rows of all items in order, with their features or without.
func (g *gathering) batches(ctx context.Context, rows int, features bool) etl.Batches[batch] {
	return func(yield func(batch, error) bool) {
		for _, o := range g.outcomes {
			if o.Output(aboutOf(o.Item)) == nil {
				continue
			}
			if !g.itemBatches(ctx, o, rows, features, yield) {
				return
			}
		}
	}
}

// itemBatches streams those of one, and tells whether to go on.
func (g *gathering) itemBatches(ctx context.Context, o etl.Outcome, rows int, features bool, yield func(batch, error) bool) bool {
	levels, err := openNumbers(ctx, g.work, o, levelsOf(o.Item), g.baseSize+len(g.settings.Targets))
	if err != nil {
		yield(batch{}, err)
		return false
	}
	defer levels.file.Close()
	var numbers *numbersReader
	if features {
		if numbers, err = openNumbers(ctx, g.work, o, featuresOf(o.Item), len(g.set.Features())); err != nil {
			yield(batch{}, err)
			return false
		}
		defer numbers.file.Close()
	}
	for about, err := range etl.OutputTables(ctx, g.work, []etl.Outcome{o}, rows, func(o etl.Outcome) *etl.Output { return o.Output(aboutOf(o.Item)) }) {
		b := batch{about: about}
		if err == nil {
			b.levels, err = levels.next(about.NumRows())
		}
		if err == nil && features {
			b.features, err = numbers.next(about.NumRows())
		}
		if !yield(b, err) || err != nil {
			return false
		}
	}
	return true
}
