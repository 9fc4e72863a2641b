//go:build !race

package gbdt

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// qualitySet is a set of tools/reference/gbdt_quality.py with LightGBM's figures.
type qualitySet struct {
	Set, Kind, Target string
	Rows, Test        int
	Params            map[string]any
	Figures           []map[string]float64 // of each draw of the data
	Deviation         map[string]float64   // between LightGBM's own seeds
}

// compare fails where a mean is not LightGBM's.
func (s *qualitySet) compare(t *testing.T, ours, theirs map[string]float64, precision string) {
	t.Helper()
	for metric, want := range theirs {
		got, deviation := ours[metric], s.Deviation[metric]
		t.Logf("%s %s: mean %v, LightGBM has %v ± %v", precision, metric, got, want, deviation)
		if !(math.Abs(got-want) <= max(0.3*deviation, 1e-3*min(1, math.Abs(want)))) {
			t.Errorf("%s %s: mean %v, LightGBM has %v ± %v", precision, metric, got, want, deviation)
		}
	}
}

// On sets of many kinds and for every objective the mean of each metric over five
// draws is within 0.3 of the deviation between LightGBM's own seeds, or a
// thousandth, of LightGBM's.
func TestQualityOnGeneratedSets(t *testing.T) {
	data, err := os.ReadFile("testdata/quality.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets []qualitySet
	if err := json.Unmarshal(data, &sets); err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		t.Run(fmt.Sprintf("%s/%s", set.Set, set.Params["objective"]), func(t *testing.T) {
			ours := map[string]map[string]float64{PackedHistograms: {}}
			if set.Rows <= 5000 { // on the others packed sums, which are no nearer to LightGBM's, show it
				ours[Float64Histograms] = map[string]float64{}
			}
			theirs := map[string]float64{}
			draws := float64(len(set.Figures))
			for draw, figures := range set.Figures {
				g := generate(t, set.Kind, set.Rows+set.Test, draw)
				label := g.label(t, set.Target)
				for precision, means := range ours {
					p := DefaultParams()
					p.NumIterations, p.HistPrecision = 30, precision
					p, err := ParseParams(p, set.Params)
					if err != nil {
						t.Fatal(err)
					}
					for metric, v := range g.evaluate(t, label, set.Rows, p) {
						means[metric] += v / draws
					}
				}
				for metric, v := range figures {
					theirs[metric] += v / draws
				}
			}
			for precision, means := range ours {
				set.compare(t, means, theirs, precision)
			}
		})
	}
}
