package windows

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"mlops/runner/etl"
	"mlops/runner/table"
)

// loader writes a case's windows.
type loader struct{ settings Settings }

// partOf is where the windows of a case stand, as row ranges.
func partOf(name string) string { return "metadata/windows/" + name + ".parquet" }

// columnsKey is the key, in the metadata of a case's windows, of the case's columns.
const columnsKey = "mlops.columns"

// Load writes the row ranges, and each window's rows where they are asked for.
func (l loader) Load(ctx context.Context, w *etl.Work, in etl.Batches[made]) error {
	if l.settings.Materialize {
		if err := w.Clear(ctx, l.prefix(w.Item.Name)); err != nil {
			return err
		}
	}
	next, stop := iter.Pull2(in)
	defer stop()
	first, err, _ := next()
	if err != nil {
		return err
	}
	columns, err := json.Marshal(first.columns)
	if err != nil {
		return err
	}
	number := 0
	index := func(yield func(*table.Table, error) bool) {
		m, more := first, true
		for ; more; m, err, more = next() {
			for _, rows := range m.rows {
				if err != nil {
					break
				}
				err = l.writeWindow(ctx, w, number, rows)
				number++
			}
			if !yield(m.index, err) || err != nil {
				return
			}
		}
	}
	return w.CreateTable(ctx, partOf(w.Item.Name), index, table.WriteOptions{Compression: etl.PartCompression, Metadata: map[string]string{columnsKey: string(columns)}})
}

// prefix is what the paths of all windows of a case begin with, and no others.
func (l loader) prefix(name string) string {
	if l.settings.CreateSubdirectories {
		return "data/" + name + "/window_"
	}
	return "data/" + name + "_window_"
}

func (l loader) writeWindow(ctx context.Context, w *etl.Work, number int, rows *table.Table) error {
	name := fmt.Sprintf("%s%06d.parquet", l.prefix(w.Item.Name), number)
	return w.Create(ctx, name, func(out io.Writer) error {
		return table.Write(out, rows, table.WriteOptions{Format: table.Parquet, Compression: etl.PartCompression})
	})
}
