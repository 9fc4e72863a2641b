package gbdt

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Iterations is the model of count iterations from first on, as LightGBM's
// start_iteration and num_iteration; count of 0 or less means all that follow.
// The first iteration holds the score that training started from.
func (m *Model) Iterations(first, count int) (*Model, error) {
	total := m.NumIterations()
	if first < 0 || first > total {
		return nil, fmt.Errorf("gbdt: iteration %d of a model with %d", first, total)
	}
	if count <= 0 || count > total-first {
		count = total - first
	}
	part := *m
	part.trees = m.trees[first*m.outputs : (first+count)*m.outputs : (first+count)*m.outputs]
	part.bestIteration = count
	return &part, part.compile()
}

// PredictLeaves gives the number of the leaf that each row falls into in each
// tree: rows × NumTrees, row by row.
func (m *Model) PredictLeaves(columns [][]float64) ([]int32, error) {
	numbers, err := m.eachRow(columns, len(m.trees), func() func(_ int, row, out []float64) {
		return func(_ int, row, out []float64) {
			for i, t := range m.trees {
				out[i] = float64(t.leafOf(row))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	leaves := make([]int32, len(numbers))
	for i, v := range numbers {
		leaves[i] = int32(v)
	}
	return leaves, nil
}

// EarlyStop lets predictions of classes end before the last tree, as LightGBM's
// pred_early_stop: after every Every iterations a row is done whose margin, the
// distance of the best class from the second one, is above Margin.
type EarlyStop struct {
	Every  int     // at least 1; LightGBM's default is 10
	Margin float64 // LightGBM's default is 10
}

// PredictEarlyStop is [Model.Predict] for binary and multiclass models, with
// fewer trees for rows whose class is plain.
func (m *Model) PredictEarlyStop(columns [][]float64, stop EarlyStop) ([]float64, error) {
	classes := []string{Binary, Multiclass, MulticlassOVA, CrossEntropy}
	switch {
	case stop.Every < 1 || math.IsNaN(stop.Margin) || stop.Margin < 0:
		return nil, fmt.Errorf("gbdt: early stop every %d iterations at the margin %v: needs at least 1 and 0", stop.Every, stop.Margin)
	case m.average || !slices.Contains(classes, m.Objective()):
		return nil, errors.New("gbdt: early stopping of predictions is for boosted models of classes")
	}
	return m.eachRow(columns, m.outputs, func() func(_ int, row, out []float64) {
		return func(_ int, row, out []float64) {
			for i := 0; i < len(m.flat.roots); i += m.outputs {
				for k := range out {
					out[k] += m.treeValue(i+k, row)
				}
				if (i/m.outputs+1)%stop.Every == 0 && margin(out) > stop.Margin {
					break
				}
			}
			m.transform.apply(out)
		}
	})
}

func (m *Model) treeValue(i int, row []float64) float64 {
	if m.linear {
		return m.trees[i].valueOf(row)
	}
	return m.flat.value(m.flat.roots[i], row)
}

// margin is the distance between the two best classes' raw scores.
func margin(raw []float64) float64 {
	if len(raw) == 1 {
		return 2 * math.Abs(raw[0])
	}
	first, second := math.Inf(-1), math.Inf(-1)
	for _, v := range raw {
		if v > first {
			first, second = v, first
		} else if v > second {
			second = v
		}
	}
	return first - second
}

// eachRow calls a function for each row, with width zeros to fill. start makes
// one for each goroutine.
func (m *Model) eachRow(columns [][]float64, width int, start func() func(at int, row, out []float64)) ([]float64, error) {
	rows, err := m.checkColumns(columns)
	if err != nil {
		return nil, err
	}
	out := make([]float64, rows*width)
	blocks := (rows + predictRows - 1) / predictRows
	var next atomic.Int64
	work := func() {
		row, fill := make([]float64, len(columns)), start()
		for {
			block := int(next.Add(1)) - 1
			if block >= blocks {
				return
			}
			for r := block * predictRows; r < min(rows, (block+1)*predictRows); r++ {
				for f, column := range columns {
					row[f] = column[r]
				}
				fill(r, row, out[r*width:(r+1)*width])
			}
		}
	}
	var helpers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), blocks) - 1 {
		helpers.Go(work)
	}
	work()
	helpers.Wait()
	return out, nil
}

// leafOf is the leaf that a row falls into.
func (t *tree) leafOf(row []float64) int32 {
	at := t.root()
	for at >= 0 {
		if t.goesLeft(at, row) {
			at = t.left[at]
		} else {
			at = t.right[at]
		}
	}
	return ^at
}

// goesLeft is a node's decision on a row.
func (t *tree) goesLeft(node int32, row []float64) bool {
	v := row[t.feature[node]]
	if t.decision[node]&decisionFloat32Set != 0 {
		if v != v {
			return t.decision[node]&decisionDefaultLeft != 0
		}
		v = xgboostCategory(v)
	}
	if t.decision[node]&decisionCategorical != 0 {
		return v > -1 && v < math.MaxInt32 && t.inSet(int(t.threshold[node]), int(v))
	}
	switch missingType(t.decision[node] >> decisionMissing & 3) {
	case missingNaN:
		if v != v {
			return t.decision[node]&decisionDefaultLeft != 0
		}
	case missingZero:
		if v != v || v > -zeroThreshold && v <= zeroThreshold {
			return t.decision[node]&decisionDefaultLeft != 0
		}
	}
	if v != v {
		v = 0
	}
	return v <= t.threshold[node]
}
