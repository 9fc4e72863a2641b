package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// deriveParams are the parameters of derive.
type deriveParams struct {
	// Columns' expressions by the name of the column to make: all see the columns
	// before the step. A name that is there already is replaced; new ones follow
	// in sorted order.
	Columns map[string]string `yaml:"columns" needed:"true" doc:"Expressions over the numbers of a row, by the name of the column to make." example:"{fee_per_gb: monthly_fee / (data_gb + 1)}"`
	// HandleInvalid says what a result becomes that is infinite or no number, such
	// as 1 / 0: an error, or ignore, a missing cell.
	HandleInvalid string `yaml:"handle_invalid" enum:"error|ignore" doc:"A result that is infinite or no number: an error, or ignore, a missing cell."`
}

type deriver struct {
	step   config.Step
	params deriveParams
}

func newDerive(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, deriveParams{HandleInvalid: "error"})
	if err != nil {
		return nil, err
	}
	if len(params.Columns) == 0 {
		return nil, step.ErrorAt("columns", "derive needs columns: expressions by the name of the column to make, such as {ratio: a / b}")
	}
	for _, name := range slices.Sorted(maps.Keys(params.Columns)) {
		if _, err := compileNamed(name, params.Columns[name]); err != nil {
			return nil, step.ErrorAt("columns."+name, "%v", err)
		}
	}
	return &deriver{step: step, params: params}, nil
}

// compileNamed is [compile] for a column to make.
func compileNamed(name, source string) (*expression, error) {
	if name == "" {
		return nil, errors.New("the column has no name")
	}
	return compile(source, false)
}

// deriveState is the fitted step, which learns nothing.
type deriveState struct {
	Columns map[string]string `json:"columns"`
	Ignore  bool              `json:"ignore_invalid"`

	compiled map[string]*expression
}

// compile prepares the expressions, of the configuration or of saved state: both
// are checked alike.
func (s *deriveState) compile() error {
	s.compiled = make(map[string]*expression, len(s.Columns))
	for name, source := range s.Columns {
		e, err := compileNamed(name, source)
		if err != nil {
			return fmt.Errorf("column %q: %w", shorten(name), err)
		}
		s.compiled[name] = e
	}
	return nil
}

// Fit looks for the columns that are used.
func (d *deriver) Fit(_ context.Context, in Frame) (Transformer, error) {
	out := &deriveState{Columns: d.params.Columns, Ignore: d.params.HandleInvalid == "ignore"}
	if err := out.compile(); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(out.compiled)) {
		if err := out.compiled[name].check(d.step, "columns."+name, in); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Transform computes the columns.
func (s *deriveState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	columns := slices.Clone(in.Table.Columns())
	categorical := maps.Clone(in.Categorical)
	for _, name := range slices.Sorted(maps.Keys(s.compiled)) {
		values, err := s.compiled[name].values(ctx, in)
		if err != nil {
			return Frame{}, err
		}
		if err := s.checkValues(name, values, in); err != nil {
			return Frame{}, err
		}
		made := table.NewFloat64(name, values, nil)
		if at := slices.IndexFunc(columns, func(c *table.Column) bool { return c.Name() == name }); at >= 0 {
			columns[at] = made
			delete(categorical, name)
		} else {
			columns = append(columns, made)
		}
	}
	in.Categorical = categorical
	return in.Of(columns...)
}

// checkValues treats results that are no finite number though no cell is missing.
func (s *deriveState) checkValues(name string, values []float64, in Frame) error {
	e := s.compiled[name]
	for row, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			continue
		}
		var cells []string
		for _, used := range e.columns {
			cell := in.Table.Column(used).Floats()[row]
			if math.IsNaN(cell) {
				cells = nil
				break
			}
			cells = append(cells, fmt.Sprintf("%s = %v", used, cell))
		}
		switch {
		case cells == nil: // missing
		case s.Ignore:
			values[row] = math.NaN()
		default:
			return &ColumnError{Column: name, Row: row + 1, Reason: fmt.Sprintf(
				"%s gives %v for %s; correct the cells, change the expression, or set handle_invalid: ignore for a missing cell", e.source, v, strings.Join(cells, ", "))}
		}
	}
	return nil
}

// MarshalJSON gives the state.
func (s *deriveState) MarshalJSON() ([]byte, error) {
	type plain deriveState
	return json.Marshal((*plain)(s))
}

func loadDerive(state json.RawMessage) (Transformer, error) {
	type plain deriveState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if len(s.Columns) == 0 {
		return nil, errors.New("there are no columns")
	}
	out := (*deriveState)(&s)
	return out, out.compile()
}
