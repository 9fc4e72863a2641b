package table

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mlops/needs"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func readText(t testing.TB, format Format, text string, opts ReadOptions) (*Table, error) {
	t.Helper()
	opts.Format = format
	if opts.Name == "" {
		opts.Name = "data." + string(format)
	}
	return Read(context.Background(), strings.NewReader(text), int64(len(text)), opts)
}

func TestReadsRealData(t *testing.T) {
	path := needs.RealData(t, "tabular", "higgs_small_train.csv")
	got, err := ReadFile(context.Background(), path, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.NumRows() != 7000 || got.NumColumns() != 29 {
		t.Fatalf("%d rows and %d columns, want 7000 and 29", got.NumRows(), got.NumColumns())
	}
	if kind := got.Column("label").Kind(); kind != Int64 {
		t.Errorf("label is %s, want int64", kind)
	}
	if f := got.Column("f0").Floats(); f[0] != 0.869 {
		t.Errorf("f0 begins with %v, want 0.869", f[0])
	}
	for _, format := range []Format{JSON, JSONL, TSV, Parquet} {
		if again := writeAndRead(t, got, format, ReadOptions{}); again.Fingerprint() != got.Fingerprint() {
			t.Errorf("%s: another fingerprint", format)
		}
	}
}

// TestInfersKinds says which kind cells give a column, and what is null.
func TestInfersKinds(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines string // the column's cells
		want  []string
	}{
		{"integers", "1\n-2\n+3\n007", []string{"int64", `"1"`, `"-2"`, `"3"`, `"7"`}},
		{"integers with nulls", "1\nNA\n3", []string{"int64", `"1"`, "null", `"3"`}},
		{"integers and decimals", "1\n2.5\n1e3", []string{"float64", `"1"`, `"2.5"`, `"1000"`}},
		{"beyond int64", "1\n9223372036854775808", []string{"float64", `"1"`, `"9.223372036854776e+18"`}},
		{"negative zero", "-0\n1", []string{"float64", `"-0"`, `"1"`}},
		{"infinity", "inf\n-Infinity\n1e999", []string{"float64", `"+Inf"`, `"-Inf"`, `"+Inf"`}},
		{"blanks around", " 1\n2 \n  ", []string{"int64", `"1"`, `"2"`, "null"}},
		{"quoted numbers", "\"1\"\n\"2\"\n\"\"", []string{"int64", `"1"`, `"2"`, "null"}},
		{"truth values", "true\nFalse\nTRUE\nnull", []string{"bool", `"true"`, `"false"`, `"true"`, "null"}},
		{"truth and numbers", "true\n1", []string{"string", `"true"`, `"1"`}},
		{"dates", "2024-02-29\nNone\n2024-03-01T12:00:00Z", []string{"time", `"2024-02-29T00:00:00Z"`, "null", `"2024-03-01T12:00:00Z"`}},
		{"dates and text", "2024-02-29\nsoon", []string{"string", `"2024-02-29"`, `"soon"`}},
		{"dates and numbers", "2024-02-29\n12", []string{"string", `"2024-02-29"`, `"12"`}},
		{"numbers and text", "1.50\nx", []string{"string", `"1.50"`, `"x"`}},
		{"text with nulls", "a\nNA\n\"NA\"\n\"\"\n b", []string{"string", `"a"`, "null", `"NA"`, `""`, `" b"`}},
		{"nulls only", "NA\nnan", []string{"float64", "null", "null"}},
		{"quoted nothing only", "\"\"\n\"\"", []string{"string", `""`, `""`}},
		{"no hexadecimal, no separators", "0x10\n1_000", []string{"string", `"0x10"`, `"1_000"`}},
	} {
		for _, chunk := range []int{0, 1} { // 1: each row is inferred by itself
			text := "x,other\n" + strings.ReplaceAll(test.lines, "\n", ",1\n") + ",1\n"
			got, err := readText(t, CSV, text, ReadOptions{chunkBytes: chunk, Columns: []string{"x"}})
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			if diff := cmp.Diff(test.want, cells(got)[0][1:]); diff != "" {
				t.Errorf("%s, chunks of %d: (-want +got)\n%s", test.name, chunk, diff)
			}
		}
	}
}

func TestReadsQuotesAndLineEnds(t *testing.T) {
	want := [][]string{{"a", "string", `"x,y"`, `"say \"hi\""`, `"two\nlines"`}, {"b", "int64", `"1"`, `"2"`, `"3"`}}
	for name, text := range map[string]string{
		"Unix":          "a,b\n\"x,y\",1\n\"say \"\"hi\"\"\",2\n\"two\nlines\",3\n",
		"no last end":   "a,b\n\"x,y\",1\n\"say \"\"hi\"\"\",2\n\"two\nlines\",3",
		"Windows":       "a,b\r\n\"x,y\",1\r\n\"say \"\"hi\"\"\",2\r\n\"two\nlines\",\"3\"\r\n",
		"mark, blanks":  "\ufeffa,b\n\n\"x,y\",1\n\r\n\"say \"\"hi\"\"\",2\n\"two\nlines\",3\n\n\n",
		"quoted header": "\"a\",\"b\"\n\"x,y\",\"1\"\n\"say \"\"hi\"\"\",\"2\"\n\"two\nlines\",\"3\"\r",
	} {
		for chunk := range 24 {
			got, err := readText(t, CSV, text, ReadOptions{chunkBytes: chunk})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want, cells(got)); diff != "" {
				t.Fatalf("%s, chunks of %d: (-want +got)\n%s", name, chunk, diff)
			}
		}
	}
}

func TestReadOptions(t *testing.T) {
	for _, test := range []struct {
		name, text string
		opts       ReadOptions
		want       [][]string
	}{
		{"projection in the order asked for", "a,b,c\n1,x,2\n", ReadOptions{Columns: []string{"c", "a"}},
			[][]string{{"c", "int64", `"2"`}, {"a", "int64", `"1"`}}},
		{"forced kinds", "a,b,c,d,e\n1,2.0,1,2020-01-01,7\n", ReadOptions{Types: map[string]Kind{"a": Float64, "b": Int64, "c": Bool, "d": String, "e": String, "absent": Int64}},
			[][]string{{"a", "float64", `"1"`}, {"b", "int64", `"2"`}, {"c", "bool", `"true"`}, {"d", "string", `"2020-01-01"`}, {"e", "string", `"7"`}}},
		{"another delimiter", "a;b\n1,5;2\n", ReadOptions{Delimiter: ';'}, [][]string{{"a", "string", `"1,5"`}, {"b", "int64", `"2"`}}},
		{"no header", "1,x\n2,y\n", ReadOptions{NoHeader: true}, [][]string{{"column_1", "int64", `"1"`, `"2"`}, {"column_2", "string", `"x"`, `"y"`}}},
		{"own nulls", "a,b\n-,NA\n1,\"-\"\n", ReadOptions{NullValues: []string{"-"}}, [][]string{{"a", "int64", "null", `"1"`}, {"b", "string", `"NA"`, "null"}}},
		{"no nulls", "a\n\"\"\nNA\n", ReadOptions{NullValues: []string{}}, [][]string{{"a", "string", `""`, `"NA"`}}},
		{"header only", "a,b\n", ReadOptions{}, [][]string{{"a", "float64"}, {"b", "float64"}}},
	} {
		got, err := readText(t, CSV, test.text, test.opts)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, cells(got)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
	}
	none, err := readText(t, CSV, "a\n1\n2\n", ReadOptions{Columns: []string{}})
	if err != nil || none.NumRows() != 2 || none.NumColumns() != 0 {
		t.Errorf("no columns asked for: %v, %v", none, err)
	}
}

// TestChunksDoNotMatter reads tables in chunks of every small size with one and
// several workers.
func TestChunksDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyTable(t)
		opts := ReadOptions{chunkBytes: rapid.IntRange(1, 200).Draw(t, "chunk"), Workers: rapid.IntRange(1, 3).Draw(t, "workers")}
		for _, format := range []Format{CSV, TSV} {
			if got := writeAndRead(t, want, format, opts); !got.Equal(want) {
				t.Fatalf("%s: %s", format, cmp.Diff(cells(want), cells(got)))
			}
		}
	})
}

func TestStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	text := "a\n" + strings.Repeat("1\n", 10_000)
	_, err := Read(ctx, strings.NewReader(text), int64(len(text)), ReadOptions{Format: CSV, chunkBytes: 1})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want %v", err, context.Canceled)
	}
}

func TestInputShorterThanItSaid(t *testing.T) {
	for _, format := range allFormats {
		_, err := Read(context.Background(), strings.NewReader("a\n1\n"), 1000, ReadOptions{Format: format, Name: "cut"})
		if err == nil || !strings.HasPrefix(fmt.Sprint(err), "cut: ") {
			t.Errorf("%s: err = %v, want it to name the input", format, err)
		}
	}
}
