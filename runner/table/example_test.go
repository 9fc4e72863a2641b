package table_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"mlops/runner/table"
)

func ExampleRead() {
	text := `id,city,price,sold
1,Oslo,12.5,2024-05-01
2,"Rio, RJ",,2024-05-02
3,Oslo,7,
`
	t, err := table.Read(context.Background(), strings.NewReader(text), int64(len(text)), table.ReadOptions{Name: "houses.csv"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range t.Columns() {
		fmt.Printf("%s %s, %d null, %q\n", c.Name(), c.Kind(), c.NullCount(), c.Text(1))
	}
	// Output:
	// id int64, 0 null, "2"
	// city string, 0 null, "Rio, RJ"
	// price float64, 1 null, ""
	// sold time, 1 null, "2024-05-02T00:00:00Z"
}

// A model's schema forces the kinds; a cell that does not fit is named.
func ExampleRead_types() {
	text := "id,price\n1,12.5\n2,cheap\n"
	_, err := table.Read(context.Background(), strings.NewReader(text), int64(len(text)), table.ReadOptions{
		Name:  "houses.csv",
		Types: map[string]table.Kind{"price": table.Float64},
	})
	var cell *table.CellError
	if errors.As(err, &cell) {
		fmt.Println(cell.Row, cell.Column, cell.Value)
	}
	fmt.Println(err)
	// Output:
	// 2 price cheap
	// houses.csv: row 2 (line 3), column "price": "cheap" is not a number
}

func ExampleWrite() {
	t, err := table.New(
		table.NewFloat64("score", []float64{1, 0.25}, nil),
		table.NewString("label", []string{"yes", ""}, nil),
		table.NewInt64("count", []int64{3, 0}, []bool{false, true}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, format := range []table.Format{table.CSV, table.JSONL} {
		if err := table.Write(os.Stdout, t, table.WriteOptions{Format: format}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// score,label,count
	// 1.0,yes,3
	// 0.25,"",
	// {"score":1.0,"label":"yes","count":3}
	// {"score":0.25,"label":"","count":null}
}

func ExampleTable_Fingerprint() {
	fingerprint := func(name, text string) string {
		t, err := table.Read(context.Background(), strings.NewReader(text), int64(len(text)), table.ReadOptions{Name: name})
		if err != nil {
			return err.Error()
		}
		return t.Fingerprint()
	}
	a := fingerprint("data.csv", "x,city\n1.0,Oslo\n,Rio\n")
	b := fingerprint("data.json", `[{"x":1.0,"city":"Oslo"},{"city":"Rio"}]`)
	fmt.Println(a == b, strings.HasPrefix(a, "sha256:"))
	// Output: true true
}
