package gbdt

import (
	"errors"
	"fmt"
	"slices"
)

// maxPathElements bounds the memory of one explanation of a deep tree.
const maxPathElements = 1 << 24

// Contributions explains predictions: for each row and output, how much each
// feature adds to the raw score (its SHAP value), and last the model's mean
// score, so that they add up to the raw prediction. The result has rows ×
// NumOutputs × (NumFeatures+1) numbers, row by row, for columns as in Predict.
//
// The values are exact for the path-dependent TreeSHAP (Lundberg, Erion and Lee,
// "Consistent Individualized Feature Attribution for Tree Ensembles", 2018), as
// LightGBM's pred_contrib: where a feature counts as unknown, the rows of the
// training decide how often a split goes left. A model without row counts, or
// with linear trees, cannot be explained.
func (m *Model) Contributions(columns [][]float64) ([]float64, error) {
	if m.linear {
		return nil, errors.New("gbdt: models with linear trees cannot be explained by SHAP values")
	}
	explainers := make([]*explainer, len(m.trees))
	for i, t := range m.trees {
		var err error
		if explainers[i], err = newExplainer(t); err != nil {
			return nil, fmt.Errorf("gbdt: explain tree %d: %w", i, err)
		}
	}
	width := len(m.featureNames) + 1
	scale := 1.0
	if m.average && len(m.trees) > 0 {
		scale = 1 / float64(m.NumIterations())
	}
	out, err := m.eachRow(columns, m.outputs*width, func() func(_ int, row, out []float64) {
		paths := make([][][]pathElement, len(explainers))
		for i, e := range explainers {
			paths[i] = e.newPaths()
		}
		return func(_ int, row, out []float64) {
			for i, e := range explainers {
				phi := out[i%m.outputs*width : (i%m.outputs+1)*width]
				phi[width-1] += e.mean
				if len(e.t.feature) > 0 {
					walk := shapWalk{t: e.t, row: row, phi: phi, paths: paths[i]}
					walk.down(0, 0, 0, 1, 1, -1)
				}
			}
			for i := range out {
				out[i] *= scale
			}
		}
	})
	return out, err
}

// explainer is a tree with what its explanations share.
type explainer struct {
	t      *tree
	mean   float64
	depth  int
	unique int // features on it
}

func newExplainer(t *tree) (*explainer, error) {
	e := &explainer{t: t, depth: t.depth()}
	features := slices.Clone(t.feature)
	slices.Sort(features)
	e.unique = len(slices.Compact(features))
	if len(t.feature) == 0 {
		e.mean = t.leafValue[0]
		return e, nil
	}
	if (e.depth+2)*(min(e.depth, e.unique)+2) > maxPathElements {
		return nil, fmt.Errorf("it is %d levels deep, too deep to explain", e.depth)
	}
	for node := range t.feature {
		if t.nodeCount[node] <= 0 || t.count(t.left[node])+t.count(t.right[node]) != t.nodeCount[node] {
			return nil, errors.New("the row counts of its nodes are missing or do not add up")
		}
	}
	for leaf, value := range t.leafValue {
		e.mean += value * (float64(t.leafCount[leaf]) / float64(t.nodeCount[0]))
	}
	return e, nil
}

// newPaths makes room for the path at each level.
func (e *explainer) newPaths() [][]pathElement {
	paths := make([][]pathElement, e.depth+2)
	for i := range paths {
		paths[i] = make([]pathElement, min(i, e.unique)+2)
	}
	return paths
}

// count is the number of training rows in a node or leaf.
func (t *tree) count(at int32) int {
	if at < 0 {
		return t.leafCount[^at]
	}
	return t.nodeCount[at]
}

// pathElement is a feature on the path from the root: the share of rows that go
// on along the path where the feature is unknown (zero) and where it is known
// (one), and the weight of the subsets of the path's features of one size.
type pathElement struct {
	feature           int32
	zero, one, weight float64
}

// shapWalk explains one row by one tree.
type shapWalk struct {
	t     *tree
	row   []float64
	phi   []float64
	paths [][]pathElement
}

// down visits a node or leaf. length is the number of elements of the parent's
// path, which is at level-1.
func (w *shapWalk) down(at int32, level, length int, zero, one float64, feature int32) {
	path := w.paths[level]
	if level > 0 {
		copy(path, w.paths[level-1][:length])
	}
	extendPath(path, length, zero, one, feature)
	length++
	if at < 0 {
		w.add(path[:length], w.t.leafValue[^at])
		return
	}
	t := w.t
	hot, cold := t.left[at], t.right[at]
	if !t.goesLeft(at, w.row) {
		hot, cold = cold, hot
	}
	zeroBefore, oneBefore := 1.0, 1.0
	// A feature that is on the path already is taken off and put back with both
	// shares.
	for i := 1; i < length; i++ {
		if path[i].feature == t.feature[at] {
			zeroBefore, oneBefore = path[i].zero, path[i].one
			unwindPath(path, length, i)
			length--
			break
		}
	}
	rows := float64(t.nodeCount[at])
	w.down(hot, level+1, length, float64(t.count(hot))/rows*zeroBefore, oneBefore, t.feature[at])
	w.down(cold, level+1, length, float64(t.count(cold))/rows*zeroBefore, 0, t.feature[at])
}

// add gives a leaf's value to the path's features.
func (w *shapWalk) add(path []pathElement, value float64) {
	for i := 1; i < len(path); i++ {
		w.phi[path[i].feature] += unwoundSum(path, i) * (path[i].one - path[i].zero) * value
	}
}

// extendPath appends an element and updates the subsets' weights.
func extendPath(path []pathElement, length int, zero, one float64, feature int32) {
	path[length] = pathElement{feature: feature, zero: zero, one: one}
	if length == 0 {
		path[length].weight = 1
	}
	for i := length - 1; i >= 0; i-- {
		path[i+1].weight += one * path[i].weight * float64(i+1) / float64(length+1)
		path[i].weight = zero * path[i].weight * float64(length-i) / float64(length+1)
	}
}

// unwindPath takes element i off a path and undoes its effect on the weights.
func unwindPath(path []pathElement, length, i int) {
	last := length - 1
	zero, one := path[i].zero, path[i].one
	next := path[last].weight
	for j := last - 1; j >= 0; j-- {
		if one != 0 {
			weight := path[j].weight
			path[j].weight = next * float64(length) / (float64(j+1) * one)
			next = weight - path[j].weight*zero*float64(last-j)/float64(length)
		} else if zero != 0 {
			path[j].weight = path[j].weight * float64(length) / (zero * float64(last-j))
		}
	}
	for j := i; j < last; j++ {
		path[j].feature, path[j].zero, path[j].one = path[j+1].feature, path[j+1].zero, path[j+1].one
	}
}

// unwoundSum is the sum of the weights that unwindPath would leave.
func unwoundSum(path []pathElement, i int) float64 {
	length := len(path)
	last := length - 1
	zero, one := path[i].zero, path[i].one
	next, sum := path[last].weight, 0.0
	for j := last - 1; j >= 0; j-- {
		if one != 0 {
			weight := next * float64(length) / (float64(j+1) * one)
			sum += weight
			next = path[j].weight - weight*zero*float64(last-j)/float64(length)
		} else if zero != 0 {
			sum += path[j].weight / zero / (float64(last-j) / float64(length))
		}
	}
	return sum
}
