package table

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// WriteOptions say how to write a table.
type WriteOptions struct {
	// Format to write; WriteFile goes by the path's ending where it is "".
	Format Format
	// Delimiter between cells of CSV or TSV, one ASCII character; 0 means the
	// format's own.
	Delimiter rune
	// Compression of Parquet: zstd, which "" means, snappy, gzip or none.
	Compression string
	// RowGroupRows is the number of rows in a row group of Parquet that a [Writer]
	// writes; 0 means as many as make four million cells, sixteen million with a
	// Scratch, at most 262,144.
	RowGroupRows int
	// Scratch is a folder in which a [Writer] of Parquet may keep, without a name, what
	// it has of a row group; "" keeps that in memory.
	Scratch string
	// Metadata are texts by key that a Parquet file holds beside the table.
	Metadata map[string]string
}

// Write writes t to w. Every format reads back as an equal table, except that
// text formats do not keep the kind of a column of nulls only, nor of text in
// which every cell looks like something else; for those, give
// [ReadOptions] Types.
func Write(w io.Writer, t *Table, opts WriteOptions) error {
	var err error
	switch opts.Format {
	case CSV, TSV:
		var delimiter byte
		if delimiter, err = opts.Format.delimiter(opts.Delimiter); err == nil {
			err = writeCSV(w, t, delimiter)
		}
	case JSON:
		err = writeJSON(w, t)
	case JSONL:
		err = writeJSONL(w, t)
	case Parquet:
		err = writeParquet(w, t, opts)
	default:
		return &FormatError{Name: string(opts.Format)}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", opts.Format, err)
	}
	return nil
}

// WriteFile writes t to the file at path, which holds either all of it or, after
// an error, what it held before.
func WriteFile(path string, t *Table, opts WriteOptions) error {
	format, err := opts.Format.resolve(path)
	if err != nil {
		return err
	}
	opts.Format = format
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("write table: %s is a directory, not a file", path)
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(0o666), renameio.WithExistingPermissions())
	if err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	defer f.Cleanup()
	if err := Write(f, t, opts); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}
