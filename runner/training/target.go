package training

import (
	"fmt"
	"math"
	"slices"

	"mlops/runner/table"
)

// maxClasses bounds the classes of a target; more is a column of another sort,
// such as names or keys.
const maxClasses = 10_000

// Target describes the target column.
type Target struct {
	Name    string
	Kind    table.Kind
	Classes []Label // of a classification, in order; nil for a regression
}

// goal is the target with each used row's class or number, and what else is
// known of a row besides its features.
type goal struct {
	Target
	problem ProblemType
	rows    []int     // rows of the input with a target, ascending but for ranking, where queries are brought together; nil: all
	classes []int     // of a classification, by position in rows
	values  []float64 // of a regression or ranking, by position in rows

	moments []int       // by position, the row's time, numbered in order; nil: none
	groups  []int32     // by position, the row's group, numbered by first appearance; nil: none
	counts  []int       // by position, how many rows a row stands for; nil: for itself
	weights []float64   // by position; nil: all rows count the same
	scores  [][]float64 // of each column of initial scores, by position; nil: none
}

// size is the number of used rows.
func (g *goal) size() int { return max(len(g.classes), len(g.values)) }

// count is the number of rows that a position stands for.
func (g *goal) count(position int) int {
	if g.counts == nil {
		return 1
	}
	return g.counts[position]
}

// row returns the input's row at a position among the used ones.
func (g *goal) row(position int) int {
	if g.rows == nil {
		return position
	}
	return g.rows[position]
}

// inputRows translates positions to the input's rows.
func (g *goal) inputRows(positions []int) []int {
	rows := make([]int, len(positions))
	for i, p := range positions {
		rows[i] = g.row(p)
	}
	return rows
}

// newGoal reads the target column. kind is auto, classification, regression or
// ranking. warnings tell what the user should know.
func newGoal(c *table.Column, kind string) (g *goal, warnings []string, err error) {
	g = &goal{Target: Target{Name: c.Name(), Kind: c.Kind()}}
	fault := func(format string, args ...any) error {
		return &DataError{Column: c.Name(), Reason: fmt.Sprintf(format, args...)}
	}
	if c.Len() == 0 {
		return nil, nil, &DataError{Reason: "the table has columns but no rows"}
	}
	if missing := c.NullCount(); missing == c.Len() {
		return nil, nil, fault("the target has no value in any of the %d rows; name another target", c.Len())
	} else if missing > 0 {
		warnings = append(warnings, fmt.Sprintf("%d of %d rows have no target %q; they are left out", missing, c.Len(), c.Name()))
		for i := range c.Len() {
			if !c.IsNull(i) {
				g.rows = append(g.rows, i)
			}
		}
	}
	if row := slices.IndexFunc(c.Floats(), func(v float64) bool { return math.IsInf(v, 0) }); row >= 0 {
		return nil, nil, &DataError{Column: c.Name(), Row: row + 1, Reason: "the target is infinite; correct the cell or remove its row"}
	}
	cells := c.Len() - c.NullCount()
	values := distinctOf(c, maxDistinct(cells))
	if len(values.labels) == 1 {
		return nil, nil, fault("the target is constant: every row holds %q, so there is nothing to learn; name another target", values.labels[0])
	}
	switch kind {
	case "regression":
		g.problem = Regression
	case "ranking":
		g.problem = Ranking
	case kindClassification:
		g.problem = classification(len(values.labels))
	default:
		g.problem = detect(c, values, cells)
		warnings = append(warnings, doubt(c, g.problem, len(values.labels))...)
	}
	if !g.problem.IsClassification() {
		if c.Kind() == table.String || c.Kind() == table.Time {
			return nil, nil, fault("the target holds %s, which a %s cannot predict; set training.problem_type to classification (and leave out an objective of numbers) or name a numeric target", describeKind(c.Kind()), g.problem)
		}
		return g, warnings, g.readValues(c)
	}
	if len(values.labels) > maxClasses || values.many {
		return nil, nil, fault("the target has more than the %d classes that can be told apart; %s", maxClasses, otherTarget(c.Kind()))
	}
	g.readClasses(c, values)
	return g, warnings, nil
}

// otherTarget advises where a target has too many classes.
func otherTarget(kind table.Kind) string {
	if kind == table.Float64 || kind == table.Int64 {
		return "name another target, or set training.problem_type to regression"
	}
	return "name another target"
}

// doubt warns where the rule for numeric targets may have guessed wrong.
func doubt(c *table.Column, problem ProblemType, distinct int) []string {
	if !problem.IsClassification() || c.Kind() != table.Float64 {
		return nil
	}
	for _, v := range c.Floats() {
		if v != math.Trunc(v) { // also a NaN, which the next test skips
			if math.IsNaN(v) {
				continue
			}
			return []string{fmt.Sprintf("the target %q has fractions but only %d distinct values and is treated as classes; set training.problem_type to regression if it is a quantity", c.Name(), distinct)}
		}
	}
	return nil
}

func (g *goal) readClasses(c *table.Column, values distinct) {
	g.Classes = values.labels
	g.classes = make([]int, 0, c.Len())
	for i, at := range values.index {
		if !c.IsNull(i) {
			g.classes = append(g.classes, int(at))
		}
	}
}

// maxTarget bounds the numbers of a regression's target: training holds their
// errors in 32-bit floats.
const maxTarget = 1e37

func (g *goal) readValues(c *table.Column) error {
	all, err := c.AsFloats()
	if err != nil {
		return err
	}
	g.values = make([]float64, 0, c.Len())
	for i, v := range all {
		if c.IsNull(i) {
			continue
		}
		if math.Abs(v) > maxTarget {
			return &DataError{Column: c.Name(), Row: i + 1, Reason: fmt.Sprintf("the target %v is beyond ±%g and cannot be predicted; scale the column down, or correct the cell", v, maxTarget)}
		}
		g.values = append(g.values, v)
	}
	return nil
}

func describeKind(k table.Kind) string {
	if k == table.Time {
		return "times"
	}
	return "text"
}
