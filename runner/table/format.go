package table

import (
	"fmt"
	"path"
	"strings"
)

// Format is a way of storing a table as bytes.
type Format string

// The formats that are read and written.
const (
	CSV     Format = "csv"     // comma-separated cells, RFC 4180
	TSV     Format = "tsv"     // the same with tabs
	JSON    Format = "json"    // an array of records, or an object of columns
	JSONL   Format = "jsonl"   // one record a line
	Parquet Format = "parquet" // Apache Parquet
)

// formatEndings lists every file ending that names a format.
var formatEndings = []struct {
	ending string
	format Format
}{
	{".csv", CSV},
	{".tsv", TSV}, {".tab", TSV},
	{".json", JSON},
	{".jsonl", JSONL}, {".ndjson", JSONL},
	{".parquet", Parquet}, {".pq", Parquet},
}

// FormatError says that a name or an option does not tell a known format.
type FormatError struct {
	Name string // the file name or format asked for
}

// Error names the endings that are known.
func (e *FormatError) Error() string {
	endings := make([]string, len(formatEndings))
	for i, f := range formatEndings {
		endings[i] = f.ending
	}
	return fmt.Sprintf("%q: no known data format; name a file that ends in %s", e.Name, strings.Join(endings, ", "))
}

// FormatOf tells the format of a file, path or URL by its ending, without
// regard to case. An unknown ending gives a [*FormatError].
func FormatOf(name string) (Format, error) {
	ending := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	for _, f := range formatEndings {
		if f.ending == ending {
			return f.format, nil
		}
	}
	return "", &FormatError{Name: name}
}

// resolve returns f, or the format that name tells where f is empty.
func (f Format) resolve(name string) (Format, error) {
	switch f {
	case "":
		return FormatOf(name)
	case CSV, TSV, JSON, JSONL, Parquet:
		return f, nil
	}
	return "", &FormatError{Name: string(f)}
}

// delimiter returns the byte between cells: chosen, or the format's own for 0.
func (f Format) delimiter(chosen rune) (byte, error) {
	switch {
	case chosen == 0 && f == TSV:
		return '\t', nil
	case chosen == 0:
		return ',', nil
	case chosen >= 0x80 || chosen < ' ' && chosen != '\t' || chosen == '"' || chosen == 0x7f:
		return 0, fmt.Errorf("delimiter %q: it must be one ASCII character other than a quote or a line end", chosen)
	}
	return byte(chosen), nil
}
