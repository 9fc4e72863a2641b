package selection

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"mlops/runner/table"
)

// What becomes of a feature.
const (
	chosen     = "selected"
	unused     = "unused"     // by every tree
	correlated = "correlated" // with a better one
	behind     = "behind"     // the first top_k
)

// Ranked is a feature with what became of it.
type Ranked struct {
	Name       string  `json:"name"`
	Importance float64 `json:"importance"`
	// Outcome is selected, unused, correlated or behind.
	Outcome string `json:"outcome"`
	// With is the better feature that it is correlated with, and by how much.
	With        string  `json:"with,omitempty"`
	Correlation float64 `json:"correlation,omitempty"`
}

// maxCorrelationRows bounds the rows that correlations are taken over.
const maxCorrelationRows = 50_000

// choose ranks the features and selects the best.
func (p *selection) choose(ctx context.Context, t *table.Table, features []string, importance map[string]float64) ([]Ranked, error) {
	ranked := make([]Ranked, len(features))
	for i, name := range features {
		ranked[i] = Ranked{Name: name, Importance: importance[name]}
	}
	slices.SortStableFunc(ranked, func(a, b Ranked) int { return cmp.Compare(b.Importance, a.Importance) })
	sample := evenly(t, maxCorrelationRows)
	var kept [][]float64
	var names []string
	for i := range ranked {
		f := &ranked[i]
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		switch {
		case f.Importance <= 0:
			f.Outcome = unused
			continue
		case len(kept) == p.settings.TopK:
			f.Outcome = behind
			continue
		}
		values, err := sample.Column(f.Name).AsFloats()
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		if p.settings.Correlation < 1 {
			for k, better := range kept {
				if r := math.Abs(pearson(better, values)); r > p.settings.Correlation {
					f.Outcome, f.With, f.Correlation = correlated, names[k], r
					break
				}
			}
		}
		if f.Outcome == "" {
			f.Outcome = chosen
			kept, names = append(kept, values), append(names, f.Name)
		}
	}
	return ranked, nil
}

// evenly takes at most so many rows, evenly spread.
func evenly(t *table.Table, most int) *table.Table {
	n := t.NumRows()
	if n <= most {
		return t
	}
	rows := make([]int, most)
	for i := range rows {
		rows[i] = i * n / most
	}
	return t.Take(rows)
}

// pearson is the correlation of the rows in which both are known; 0 where one of
// them does not vary.
func pearson(a, b []float64) float64 {
	var x, y []float64
	for i := range a {
		if known(a[i], b[i]) {
			x, y = append(x, a[i]), append(y, b[i])
		}
	}
	if r := stat.Correlation(x, y, nil); !math.IsNaN(r) {
		return r
	}
	return 0
}

func known(a, b float64) bool {
	return !math.IsNaN(a) && !math.IsNaN(b) && !math.IsInf(a, 0) && !math.IsInf(b, 0)
}
