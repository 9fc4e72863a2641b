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

// frequencyEncoder replaces a category by its share of the training rows.
type frequencyEncoder struct{ categoricalEncoder }

// columnFrequency are the training rows of each category.
type columnFrequency struct {
	columnCategories
	Counts []int `json:"counts"`
}

// total is the number of training rows with a category.
func (f columnFrequency) total() int {
	total := 0
	for _, n := range f.Counts {
		total += n
	}
	return total
}

// frequencyState is the fitted step.
type frequencyState struct {
	Method        string            `json:"method"`
	HandleUnknown string            `json:"handle_unknown"`
	Columns       []columnFrequency `json:"columns"`
}

// Fit counts each column's categories.
func (e *frequencyEncoder) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := e.columns(in)
	if err != nil {
		return nil, err
	}
	out := &frequencyState{Method: "frequency", HandleUnknown: e.params.HandleUnknown, Columns: make([]columnFrequency, len(columns))}
	err = each(ctx, len(columns), func(i int) error {
		known, err := learnCategories(columns[i])
		if err != nil {
			return err
		}
		found, err := known.find("categorical_encoder", columns[i], true)
		out.Columns[i] = columnFrequency{columnCategories: known, Counts: known.counts(found)}
		return err
	})
	return out, err
}

// Transform replaces categories by frequencies; missing cells stay missing.
func (s *frequencyState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
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
		total := float64(known.total())
		values := make([]float64, len(found))
		for row, at := range found {
			switch {
			case at >= 0:
				values[row] = float64(known.Counts[at]) / total
			case at == absent:
				values[row] = math.NaN()
			}
		}
		return []*table.Column{table.NewFloat64(c.Name(), values, nil)}, nil
	})
}

// MarshalJSON gives the state.
func (s *frequencyState) MarshalJSON() ([]byte, error) {
	type plain frequencyState
	return json.Marshal((*plain)(s))
}

func loadFrequency(state json.RawMessage) (Transformer, error) {
	type plain frequencyState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if !slices.Contains(encoderPolicies["frequency"], s.HandleUnknown) {
		return nil, fmt.Errorf("unknown handle_unknown %q", shorten(s.HandleUnknown))
	}
	if err := checkNames(s.Columns, func(c columnFrequency) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		if err := c.check(true); err != nil {
			return nil, err
		}
		if len(c.Counts) != c.size() || slices.ContainsFunc(c.Counts, func(n int) bool { return n < 1 || n > 1<<40 }) {
			return nil, fmt.Errorf("column %q: there must be one count of at least 1 for each category", shorten(c.Name))
		}
	}
	return (*frequencyState)(&s), nil
}
