package profile_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/profile"
)

func TestSortingFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float64()).Draw(t, "values")
		want := slices.Clone(values)
		slices.Sort(want)
		profile.SortFloats(values)
		if !slices.Equal(values, want) {
			t.Fatalf("sorted to %v", values)
		}
	})
}
