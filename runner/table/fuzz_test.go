package table

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCSV holds the parser to encoding/csv: what either reads, the other reads
// alike, apart from the differences that modelCSV names.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "a,b\r\n\"x\ny\",\"say \"\"hi\"\"\"\r\n", "a\n\n\n1", "\ufeffa,b\n,\n", "\"a\n", "a\"b\n", "\"a\"b\n", "a,b\n1\n",
		"a\r", "\r", "\r\n", "\"\r\n\"\r\n", "\x00", "\xff", ",\n,\n", "\"\"\"\"\n", "1,2,3\n4,5,\"6\n\"\n", "a b \n\"c\" \n",
		"12345678,\"1\"\n-1.5e3,x\n", strings.Repeat("a,b\n", 40),
	} {
		f.Add([]byte(seed), uint8(len(seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) {
		opts := ReadOptions{Format: CSV, NoHeader: true, NullValues: []string{}, Workers: 1, chunkBytes: int(chunk)}
		inferred, inferErr := Read(context.Background(), bytes.NewReader(data), int64(len(data)), opts)
		opts.Types = make(map[string]Kind)
		if inferErr == nil {
			for _, name := range inferred.Names() {
				opts.Types[name] = String
			}
		}
		got, err := Read(context.Background(), bytes.NewReader(data), int64(len(data)), opts)
		if (err == nil) != (inferErr == nil) {
			t.Fatalf("inferring gives %v, text %v", inferErr, err)
		}
		want, wantErr := modelCSV(data)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("we give %v, encoding/csv %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if got.NumRows() != len(want) || got.NumColumns() != len(want[0]) {
			t.Fatalf("%d × %d cells, encoding/csv has %d × %d", got.NumRows(), got.NumColumns(), len(want), len(want[0]))
		}
		for i, record := range want {
			for j, cell := range record {
				ours := strings.ReplaceAll(got.Columns()[j].Text(i), "\r\n", "\n") // encoding/csv changes line ends in cells
				if ours != cell {
					t.Fatalf("row %d, column %d: %q, encoding/csv has %q", i+1, j+1, ours, cell)
				}
			}
		}
	})
}

// modelCSV reads what encoding/csv does, refusing what only we refuse: NUL
// bytes, invalid UTF-8, no record at all.
func modelCSV(data []byte) ([][]string, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		return nil, io.ErrUnexpectedEOF
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err == nil && len(records) == 0 {
		err = io.EOF
	}
	return records, err
}

// FuzzJSON holds the scanner to encoding/json: input that we read is valid, and
// valid records of plain values are read.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`[{"a":1,"b":"x"},{"a":2.5e3}]`, `{"a":[1,null],"b":["x","y"]}`, `{"a":{"0":1},"b":{"0":true}}`, "{\"a\":1}\n{\"a\":-0}", `[]`, `{}`,
		`[{"a":"\u00e9\ud834\udd1e\\"}]`, `[{"a":01}]`, `[{"a":"`, `[{}]`, `{"a":1,"a":2}`, "[{\"a\":\"\xff\"}]", `[{"a":[[]]}]`, "\ufeff[]", `[{"a":tru}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(context.Background(), bytes.NewReader(data), int64(len(data)), ReadOptions{Format: JSON})
		plain := bytes.TrimPrefix(data, byteOrderMark)
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(plain))
			for {
				var value any
				if decodeErr := decoder.Decode(&value); decodeErr == io.EOF {
					break
				} else if decodeErr != nil {
					t.Fatalf("read as %v, but encoding/json says %v", cells(got), decodeErr)
				}
			}
			return
		}
		var records []map[string]float64
		if utf8.Valid(plain) && bytes.HasPrefix(plain, []byte("[")) && json.Unmarshal(plain, &records) == nil && !slices.ContainsFunc(records, func(r map[string]float64) bool {
			_, unnamed := r[""]
			return r == nil || unnamed
		}) && !strings.Contains(err.Error(), "stands twice") {
			t.Fatalf("%v, but these are records of numbers", err)
		}
	})
}

// FuzzParquet makes sure that no bytes make the reader panic or hang.
func FuzzParquet(f *testing.F) {
	f.Add(foreignFile(f))
	table, err := New(NewFloat64("x", []float64{1, 2, 3}, nil), NewString("s", []string{"a", "b", "a"}, []bool{false, true, false}))
	if err != nil {
		f.Fatal(err)
	}
	var buf bytes.Buffer
	if err := Write(&buf, table, WriteOptions{Format: Parquet}); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	for _, at := range []int{4, 20, 60, buf.Len() - 100, buf.Len() - 30, buf.Len() - 6} {
		damaged := bytes.Clone(buf.Bytes())
		damaged[at] ^= 0x55
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readParquetBytes(data, ReadOptions{MaxRows: 10_000, Workers: 1})
		if err != nil {
			return
		}
		for _, c := range got.Columns() {
			if c.Len() != got.NumRows() {
				t.Fatalf("column %q has %d cells in a table of %d rows", c.Name(), c.Len(), got.NumRows())
			}
			for i := range c.Len() {
				c.Text(i)
			}
		}
	})
}
