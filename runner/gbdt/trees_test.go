//go:build !race

package gbdt

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// lightGBMTree is a tree of tools/reference/gbdt_trees.py: nodes and leaves in
// the order of their numbers.
type lightGBMTree struct {
	Feature, Left, Right []int32
	Threshold, Value     []float64
	Count                []int
}

// differs says where a tree is not LightGBM's. The file has ten digits of
// thresholds and values.
func (want *lightGBMTree) differs(got *tree, tolerance float64) string {
	switch {
	case !slices.Equal(got.feature, want.Feature):
		return fmt.Sprintf("features %v, LightGBM has %v", got.feature, want.Feature)
	case !slices.Equal(got.left, want.Left) || !slices.Equal(got.right, want.Right):
		return fmt.Sprintf("children %v and %v, LightGBM has %v and %v", got.left, got.right, want.Left, want.Right)
	case !slices.Equal(got.leafCount, want.Count):
		return fmt.Sprintf("rows %v, LightGBM has %v", got.leafCount, want.Count)
	}
	for node, v := range want.Threshold {
		if math.Abs(got.threshold[node]-v) > 1e-9*math.Abs(v) {
			return fmt.Sprintf("threshold %d is %v, LightGBM has %v", node, got.threshold[node], v)
		}
	}
	for leaf, v := range want.Value {
		if math.Abs(got.leafValue[leaf]-v) > tolerance {
			return fmt.Sprintf("value %d is %v, LightGBM has %v", leaf, got.leafValue[leaf], v)
		}
	}
	return ""
}

// On dense data LightGBM's arithmetic gives LightGBM's first ten trees, node by
// node, for every objective and up to 200,000 rows, the most that all decide the bins.
func TestFirstTenTreesAreLightGBMs(t *testing.T) {
	data, err := os.ReadFile("testdata/trees.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Kind, Target string
		Rows         int
		Params       map[string]any
		Trees        []lightGBMTree
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	sets := map[string]generated{}
	for _, c := range cases {
		name := fmt.Sprintf("%s_%d", c.Kind, c.Rows)
		t.Run(fmt.Sprintf("%s/%s", name, c.Params["objective"]), func(t *testing.T) {
			if _, ok := sets[name]; !ok {
				sets[name] = generate(t, c.Kind, c.Rows, 1)
			}
			p := DefaultParams()
			p.NumIterations, p.HistPrecision = 10, Float64Histograms
			p, err := ParseParams(p, c.Params)
			if err != nil {
				t.Fatal(err)
			}
			train, _, _ := sets[name].split(t, sets[name].label(t, c.Target), c.Rows, p)
			got, err := Train(context.Background(), train, nil, p)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.trees) != len(c.Trees) {
				t.Fatalf("%d trees, LightGBM has %d", len(got.trees), len(c.Trees))
			}
			for i, tree := range got.trees {
				if difference := c.Trees[i].differs(tree, 1e-6); difference != "" {
					t.Fatalf("tree %d: %s", i, difference)
				}
			}
		})
	}
}
