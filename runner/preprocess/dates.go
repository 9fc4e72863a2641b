package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"mlops/runner/config"
	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// dateParams are the parameters of date_parts.
type dateParams struct {
	// Columns of times: those that were read as times, numbers of seconds since
	// the Unix epoch, or text in the format.
	Columns []string `yaml:"columns" needed:"true" doc:"Columns of times: read as times, numbers of seconds since 1970, or text." example:"[opened]"`
	// Parts to make of each column, as NAME_PART.
	Parts []string `yaml:"parts" doc:"What to make of each column, as NAME_PART in UTC: year, quarter, month, week, day, day_of_year, day_of_week, is_weekend, hour, minute, second, timestamp."`
	// Format of columns of text, in strptime's directives; not given: ISO 8601.
	Format string `yaml:"format" doc:"Format of columns of text in strptime's directives; not given: ISO 8601." example:"\"%d.%m.%Y %H:%M\""`
	// KeepOriginal keeps the column before its parts.
	KeepOriginal bool `yaml:"keep_original" doc:"Keep the column before its parts."`
}

// dateParts are what a UTC time is cut into.
var dateParts = []struct {
	name string
	of   func(t time.Time) float64
}{
	{"year", func(t time.Time) float64 { return float64(t.Year()) }},
	{"quarter", func(t time.Time) float64 { return float64((t.Month()-1)/3 + 1) }},
	{"month", func(t time.Time) float64 { return float64(t.Month()) }},
	{"week", func(t time.Time) float64 { _, week := t.ISOWeek(); return float64(week) }},
	{"day", func(t time.Time) float64 { return float64(t.Day()) }},
	{"day_of_year", func(t time.Time) float64 { return float64(t.YearDay()) }},
	{"day_of_week", func(t time.Time) float64 { return float64((t.Weekday() + 6) % 7) }},
	{"is_weekend", func(t time.Time) float64 {
		if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
			return 1
		}
		return 0
	}},
	{"hour", func(t time.Time) float64 { return float64(t.Hour()) }},
	{"minute", func(t time.Time) float64 { return float64(t.Minute()) }},
	{"second", func(t time.Time) float64 { return float64(t.Second()) }},
	{"timestamp", func(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }},
}

func partNames() []string {
	names := make([]string, len(dateParts))
	for i, p := range dateParts {
		names[i] = p.name
	}
	return names
}

type dateSplitter struct {
	step   config.Step
	params dateParams
}

func newDateParts(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, dateParams{Parts: []string{"year", "month", "day", "day_of_week"}})
	if err != nil {
		return nil, err
	}
	if len(params.Columns) == 0 {
		return nil, step.ErrorAt("columns", "date_parts needs columns: the names of columns of times")
	}
	if len(params.Parts) == 0 {
		return nil, step.ErrorAt("parts", "must name at least one part")
	}
	for i, part := range params.Parts {
		key := fmt.Sprintf("parts[%d]", i)
		if !slices.Contains(partNames(), part) {
			return nil, unknownChoice(step, key, part, partNames())
		}
		if slices.Contains(params.Parts[:i], part) {
			return nil, step.ErrorAt(key, "the part %s is given twice", part)
		}
	}
	if _, err := layoutOf(params.Format); err != nil {
		return nil, step.ErrorAt("format", "%v", err)
	}
	return &dateSplitter{step: step, params: params}, nil
}

// dateState is the fitted step; it learns nothing but the columns' kinds.
type dateState struct {
	Columns []dateColumn `json:"columns"`
	Parts   []string     `json:"parts"`
	Format  string       `json:"format,omitempty"`
	Keep    bool         `json:"keep_original,omitempty"`

	layout string
}

type dateColumn struct {
	Name string `json:"name"`
	Text bool   `json:"text,omitempty"`
}

// Fit looks which columns are text.
func (d *dateSplitter) Fit(_ context.Context, in Frame) (Transformer, error) {
	columns, err := pick(d.step, d.params.Columns, in)
	if err != nil {
		return nil, err
	}
	out := &dateState{Parts: d.params.Parts, Format: d.params.Format, Keep: d.params.KeepOriginal}
	if out.layout, err = layoutOf(out.Format); err != nil {
		return nil, err
	}
	for i, c := range columns {
		if in.Categorical[c.Name()] {
			return nil, d.step.ErrorAt(fmt.Sprintf("columns[%d]", i), "column %q holds label codes; put date_parts before the encoder", c.Name())
		}
		out.Columns = append(out.Columns, dateColumn{Name: c.Name(), Text: c.Kind() == table.String})
	}
	return out, nil
}

// Transform puts parts in the place of times; those of missing cells are missing.
func (s *dateState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return in.expand(ctx, names, func(i int, c *table.Column) ([]*table.Column, error) {
		if s.Columns[i].Text != (c.Kind() == table.String) {
			return nil, otherKind("date_parts", c)
		}
		moments, err := s.times(c)
		if err != nil {
			return nil, err
		}
		var out []*table.Column
		if s.Keep {
			out = append(out, c)
		}
		for _, name := range s.Parts {
			part := dateParts[slices.Index(partNames(), name)]
			values := make([]float64, len(moments))
			for row, t := range moments {
				if values[row] = part.of(t); c.IsNull(row) {
					values[row] = math.NaN()
				}
			}
			out = append(out, table.NewFloat64(c.Name()+"_"+name, values, nil))
		}
		return out, nil
	})
}

// maxSeconds bounds times to the years −5900 to 9900, about.
const maxSeconds = 2.5e11

// times reads the cells that are not missing.
func (s *dateState) times(c *table.Column) ([]time.Time, error) {
	out := make([]time.Time, c.Len())
	if c.Kind() == table.Float64 {
		for i, v := range c.Floats() {
			if c.IsNull(i) {
				continue
			}
			if math.Abs(v) > maxSeconds {
				return nil, &ColumnError{Column: c.Name(), Row: i + 1, Reason: fmt.Sprintf("%v is no time in seconds since 1970 within ±%g; divide milliseconds by 1000 with derive", v, maxSeconds)}
			}
			whole := math.Floor(v)
			out[i] = time.Unix(int64(whole), int64((v-whole)*1e9)).UTC()
		}
		return out, nil
	}
	parsed := make([]time.Time, len(c.Dict()))
	fits := make([]bool, len(c.Dict()))
	for code, text := range c.Dict() {
		parsed[code], fits[code] = parseTime(text, s.layout)
	}
	for i, code := range c.Codes() {
		if c.IsNull(i) {
			continue
		}
		if !fits[code] {
			return nil, &ColumnError{Column: c.Name(), Row: i + 1, Reason: fmt.Sprintf("%q is no time in %s; correct the cell, leave it empty, or set format", shorten(c.Text(i)), s.form())}
		}
		out[i] = parsed[code]
	}
	return out, nil
}

func (s *dateState) form() string {
	if s.Format == "" {
		return "ISO 8601 (2006-01-02 or 2006-01-02T15:04:05Z)"
	}
	return fmt.Sprintf("the format %q", s.Format)
}

// MarshalJSON gives the state.
func (s *dateState) MarshalJSON() ([]byte, error) {
	type plain dateState
	return json.Marshal((*plain)(s))
}

func loadDateParts(state json.RawMessage) (Transformer, error) {
	type plain dateState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if err := checkNames(s.Columns, func(c dateColumn) string { return c.Name }); err != nil {
		return nil, err
	}
	if len(s.Parts) == 0 || slices.ContainsFunc(s.Parts, func(part string) bool { return !slices.Contains(partNames(), part) }) {
		return nil, errors.New("the parts are missing, or one is not known")
	}
	var err error
	if s.layout, err = layoutOf(s.Format); err != nil {
		return nil, err
	}
	return (*dateState)(&s), nil
}
