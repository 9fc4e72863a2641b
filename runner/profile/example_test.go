package profile_test

import (
	"context"
	"fmt"

	"mlops/runner/profile"
	"mlops/runner/table"
)

// Two days of orders are summed up, and the second is compared with the first.
func Example() {
	yesterday, today := make([]float64, 3000), make([]float64, 3000)
	for i := range yesterday {
		yesterday[i], today[i] = float64(i%100), float64(i%100)+30
	}
	sum := func(prices []float64) *profile.Column {
		orders, err := table.New(table.NewFloat64("price", prices, nil))
		if err != nil {
			panic(err)
		}
		p, err := profile.Of(context.Background(), orders)
		if err != nil {
			panic(err)
		}
		return p.Column("price")
	}
	before, now := sum(yesterday), sum(today)
	fmt.Printf("median %v, then %v\n", before.Numbers.Sketch.CDF().Quantile(0.5), now.Numbers.Sketch.CDF().Quantile(0.5))
	d, err := profile.Compare(before, now, profile.CompareOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("KS %.2f, of which the sketches account for at most %.3f\n", d.KS, d.ShareError)
	// Output:
	// median 49, then 79
	// KS 0.30, of which the sketches account for at most 0.001
}
