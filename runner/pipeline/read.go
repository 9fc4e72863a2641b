package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"mlops/runner/table"
)

// nameOf is what messages call data.
func nameOf(location, name string) string {
	if name != "" {
		return name
	}
	return location
}

// readTable reads the table at a location; it must have rows.
func readTable(ctx context.Context, env Env, location, name string, o table.ReadOptions) (*table.Table, error) {
	o.Name = nameOf(location, name)
	format, err := table.FormatOf(location)
	if err != nil {
		return nil, err
	}
	o.Format = format
	file, err := env.open(ctx, location)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t, err := table.Read(ctx, file, file.Size(), o)
	if err != nil {
		return nil, err
	}
	if err := table.RequireRows(o.Name, t); err != nil {
		return nil, err
	}
	if o.Columns == nil { // else their names are known to be right
		if problem := wrongDelimiter(t, format); problem != "" {
			return nil, fmt.Errorf("%s: %s", o.Name, problem)
		}
	}
	return t, nil
}

// wrongDelimiter tells a text whose only column looks like several. A table of one
// column has no features, so nothing is lost where it looks wrong.
func wrongDelimiter(t *table.Table, format table.Format) string {
	if t.NumColumns() != 1 || format != table.CSV && format != table.TSV {
		return ""
	}
	name := t.Names()[0]
	for _, d := range []struct{ delimiter, remedy string }{
		{"\t", "give the file a name that ends in .tsv"},
		{",", "give the file a name that ends in .csv"},
		{";", "save it as .csv with cells separated by commas"},
		{"|", "save it as .csv with cells separated by commas"},
	} {
		if strings.Contains(name, d.delimiter) {
			return fmt.Sprintf("there is one column, %q, whose cells seem to be separated by %q; %s", name, d.delimiter, d.remedy)
		}
	}
	return ""
}

// strayShare is how many different numbers a column of text must have for each
// other value to be taken for a column of numbers with a wrong cell.
const strayShare = 20

// strayText tells of a column of text that looks like one of numbers, save for a
// few cells: a model takes each of its numbers for a category. It returns "" for
// any other.
func strayText(c *table.Column) string {
	if c.Kind() != table.String {
		return ""
	}
	strays := make(map[string]bool)
	numbers := 0
	for _, value := range c.Dict() {
		if _, err := strconv.ParseFloat(value, 64); err == nil {
			numbers++
		} else {
			strays[value] = true
		}
	}
	if numbers < strayShare*max(1, len(strays)) {
		return ""
	}
	for i := range c.Len() {
		if !c.IsNull(i) && strays[c.Text(i)] {
			return fmt.Sprintf("column %q is text, so that its %d different numbers count as categories: row %d holds %q; "+
				"if numbers are meant, correct such cells or leave them empty", c.Name(), numbers, i+1, c.Text(i))
		}
	}
	return ""
}
