package gbdt

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// flatTrees holds all trees' nodes and leaves in one array, for prediction.
type flatTrees struct {
	nodes    []flatNode
	roots    []int32  // of each tree
	sets     []uint32 // the bit sets of categories
	setStart []int32
}

// flatNode is an inner node, or a leaf: its threshold is then its value, and
// its children are itself, so that rows may walk on until the last one arrives.
type flatNode struct {
	threshold   float64
	feature     int32
	child       [2]int32 // right, left
	kind        nodeKind
	defaultLeft bool
}

type nodeKind uint8

const (
	plainNode nodeKind = iota // NaN counts as 0
	nanNode                   // NaN is missing
	leafNode
	zeroNode // NaN and 0 are missing
	categoryNode
	float32CategoryNode // of XGBoost; NaN is missing
)

// compile prepares the trees for prediction.
func (m *Model) compile() error {
	f := flatTrees{setStart: []int32{0}}
	for _, t := range m.trees {
		first, firstLeaf, firstSet := len(f.nodes), len(f.nodes)+len(t.feature), len(f.setStart)-1
		if firstLeaf+t.numLeaves() > math.MaxInt32 || len(f.sets)+len(t.catThreshold) > math.MaxInt32 {
			return fmt.Errorf("gbdt: the model's %d trees are too large to predict with", len(m.trees))
		}
		child := func(c int32) int32 {
			if c < 0 {
				return int32(firstLeaf) + ^c
			}
			return int32(first) + c
		}
		f.roots = append(f.roots, int32(first)) // which is the leaf where there is no node
		for i := range t.feature {
			n := flatNode{threshold: t.threshold[i], feature: t.feature[i], child: [2]int32{child(t.right[i]), child(t.left[i])},
				defaultLeft: t.decision[i]&decisionDefaultLeft != 0}
			switch {
			case t.decision[i]&decisionCategorical != 0:
				n.kind = categoryNode
				if t.decision[i]&decisionFloat32Set != 0 {
					n.kind = float32CategoryNode
				}
				n.threshold += float64(firstSet)
			case missingType(t.decision[i]>>decisionMissing&3) == missingZero:
				n.kind = zeroNode
			case missingType(t.decision[i]>>decisionMissing&3) == missingNaN:
				n.kind = nanNode
			}
			f.nodes = append(f.nodes, n)
		}
		for leaf, value := range t.leafValue {
			self := int32(firstLeaf + leaf)
			f.nodes = append(f.nodes, flatNode{threshold: value, child: [2]int32{self, self}, kind: leafNode})
		}
		for i := 1; i < len(t.catBoundaries); i++ {
			f.setStart = append(f.setStart, int32(len(f.sets))+t.catBoundaries[i])
		}
		f.sets = append(f.sets, t.catThreshold...)
	}
	m.flat, m.linear = f, m.hasLinear()
	m.plain = newPlainTrees(m.trees, len(m.featureNames))
	return nil
}

// value is the value of the leaf that the row falls into below root.
func (f *flatTrees) value(root int32, row []float64) float64 {
	n := &f.nodes[root]
	for n.kind != leafNode {
		v := row[n.feature]
		side := 0
		if v <= n.threshold {
			side = 1
		}
		if n.kind >= zeroNode || v != v {
			side = f.special(n, v)
		}
		n = &f.nodes[n.child[side]]
	}
	return n.threshold
}

// lanes is how many rows walk down a tree together: the processor overlaps
// their waits for memory.
const lanes = 8

// addValues adds the tree's values for the lanes, whose rows lie in rows one
// after another, to out, whose elements are stride apart.
func (f *flatTrees) addValues(root int32, rows []float64, width int, out []float64, stride int) {
	var at [lanes]int32
	for lane := range at {
		at[lane] = root
	}
	nodes := f.nodes
	for moved := int32(1); moved != 0; {
		moved = 0
		for lane := range at {
			n := &nodes[at[lane]]
			v := rows[lane*width+int(n.feature)]
			side := 0
			if v <= n.threshold {
				side = 1
			}
			if n.kind >= zeroNode || v != v {
				side = f.special(n, v)
			}
			next := n.child[side&1]
			moved |= next ^ at[lane]
			at[lane] = next
		}
	}
	for lane, leaf := range at {
		out[lane*stride] += nodes[leaf].threshold
	}
}

// special is the side, 1 for left, where a comparison does not decide.
func (f *flatTrees) special(n *flatNode, v float64) int {
	var left bool
	switch {
	case n.kind == categoryNode:
		left = f.inSet(int(n.threshold), v)
	case n.kind == float32CategoryNode && v == v:
		left = f.inSet(int(n.threshold), xgboostCategory(v))
	case n.kind == nanNode && v != v, n.kind == float32CategoryNode,
		n.kind == zeroNode && (v != v || v > -zeroThreshold && v <= zeroThreshold):
		left = n.defaultLeft
	case v != v:
		left = 0 <= n.threshold
	default:
		left = v <= n.threshold
	}
	if left {
		return 1
	}
	return 0
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
	if m.linear {
		for i, t := range m.trees {
			out[i%m.outputs] += t.valueOf(row)
		}
		m.finishRaw(out)
		return
	}
	m.addRow(row, out)
	m.finishRaw(out)
}

// addRow adds all trees' values, in their order.
func (m *Model) addRow(row, out []float64) {
	first := 0
	if !anyMissing(row) {
		for ; first+lanes <= len(m.plain.roots); first += lanes {
			if slices.Min(m.plain.roots[first:first+lanes]) < 0 {
				m.addRowSlowly(first, first+lanes, row, out)
			} else {
				m.plain.addTrees(first, row, out)
			}
		}
	}
	m.addRowSlowly(first, len(m.flat.roots), row, out)
}

func anyMissing(values []float64) bool {
	for _, v := range values {
		if v != v {
			return true
		}
	}
	return false
}

func (m *Model) addRowSlowly(from, to int, row, out []float64) {
	for i := from; i < to; i++ {
		out[i%len(out)] += m.flat.value(m.flat.roots[i], row)
	}
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

// Transform turns the raw scores of one row, NumOutputs of them, into its
// prediction, in place: what Predict does to PredictRaw's.
func (m *Model) Transform(scores []float64) { m.transform.apply(scores[:m.outputs]) }

// predictRows is how many rows a task takes.
const predictRows = 128

func (m *Model) predict(columns [][]float64, transformed bool) ([]float64, error) {
	rows, err := m.checkColumns(columns)
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	out := make([]float64, rows*m.outputs)
	tasks := (rows + predictRows - 1) / predictRows
	var next atomic.Int64
	work := func() {
		b := newRowBlocks(m, columns)
		for {
			task := int(next.Add(1)) - 1
			if task >= tasks {
				return
			}
			from, to := task*predictRows, min(rows, (task+1)*predictRows)
			b.predict(from, to, out[from*m.outputs:to*m.outputs], transformed)
		}
	}
	var helpers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), tasks/4) - 1 {
		helpers.Go(work)
	}
	work()
	helpers.Wait()
	return out, nil
}

// checkColumns gives the number of rows.
func (m *Model) checkColumns(columns [][]float64) (rows int, err error) {
	if len(columns) != len(m.featureNames) {
		return 0, fmt.Errorf("gbdt: prediction needs %d columns, got %d", len(m.featureNames), len(columns))
	}
	if len(columns) == 0 {
		return 0, nil
	}
	rows = len(columns[0])
	for i, column := range columns {
		if len(column) != rows {
			return 0, fmt.Errorf("gbdt: prediction: column %q has %d rows, %q has %d", m.featureNames[i], len(column), m.featureNames[0], rows)
		}
	}
	return rows, nil
}
