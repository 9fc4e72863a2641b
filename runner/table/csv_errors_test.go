package table

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCSVErrors says what each kind of bad input gives: the whole message, from
// one chunk and from many.
func TestCSVErrors(t *testing.T) {
	numbers := ReadOptions{Types: map[string]Kind{"b": Float64, "c": Int64, "d": Bool, "e": Time}}
	for _, test := range []struct {
		name, text string
		opts       ReadOptions
		want       string
	}{
		{"empty", "", ReadOptions{}, "data.csv: the input is empty: no header and no rows"},
		{"blank lines only", "\n\r\n\n", ReadOptions{}, "data.csv: the input is empty: no header and no rows"},
		{"byte order mark only", "\ufeff", ReadOptions{}, "data.csv: the input is empty: no header and no rows"},
		{"fault below blank lines", "\n\r\n\n\na,b\r\n\n1,\"2\n", ReadOptions{}, "data.csv: line 7, byte 3 of the line (offset 13): the quote that opens here is never closed"},
		{"bad header below blank lines", "\n\n\n\n\n\n\n\na,\"b\n", ReadOptions{}, "data.csv: line 9, byte 3 of the line (offset 10): the quote that opens here is never closed"},
		{"too many cells", "a,b\n1,2\n\n3,4,5\n", ReadOptions{}, "data.csv: row 2 (line 4) has 3 cells where 2 columns are expected; if a cell holds the delimiter, quote it"},
		{"too few cells", "a,b\n1,\"x\ny\"\n3\n4,5\n", ReadOptions{}, "data.csv: row 2 (line 4) has 1 cell where 2 columns are expected; leave a cell without a value empty, but keep its delimiter"},
		{"no last cell", "a,b\n1", ReadOptions{}, "data.csv: row 1 (line 2) has 1 cell where 2 columns are expected; leave a cell without a value empty, but keep its delimiter"},
		{"unclosed quote", "a,b\n1,2\n3,\"4\n5,6\n", ReadOptions{}, "data.csv: line 3, byte 3 of the line (offset 10): the quote that opens here is never closed"},
		{"unclosed quote in the header", "a,\"b\n1,2\n", ReadOptions{}, "data.csv: line 1, byte 3 of the line (offset 2): the quote that opens here is never closed"},
		{"stray quote", "a,b\n1,2\n3,4\"\n5,6\n", ReadOptions{}, "data.csv: line 3, byte 4 of the line (offset 11): a quote inside a cell that does not begin with one; quote the whole cell and double the quotes in it"},
		{"text behind a quote", "a,b\n1,\"2\n3\"x,4\n", ReadOptions{}, "data.csv: line 3, byte 3 of the line (offset 11): text after the closing quote of a cell that opens on line 2; a quote inside a quoted cell is written twice, and a stray one earlier has the same effect"},
		{"NUL byte", "a,b\n1,2\n3,\x004\n", ReadOptions{}, "data.csv: line 3, byte 3 of the line (offset 10): a NUL byte; this is not a text file, or it is damaged"},
		{"NUL byte in the header", "\x00\"a", ReadOptions{}, "data.csv: line 1, byte 1 of the line (offset 0): a NUL byte; this is not a text file, or it is damaged"},
		{"not UTF-8", "a,b\n1,2\n3,caf\xe9\n", ReadOptions{}, "data.csv: line 3 (offset 13): byte 0xe9 is not UTF-8 text; convert the file to UTF-8"},
		{"not UTF-8 in the header", "a,caf\xe9\n1,2\n", ReadOptions{}, "data.csv: line 1 (offset 5): byte 0xe9 is not UTF-8 text; convert the file to UTF-8"},
		{"UTF-16", "\xff\xfea\x00", ReadOptions{}, "data.csv: line 1 (offset 0): byte 0xff is not UTF-8 text; it looks like UTF-16: convert it to UTF-8"},
		{"compressed", "\x1f\x8b\x08\x00", ReadOptions{}, "data.csv: line 1, byte 1 of the line (offset 0): this is no text but a gzip file; decompress it first"},
		{"spreadsheet", "PK\x03\x04\x14\x00", ReadOptions{}, "data.csv: line 1, byte 1 of the line (offset 0): this is no text but a zip archive, as a spreadsheet is; save the sheet as CSV"},
		{"Parquet", "PAR1\x15", ReadOptions{}, "data.csv: line 1, byte 1 of the line (offset 0): this is no text but a Parquet file; give it a name that ends in .parquet"},
		{"old Mac line ends", "a,b\r1,2\r", ReadOptions{}, "data.csv: line 1, byte 4 of the line (offset 3): a carriage return without a line feed; save the file with Unix or Windows line ends"},
		{"duplicate name", "a,b,a\n1,2,3\n", ReadOptions{}, `data.csv: columns 1 and 3 are both named "a"; give each column its own name`},
		{"empty name", "a,,b\n1,2,3\n", ReadOptions{}, "data.csv: column 2 has an empty name; name it in the header, or read the file as one without a header"},
		{"missing column", "target,b\n1,2\n", ReadOptions{Columns: []string{"Targte"}}, `data.csv: no column "Targte"; did you mean "target"?`},
		{"column twice", "a\n1\n", ReadOptions{Columns: []string{"a", "a"}}, `column "a" is asked for twice`},
		{"text in a numeric column", "a,b\n1,2\n3,NA\n4,high\n5,low\n", numbers, `data.csv: row 3 (line 4), column "b": "high" is not a number`},
		{"fraction in an integer column", "b,c\n1,2\n3,3.5\n", numbers, `data.csv: row 2 (line 3), column "c": "3.5" is not an integer`},
		{"number in a column of truth values", "a,d\n1,0\n3,2\n", numbers, `data.csv: row 2 (line 3), column "d": "2" is not true or false`},
		{"text in a column of times", "a,e\n1,\"soon,\nperhaps\"\n", numbers, `data.csv: row 1 (line 2), column "e": "soon,\nperhaps" is not a date or time (RFC 3339)`},
		{"too many rows", "a\n1\n2\n3\n", ReadOptions{MaxRows: 2}, "data.csv: more than 2 rows; raise the limit if that is intended"},
		{"too many columns", "a,b,c\n1,2,3\n", ReadOptions{MaxColumns: 2}, "data.csv: more than 2 columns; raise the limit if that is intended"},
		{"too long a cell", "a,b\n1,2\n1,12345678901\n", ReadOptions{MaxCellBytes: 10}, "data.csv: line 3: more than 10 bytes in one cell; raise the limit if that is intended"},
		{"too long a quoted cell", "a,b\n1,2\n1,\"12345678901\"\n", ReadOptions{MaxCellBytes: 10}, "data.csv: line 3: more than 10 bytes in one cell (is the quote that opens it ever closed?); raise the limit if that is intended"},
		{"bad delimiter", "a\n1\n", ReadOptions{Delimiter: '"'}, `data.csv: delimiter '"': it must be one ASCII character other than a quote or a line end`},
	} {
		for _, chunk := range []int{0, 1, 7} {
			test.opts.chunkBytes = chunk
			got, err := readText(t, CSV, test.text, test.opts)
			if err == nil {
				t.Errorf("%s: read as %v", test.name, cells(got))
			} else if err.Error() != test.want {
				t.Errorf("%s, chunks of %d:\n got %s\nwant %s", test.name, chunk, err, test.want)
			}
		}
	}
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := readText(t, CSV, "a,b\n1,x\n", ReadOptions{Types: map[string]Kind{"b": Float64}})
	var cellError *CellError
	if !errors.As(err, &cellError) || *cellError != (CellError{File: "data.csv", Row: 1, Line: 2, Column: "b", Value: "x", Want: Float64}) {
		t.Errorf("a bad cell gives %#v", err)
	}
	_, err = readText(t, CSV, "a,b\n1,\"\n", ReadOptions{})
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 2 || syntax.Offset != 6 {
		t.Errorf("an unclosed quote gives %#v", err)
	}
	_, err = readText(t, CSV, "a,b\n1,\"2\"3\n", ReadOptions{})
	if !errors.As(err, &syntax) {
		t.Errorf("text behind a quote gives %#v", err)
	}
	_, err = readText(t, CSV, "a\n1\n", ReadOptions{Columns: []string{"b"}})
	var missing *MissingColumnError
	if !errors.As(err, &missing) {
		t.Errorf("a missing column gives %#v", err)
	}
	headerOnly, err := readText(t, CSV, "a,b\n", ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var empty *EmptyError
	if err := RequireRows("data.csv", headerOnly); !errors.As(err, &empty) || err.Error() != "data.csv: there are 2 columns but no rows" {
		t.Errorf("a header only gives %v", err)
	}
}

// TestLongRecordsAreBounded reads a file whose unclosed quote would swallow all
// the rest.
func TestLongRecordsAreBounded(t *testing.T) {
	text := "a,b\n1,\"2\n" + strings.Repeat("3,4\n", 1<<20)
	_, err := readText(t, CSV, text, ReadOptions{MaxCellBytes: 1000})
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Line != 2 {
		t.Errorf("err = %v, want a LimitError at line 2", err)
	}
}

func TestReadFileErrors(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	if _, err := ReadFile(ctx, filepath.Join(dir, "none.csv"), ReadOptions{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.csv") {
		t.Errorf("a missing file gives %v", err)
	}
	if _, err := ReadFile(ctx, dir, ReadOptions{Format: CSV}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory gives %v", err)
	}
	path := filepath.Join(dir, "data.xlsx")
	if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	var format *FormatError
	if _, err := ReadFile(ctx, path, ReadOptions{}); !errors.As(err, &format) || !strings.Contains(err.Error(), ".csv, .tsv, .tab, .json, .jsonl, .ndjson, .parquet, .pq") {
		t.Errorf("an unknown ending gives %v", err)
	}
}

func TestWriteFileLeavesNothingHalfWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	bad, err := New(NewString("s", []string{"ok", "a\x00b"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, bad, WriteOptions{}); err == nil || !strings.Contains(err.Error(), `column "s": "a\x00b" holds a NUL byte`) {
		t.Errorf("text that CSV cannot hold gives %v", err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); names != nil {
		t.Errorf("left behind: %q", names)
	}
	if hidden, _ := filepath.Glob(filepath.Join(dir, ".*")); hidden != nil {
		t.Errorf("left behind: %q", hidden)
	}
}
