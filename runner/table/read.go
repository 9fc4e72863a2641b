package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// DefaultNullValues are the cells that mean "no value" in CSV and TSV, the same
// as pandas'.
var DefaultNullValues = []string{
	"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
	"<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
}

// Limits that hold where [ReadOptions] does not set others.
const (
	DefaultMaxRows      = 1_000_000_000
	DefaultMaxColumns   = 100_000
	DefaultMaxCellBytes = 16 << 20
)

// maxCellBytes keeps positions in a chunk within 31 bits.
const maxCellBytes = 512 << 20

// ReadOptions say how to read a table. The zero value reads every column with
// inferred kinds.
type ReadOptions struct {
	// Name is what errors call the input, and what tells the format where
	// Format is empty.
	Name string
	// Format of the input; "" goes by Name's ending.
	Format Format
	// Columns to read, in this order; nil means all.
	Columns []string
	// Types forces the kinds of columns by name, as a model's schema does; a
	// cell that does not fit gives a [*CellError]. Names that the input lacks
	// are ignored. An Int64 column takes "3.0" but not "3.5", a Bool column
	// also 0 and 1, a Float64 column any number, a String column everything.
	Types map[string]Kind
	// Delimiter between cells of CSV or TSV, one ASCII character; 0 means the
	// format's own.
	Delimiter rune
	// NoHeader says that the first line of CSV or TSV is data already; columns
	// are then named column_1, column_2, …
	NoHeader bool
	// NullValues are the unquoted cells of CSV or TSV that mean null. nil means
	// [DefaultNullValues], under which a quoted "" or "NA" in a column of text
	// is text; a list given here holds for quoted cells too.
	NullValues []string
	// Workers is the number of goroutines that parse; 0 means GOMAXPROCS. The
	// result does not depend on it.
	Workers int
	// MaxRows, MaxColumns and MaxCellBytes bound the input; 0 means
	// [DefaultMaxRows], [DefaultMaxColumns] and [DefaultMaxCellBytes]. More
	// gives a [*LimitError]. No cell may pass 512 MiB.
	MaxRows      int64
	MaxColumns   int
	MaxCellBytes int

	chunkBytes int // of CSV parsed at once; 0 to choose, else for tests
}

func (o ReadOptions) withDefaults() ReadOptions {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.MaxRows <= 0 {
		o.MaxRows = DefaultMaxRows
	}
	if o.MaxColumns <= 0 {
		o.MaxColumns = DefaultMaxColumns
	}
	if o.MaxCellBytes <= 0 {
		o.MaxCellBytes = DefaultMaxCellBytes
	}
	o.MaxCellBytes = min(o.MaxCellBytes, maxCellBytes)
	return o
}

// Read reads a table of size bytes from r.
//
// An empty input gives an [*EmptyError]; one with a header and no rows gives a
// table of no rows (see [RequireRows]). What else is wrong with the input is
// told by [*SyntaxError], [*RaggedError], [*HeaderError], [*EncodingError],
// [*CellError], [*NestedError], [*CorruptError], [*LimitError] or
// [*MissingColumnError]; of several faults the first in the input is told.
func Read(ctx context.Context, r io.ReaderAt, size int64, opts ReadOptions) (*Table, error) {
	format, err := opts.Format.resolve(opts.Name)
	if err != nil {
		return nil, err
	}
	opts.Format = format
	opts = opts.withDefaults()
	for name, kind := range opts.Types {
		if kind < Float64 || kind > Time {
			return nil, fmt.Errorf("column %q: %s is no type of column", name, kind)
		}
	}
	asked := make(map[string]bool, len(opts.Columns))
	for _, name := range opts.Columns {
		if asked[name] {
			return nil, fmt.Errorf("column %q is asked for twice", name)
		}
		asked[name] = true
	}
	if size == 0 {
		return nil, &EmptyError{File: opts.Name}
	}
	if format == Parquet {
		return readParquet(ctx, r, size, opts)
	}
	if err := refuseBinary(r, size, opts); err != nil {
		return nil, err
	}
	if format == CSV || format == TSV {
		return readCSV(ctx, r, size, opts)
	}
	return readJSON(ctx, r, size, opts)
}

// binaryFormats begin with bytes that no text of ours does.
var binaryFormats = []struct{ magic, what string }{
	{"\x1f\x8b", "a gzip file; decompress it first"},
	{"\x28\xb5\x2f\xfd", "a Zstandard file; decompress it first"},
	{"PK\x03\x04", "a zip archive, as a spreadsheet is; save the sheet as CSV"},
	{"PAR1\x15", "a Parquet file; give it a name that ends in .parquet"},
}

// refuseBinary tells a file of another kind that goes by the name of a text.
func refuseBinary(r io.ReaderAt, size int64, opts ReadOptions) error {
	start := make([]byte, min(size, 5))
	if err := readFull(r, start, 0); err != nil {
		return opts.wrap(err)
	}
	for _, f := range binaryFormats {
		if bytes.HasPrefix(start, []byte(f.magic)) {
			return &SyntaxError{File: opts.Name, Line: 1, Column: 1, Problem: "this is no text but " + f.what}
		}
	}
	return nil
}

// ReadFile reads the table in the file at path. Where opts names no input, the
// path does.
func ReadFile(ctx context.Context, path string, opts ReadOptions) (*Table, error) {
	if opts.Name == "" {
		opts.Name = path
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("read table: %s is a directory, not a file", path)
	}
	if opts.Format == "" {
		// A name chosen for messages need not tell the format; the path does.
		if opts.Format, err = FormatOf(path); err != nil {
			return nil, err
		}
	}
	return Read(ctx, f, info.Size(), opts)
}

// pick returns, for the columns an input has, the positions of those to read in
// the order asked for.
func (o *ReadOptions) pick(have []string) ([]int, error) {
	if o.Columns == nil {
		all := make([]int, len(have))
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	at := make(map[string]int, len(have))
	for i, name := range have {
		at[name] = i
	}
	picked := make([]int, len(o.Columns))
	for i, name := range o.Columns {
		j, ok := at[name]
		if !ok {
			return nil, o.wrap(&MissingColumnError{Name: name, Have: have})
		}
		picked[i] = j
	}
	return picked, nil
}

// wrap puts the input's name before an error that lacks it.
func (o *ReadOptions) wrap(err error) error {
	if o.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", o.Name, err)
}

// checkHeader tells names that are empty, repeated or too many.
func (o *ReadOptions) checkHeader(names []string) error {
	if len(names) > o.MaxColumns {
		return &LimitError{File: o.Name, What: "columns", Limit: int64(o.MaxColumns)}
	}
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if name == "" {
			return &HeaderError{File: o.Name, Position: i + 1}
		}
		if first, ok := seen[name]; ok {
			return &HeaderError{File: o.Name, Position: i + 1, Name: name, First: first + 1}
		}
		seen[name] = i
	}
	return nil
}

// readFull fills buf from offset on; an input shorter than it said is told.
func readFull(r io.ReaderAt, buf []byte, offset int64) error {
	n, err := r.ReadAt(buf, offset)
	if n == len(buf) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(buf), offset, err)
}
