//go:build !race

package gbdt

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// A whole training of each objective ends at LightGBM's figure with LightGBM's
// arithmetic. With packed sums later trees may differ, where two splits gain the
// same but for the last digits.
func TestObjectivesAreAsGoodAsLightGBM(t *testing.T) {
	data, err := os.ReadFile("testdata/objectives.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]lightGBMCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		for precision, tolerance := range map[string]float64{Float64Histograms: 1e-6, PackedHistograms: 0.02} {
			t.Run(name+"/"+precision, func(t *testing.T) {
				p := c.params(t, precision)
				train, valid, _ := c.data(t, p)
				var figures map[string]float64
				if _, err := Train(context.Background(), train, valid, p, func(it Iteration) error { figures = it.Metrics; return nil }); err != nil {
					t.Fatal(err)
				}
				for metric, want := range c.Metrics {
					got := figures["valid_"+metric]
					if math.Abs(got-want) > tolerance*math.Abs(want) {
						t.Errorf("%s %v, LightGBM has %v, %.2g off", metric, got, want, (got-want)/want)
					}
				}
			})
		}
	}
}
