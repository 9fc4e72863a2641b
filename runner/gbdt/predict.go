package gbdt

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// flatTrees holds all trees' nodes in one array, for prediction.
type flatTrees struct {
	nodes    []flatNode
	roots    []int32 // of each tree: a node, or ^leaf
	values   []float64
	sets     []uint32 // the bit sets of categories
	setStart []int32
}

type flatNode struct {
	threshold   float64
	feature     int32
	left, right int32 // a node, or ^leaf, numbered over all trees
	kind        nodeKind
	defaultLeft bool
}

type nodeKind uint8

const (
	plainNode nodeKind = iota // NaN counts as 0
	zeroNode                  // NaN and 0 are missing
	nanNode                   // NaN is missing
	categoryNode
)

// compile prepares the trees for prediction.
func (m *Model) compile() error {
	f := flatTrees{setStart: []int32{0}}
	for _, t := range m.trees {
		firstNode, firstLeaf, firstSet := len(f.nodes), len(f.values), len(f.setStart)-1
		if firstNode+len(t.feature) > math.MaxInt32 || firstLeaf+t.numLeaves() > math.MaxInt32 || len(f.sets)+len(t.catThreshold) > math.MaxInt32 {
			return fmt.Errorf("gbdt: the model's %d trees are too large to predict with", len(m.trees))
		}
		child := func(c int32) int32 {
			if c < 0 {
				return ^(int32(firstLeaf) + ^c)
			}
			return int32(firstNode) + c
		}
		if len(t.feature) == 0 {
			f.roots = append(f.roots, ^int32(firstLeaf))
		} else {
			f.roots = append(f.roots, int32(firstNode))
		}
		for i := range t.feature {
			n := flatNode{threshold: t.threshold[i], feature: t.feature[i], left: child(t.left[i]), right: child(t.right[i]),
				defaultLeft: t.decision[i]&decisionDefaultLeft != 0}
			switch {
			case t.decision[i]&decisionCategorical != 0:
				n.kind = categoryNode
				n.threshold += float64(firstSet)
			case missingType(t.decision[i]>>decisionMissing&3) == missingZero:
				n.kind = zeroNode
			case missingType(t.decision[i]>>decisionMissing&3) == missingNaN:
				n.kind = nanNode
			}
			f.nodes = append(f.nodes, n)
		}
		for i := 1; i < len(t.catBoundaries); i++ {
			f.setStart = append(f.setStart, int32(len(f.sets))+t.catBoundaries[i])
		}
		f.sets = append(f.sets, t.catThreshold...)
		f.values = append(f.values, t.leafValue...)
	}
	m.flat = f
	return nil
}

// leaf is the leaf, over all trees, that the row falls into below at.
func (f *flatTrees) leaf(at int32, row []float64) int32 {
	for at >= 0 {
		n := &f.nodes[at]
		v := row[n.feature]
		left := false
		switch {
		case n.kind == categoryNode:
			left = f.inSet(int(n.threshold), v)
		case n.kind == nanNode && v != v,
			n.kind == zeroNode && (v != v || v > -zeroThreshold && v <= zeroThreshold):
			left = n.defaultLeft
		case v != v:
			left = 0 <= n.threshold
		default:
			left = v <= n.threshold
		}
		if left {
			at = n.left
		} else {
			at = n.right
		}
	}
	return ^at
}

// inSet tells whether a category is in a bit set. NaN and negative ones are in none.
func (f *flatTrees) inSet(set int, v float64) bool {
	if !(v > -1 && v < math.MaxInt32) {
		return false
	}
	category := int(v)
	from, to := int(f.setStart[set]), int(f.setStart[set+1])
	if category/32 >= to-from {
		return false
	}
	return f.sets[from+category/32]>>(category%32)&1 != 0
}

// PredictRow predicts one row, given in the order of FeatureNames with NaN for
// missing, into out, which has NumOutputs elements: probabilities, or the
// regression's value. It allocates nothing and takes no lock. It panics where
// row or out is too short.
func (m *Model) PredictRow(row, out []float64) {
	m.rawRow(row, out)
	m.transform.apply(out[:m.outputs])
}

func (m *Model) rawRow(row, out []float64) {
	row, out = row[:len(m.featureNames)], out[:m.outputs]
	clear(out)
	for i := 0; i < len(m.flat.roots); i += m.outputs {
		for k := range out {
			out[k] += m.flat.values[m.flat.leaf(m.flat.roots[i+k], row)]
		}
	}
	m.finishRaw(out)
}

func (m *Model) finishRaw(out []float64) {
	if m.average && len(m.trees) > 0 {
		iterations := float64(m.NumIterations())
		for k := range out {
			out[k] /= iterations
		}
	}
}

// PredictRaw gives the raw scores, rows × NumOutputs row by row: the sum of the
// trees, or for a random forest their mean. columns are in the order of
// FeatureNames, all of one length.
func (m *Model) PredictRaw(columns [][]float64) ([]float64, error) {
	return m.predict(columns, false)
}

// Predict gives the transformed predictions, rows × NumOutputs row by row: the
// probability of class 1 for a binary model, of each class for a multiclass
// model, the value for a regression.
func (m *Model) Predict(columns [][]float64) ([]float64, error) {
	return m.predict(columns, true)
}

// predictRows is how many rows a task gathers; they and a tree fit the cache.
const predictRows = 128

func (m *Model) predict(columns [][]float64, transformed bool) ([]float64, error) {
	if len(columns) != len(m.featureNames) {
		return nil, fmt.Errorf("gbdt: prediction needs %d columns, got %d", len(m.featureNames), len(columns))
	}
	if len(columns) == 0 {
		return nil, nil
	}
	rows := len(columns[0])
	for i, column := range columns {
		if len(column) != rows {
			return nil, fmt.Errorf("gbdt: prediction: column %q has %d rows, %q has %d", m.featureNames[i], len(column), m.featureNames[0], rows)
		}
	}
	out := make([]float64, rows*m.outputs)
	blocks := (rows + predictRows - 1) / predictRows
	var next atomic.Int64
	work := func() {
		buffer := make([]float64, predictRows*len(columns))
		for {
			block := int(next.Add(1)) - 1
			if block >= blocks {
				return
			}
			from, to := block*predictRows, min(rows, (block+1)*predictRows)
			m.predictBlock(columns, from, to, buffer, out[from*m.outputs:to*m.outputs], transformed)
		}
	}
	var helpers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), blocks/4) - 1 {
		helpers.Go(work)
	}
	work()
	helpers.Wait()
	return out, nil
}

// predictBlock takes one tree after another over a few rows, so that the tree
// is read once for all of them.
func (m *Model) predictBlock(columns [][]float64, from, to int, buffer, out []float64, transformed bool) {
	width := len(columns)
	for f, column := range columns {
		for i, v := range column[from:to] {
			buffer[i*width+f] = v
		}
	}
	rows := to - from
	for i, root := range m.flat.roots {
		k := i % m.outputs
		for r := range rows {
			out[r*m.outputs+k] += m.flat.values[m.flat.leaf(root, buffer[r*width:(r+1)*width])]
		}
	}
	for r := range rows {
		row := out[r*m.outputs : (r+1)*m.outputs]
		m.finishRaw(row)
		if transformed {
			m.transform.apply(row)
		}
	}
}
