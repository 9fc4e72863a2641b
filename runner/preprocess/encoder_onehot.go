package preprocess

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// infrequent names the column that rare categories share.
const infrequent = "infrequent"

// oneHotEncoder makes a column of zeros and ones of each category.
type oneHotEncoder struct{ categoricalEncoder }

// columnOneHot are a column's categories and the indicator columns they go to.
type columnOneHot struct {
	columnCategories
	// Rare lists the categories, by index and ascending, that share a last column.
	Rare []int `json:"rare,omitempty"`
	// Dropped leaves out the first column.
	Dropped bool `json:"dropped,omitempty"`
}

// oneHotState is the fitted step.
type oneHotState struct {
	Method        string         `json:"method"`
	HandleUnknown string         `json:"handle_unknown"`
	Columns       []columnOneHot `json:"columns"`
}

// Fit learns each column's categories and which of them are rare, as
// scikit-learn's OneHotEncoder does.
func (e *oneHotEncoder) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := e.columns(in)
	if err != nil {
		return nil, err
	}
	out := &oneHotState{Method: "one_hot", HandleUnknown: e.params.HandleUnknown, Columns: make([]columnOneHot, len(columns))}
	err = each(ctx, len(columns), func(i int) error {
		known, err := learnCategories(columns[i])
		if err != nil {
			return err
		}
		found, err := known.find("categorical_encoder", columns[i], true)
		if err != nil {
			return err
		}
		fitted := columnOneHot{columnCategories: known, Rare: e.rare(known.counts(found), len(found))}
		width := known.size() - len(fitted.Rare)
		if len(fitted.Rare) > 0 {
			width++
		}
		fitted.Dropped = width > 0 && (e.params.Drop == "first" || e.params.Drop == "if_binary" && width == 2)
		out.Columns[i] = fitted
		return nil
	})
	if err != nil {
		return nil, err
	}
	width := 0
	for i, c := range out.Columns {
		width += len(c.outputs())
		if err := checkWide(columns[i].Name(), in.Table.NumRows(), width, "lower max_categories, or use the method label, frequency or target"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rare tells which categories share a column, by their counts among rows.
func (e *oneHotEncoder) rare(counts []int, rows int) []int {
	isRare := make([]bool, len(counts))
	frequent := len(counts)
	if e.params.MinFrequency != nil {
		least := *e.params.MinFrequency
		if least < 1 {
			least *= float64(rows)
		}
		for i, n := range counts {
			if float64(n) < least {
				isRare[i] = true
				frequent--
			}
		}
	}
	// The bound counts the shared column even where nothing is rare so far.
	if limit := e.params.MaxCategories; limit != nil && *limit < frequent+1 {
		order := make([]int, len(counts))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[a], counts[b]) })
		for _, i := range order[:max(0, len(order)-(*limit-1))] {
			isRare[i] = true
		}
	}
	var out []int
	for i, r := range isRare {
		if r {
			out = append(out, i)
		}
	}
	return out
}

// outputs names the columns, in order.
func (k columnOneHot) outputs() []string {
	var names []string
	for i, text := range k.labels() {
		if _, rare := slices.BinarySearch(k.Rare, i); !rare {
			names = append(names, k.Name+"_"+text)
		}
	}
	if len(k.Rare) > 0 {
		names = append(names, k.Name+"_"+infrequent)
	}
	if k.Dropped {
		names = names[1:]
	}
	return names
}

// places gives each category's column; -1 is the one left out.
func (k columnOneHot) places() []int {
	places := make([]int, k.size())
	next := 0
	if k.Dropped {
		next = -1
	}
	for i := range places {
		if _, rare := slices.BinarySearch(k.Rare, i); !rare {
			places[i] = next
			next++
		}
	}
	for _, i := range k.Rare {
		places[i] = next
	}
	return places
}

// Transform replaces categories by indicators; missing cells give zeros.
func (s *oneHotState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	width := 0
	for i, c := range s.Columns {
		names[i] = c.Name
		width += len(c.outputs())
		if err := checkWide(c.Name, in.Table.NumRows(), width, "lower max_categories"); err != nil {
			return Frame{}, err
		}
	}
	return in.expand(ctx, names, func(i int, c *table.Column) ([]*table.Column, error) {
		known := s.Columns[i]
		found, err := known.find("categorical_encoder", c, true)
		if err == nil && s.HandleUnknown == "error" {
			err = known.refuse(c, found)
		}
		if err != nil {
			return nil, err
		}
		outputs, places := known.outputs(), known.places()
		values := wideValues(len(found), len(outputs))
		for row, at := range found {
			if at == unseen && s.HandleUnknown == "use_first" && len(places) > 0 {
				at = 0
			}
			if at >= 0 && places[at] >= 0 {
				values[places[at]][row] = 1
			}
		}
		return wideColumns(outputs, values), nil
	})
}

// wideValues makes columns of zeros out of one piece of memory, of which the
// operating system provides only what is written to.
func wideValues(rows, columns int) [][]float64 {
	all := make([]float64, rows*columns)
	values := make([][]float64, columns)
	for i := range values {
		values[i] = all[i*rows : (i+1)*rows : (i+1)*rows]
	}
	return values
}

func wideColumns(names []string, values [][]float64) []*table.Column {
	columns := make([]*table.Column, len(names))
	for i, name := range names {
		columns[i] = table.NewFloat64(name, values[i], nil)
	}
	return columns
}

// MarshalJSON gives the state.
func (s *oneHotState) MarshalJSON() ([]byte, error) {
	type plain oneHotState
	return json.Marshal((*plain)(s))
}

func loadOneHot(state json.RawMessage) (Transformer, error) {
	type plain oneHotState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if !slices.Contains(encoderPolicies["one_hot"], s.HandleUnknown) {
		return nil, fmt.Errorf("unknown handle_unknown %q", shorten(s.HandleUnknown))
	}
	if err := checkNames(s.Columns, func(c columnOneHot) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		if err := c.check(true); err != nil {
			return nil, err
		}
		for i, at := range c.Rare {
			if at < 0 || at >= c.size() || i > 0 && at <= c.Rare[i-1] {
				return nil, fmt.Errorf("column %q: the rare categories are not ascending indices of its %d categories", shorten(c.Name), c.size())
			}
		}
		if c.Dropped && c.size() == 0 {
			return nil, fmt.Errorf("column %q has no category to leave out", shorten(c.Name))
		}
	}
	return (*oneHotState)(&s), nil
}
