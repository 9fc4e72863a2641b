package table

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// foreign is a row as other programs write them.
type foreign struct {
	I8      int8             `parquet:"i8"`
	I32     int32            `parquet:"i32"`
	U32     uint32           `parquet:"u32"`
	U64     uint64           `parquet:"u64"`
	Big     uint64           `parquet:"big"`
	F32     float32          `parquet:"f32"`
	F64     float64          `parquet:"f64,optional"`
	Bool    *bool            `parquet:"bool"`
	Text    string           `parquet:"text,dict"`
	Plain   *string          `parquet:"plain"`
	Bytes   []byte           `parquet:"bytes"`
	Kind    string           `parquet:"kind,enum"`
	UUID    uuid.UUID        `parquet:"uuid,uuid"`
	Date    int32            `parquet:"date,date"`
	Millis  int64            `parquet:"millis,timestamp(millisecond)"`
	Micros  int64            `parquet:"micros,timestamp(microsecond)"`
	Nanos   time.Time        `parquet:"nanos,timestamp(nanosecond)"`
	Old     deprecated.Int96 `parquet:"old"`
	Price   int32            `parquet:"price,decimal(2:9)"`
	Total   int64            `parquet:"total,decimal(3:18)"`
	Huge    [16]byte         `parquet:"huge,decimal(2:38)"`
	Nothing *int64           `parquet:"nothing"`
}

func foreignFile(t testing.TB, options ...parquet.WriterOption) []byte {
	t.Helper()
	yes, text := true, "plain"
	minus := [16]byte{} // -1.23 in two's complement
	for i := range minus {
		minus[i] = 0xff
	}
	minus[15] = 0x85
	rows := []foreign{
		{I8: -8, I32: -32, U32: math.MaxUint32, U64: 64, Big: math.MaxUint64, F32: 0.5, F64: math.NaN(), Bool: &yes, Text: "a", Plain: &text,
			Bytes: []byte("bytes"), Kind: "x", UUID: uuid.UUID{15: 1}, Date: 1, Millis: 1500, Micros: -1, Nanos: time.Unix(0, 7),
			Old: deprecated.Int96{5, 0, 2_440_589}, Price: -1234, Total: 9_007_199_254_740_993, Huge: minus},
		{Text: "b", F64: 2, Old: deprecated.Int96{0, 0, 2_440_588}},
		{Text: "a", Old: deprecated.Int96{0, 0, 2_440_588}},
	}
	var buf bytes.Buffer
	if err := parquet.Write(&buf, rows, options...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func readParquetBytes(data []byte, opts ReadOptions) (*Table, error) {
	opts.Name = "data.parquet"
	return Read(context.Background(), bytes.NewReader(data), int64(len(data)), opts)
}

func TestReadsForeignParquet(t *testing.T) {
	want := [][]string{
		{"i8", "int64", `"-8"`, `"0"`, `"0"`},
		{"i32", "int64", `"-32"`, `"0"`, `"0"`},
		{"u32", "int64", `"4294967295"`, `"0"`, `"0"`},
		{"u64", "int64", `"64"`, `"0"`, `"0"`},
		{"big", "float64", `"1.8446744073709552e+19"`, `"0"`, `"0"`},
		{"f32", "float64", `"0.5"`, `"0"`, `"0"`},
		{"f64", "float64", "null", `"2"`, "null"},
		{"bool", "bool", `"true"`, "null", "null"},
		{"text", "string", `"a"`, `"b"`, `"a"`},
		{"plain", "string", `"plain"`, "null", "null"},
		{"bytes", "string", `"bytes"`, `""`, `""`},
		{"kind", "string", `"x"`, `""`, `""`},
		{"uuid", "string", `"00000000-0000-0000-0000-000000000001"`, `"00000000-0000-0000-0000-000000000000"`, `"00000000-0000-0000-0000-000000000000"`},
		{"date", "time", `"1970-01-02T00:00:00Z"`, `"1970-01-01T00:00:00Z"`, `"1970-01-01T00:00:00Z"`},
		{"millis", "time", `"1970-01-01T00:00:01.5Z"`, `"1970-01-01T00:00:00Z"`, `"1970-01-01T00:00:00Z"`},
		{"micros", "time", `"1969-12-31T23:59:59.999999Z"`, `"1970-01-01T00:00:00Z"`, `"1970-01-01T00:00:00Z"`},
		{"old", "time", `"1970-01-02T00:00:00.000000005Z"`, `"1970-01-01T00:00:00Z"`, `"1970-01-01T00:00:00Z"`},
		{"price", "float64", `"-12.34"`, `"0"`, `"0"`},
		{"total", "float64", `"9.007199254740992e+12"`, `"0"`, `"0"`},
		{"huge", "float64", `"-1.23"`, `"0"`, `"0"`},
		{"nothing", "int64", "null", "null", "null"},
	}
	var names []string
	for _, column := range want {
		names = append(names, column[0])
	}
	for name, options := range map[string][]parquet.WriterOption{
		"as written":           nil,
		"first page version":   {parquet.DataPageVersion(1)},
		"Snappy, small pages":  {parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(1)},
		"a row group each row": {parquet.MaxRowsPerRowGroup(1)},
	} {
		got, err := readParquetBytes(foreignFile(t, options...), ReadOptions{Columns: names})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, cells(got)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestParquetRefusals(t *testing.T) {
	type nested struct {
		List  []int64         `parquet:"list"`
		Group struct{ X int } `parquet:"group"`
		Clock time.Duration   `parquet:"clock,time(microsecond)"`
		Bytes []byte          `parquet:"bytes"`
		Far   int64           `parquet:"far,timestamp(millisecond)"`
		OK    int64           `parquet:"ok"`
	}
	var buf bytes.Buffer
	if err := parquet.Write(&buf, []nested{{Bytes: []byte{0xff}, Far: math.MaxInt64 / 2}}); err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]string{
		"list":  `data.parquet: key "list" holds lists or groups of values; a table's cells are single values, so flatten it first`,
		"group": `data.parquet: key "group" holds lists or groups of values; a table's cells are single values, so flatten it first`,
		"clock": `data.parquet: column "clock" has the Parquet type TIME(isAdjustedToUTC=true,unit=MICROS), which a table cannot hold; leave it out with a list of columns`,
		"bytes": `data.parquet: column "bytes", row group 1: "\xff" is not UTF-8 text`,
		"far":   `data.parquet: column "far", row group 1: time 4611686018427387903 × 1ms since 1970 lies outside 1677 to 2262, which nanoseconds can tell`,
		"okay":  `data.parquet: no column "okay"; did you mean "ok"?`,
	} {
		if _, err := readParquetBytes(buf.Bytes(), ReadOptions{Columns: []string{column}}); err == nil || err.Error() != want {
			t.Errorf("column %s:\n got %v\nwant %s", column, err, want)
		}
	}
	if got, err := readParquetBytes(buf.Bytes(), ReadOptions{Columns: []string{"ok"}}); err != nil || got.NumRows() != 1 {
		t.Errorf("a flat column beside nested ones: %v, %v", got, err)
	}
	_, err := readParquetBytes(foreignFile(t), ReadOptions{Columns: []string{"text"}, Types: map[string]Kind{"text": Float64}})
	if want := `data.parquet: row 1, column "text": "a" is not a number`; err == nil || err.Error() != want {
		t.Errorf("text forced to numbers:\n got %v\nwant %s", err, want)
	}
	if _, err = readParquetBytes(foreignFile(t), ReadOptions{MaxRows: 2}); err == nil || !strings.Contains(err.Error(), "more than 2 rows") {
		t.Errorf("too many rows give %v", err)
	}
}

// TestTruncatedParquet cuts a file at every length.
func TestTruncatedParquet(t *testing.T) {
	table, err := New(NewFloat64("x", []float64{1, 2, 3}, nil), NewString("s", []string{"a", "b", "a"}, []bool{false, true, false}))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := Write(&buf, table, WriteOptions{Format: Parquet}); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < buf.Len(); n++ {
		_, err := readParquetBytes(buf.Bytes()[:n], ReadOptions{})
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || !strings.HasPrefix(err.Error(), "data.parquet: ") {
			t.Fatalf("cut to %d bytes: err = %v, want a CorruptError", n, err)
		}
	}
	if _, err := readParquetBytes([]byte("a,b\n1,2\n3,4\n5,6\n"), ReadOptions{}); err == nil || !strings.Contains(err.Error(), "this is not a Parquet file") {
		t.Errorf("CSV as Parquet gives %v", err)
	}
}

func TestManyRowGroups(t *testing.T) {
	const rows = 2*parquetGroupRows + 7
	x := make([]float64, rows)
	s := make([]string, rows)
	nulls := make([]bool, rows)
	for i := range rows {
		x[i] = float64(i)
		s[i] = []string{"a", "b", "c"}[i*i%3]
		nulls[i] = i%5 == 0
	}
	want, err := New(NewFloat64("x", x, nil), NewString("s", s, nulls))
	if err != nil {
		t.Fatal(err)
	}
	if got := writeAndRead(t, want, Parquet, ReadOptions{Workers: 2}); !got.Equal(want) {
		t.Error("reads back as another table")
	}
}

// TestParquetFooterLength: a footer longer than the file must not be allocated.
func TestParquetFooterLength(t *testing.T) {
	data := foreignFile(t)
	data[len(data)-5] = 0x7f // the highest byte of the footer's length
	if _, err := readParquetBytes(data, ReadOptions{}); err == nil || !strings.Contains(err.Error(), "a footer of") {
		t.Errorf("err = %v, want the footer's length refused", err)
	}
}
