//go:build !race

package gbdt

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

const tabularInputs = 21

// higgsTargets are the targets of tools/reference/gbdt_tabular.py.
func higgsTargets(raw [][]float64, label []float64) map[string][]float64 {
	of := map[string]func(mass float64) float64{
		"value":  func(mass float64) float64 { return mass },
		"amount": func(mass float64) float64 { return mass + 0.25 },
		"count":  func(mass float64) float64 { return math.Floor(4 * mass) },
		"claim":  func(mass float64) float64 { return max(mass-0.75, 0) },
		"kind":   func(mass float64) float64 { return oneIf(mass > 0.75) + oneIf(mass > 1) },
		"share":  func(mass float64) float64 { return min(mass/4, 1) },
		"grade":  func(mass float64) float64 { return max(0, min(3, math.Floor(4*mass-2))) },
	}
	targets := map[string][]float64{"positive": label}
	for name, f := range of {
		for _, v := range raw[26] {
			targets[name] = append(targets[name], f(math.Floor(v*1024)/1024))
		}
	}
	return targets
}

// On a real table, for every objective, the mean of each metric over its fifths
// is within 0.3 of the deviation between LightGBM's own seeds, or a thousandth,
// of LightGBM's.
func TestQualityOnHiggsSmall(t *testing.T) {
	_, raw, label := higgs(t, "train")
	data, err := os.ReadFile("testdata/tabular.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets []qualitySet
	if err := json.Unmarshal(data, &sets); err != nil {
		t.Fatal(err)
	}
	targets := higgsTargets(raw, label)
	for _, set := range sets {
		t.Run(set.Params["objective"].(string), func(t *testing.T) {
			p := DefaultParams()
			p.NumIterations = 20
			p, err := ParseParams(p, set.Params)
			if err != nil {
				t.Fatal(err)
			}
			ours, theirs := map[string]float64{}, map[string]float64{}
			folds := len(set.Figures)
			for fold, figures := range set.Figures {
				g := generated{columns: make([][]float64, tabularInputs)}
				var y, rest []float64
				for _, other := range []bool{true, false} {
					for row, v := range targets[set.Target] {
						if (row%folds != fold) != other {
							continue
						}
						if other {
							y = append(y, v)
						} else {
							rest = append(rest, v)
						}
						for c := range g.columns {
							g.columns[c] = append(g.columns[c], raw[c][row])
						}
					}
				}
				for metric, v := range g.evaluate(t, append(y, rest...), len(y), p) {
					ours[metric] += v / float64(folds)
				}
				for metric, v := range figures {
					theirs[metric] += v / float64(folds)
				}
			}
			set.compare(t, ours, theirs, PackedHistograms)
		})
	}
}
