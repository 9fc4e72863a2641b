package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strconv"
	"unicode/utf8"

	"mlops/runner/config"
	"mlops/runner/table"
)

// encoderParams are the parameters of categorical_encoder.
type encoderParams struct {
	// Columns to encode; not given: every text column. A column of numbers is
	// encoded only if it is named.
	Columns []string `yaml:"columns"`
	// HandleUnknown says what a category becomes that training did not see:
	// use_first its first category in sorted order, ignore a missing value,
	// error an [*UnknownCategoryError].
	HandleUnknown string `yaml:"handle_unknown" enum:"use_first|ignore|error"`
}

type categoricalEncoder struct {
	step   config.Step
	params encoderParams
}

func newCategoricalEncoder(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, encoderParams{HandleUnknown: "use_first"})
	if err != nil {
		return nil, err
	}
	return &categoricalEncoder{step: step, params: params}, nil
}

// columnCategories are a column's categories: category i has label code i.
type columnCategories struct {
	Name    string   `json:"name"`
	Texts   []string `json:"texts,omitempty"`   // sorted, of a text column
	Numbers []number `json:"numbers,omitempty"` // ascending, of a numeric column
	Numeric bool     `json:"numeric,omitempty"`
}

// encoderState is the fitted step.
type encoderState struct {
	HandleUnknown string             `json:"handle_unknown"`
	Columns       []columnCategories `json:"columns"`
}

// Fit learns each column's categories.
func (e *categoricalEncoder) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns := slices.DeleteFunc(slices.Clone(in.Table.Columns()), func(c *table.Column) bool { return c.Kind() != table.String })
	if e.params.Columns != nil {
		var err error
		if columns, err = pick(e.step, e.params.Columns, in.Table); err != nil {
			return nil, err
		}
	}
	out := &encoderState{HandleUnknown: e.params.HandleUnknown, Columns: make([]columnCategories, len(columns))}
	err := each(ctx, len(columns), func(i int) error {
		c := columns[i]
		out.Columns[i] = columnCategories{Name: c.Name()}
		if c.Kind() != table.String {
			values := appendPresent(nil, c.Floats())
			slices.Sort(values)
			out.Columns[i].Numeric = true
			for _, v := range slices.Compact(values) {
				out.Columns[i].Numbers = append(out.Columns[i].Numbers, number(plusZero(v)))
			}
			return nil
		}
		out.Columns[i].Texts = usedTexts(c)
		for _, text := range out.Columns[i].Texts {
			if !utf8.ValidString(text) {
				return &ColumnError{Column: c.Name(), Reason: fmt.Sprintf("the category %q is not UTF-8 text", shorten(text))}
			}
		}
		return nil
	})
	return out, err
}

// Transform replaces categories by label codes.
func (s *encoderState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	encoded := make([]*table.Column, len(s.Columns))
	err := each(ctx, len(encoded), func(i int) error {
		c, err := column(in, s.Columns[i].Name)
		if err == nil {
			encoded[i], err = s.encode(s.Columns[i], c)
		}
		return err
	})
	if err != nil {
		return Frame{}, err
	}
	out, err := in.With(encoded...)
	if err != nil {
		return Frame{}, err
	}
	out.Categorical = maps.Clone(in.Categorical)
	for _, c := range s.Columns {
		out.Categorical[c.Name] = true
	}
	return out, nil
}

func (s *encoderState) encode(known columnCategories, c *table.Column) (*table.Column, error) {
	if known.Numeric != (c.Kind() == table.Float64) {
		return nil, &StateError{Part: "categorical_encoder", Reason: fmt.Sprintf("the categories of column %q are of another type than the column", c.Name())}
	}
	codes := make([]float64, c.Len())
	var unknown error
	code := func(i int, at int, found bool) {
		if found {
			codes[i] = float64(at)
			return
		}
		codes[i] = math.NaN()
		switch {
		case s.HandleUnknown == "use_first" && known.size() > 0:
			codes[i] = 0
		case s.HandleUnknown == "error" && unknown == nil:
			unknown = &UnknownCategoryError{Column: c.Name(), Value: c.Text(i), Row: i + 1, Known: known.texts()}
		}
	}
	if known.Numeric {
		for i, v := range c.Floats() {
			if math.IsNaN(v) {
				codes[i] = v
				continue
			}
			at := sort.Search(len(known.Numbers), func(j int) bool { return float64(known.Numbers[j]) >= v })
			code(i, at, at < len(known.Numbers) && float64(known.Numbers[at]) == v)
		}
	} else {
		at := make([]int, len(c.Dict()))
		found := make([]bool, len(c.Dict()))
		for d, text := range c.Dict() {
			at[d], found[d] = slices.BinarySearch(known.Texts, text)
		}
		for i, d := range c.Codes() {
			if c.IsNull(i) {
				codes[i] = math.NaN()
				continue
			}
			code(i, at[d], found[d])
		}
	}
	if unknown != nil {
		return nil, unknown
	}
	return table.NewFloat64(c.Name(), codes, nil), nil
}

func (c columnCategories) size() int { return max(len(c.Texts), len(c.Numbers)) }

func (c columnCategories) texts() []string {
	if !c.Numeric {
		return c.Texts
	}
	texts := make([]string, len(c.Numbers))
	for i, v := range c.Numbers {
		texts[i] = strconv.FormatFloat(float64(v), 'g', -1, 64)
	}
	return texts
}

// MarshalJSON gives the state.
func (s *encoderState) MarshalJSON() ([]byte, error) {
	type plain encoderState
	return json.Marshal((*plain)(s))
}

func loadCategoricalEncoder(state json.RawMessage) (Transformer, error) {
	type plain encoderState
	var s plain
	if err := strictJSON(state, &s); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"use_first", "ignore", "error"}, s.HandleUnknown) {
		return nil, fmt.Errorf("unknown handle_unknown %q", s.HandleUnknown)
	}
	seen := map[string]bool{}
	for _, c := range s.Columns {
		if c.Name == "" || seen[c.Name] {
			return nil, fmt.Errorf("column %q is without a name or given twice", c.Name)
		}
		seen[c.Name] = true
		if c.Numeric && c.Texts != nil || !c.Numeric && c.Numbers != nil {
			return nil, fmt.Errorf("column %q has categories of both types", c.Name)
		}
		if !ascending(c.Texts) || !ascending(c.Numbers) {
			return nil, errors.New("the categories of column " + strconv.Quote(c.Name) + " are not in sorted order")
		}
	}
	return (*encoderState)(&s), nil
}

// ascending reports whether values are sorted without repetition.
func ascending[T string | number](values []T) bool {
	for i := 1; i < len(values); i++ {
		if values[i-1] >= values[i] {
			return false
		}
	}
	return true
}
