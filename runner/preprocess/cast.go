package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"mlops/runner/config"
	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// castParams are the parameters of cast.
type castParams struct {
	// Columns' kinds by name: float64; int64, whole numbers, fractions cut off;
	// bool, 0 and 1; string; time, seconds since the Unix epoch.
	Columns map[string]string `yaml:"columns" enum:"float64|int64|bool|string|time" needed:"true" doc:"Kinds by column: float64; int64, whole numbers, fractions cut off; bool, 0 and 1; string; time, seconds since 1970." example:"{zip: string, amount: float64}"`
	// Errors says what becomes of a cell that cannot be converted: raise an error,
	// or coerce it to a missing one.
	Errors string `yaml:"errors" enum:"raise|coerce" doc:"A cell that cannot be converted: raise an error, or coerce it to a missing one."`
}

type caster struct {
	step   config.Step
	params castParams
}

func newCast(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, castParams{Errors: "raise"})
	if err != nil {
		return nil, err
	}
	if len(params.Columns) == 0 {
		return nil, step.ErrorAt("columns", "cast needs columns: kinds by name, such as {zip: string}")
	}
	return &caster{step: step, params: params}, nil
}

// Fit looks for the columns.
func (c *caster) Fit(_ context.Context, in Frame) (Transformer, error) {
	for _, name := range slices.Sorted(maps.Keys(c.params.Columns)) {
		if !in.Table.Has(name) {
			return nil, noColumn(c.step, "columns."+name, name, in)
		}
	}
	return &castState{Columns: c.params.Columns, Coerce: c.params.Errors == "coerce"}, nil
}

// castState is the fitted step, which learns nothing.
type castState struct {
	Columns map[string]string `json:"columns"`
	Coerce  bool              `json:"coerce"`
}

// Transform converts columns; they no longer count as categorical.
func (s *castState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := slices.Sorted(maps.Keys(s.Columns))
	return in.expand(ctx, names, func(i int, c *table.Column) ([]*table.Column, error) {
		kind := s.Columns[names[i]]
		if kind == "string" {
			if c.Kind() != table.String {
				c = asText(c)
			}
			return []*table.Column{c}, nil
		}
		values := make([]float64, c.Len())
		var parsed []float64
		for _, text := range c.Dict() {
			parsed = append(parsed, parseAs(kind, text))
		}
		for row := range values {
			v := math.NaN()
			switch {
			case c.IsNull(row):
				values[row] = v
				continue
			case c.Kind() == table.String:
				v = parsed[c.Codes()[row]]
			default:
				v = numberAs(kind, c.Floats()[row])
			}
			if values[row] = v; math.IsNaN(v) && !s.Coerce {
				return nil, &ColumnError{Column: c.Name(), Row: row + 1, Reason: fmt.Sprintf(
					"%q cannot be cast to %s; correct the cell, leave it empty, or set errors: coerce", shorten(c.Text(row)), kind)}
			}
		}
		return []*table.Column{table.NewFloat64(c.Name(), values, nil)}, nil
	})
}

// parseAs reads a text as a kind; NaN where it is none.
func parseAs(kind, text string) float64 {
	text = strings.TrimSpace(text)
	switch kind {
	case "time":
		t, ok := parseTime(text, "")
		if !ok {
			return math.NaN()
		}
		return float64(t.Unix()) + float64(t.Nanosecond())/1e9
	case "bool":
		switch truth, err := strconv.ParseBool(text); {
		case err == nil && truth:
			return 1
		case err == nil:
			return 0
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) {
		return math.NaN()
	}
	return numberAs(kind, v)
}

// numberAs makes a number one of a kind; NaN where it is none.
func numberAs(kind string, v float64) float64 {
	switch {
	case kind == "int64" && math.Abs(v) > 1<<53:
		return math.NaN()
	case kind == "int64":
		return plusZero(math.Trunc(v))
	case kind == "bool" && v != 0:
		return 1
	case kind == "bool":
		return 0
	}
	return v
}

// MarshalJSON gives the state.
func (s *castState) MarshalJSON() ([]byte, error) {
	type plain castState
	return json.Marshal((*plain)(s))
}

func loadCast(state json.RawMessage) (Transformer, error) {
	type plain castState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	for name, kind := range s.Columns {
		if _, err := table.ParseKind(kind); err != nil || name == "" {
			return nil, errors.New("a column has no name, or its kind is not known")
		}
	}
	return (*castState)(&s), nil
}
