package training

import (
	"fmt"
	"slices"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Keys of the configuration that give a column a role.
const (
	keyGroup     = "training.group_column"
	keyTime      = "training.time_column"
	keyWeight    = "training.sample_weight_column"
	keyInitScore = "training.init_score_column"
)

// columns are a table's columns by what training uses them for.
type columns struct {
	target    *table.Column
	group     *table.Column   // nil: none
	time      *table.Column   // nil: none
	weight    *table.Column   // nil: none
	initScore []*table.Column // none, one, or one a class
	features  *table.Table    // the others
	raw       *table.Table    // features and initial scores: what a prediction may be made of
}

// findColumns gives every column its role. Without a name the target is the last
// column that has no other.
func findColumns(t *table.Table, target string, cfg *config.Config) (columns, error) {
	var out columns
	if t.NumColumns() == 0 {
		return out, &DataError{Reason: "the table has no columns"}
	}
	taken := map[string]string{} // column → what it is
	find := func(key, role, name string) (*table.Column, error) {
		c := t.Column(name)
		if c == nil {
			return nil, cfg.ErrorAt(key, "%v", &table.MissingColumnError{Name: name, Have: t.Names()})
		}
		if other := taken[name]; other != "" {
			return nil, cfg.ErrorAt(key, "the column %q is %s already; name another one", name, other)
		}
		taken[name] = role
		return c, nil
	}
	if target != "" {
		if out.target = t.Column(target); out.target == nil {
			return out, fmt.Errorf("target: %w", &table.MissingColumnError{Name: target, Have: t.Names()})
		}
		taken[target] = "the target"
	}
	var err error
	if name := cfg.Training.GroupColumn; name != "" {
		if out.group, err = find(keyGroup, "the group", name); err != nil {
			return out, err
		}
	}
	if name := cfg.Training.TimeColumn; name != "" {
		if out.time, err = find(keyTime, "the time", name); err != nil {
			return out, err
		}
	}
	if name := cfg.Training.SampleWeightColumn; name != "" {
		if out.weight, err = find(keyWeight, "the weight", name); err != nil {
			return out, err
		}
	}
	for _, name := range cfg.Training.InitScoreColumn {
		c, err := find(keyInitScore, "an initial score", name)
		if err != nil {
			return out, err
		}
		out.initScore = append(out.initScore, c)
	}
	for _, c := range slices.Backward(t.Columns()) {
		if out.target == nil && taken[c.Name()] == "" {
			out.target = c
			taken[c.Name()] = "the target"
		}
	}
	if out.target == nil {
		return out, &DataError{Reason: "every column has a role of its own, so that none is left to predict; name the target"}
	}
	if len(taken) == t.NumColumns() {
		if len(taken) > 1 {
			return out, &DataError{Column: out.target.Name(), Reason: "beside it and the columns of groups, times, weights and initial scores there is none; the table needs at least one feature"}
		}
		return out, &DataError{Column: out.target.Name(), Reason: "it is the only column; the table needs at least one feature besides the target"}
	}
	out.raw = t.Drop(out.target.Name(), cfg.Training.GroupColumn, cfg.Training.TimeColumn, cfg.Training.SampleWeightColumn)
	out.features = out.raw.Drop(cfg.Training.InitScoreColumn...)
	return out, nil
}

func noQueries(cfg *config.Config) error {
	return cfg.ErrorAt(keyGroup, "a ranking needs queries: name the column that tells each row's query")
}

// readRoles reads, for the used rows, what the other columns of a role say.
func (g *goal) readRoles(c columns) (err error) {
	if c.group != nil {
		if err := g.readGroups(c.group); err != nil {
			return err
		}
	}
	if c.time != nil {
		if err := g.readTimes(c.time); err != nil {
			return err
		}
	}
	if c.weight != nil {
		g.weights, err = g.numbers(c.weight, "a weight", func(v float64) bool { return v >= 0 && v <= maxTarget })
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(g.weights, func(w float64) bool { return w > 0 }) {
			return &DataError{Column: c.weight.Name(), Reason: "every weight is 0; at least one row must count"}
		}
	}
	for _, column := range c.initScore {
		scores, err := g.numbers(column, "an initial score", isScore)
		if err != nil {
			return err
		}
		g.scores = append(g.scores, scores)
	}
	return nil
}

// numbers reads the used rows' cells, each of which must have a fitting number.
func (g *goal) numbers(c *table.Column, what string, fits func(float64) bool) ([]float64, error) {
	if !c.IsNumeric() && c.Kind() != table.Bool {
		return nil, &DataError{Column: c.Name(), Reason: fmt.Sprintf("%s must be a number, and the column holds %s", what, describeKind(c.Kind()))}
	}
	all, err := c.AsFloats()
	if err != nil {
		return nil, err
	}
	out := make([]float64, g.size())
	for position := range out {
		row := g.row(position)
		out[position] = all[row]
		if c.IsNull(row) {
			return nil, &DataError{Column: c.Name(), Row: row + 1, Reason: what + " is missing; fill the cell, or remove its row"}
		}
		if !fits(all[row]) {
			return nil, &DataError{Column: c.Name(), Row: row + 1, Reason: fmt.Sprintf("%v cannot be %s; correct the cell, or remove its row", all[row], what)}
		}
	}
	return out, nil
}
