package preprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"mlops/runner/config"
	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// encoderParams are the parameters of categorical_encoder. The ones below Method
// and Columns belong to the methods that encoderTakes lists.
type encoderParams struct {
	// Method of encoding: label codes in sorted order; ordinal codes in a given
	// order; one_hot indicator columns; frequency, the share of training rows;
	// target, the mean of the target among training rows.
	Method string `yaml:"method" enum:"label|ordinal|one_hot|frequency|target" doc:"label, codes in sorted order; ordinal, codes in a given order; one_hot, indicator columns; frequency, the share of training rows; target, the mean of the target."`
	// Columns to encode; not given: every text column (those of categories, for
	// ordinal). A column of numbers is encoded only if it is named.
	Columns []string `yaml:"columns" doc:"Columns to encode; not given: every column of text (ordinal: those of categories)." example:"[city]"`
	// HandleUnknown says what a category becomes that training did not see:
	// use_first its first category (label, ordinal, one_hot); ignore a missing
	// value (label, ordinal), zeros (one_hot), 0 (frequency) or the target's mean
	// (target); error an [*UnknownCategoryError]. Not given: use_first for label
	// and ordinal, else ignore.
	HandleUnknown string `yaml:"handle_unknown" doc:"A category that training did not see: use_first (label, ordinal, one_hot), ignore or error; not given: use_first for label and ordinal, else ignore." example:"ignore"`
	// Categories in their order, by column.
	Categories map[string][]any `yaml:"categories" doc:"Categories in their order, by column; for ordinal, which needs it." example:"{size: [S, M, L]}" with:"method: ordinal"`
	// Drop leaves out a column of the indicators: none, the first of each, or that
	// of columns with two categories.
	Drop string `yaml:"drop" enum:"none|first|if_binary" doc:"one_hot: leave out no indicator, the first of each column, or that of columns with two categories." with:"method: one_hot"`
	// MinFrequency: categories of fewer training rows share one column; a count,
	// or a fraction of the rows below 1.
	MinFrequency *float64 `yaml:"min_frequency" range:"(0,1e9]" doc:"one_hot: categories of fewer training rows share one column; a count, or a fraction below 1." example:"10" with:"method: one_hot"`
	// MaxCategories bounds the columns of each column: the rarest share one.
	MaxCategories *int `yaml:"max_categories" range:"[1,50000]" doc:"one_hot: most columns that a column becomes; the rarest categories share one." example:"20" with:"method: one_hot"`
	// Smooth mixes the target's mean into a category's: auto, as much as the
	// variances say, or as if of that many further rows.
	Smooth any `yaml:"smooth" doc:"target: how much of the mean of all rows is mixed in: auto, as the variances say, or as if of so many further rows (a number of at least 0); not given: auto." example:"20" with:"method: target"`
	// CV is the number of folds that give the training rows their values.
	CV int `yaml:"cv" range:"[2,1000]" doc:"target: folds that give the training rows their values." with:"method: target"`
	// Shuffle rows before they are cut into folds.
	Shuffle bool `yaml:"shuffle" doc:"target: shuffle the rows before they are cut into folds." with:"method: target"`
	// RandomState seeds that.
	RandomState int64 `yaml:"random_state" range:"[0,4294967295]" doc:"target: seed of the shuffling." with:"method: target"`
}

var encoderTakes = map[string][]string{
	"label":     {},
	"ordinal":   {"categories"},
	"one_hot":   {"drop", "min_frequency", "max_categories"},
	"frequency": {},
	"target":    {"smooth", "cv", "shuffle", "random_state"},
}

var encoderPolicies = map[string][]string{ // the default first
	"label":     {"use_first", "ignore", "error"},
	"ordinal":   {"use_first", "ignore", "error"},
	"one_hot":   {"ignore", "use_first", "error"},
	"frequency": {"ignore", "error"},
	"target":    {"ignore", "error"},
}

func newCategoricalEncoder(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, encoderParams{Method: "label", Drop: "none", CV: 5, Shuffle: true, RandomState: 42})
	if err != nil {
		return nil, err
	}
	if err := onlyFor(step, params.Method, encoderTakes); err != nil {
		return nil, err
	}
	policies := encoderPolicies[params.Method]
	if params.HandleUnknown == "" {
		params.HandleUnknown = policies[0]
	}
	if !slices.Contains(policies, params.HandleUnknown) {
		return nil, unknownChoice(step, "handle_unknown", params.HandleUnknown, policies)
	}
	e := categoricalEncoder{step: step, params: params}
	switch params.Method {
	case "ordinal":
		return newOrdinal(e)
	case "one_hot":
		if params.MinFrequency != nil && *params.MinFrequency > 1 && *params.MinFrequency != math.Trunc(*params.MinFrequency) {
			return nil, step.ErrorAt("min_frequency", "must be a fraction below 1 or a whole number of rows, not %v", *params.MinFrequency)
		}
		return &oneHotEncoder{e}, nil
	case "frequency":
		return &frequencyEncoder{e}, nil
	case "target":
		return newTargetEncoder(e)
	}
	return &e, nil
}

// categoricalEncoder is the label method, and what the others share.
type categoricalEncoder struct {
	step   config.Step
	params encoderParams
}

// columns returns those to encode.
func (e *categoricalEncoder) columns(in Frame) ([]*table.Column, error) {
	if e.params.Columns != nil {
		return pick(e.step, e.params.Columns, in)
	}
	return slices.DeleteFunc(slices.Clone(in.Table.Columns()), func(c *table.Column) bool { return c.Kind() != table.String }), nil
}

// encoderState is the fitted step of the methods label and ordinal.
type encoderState struct {
	Method        string             `json:"method,omitempty"` // empty for label
	HandleUnknown string             `json:"handle_unknown"`
	Columns       []columnCategories `json:"columns"`
}

// Fit learns each column's categories.
func (e *categoricalEncoder) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := e.columns(in)
	if err != nil {
		return nil, err
	}
	out := &encoderState{HandleUnknown: e.params.HandleUnknown, Columns: make([]columnCategories, len(columns))}
	err = each(ctx, len(columns), func(i int) error {
		var err error
		out.Columns[i], err = learnCategories(columns[i])
		return err
	})
	return out, err
}

// Transform replaces categories by their codes.
func (s *encoderState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	out, err := in.expand(ctx, names, func(i int, c *table.Column) ([]*table.Column, error) {
		encoded, err := s.encode(s.Columns[i], c)
		return []*table.Column{encoded}, err
	})
	if err != nil || s.Method == "ordinal" { // ordinal codes are numbers: their order means something
		return out, err
	}
	out.Categorical = maps.Clone(out.Categorical)
	for _, name := range names {
		out.Categorical[name] = true
	}
	return out, nil
}

func (s *encoderState) encode(known columnCategories, c *table.Column) (*table.Column, error) {
	found, err := known.find("categorical_encoder", c, s.Method == "")
	if err != nil {
		return nil, err
	}
	if s.HandleUnknown == "error" {
		if err := known.refuse(c, found); err != nil {
			return nil, err
		}
	}
	codes := make([]float64, len(found))
	for i, at := range found {
		switch {
		case at >= 0:
			codes[i] = float64(at)
		case at == unseen && s.HandleUnknown == "use_first" && known.size() > 0:
			codes[i] = 0
		default:
			codes[i] = math.NaN()
		}
	}
	return table.NewFloat64(c.Name(), codes, nil), nil
}

// MarshalJSON gives the state.
func (s *encoderState) MarshalJSON() ([]byte, error) {
	type plain encoderState
	return json.Marshal((*plain)(s))
}

func loadCategoricalEncoder(state json.RawMessage) (Transformer, error) {
	var form struct {
		Method string `json:"method"`
	}
	if err := json.Unmarshal(state, &form); err != nil {
		return nil, err
	}
	switch form.Method {
	case "", "ordinal":
		return loadCodes(state)
	case "one_hot":
		return loadOneHot(state)
	case "frequency":
		return loadFrequency(state)
	case "target":
		return loadTargetEncoder(state)
	}
	return nil, fmt.Errorf("unknown method %q", shorten(form.Method))
}

func loadCodes(state json.RawMessage) (Transformer, error) {
	type plain encoderState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if !slices.Contains(encoderPolicies["label"], s.HandleUnknown) {
		return nil, fmt.Errorf("unknown handle_unknown %q", shorten(s.HandleUnknown))
	}
	if err := checkNames(s.Columns, func(c columnCategories) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		if err := c.check(s.Method == ""); err != nil {
			return nil, err
		}
	}
	return (*encoderState)(&s), nil
}
