package gbdt

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// trainOn trains on features without validation data.
func trainOn(t testing.TB, features []Feature, label []float64, p Params) *Model {
	t.Helper()
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Train(context.Background(), d, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// depths gives the depth of each node, counting from 0.
func (t *tree) depths() []int {
	depth := make([]int, len(t.feature))
	for node := range t.feature { // children come after their parents
		for _, child := range []int32{t.left[node], t.right[node]} {
			if child >= 0 {
				depth[child] = depth[node] + 1
			}
		}
	}
	return depth
}

// Level by level means that no node is made before one of a higher level.
func TestDepthWiseGrowthFillsLevels(t *testing.T) {
	features, _, label := tabular(t, "y", 0, 700)
	p := DefaultParams()
	p.NumIterations, p.NumLeaves, p.GrowPolicy = 5, 14, DepthWise
	for i, tree := range trainOn(t, features, label, p).trees {
		if depths := tree.depths(); !slices.IsSorted(depths) {
			t.Errorf("tree %d: levels in the order %v", i, depths)
		}
	}
	p.GrowPolicy = LeafWise
	sorted := true
	for _, tree := range trainOn(t, features, label, p).trees {
		sorted = sorted && slices.IsSorted(tree.depths())
	}
	if sorted {
		t.Error("leaf-wise growth went level by level on data where it should not")
	}
}

// Predictions follow the constraints wherever one looks, with each method.
func TestMonotoneConstraintsHold(t *testing.T) {
	_, columns := plainData(300, 4, 8)
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultParams()
		p.NumIterations, p.NumLeaves, p.MinDataInLeaf, p.NumThreads = 4, 15, 5, 1
		p.MonotoneMethod = rapid.SampledFrom([]string{"basic", "intermediate"}).Draw(t, "method")
		p.MonotoneConstraints = rapid.SliceOfN(rapid.IntRange(-1, 1), 4, 4).Draw(t, "constraints")
		p.PathSmooth = rapid.SampledFrom([]float64{0, 3}).Draw(t, "path_smooth")
		p.MonotonePenalty = rapid.SampledFrom([]float64{0, 1.5}).Draw(t, "penalty")
		sign := rapid.Float64Range(-2, 2).Draw(t, "sign")
		var features []Feature
		for f, name := range []string{"a", "b", "c", "d"} {
			features = append(features, Feature{Name: name, Values: columns[f]})
		}
		label := make([]float64, 300)
		for i := range label {
			label[i] = sign*columns[0][i] + math.Sin(3*columns[1][i])*columns[2][i] + columns[3][i]*columns[3][i]
		}
		d, err := NewDataset(context.Background(), features, label, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Train(context.Background(), d, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		row, out := make([]float64, 4), make([]float64, 1)
		for i := 0; i < 300; i += 60 {
			for f, side := range p.MonotoneConstraints {
				for k := range row {
					row[k] = columns[k][i]
				}
				last := math.Inf(-1)
				for v := -3.0; side != 0 && v <= 3; v += 0.1 {
					row[f] = v * float64(side)
					m.PredictRow(row, out)
					if out[0] < last-1e-9 {
						t.Fatalf("feature %d, constraint %d: the prediction falls from %v to %v", f, side, last, out[0])
					}
					last = out[0]
				}
			}
		}
	})
}

// The features on a path from the root share an interaction constraint.
func TestInteractionConstraintsHold(t *testing.T) {
	features, _, label := tabular(t, "y", 0, 700)
	p := DefaultParams()
	p.NumIterations, p.MinDataPerGroup = 10, 10
	p.InteractionConstraints = [][]int{{0, 1}, {2, 3, 4}, {4, 6}}
	for i, tree := range trainOn(t, features, label, p).trees {
		var walk func(node int32, path []int)
		walk = func(node int32, path []int) {
			if node < 0 {
				return
			}
			path = append(slices.Clone(path), int(tree.feature[node]))
			if !slices.ContainsFunc(p.InteractionConstraints, func(group []int) bool {
				return !slices.ContainsFunc(path, func(f int) bool { return !slices.Contains(group, f) })
			}) {
				t.Fatalf("tree %d has the path %v", i, path)
			}
			walk(tree.left[node], path)
			walk(tree.right[node], path)
		}
		walk(0, nil)
	}
}
