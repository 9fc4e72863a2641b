package preprocess

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/table"
)

// reference holds what scikit-learn gives; testdata/reference.py writes it.
type reference struct {
	Numbers []struct {
		Values, Scaled     []float64
		Mean, Median, Mode float64
	}
	Words struct {
		Values []string
		Codes  []float64
		Mode   string
	}
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Max(1, math.Abs(b)) }

func TestNumbersAreThoseOfScikitLearn(t *testing.T) {
	for i, want := range readReference(t).Numbers {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			_, out, _ := fit(t, pipeline(t, "[feature_scaler]"), tableOf(t, floats("x", want.Values...)))
			for row, v := range out.Column("x").Floats() {
				// numpy sums in another order, which shows where values lie close
				// together far from 0.
				if math.Abs(v-want.Scaled[row]) > 1e-6 {
					t.Errorf("row %d: scaled to %v, want %v", row+1, v, want.Scaled[row])
				}
			}
			for strategy, fill := range map[string]float64{"mean": want.Mean, "median": want.Median, "mode": want.Mode} {
				holed := tableOf(t, floats("x", append([]float64{nan}, want.Values...)...))
				_, out, _ := fit(t, pipeline(t, "[{type: missing_values, params: {strategy: "+strategy+"}}]"), holed)
				if got := out.Column("x").Floats()[0]; !near(got, fill) {
					t.Errorf("%s is %v, want %v", strategy, got, fill)
				}
			}
		})
	}
}

func TestCodesAreThoseOfScikitLearn(t *testing.T) {
	want := readReference(t).Words
	in := tableOf(t, table.NewString("s", append([]string{""}, want.Values...), append([]bool{true}, make([]bool, len(want.Values))...)))
	_, out, _ := fit(t, pipeline(t, "[categorical_encoder]"), in)
	if diff := cmp.Diff(want.Codes, out.Column("s").Floats()[1:]); diff != "" {
		t.Error(diff)
	}
	_, out, _ = fit(t, pipeline(t, "[{type: missing_values, params: {strategy: mode}}]"), in)
	if got := out.Column("s").Text(0); got != want.Mode {
		t.Errorf("mode is %q, want %q", got, want.Mode)
	}
}
