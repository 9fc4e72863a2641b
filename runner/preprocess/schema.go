package preprocess

import (
	"encoding/json"
	"fmt"
	"slices"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// maxListedCategories bounds the categories that a schema lists per column; a
// column with more lists none.
const maxListedCategories = 1000

// Schema describes the raw columns that a fitted pipeline needs, in order.
type Schema struct {
	Columns []SchemaColumn
}

// SchemaColumn is one raw column as training saw it.
type SchemaColumn struct {
	Name string
	Kind table.Kind
	// Categories are a text column's distinct training values, sorted; nil for
	// other kinds and where there are more than 1,000.
	Categories []string
}

// Names returns the columns' names in order.
func (s Schema) Names() []string {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return names
}

// Types returns the columns' kinds by name, as [table.ReadOptions] takes them,
// so that a file for prediction is read as training's was.
func (s Schema) Types() map[string]table.Kind {
	types := make(map[string]table.Kind, len(s.Columns))
	for _, c := range s.Columns {
		types[c.Name] = c.Kind
	}
	return types
}

type schemaJSON struct {
	Columns []schemaColumnJSON `json:"columns"`
}

type schemaColumnJSON struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	Categories []string `json:"categories,omitempty"`
}

// MarshalJSON writes {"columns": [{"name", "kind", "categories"}]}.
func (s Schema) MarshalJSON() ([]byte, error) {
	out := schemaJSON{Columns: []schemaColumnJSON{}}
	for _, c := range s.Columns {
		out.Columns = append(out.Columns, schemaColumnJSON{Name: c.Name, Kind: c.Kind.String(), Categories: c.Categories})
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote, strictly: unknown keys and kinds,
// and empty or repeated names are errors.
func (s *Schema) UnmarshalJSON(data []byte) error {
	var in schemaJSON
	if err := strictjson.Decode(data, &in); err != nil {
		return err
	}
	if in.Columns == nil {
		return fmt.Errorf("schema: no columns")
	}
	out := Schema{}
	seen := map[string]bool{}
	for i, c := range in.Columns {
		kind, err := table.ParseKind(c.Kind)
		if err != nil {
			return fmt.Errorf("schema: column %d: %w", i+1, err)
		}
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("schema: column %d: the name %q is empty or given twice", i+1, c.Name)
		}
		seen[c.Name] = true
		out.Columns = append(out.Columns, SchemaColumn{Name: c.Name, Kind: kind, Categories: c.Categories})
	}
	*s = out
	return nil
}

// SchemaOf describes a table's columns, leaving out those without a value.
func SchemaOf(t *table.Table) Schema {
	var s Schema
	for _, c := range t.Columns() {
		if c.NullCount() == c.Len() {
			continue
		}
		column := SchemaColumn{Name: c.Name(), Kind: c.Kind()}
		if c.Kind() == table.String {
			if used := usedTexts(c); len(used) <= maxListedCategories {
				column.Categories = used
			}
		}
		s.Columns = append(s.Columns, column)
	}
	return s
}

// usedTexts returns the distinct values of a text column's cells, sorted.
func usedTexts(c *table.Column) []string {
	used := make([]bool, len(c.Dict()))
	for i, code := range c.Codes() {
		if !c.IsNull(i) {
			used[code] = true
		}
	}
	var texts []string
	for code, u := range used {
		if u {
			texts = append(texts, c.Dict()[code])
		}
	}
	slices.Sort(texts)
	return texts
}
