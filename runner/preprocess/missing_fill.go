package preprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// columnFill is what fills one column: a number, a text, or neither where the
// column had no value to learn from.
type columnFill struct {
	Name      string  `json:"name"`
	Number    *number `json:"number,omitempty"`
	Text      *string `json:"text,omitempty"`
	Strategy  string  `json:"strategy,omitempty"` // empty: the step's
	Indicator bool    `json:"indicator,omitempty"`
}

// missingState is the fitted step.
type missingState struct {
	Strategy string       `json:"strategy"`
	Columns  []columnFill `json:"columns"`
}

func (s *missingState) drops(f columnFill) bool {
	return f.Strategy == "drop" || f.Strategy == "" && s.Strategy == "drop"
}

// completeRows returns the rows without a missing cell in columns.
func completeRows(columns []*table.Column, n int) []int {
	rows := make([]int, 0, n)
	var holed []*table.Column
	for _, c := range columns {
		if c.HasNulls() {
			holed = append(holed, c)
		}
	}
	for i := range n {
		if !slices.ContainsFunc(holed, func(c *table.Column) bool { return c.IsNull(i) }) {
			rows = append(rows, i)
		}
	}
	return rows
}

// Transform drops rows and fills cells.
func (s *missingState) Transform(ctx context.Context, in Frame, mode Mode) (Frame, error) {
	if mode == Training {
		var dropping []*table.Column
		for _, fill := range s.Columns {
			if !s.drops(fill) {
				continue
			}
			c, err := column(in, fill.Name)
			if err != nil {
				return Frame{}, err
			}
			dropping = append(dropping, c)
		}
		if kept := completeRows(dropping, in.Table.NumRows()); len(kept) < in.Table.NumRows() {
			in = in.Keep(kept)
		}
	}
	filled := make([]*table.Column, len(s.Columns))
	indicators := make([]*table.Column, len(s.Columns))
	err := each(ctx, len(filled), func(i int) error {
		c, err := column(in, s.Columns[i].Name)
		if err != nil {
			return err
		}
		if s.Columns[i].Indicator {
			indicators[i] = indicator(c)
		}
		filled[i], err = s.Columns[i].fill(c)
		return err
	})
	if err != nil {
		return Frame{}, err
	}
	out, err := in.With(filled...)
	if err != nil {
		return Frame{}, err
	}
	return out.Append(slices.DeleteFunc(indicators, func(c *table.Column) bool { return c == nil })...)
}

// indicator is 1 where a column's cell is missing and else 0.
func indicator(c *table.Column) *table.Column {
	values := make([]float64, c.Len())
	for i := range values {
		if c.IsNull(i) {
			values[i] = 1
		}
	}
	return table.NewFloat64("missingindicator_"+c.Name(), values, nil)
}

func (f columnFill) fill(c *table.Column) (*table.Column, error) {
	if !c.HasNulls() {
		return c, nil
	}
	switch {
	case f.Text != nil && c.Kind() == table.String:
		dict := c.Dict()
		code := slices.Index(dict, *f.Text)
		if code < 0 {
			code = len(dict)
			dict = append(slices.Clip(dict), *f.Text)
		}
		codes := slices.Clone(c.Codes())
		for i := range codes {
			if c.IsNull(i) {
				codes[i] = uint32(code)
			}
		}
		return table.NewDictionary(c.Name(), codes, dict, nil), nil
	case f.Number != nil && c.Kind() == table.Float64:
		values := slices.Clone(c.Floats())
		for i, v := range values {
			if math.IsNaN(v) {
				values[i] = float64(*f.Number)
			}
		}
		return table.NewFloat64(c.Name(), values, nil), nil
	case f.Text == nil && f.Number == nil:
		return c, nil
	}
	return nil, &StateError{Part: "missing_values", Reason: fmt.Sprintf("the fill value of column %q is of another type than the column", c.Name())}
}

// MarshalJSON gives the state.
func (s *missingState) MarshalJSON() ([]byte, error) {
	type plain missingState
	return json.Marshal((*plain)(s))
}

func loadMissingValues(state json.RawMessage) (Transformer, error) {
	type plain missingState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	strategies := []string{"drop", "mean", "median", "mode", "constant"}
	if !slices.Contains(strategies, s.Strategy) {
		return nil, fmt.Errorf("unknown strategy %q", shorten(s.Strategy))
	}
	if err := checkNames(s.Columns, func(c columnFill) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		switch {
		case c.Strategy != "" && !slices.Contains(strategies, c.Strategy):
			return nil, fmt.Errorf("column %q: unknown strategy %q", shorten(c.Name), shorten(c.Strategy))
		case c.Number != nil && c.Text != nil:
			return nil, fmt.Errorf("column %q is filled with both a number and a text", shorten(c.Name))
		}
	}
	return (*missingState)(&s), nil
}
