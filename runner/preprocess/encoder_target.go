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

// targetEncoder replaces a category by the mean of the target among its training
// rows, mixed with the mean of all (Micci-Barreca, "A preprocessing scheme for
// high-cardinality categorical attributes", 2001; as scikit-learn's
// TargetEncoder computes it). A training row gets what the other folds' rows
// say, so that no feature holds its own row's target.
type targetEncoder struct {
	categoricalEncoder
	smooth float64 // NaN: auto
}

func newTargetEncoder(e categoricalEncoder) (Fitter, error) {
	out := &targetEncoder{categoricalEncoder: e}
	switch v := e.params.Smooth.(type) {
	case nil:
		out.smooth = math.NaN()
	case string:
		if v != "auto" {
			return nil, e.step.ErrorAt("smooth", "must be auto or a number of at least 0, not %q", shorten(v))
		}
		out.smooth = math.NaN()
	case int:
		out.smooth = float64(v)
	case int64:
		out.smooth = float64(v)
	case float64:
		out.smooth = v
	default:
		return nil, e.step.ErrorAt("smooth", "must be auto or a number of at least 0")
	}
	if out.smooth < 0 || math.IsInf(out.smooth, 0) {
		return nil, e.step.ErrorAt("smooth", "must be auto or a number of at least 0, not %v", e.params.Smooth)
	}
	return out, nil
}

// columnMeans are the target's smoothed means by category, for each list of
// [Target.numbers]; Absent is that of missing cells.
type columnMeans struct {
	columnCategories
	Means  [][]number `json:"means"`
	Absent []number   `json:"absent"`
}

// targetState is the fitted step.
type targetState struct {
	Method        string        `json:"method"`
	HandleUnknown string        `json:"handle_unknown"`
	Classes       []string      `json:"classes,omitempty"` // names of several lists
	Mean          []number      `json:"mean"`              // of the target, by list
	Columns       []columnMeans `json:"columns"`
}

// Fit tells that a target is needed.
func (e *targetEncoder) Fit(context.Context, Frame) (Transformer, error) {
	return nil, e.step.ErrorAt("method", "the method target learns from the target, and there is none here")
}

// FitTarget learns each category's mean.
func (e *targetEncoder) FitTarget(ctx context.Context, in Frame, target Target) (Transformer, Frame, error) {
	columns, err := e.columns(in)
	if err != nil {
		return nil, Frame{}, err
	}
	lists, names := target.numbers()
	rows := in.Table.NumRows()
	out := &targetState{Method: "target", HandleUnknown: e.params.HandleUnknown, Classes: names, Mean: make([]number, len(lists)), Columns: make([]columnMeans, len(columns))}
	for l, list := range lists {
		out.Mean[l] = number(mean(list))
	}
	folds := target.folds(rows, e.params.CV, e.params.Shuffle, e.params.RandomState)
	training := make([][]*table.Column, len(columns))
	for i, c := range columns { // its cells are what is computed on several goroutines
		known, err := learnCategories(c)
		if err != nil {
			return nil, Frame{}, err
		}
		found, err := known.find("categorical_encoder", c, true)
		if err != nil {
			return nil, Frame{}, err
		}
		for row, at := range found {
			if at == absent { // a category of its own, the last
				found[row] = known.size()
			}
		}
		fitted := columnMeans{columnCategories: known, Means: make([][]number, len(lists)), Absent: make([]number, len(lists))}
		if err := checkWide(c.Name(), rows, len(columns)*len(lists), "use the method label or frequency"); err != nil {
			return nil, Frame{}, err
		}
		values := wideValues(rows, len(lists))
		err = each(ctx, len(lists)*(len(folds)+1), func(job int) error {
			l, f := job/(len(folds)+1), job%(len(folds)+1)
			if f < len(folds) {
				e.outOfFold(found, known.size()+1, lists[l], folds[f], values[l])
				return nil
			}
			means := e.means(groupBy(found, nil, known.size()+1), lists[l], exactMean)
			fitted.Means[l] = make([]number, known.size())
			for at := range fitted.Means[l] {
				fitted.Means[l][at] = number(means[at])
			}
			fitted.Absent[l] = number(means[known.size()])
			return nil
		})
		if err != nil {
			return nil, Frame{}, err
		}
		out.Columns[i] = fitted
		training[i] = wideColumns(out.outputs(c.Name()), values)
	}
	frame, err := in.expand(ctx, namesOf(columns), func(i int, _ *table.Column) ([]*table.Column, error) { return training[i], nil })
	return out, frame, err
}

// outOfFold gives the rows of a fold what the other rows say. Where there are
// none, as with a single row, that is nothing, which has the mean 0.
func (e *targetEncoder) outOfFold(found []int, categories int, list []float64, fold []int, values []float64) {
	held := make([]bool, len(found))
	for _, row := range fold {
		held[row] = true
	}
	means := e.means(groupBy(found, held, categories), list, plainMean)
	for _, row := range fold {
		values[row] = means[found[row]]
	}
}

// groups are rows by category: those of k are rows[starts[k]:starts[k+1]].
type groups struct {
	rows, starts []int
}

// groupBy sorts the rows that are not held out by their category.
func groupBy(found []int, held []bool, categories int) groups {
	g := groups{rows: make([]int, 0, len(found)), starts: make([]int, categories+1)}
	for row, at := range found {
		if held == nil || !held[row] {
			g.starts[at+1]++
		}
	}
	for k := range categories {
		g.starts[k+1] += g.starts[k]
	}
	g.rows = g.rows[:g.starts[categories]]
	next := slices.Clone(g.starts)
	for row, at := range found {
		if held == nil || !held[row] {
			g.rows[next[at]] = row
			next[at]++
		}
	}
	return g
}

// means gives each category's smoothed mean; average is [exactMean] or
// [plainMean].
func (e *targetEncoder) means(g groups, list []float64, average func(rows []int, term func(row int) float64) float64) []float64 {
	itself := func(row int) float64 { return list[row] }
	all := average(g.rows, itself)
	variance := average(g.rows, func(row int) float64 { return (list[row] - all) * (list[row] - all) })
	out := make([]float64, len(g.starts)-1)
	for k := range out {
		rows := g.rows[g.starts[k]:g.starts[k+1]]
		count := float64(len(rows))
		if count == 0 {
			out[k] = all
			continue
		}
		m := average(rows, itself)
		if !math.IsNaN(e.smooth) {
			out[k] = (m*count + e.smooth*all) / (count + e.smooth)
			continue
		}
		within := average(rows, func(row int) float64 { return (list[row] - m) * (list[row] - m) })
		share := variance * count / (variance*count + within)
		if out[k] = share*m + (1-share)*all; math.IsNaN(share) { // the target is constant
			out[k] = all
		}
	}
	return out
}

// exactMean does not depend on the order of rows; plainMean is many times as
// fast where that does not matter. Both are 0 without rows.
func exactMean(rows []int, term func(row int) float64) float64 {
	if len(rows) == 0 {
		return 0
	}
	var a accumulator
	for _, row := range rows {
		a.add(term(row))
	}
	return a.float64() / float64(len(rows))
}

func plainMean(rows []int, term func(row int) float64) float64 {
	sum := 0.0
	for _, row := range rows {
		sum += term(row)
	}
	return sum / float64(max(1, len(rows)))
}

// outputs names the columns that one becomes.
func (s *targetState) outputs(name string) []string {
	if len(s.Classes) == 0 {
		return []string{name}
	}
	names := make([]string, len(s.Classes))
	for i, class := range s.Classes {
		names[i] = name + "_" + class
	}
	return names
}

// Transform replaces categories by the means of all training rows.
func (s *targetState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	if len(names) > 0 {
		if err := checkWide(names[0], in.Table.NumRows(), len(s.Columns)*len(s.Mean), "use the method label or frequency"); err != nil {
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
		values := wideValues(len(found), len(s.Mean))
		for l := range values {
			for row, at := range found {
				switch at {
				case absent:
					values[l][row] = float64(known.Absent[l])
				case unseen:
					values[l][row] = float64(s.Mean[l])
				default:
					values[l][row] = float64(known.Means[l][at])
				}
			}
		}
		return wideColumns(s.outputs(c.Name()), values), nil
	})
}

// MarshalJSON gives the state.
func (s *targetState) MarshalJSON() ([]byte, error) {
	type plain targetState
	return json.Marshal((*plain)(s))
}

func loadTargetEncoder(state json.RawMessage) (Transformer, error) {
	type plain targetState
	var s plain
	if err := strictjson.Decode(state, &s); err != nil {
		return nil, err
	}
	if !slices.Contains(encoderPolicies["target"], s.HandleUnknown) {
		return nil, fmt.Errorf("unknown handle_unknown %q", shorten(s.HandleUnknown))
	}
	if len(s.Mean) != max(1, len(s.Classes)) {
		return nil, fmt.Errorf("%d means for %d classes", len(s.Mean), len(s.Classes))
	}
	if err := checkNames(s.Columns, func(c columnMeans) string { return c.Name }); err != nil {
		return nil, err
	}
	for _, c := range s.Columns {
		if err := c.check(true); err != nil {
			return nil, err
		}
		bad := len(c.Means) != len(s.Mean) || len(c.Absent) != len(s.Mean) ||
			slices.ContainsFunc(c.Means, func(means []number) bool { return len(means) != c.size() })
		if bad {
			return nil, fmt.Errorf("column %q: there must be one mean for each category and one for missing cells", shorten(c.Name))
		}
	}
	return (*targetState)(&s), nil
}
