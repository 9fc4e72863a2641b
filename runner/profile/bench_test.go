package profile_test

import (
	"fmt"
	"testing"

	"mlops/runner/profile"
	"mlops/runner/table"
)

// BenchmarkOf sums up a million rows of numbers.
func BenchmarkOf(b *testing.B) {
	const rows, columns = 1_000_000, 10
	var list []*table.Column
	for c := range columns {
		list = append(list, sample(b, "bell", uint64(c), rows).Rename(fmt.Sprintf("x%d", c)))
	}
	t, err := table.New(list...)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := profile.Of(b.Context(), t); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(rows*columns), "ns/cell")
}
