package gbdt

import (
	"errors"
	"math"
	"slices"
)

// leafModel is a leaf's linear model: constant + Σ coefficient · feature. Rows
// with a missing value among the features get the leaf's plain value instead.
type leafModel struct {
	constant     float64
	features     []int32
	coefficients []float64
}

// evaluate gives the model's value; ok is false where a value is missing.
func (l *leafModel) evaluate(value func(feature int32) float64) (v float64, ok bool) {
	v = l.constant
	for i, feature := range l.features {
		x := value(feature)
		if x != x {
			return 0, false
		}
		v += float64(l.coefficients[i] * x)
	}
	return v, true
}

// valueOf is the tree's value for a row.
func (t *tree) valueOf(row []float64) float64 {
	leaf := t.leafOf(row)
	if t.linear == nil {
		return t.leafValue[leaf]
	}
	m := &t.linear[leaf]
	v := m.constant
	for i, feature := range m.features {
		x := row[feature]
		if x != x {
			return t.leafValue[leaf]
		}
		v += float64(m.coefficients[i] * x)
	}
	return v
}

func (m *Model) hasLinear() bool {
	return slices.ContainsFunc(m.trees, func(t *tree) bool { return t.linear != nil })
}

// checkLinear refuses what linear trees cannot be combined with.
func (p *Params) checkLinear() error {
	var reason string
	switch {
	case !p.LinearTree:
		return nil
	case p.Boosting != GBDT:
		reason = "needs the boosting gbdt"
	case p.Objective == RegressionL1 || p.Objective == Quantile || p.Objective == MAPE:
		reason = "cannot be combined with the objective " + p.Objective + ", whose leaf values are percentiles"
	case p.ZeroAsMissing:
		reason = "cannot be combined with zero_as_missing"
	case len(p.MonotoneConstraints) > 0:
		reason = "cannot be combined with monotone_constraints, which bound values and not slopes"
	default:
		return nil
	}
	return &ParamError{Key: "linear_tree", Reason: reason}
}

// keepRaw keeps the values of numeric columns for linear trees, as float32, in
// LightGBM's way.
func (d *Dataset) keepRaw(features []Feature) {
	d.raw = make([][]float32, len(features))
	buffer := make([]float64, runRows)
	for _, f := range d.used {
		if d.mappers[f].categorical {
			continue
		}
		d.raw[f] = make([]float32, d.rows)
		c := features[f].column()
		for from := 0; from < d.rows; from += runRows {
			for i, v := range c.Read(from, buffer[:min(runRows, d.rows-from)]) {
				d.raw[f][from+i] = float32(v)
			}
		}
	}
}

var errNoRaw = errors.New("gbdt: linear_tree must be set when the dataset is made, too: its raw values are needed")

// fitLinear gives each leaf of a grown tree a linear model of the numeric
// features on its path, by a weighted ridge regression on the gradients (Shi, Li
// and Li, "Gradient Boosting With Piece-Wise Linear Regression Trees", 2019).
// The first tree's are constants.
func (b *booster) fitLinear(t *tree, gradient, hessian []float32, constant bool) {
	t.linear = make([]leafModel, t.numLeaves())
	parents := make([]int32, len(t.feature))
	for i := range parents {
		parents[i] = -1
	}
	for node := range t.feature {
		for _, child := range []int32{t.left[node], t.right[node]} {
			if child >= 0 {
				parents[child] = int32(node)
			}
		}
	}
	b.workers.each(t.numLeaves(), func(_, leaf int) {
		m := &t.linear[leaf]
		m.constant = t.leafValue[leaf]
		if constant {
			return
		}
		var features []int32
		for node := t.leafParent[leaf]; node >= 0; node = parents[node] {
			if t.decision[node]&decisionCategorical == 0 {
				features = append(features, t.feature[node])
			}
		}
		slices.Sort(features)
		features = slices.Compact(features)
		rows, _ := b.learner.rows.slices(b.learner.leaves[leaf].segment)
		if fitted, ok := b.train.data.ridge(features, rows, gradient, hessian, b.p.LinearLambda); ok {
			*m = fitted
		}
	})
}

// ridge fits the rows without missing values; ok is false where they do not
// decide all coefficients.
func (d *Dataset) ridge(features []int32, rows []uint32, gradient, hessian []float32, lambda float64) (m leafModel, ok bool) {
	n := len(features) + 1
	system := make([][]float64, n) // each row with the right-hand side at its end
	for i := range system {
		system[i] = make([]float64, n+1)
	}
	x := make([]float64, n)
	x[n-1] = 1
	complete := 0
next:
	for _, row := range rows {
		for i, feature := range features {
			v := d.raw[feature][row]
			if v != v {
				continue next
			}
			x[i] = float64(v)
		}
		complete++
		g, h := float64(gradient[row]), float64(hessian[row])
		for i, a := range x {
			system[i][n] -= float64(a * g)
			for j := i; j < n; j++ {
				system[i][j] += float64(a * h * x[j])
			}
		}
	}
	if complete < n {
		return m, false
	}
	for i := range n {
		for j := range i {
			system[i][j] = system[j][i]
		}
		if i < n-1 {
			system[i][i] += lambda
		}
	}
	solution, ok := solve(system)
	if !ok {
		return m, false
	}
	m.constant = solution[n-1]
	for i, feature := range features {
		if math.Abs(solution[i]) > zeroThreshold {
			m.features = append(m.features, feature)
			m.coefficients = append(m.coefficients, solution[i])
		}
	}
	return m, true
}

// solve is Gauss-Jordan elimination with full pivoting; ok is false where the
// system has no single solution.
func solve(system [][]float64) (solution []float64, ok bool) {
	n := len(system)
	column := make([]int, n) // the unknown of each pivot
	used := make([]bool, n)
	largest := 0.0
	for step := range n {
		row, at, best := step, 0, -1.0
		for i := step; i < n; i++ {
			for j := range n {
				if v := math.Abs(system[i][j]); !used[j] && v > best {
					row, at, best = i, j, v
				}
			}
		}
		if largest = max(largest, best); !(best > largest*1e-14) || !finite(best) {
			return nil, false
		}
		system[step], system[row] = system[row], system[step]
		used[at], column[step] = true, at
		pivot := system[step][at]
		for i := range n {
			if i == step || system[i][at] == 0 {
				continue
			}
			factor := system[i][at] / pivot
			for j := range n + 1 {
				system[i][j] -= float64(factor * system[step][j])
			}
		}
	}
	solution = make([]float64, n)
	for step, at := range column {
		solution[at] = system[step][n] / system[step][at]
		if !finite(solution[at]) {
			return nil, false
		}
	}
	return solution, true
}

// addLinear adds a linear tree's values to all scores.
func (b *booster) addLinear(to *scored, g grown, k int) {
	d := to.data
	score := to.score[k*d.rows : (k+1)*d.rows]
	walk := g.binned.on(d)
	b.workers.each(chunks(d.rows), func(_, task int) {
		from, last := chunk(task, d.rows)
		for row := from; row < last; row++ {
			leaf := walk.leaf(row)
			v, ok := g.tree.linear[leaf].evaluate(func(feature int32) float64 { return float64(d.raw[feature][row]) })
			if !ok {
				v = g.tree.leafValue[leaf]
			}
			score[row] += v
		}
	})
}
