package gbdt

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReadForcedBins(t *testing.T) {
	features := []Feature{{Name: "a"}, {Name: "b"}}
	err := ReadForcedBins(strings.NewReader(`[{"feature": 1, "bin_upper_bound": [0.3, 1.5]}]`), features)
	if err != nil || !slices.Equal(features[1].ForcedBins, []float64{0.3, 1.5}) || features[0].ForcedBins != nil {
		t.Errorf("got %v, %v", features, err)
	}
	for _, text := range []string{"", "{}", `[{"bin_upper_bound": [1]}]`, `[{"feature": 2, "bin_upper_bound": [1]}]`, `[{"feature": 0, "bin_upper_bound": ["x"]}]`} {
		if ReadForcedBins(strings.NewReader(text), features) == nil {
			t.Errorf("%s was taken", text)
		}
	}
	values, label := make([]float64, 200), make([]float64, 200)
	for i := range values {
		values[i] = float64(i % 5)
	}
	for _, bad := range []Feature{
		{Name: "a", Values: values, Categorical: true, ForcedBins: []float64{1}},
		{Name: "a", Values: values, ForcedBins: make([]float64, maxForcedBounds+1)},
	} {
		var refused *FeatureError
		if _, err := NewDataset(context.Background(), []Feature{bad}, label, nil, DefaultParams()); !errors.As(err, &refused) {
			t.Errorf("got %v, want a *FeatureError", err)
		}
	}
}

// Whatever is forced, the bounds rise, end in infinity and are not too many.
func TestForcedBoundsAreBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-5, 5), 1, 200).Draw(t, "values")
		forced := rapid.SliceOfN(rapid.Float64Range(-6, 6), 1, 20).Draw(t, "forced")
		maxBin := rapid.IntRange(2, 30).Draw(t, "max_bin")
		total := len(values)
		bounds := forcedBounds((&binningRoom{}).countDistinct(values, 0), forced, maxBin, total, rapid.IntRange(1, 5).Draw(t, "min_data_in_bin"))
		if len(bounds) > maxBin {
			t.Fatalf("%d bounds, max_bin is %d", len(bounds), maxBin)
		}
		for i := 1; i < len(bounds); i++ {
			if !(bounds[i] > bounds[i-1]) {
				t.Fatalf("bounds %v do not rise", bounds)
			}
		}
		if finite(bounds[len(bounds)-1]) {
			t.Fatalf("the last bound is %v", bounds[len(bounds)-1])
		}
	})
}
