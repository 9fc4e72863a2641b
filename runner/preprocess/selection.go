package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"mlops/runner/config"
	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// selectParams are the parameters of select and drop: columns, or a condition on
// rows.
type selectParams struct {
	// Columns to keep, in this order, or to leave out.
	Columns []string `yaml:"columns" needed:"or" doc:"Columns that select keeps, in this order, or that drop leaves out." example:"[customer_id]"`
	// Where is a condition on a row, such as "age >= 18 and fare < 500", of the
	// language of derive. select keeps the training rows for which it holds, drop
	// those for which it does not. At inference every row is kept. It holds for no
	// row with a missing cell in a column that it uses.
	Where string `yaml:"where" doc:"Condition on a row, in the language of derive: select keeps the training rows that meet it, drop removes them; prediction keeps every row. One of columns and where is needed." example:"age >= 18 and fare < 500"`
}

// selection is select or drop before it has seen data.
type selection struct {
	step   config.Step
	params selectParams
	drop   bool
	where  *expression
}

func newSelect(step config.Step) (Fitter, error) { return newSelection(step, false) }

func newDrop(step config.Step) (Fitter, error) { return newSelection(step, true) }

func newSelection(step config.Step, drop bool) (Fitter, error) {
	params, err := config.DecodeParams[selectParams](step)
	if err != nil {
		return nil, err
	}
	s := &selection{step: step, params: params, drop: drop}
	switch {
	case (params.Columns == nil) == (params.Where == ""):
		return nil, step.ErrorAt("", "%s needs either columns, a list of names, or where, a condition on rows", step.Type)
	case params.Where != "":
		if s.where, err = compile(params.Where, true); err != nil {
			return nil, step.ErrorAt("where", "%v", err)
		}
	case len(params.Columns) == 0 && !drop:
		return nil, step.ErrorAt("columns", "must name at least one column")
	}
	return s, nil
}

// Fit finds the columns; where there is a condition, those that it uses.
func (s *selection) Fit(_ context.Context, in Frame) (Transformer, error) {
	if s.where != nil {
		if err := s.where.check(s.step, "where", in); err != nil {
			return nil, err
		}
		return &rowState{Where: s.params.Where, Drop: s.drop, where: s.where}, nil
	}
	for i, name := range s.params.Columns {
		if s.drop && in.origin != nil && slices.Contains(in.origin.empty, name) {
			continue // it is left out already
		}
		if !in.Table.Has(name) {
			return nil, noColumn(s.step, fmt.Sprintf("columns[%d]", i), name, in)
		}
		if slices.Contains(s.params.Columns[:i], name) {
			return nil, s.step.ErrorAt(fmt.Sprintf("columns[%d]", i), "column %q is given twice", name)
		}
	}
	if s.drop {
		return &dropState{Columns: s.params.Columns}, nil
	}
	return &selectState{Columns: s.params.Columns}, nil
}

// selectState is the fitted select of columns.
type selectState struct {
	Columns []string `json:"columns"`
}

// Transform keeps the columns in the given order.
func (s *selectState) Transform(_ context.Context, in Frame, _ Mode) (Frame, error) {
	columns := make([]*table.Column, len(s.Columns))
	for i, name := range s.Columns {
		var err error
		if columns[i], err = column(in, name); err != nil {
			return Frame{}, err
		}
	}
	return in.Of(columns...)
}

func (s *selectState) keeps(name string) bool { return slices.Contains(s.Columns, name) }

// MarshalJSON gives the state.
func (s *selectState) MarshalJSON() ([]byte, error) {
	type plain selectState
	return json.Marshal((*plain)(s))
}

// dropState is the fitted drop of columns.
type dropState struct {
	Columns []string `json:"columns"`
}

// Transform leaves the columns out; one that is gone already does not matter.
func (s *dropState) Transform(_ context.Context, in Frame, _ Mode) (Frame, error) {
	return in.Of(in.Table.Drop(s.Columns...).Columns()...)
}

func (s *dropState) keeps(name string) bool { return !slices.Contains(s.Columns, name) }

// MarshalJSON gives the state.
func (s *dropState) MarshalJSON() ([]byte, error) {
	type plain dropState
	return json.Marshal((*plain)(s))
}

// rowState is the fitted select or drop of rows.
type rowState struct {
	Where string `json:"where"`
	Drop  bool   `json:"drop"`

	where *expression
}

// Transform removes rows in training.
func (s *rowState) Transform(ctx context.Context, in Frame, mode Mode) (Frame, error) {
	if mode == Inference {
		return in, nil
	}
	holds, err := s.where.values(ctx, in)
	if err != nil {
		return Frame{}, err
	}
	rows := make([]int, 0, len(holds))
	for i, v := range holds {
		if (v == 1) != s.Drop { // NaN, for a missing cell, is not 1
			rows = append(rows, i)
		}
	}
	if len(rows) == len(holds) {
		return in, nil
	}
	return in.Keep(rows), nil
}

// MarshalJSON gives the state.
func (s *rowState) MarshalJSON() ([]byte, error) {
	type plain rowState
	return json.Marshal((*plain)(s))
}

func loadSelect(state json.RawMessage) (Transformer, error) {
	type plain selectState
	var s plain
	rows, columns, err := loadSelection(state, false)
	if s.Columns = columns; rows != nil || err != nil {
		return rows, err
	}
	if len(s.Columns) == 0 {
		return nil, errors.New("no columns are selected")
	}
	return (*selectState)(&s), nil
}

func loadDrop(state json.RawMessage) (Transformer, error) {
	rows, columns, err := loadSelection(state, true)
	if rows != nil || err != nil {
		return rows, err
	}
	return &dropState{Columns: columns}, nil
}

// loadSelection reads either a condition or columns.
func loadSelection(state json.RawMessage, drop bool) (Transformer, []string, error) {
	var s struct {
		Columns []string `json:"columns"`
		Where   string   `json:"where"`
		Drop    bool     `json:"drop"`
	}
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, nil, err
	}
	if s.Where == "" {
		return nil, s.Columns, checkNames(s.Columns, func(name string) string { return name })
	}
	if s.Drop != drop || s.Columns != nil {
		return nil, nil, errors.New("the condition is of another step, or there are columns, too")
	}
	where, err := compile(s.Where, true)
	if err != nil {
		return nil, nil, fmt.Errorf("where: %w", err)
	}
	return &rowState{Where: s.Where, Drop: s.Drop, where: where}, nil, nil
}

// renameParams are the parameters of rename.
type renameParams struct {
	// Columns' new names by their old ones.
	Columns map[string]string `yaml:"columns" needed:"true" doc:"New names by the old ones." example:"{\"petal length (cm)\": petal_length}"`
}

type renamer struct {
	step   config.Step
	params renameParams
}

func newRename(step config.Step) (Fitter, error) {
	params, err := config.DecodeParams[renameParams](step)
	if err != nil {
		return nil, err
	}
	if len(params.Columns) == 0 {
		return nil, step.ErrorAt("columns", "rename needs columns: new names by old ones, such as {old: new}")
	}
	taken := map[string]string{}
	for _, old := range slices.Sorted(maps.Keys(params.Columns)) {
		name := params.Columns[old]
		if name == "" {
			return nil, step.ErrorAt("columns."+old, "the new name is empty")
		}
		if first, ok := taken[name]; ok {
			return nil, step.ErrorAt("columns."+old, "the new name %q is given to %q already", name, first)
		}
		taken[name] = old
	}
	return &renamer{step: step, params: params}, nil
}

// Fit looks for the columns.
func (r *renamer) Fit(_ context.Context, in Frame) (Transformer, error) {
	for _, old := range slices.Sorted(maps.Keys(r.params.Columns)) {
		if !in.Table.Has(old) {
			return nil, noColumn(r.step, "columns."+old, old, in)
		}
	}
	return &renameState{Columns: r.params.Columns}, nil
}

// renameState is the fitted step.
type renameState struct {
	Columns map[string]string `json:"columns"`
}

// Transform gives columns their new names, all at once.
func (s *renameState) Transform(_ context.Context, in Frame, _ Mode) (Frame, error) {
	columns := slices.Clone(in.Table.Columns())
	categorical := map[string]bool{}
	for i, c := range columns {
		name, ok := s.Columns[c.Name()]
		if !ok {
			name = c.Name()
		}
		if in.Categorical[c.Name()] {
			categorical[name] = true
		}
		columns[i] = c.Rename(name)
	}
	in.Categorical = categorical
	return in.Of(columns...)
}

// MarshalJSON gives the state.
func (s *renameState) MarshalJSON() ([]byte, error) {
	type plain renameState
	return json.Marshal((*plain)(s))
}

func loadRename(state json.RawMessage) (Transformer, error) {
	type plain renameState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if err := checkNames(slices.Collect(maps.Values(s.Columns)), func(name string) string { return name }); err != nil {
		return nil, err
	}
	return (*renameState)(&s), nil
}
