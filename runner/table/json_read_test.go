package table

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadsJSONForms(t *testing.T) {
	want := [][]string{{"a", "int64", `"1"`, "null"}, {"b", "string", `"x"`, `"y"`}, {"c", "float64", "null", `"2.5"`}}
	for name, text := range map[string]string{
		"records":          `[{"a":1,"b":"x"},{"b":"y","c":2.5}]`,
		"records, spaced":  "\ufeff [ {\"a\" : 1 , \"b\" : \"x\" } ,\n{ \"b\":\"y\" , \"a\":null,\"c\":2.5 } ]\n ",
		"lines in .json":   "{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\",\"c\":2.5}\n",
		"columns of lists": `{"a":[1,null],"b":["x","y"],"c":[null,2.5]}`,
		"columns by label": `{"a":{"0":1,"1":null},"b":{"0":"x","1":"y"},"c":{"0":null,"1":2.5}}`,
	} {
		got, err := readText(t, JSON, text, ReadOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, cells(got)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	got, err := readText(t, JSONL, "\n{\"a\":1,\"b\":\"x\"}\r\n\n{\"b\":\"y\",\"c\":2.5}", ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, cells(got)); diff != "" {
		t.Errorf("lines: (-want +got)\n%s", diff)
	}
}

func TestInfersJSONKinds(t *testing.T) {
	for values, want := range map[string][]string{
		`1,2`:                      {"int64", `"1"`, `"2"`},
		`1,2.5`:                    {"float64", `"1"`, `"2.5"`},
		`1.0,-0`:                   {"float64", `"1"`, `"-0"`},
		`null,9223372036854775808`: {"float64", "null", `"9.223372036854776e+18"`},
		`1e999`:                    {"float64", `"+Inf"`},
		`true,null,false`:          {"bool", `"true"`, "null", `"false"`},
		`"12","13"`:                {"string", `"12"`, `"13"`},
		`"","NA"`:                  {"string", `""`, `"NA"`},
		`"2024-01-02",null`:        {"time", `"2024-01-02T00:00:00Z"`, "null"},
		`"2024-01-02","x"`:         {"string", `"2024-01-02"`, `"x"`},
		`1.50,"x",null,true`:       {"string", `"1.50"`, `"x"`, "null", `"true"`},
		`true,1`:                   {"string", `"true"`, `"1"`},
		`null,null`:                {"float64", "null", "null"},
		`"\u00e9\ud834\udd1e\n\"\\\/\b\f\r\t","\ud800x"`: {"string", `"é𝄞\n\"\\/\b\f\r\t"`, `"` + "\ufffd" + `x"`},
	} {
		got, err := readText(t, JSON, `{"x":[`+values+`]}`, ReadOptions{})
		if err != nil {
			t.Errorf("%s: %v", values, err)
			continue
		}
		if diff := cmp.Diff(want, cells(got)[0][1:]); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", values, diff)
		}
	}
}

func TestJSONOptions(t *testing.T) {
	text := `[{"a":1,"b":{"nested":[1,{}]},"c":"3"},{"a":"2","b":[],"c":4}]`
	got, err := readText(t, JSON, text, ReadOptions{Columns: []string{"c", "a"}, Types: map[string]Kind{"a": Float64, "c": String}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"c", "string", `"3"`, `"4"`}, {"a", "float64", `"1"`, `"2"`}}
	if diff := cmp.Diff(want, cells(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, empty := range []string{"[]", "{}", " [ ] "} {
		got, err := readText(t, JSON, empty, ReadOptions{})
		if err != nil || got.NumRows() != 0 || got.NumColumns() != 0 {
			t.Errorf("%s: %v, %v; want no rows and no columns", empty, got, err)
		}
	}
	none, err := readText(t, JSON, `{"a":[],"b":[]}`, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []Format{CSV, JSON} {
		if again := writeAndRead(t, none, format, ReadOptions{}); !again.Equal(none) {
			t.Errorf("%s: a table without rows loses its columns", format)
		}
	}
}

// TestJSONAcrossWindows reads strings and numbers that lie across the border of
// the window that is read at a time.
func TestJSONAcrossWindows(t *testing.T) {
	for shift := range 40 {
		pad := strings.Repeat(" ", jsonWindow-20-shift)
		text := pad + `[{"key":"va\"l","n":-12.5e1,"t":true}` + strings.Repeat(" ", jsonWindow) + `,{"key":null,"n":1,"t":false}]`
		got, err := readText(t, JSON, text, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"key", "string", `"va\"l"`, "null"}, {"n", "float64", `"-125"`, `"1"`}, {"t", "bool", `"true"`, `"false"`}}
		if diff := cmp.Diff(want, cells(got)); diff != "" {
			t.Fatalf("shift %d: (-want +got)\n%s", shift, diff)
		}
	}
}

func TestJSONErrors(t *testing.T) {
	forced := ReadOptions{Types: map[string]Kind{"a": Float64}}
	for _, test := range []struct {
		format     Format
		text, want string
		opts       ReadOptions
	}{
		{JSON, "  \n ", "data.json: the input is empty: no header and no rows", ReadOptions{}},
		{JSON, "[{\"a\":1},\n{\"a\":}]", `data.json: line 2, byte 6 of the line (offset 15): '}' where a value is expected`, ReadOptions{}},
		{JSON, `[{"a":1}`, `data.json: line 1, byte 9 of the line (offset 8): the input ends where ',' or ']' is expected`, ReadOptions{}},
		{JSON, `[{"a":1},]`, `data.json: line 1, byte 10 of the line (offset 9): ']' where '{' that begins record 2 is expected`, ReadOptions{}},
		{JSON, `[{"a":1}] x`, `data.json: line 1, byte 11 of the line (offset 10): 'x' where the end of the input is expected`, ReadOptions{}},
		{JSON, `[1,2]`, `data.json: line 1, byte 2 of the line (offset 1): '1' where '{' that begins record 1 is expected`, ReadOptions{}},
		{JSON, `"x"`, `data.json: line 1, byte 1 of the line (offset 0): '"' where a record or an object of columns, which begins with '{', is expected`, ReadOptions{}},
		{JSON, `[{"a":01}]`, `data.json: line 1, byte 7 of the line (offset 6): "01" is not a JSON number`, ReadOptions{}},
		{JSON, `[{"a":NaN}]`, `data.json: line 1, byte 7 of the line (offset 6): JSON has no NaN and no Infinity; write null for a missing number`, ReadOptions{}},
		{JSON, `[{"a":"x}]`, `data.json: line 1, byte 7 of the line (offset 6): the string that begins here is never closed`, ReadOptions{}},
		{JSON, `[{"a":"\x"}]`, `data.json: line 1, byte 8 of the line (offset 7): a backslash that begins no JSON escape`, ReadOptions{}},
		{JSON, "[{\"a\":\"x\ty\"}]", `data.json: line 1, byte 9 of the line (offset 8): control character '\t' in a string; JSON writes it as an escape`, ReadOptions{}},
		{JSON, "[{\"a\":\"\xe9\"}]", `data.json: line 1 (offset 7): byte 0xe9 is not UTF-8 text; convert the file to UTF-8`, ReadOptions{}},
		{JSON, "[{\"a\":1}\x00]", `data.json: line 1, byte 9 of the line (offset 8): a NUL byte; this is not a text file, or it is damaged`, ReadOptions{}},
		{JSON, `[{a:1}]`, `data.json: line 1, byte 3 of the line (offset 2): 'a' where a key in quotes is expected`, ReadOptions{}},
		{JSON, `[{"a":1,"a":2}]`, `data.json: line 1, byte 13 of the line (offset 12): key "a" stands twice in record 1`, ReadOptions{}},
		{JSON, `[{"":1}]`, `data.json: column 1 has an empty name; name it in the header, or read the file as one without a header`, ReadOptions{}},
		{JSON, "[{\"a\":1},\n{\"a\":[1]}]", `data.json: record 2 (line 2), key "a" holds a list; a table's cells are single values, so flatten it first`, ReadOptions{}},
		{JSONL, `{"a":{"b":1}}`, `data.jsonl: record 1 (line 1), key "a" holds an object; a table's cells are single values, so flatten it first`, ReadOptions{}},
		{JSONL, `[{"a":1}]`, `data.jsonl: line 1, byte 1 of the line (offset 0): '[' where a record or an object of columns, which begins with '{', is expected`, ReadOptions{}},
		{JSON, `[{"a":1},{"a":"high"}]`, `data.json: row 2 (line 1), column "a": "high" is not a number`, forced},
		{JSON, `{"a":[1,2],"b":[1]}`, `data.json: line 1, byte 19 of the line (offset 18): column "b" has 1 values where column "a" has 2`, ReadOptions{}},
		{JSON, `{"a":[1],"a":[1]}`, `data.json: line 1, byte 14 of the line (offset 13): column "a" stands twice`, ReadOptions{}},
		{JSON, `{"a":[1],"b":2}`, `data.json: line 1, byte 15 of the line (offset 14): column "b" is neither a list nor an object of values, though the first column is`, ReadOptions{}},
		{JSON, `{"a":{"0":1},"b":{"1":2}}`, `data.json: line 1, byte 23 of the line (offset 22): column "b" has row label "1" where the columns before have another; give all columns the same labels in the same order`, ReadOptions{}},
		{JSON, "\x1f\x8b\x08", "data.json: line 1, byte 1 of the line (offset 0): this is no text but a gzip file; decompress it first", ReadOptions{}},
		{JSON, `[{"a":1}]`, `data.json: no column "b"; the table has "a"`, ReadOptions{Columns: []string{"b"}}},
		{JSON, `[{"a":1},{"a":1}]`, `data.json: line 1: more than 1 rows; raise the limit if that is intended`, ReadOptions{MaxRows: 1}},
		{JSON, `[{"a":1,"b":1}]`, `data.json: line 1: more than 1 columns; raise the limit if that is intended`, ReadOptions{MaxColumns: 1}},
		{JSON, `[{"a":"12345"}]`, `data.json: line 1: more than 4 bytes in one string; raise the limit if that is intended`, ReadOptions{MaxCellBytes: 4}},
		{JSON, `[{"b":1,"a":` + strings.Repeat("[", 300) + `}]`, `data.json: line 1: more than 256 levels of nested values; raise the limit if that is intended`, ReadOptions{Columns: []string{"b"}}},
	} {
		got, err := readText(t, test.format, test.text, test.opts)
		if err == nil {
			t.Errorf("%s: read as %v", test.text, cells(got))
		} else if err.Error() != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.text, err, test.want)
		}
	}
}

// TestJSONPaddingIsBounded reads records without common keys, whose table is
// very much larger than they are.
func TestJSONPaddingIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "{\"k%d\":1}\n", i)
	}
	_, err := readText(t, JSONL, b.String(), ReadOptions{})
	var limit *LimitError
	if !errors.As(err, &limit) {
		t.Errorf("err = %v, want a LimitError", err)
	}
}
