package preprocess

import (
	"context"
	"math"
	"math/bits"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// each calls f for 0 … n-1 on as many goroutines as GOMAXPROCS and waits for
// them. Of several errors it returns the one of the lowest index, so that a
// message does not depend on scheduling.
func each(ctx context.Context, n int, f func(i int) error) error {
	errs := make([]error, n)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		group.Go(func() error {
			if errs[i] = ctx.Err(); errs[i] == nil {
				errs[i] = f(i)
			}
			return nil
		})
	}
	_ = group.Wait() // the functions above return nil; errs holds theirs
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// appendPresent appends the values that are not NaN.
func appendPresent(to, values []float64) []float64 {
	to = slices.Grow(to, len(values))
	for _, v := range values {
		if !math.IsNaN(v) {
			to = append(to, v)
		}
	}
	return to
}

// median reorders values, of which there must be at least one.
func median(values []float64) float64 {
	middle := len(values) / 2
	selectNth(values, middle)
	upper := values[middle]
	if len(values)%2 == 1 {
		return plusZero(upper)
	}
	lower := slices.Max(values[:middle])
	if sum := lower + upper; !math.IsInf(sum, 0) {
		return plusZero(sum / 2)
	}
	return lower/2 + upper/2
}

// plusZero makes both zeros the positive one: which of equal values an order
// statistic picks depends on their order.
func plusZero(v float64) float64 {
	if v == 0 {
		return 0
	}
	return v
}

// selectNth puts the element that sorting would put at n there, with none
// greater before and none smaller after it (Hoare's quickselect; it turns to
// sorting where pivots keep being bad).
func selectNth(values []float64, n int) {
	lo, hi := 0, len(values)-1
	for tries := 4 * bits.Len(uint(len(values))); lo < hi; tries-- {
		if tries == 0 {
			slices.Sort(values[lo : hi+1])
			return
		}
		pivot := medianOfThree(values[lo], values[lo+(hi-lo)/2], values[hi])
		i, j := lo, hi
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			hi = j
		case n >= i:
			lo = i
		default:
			return
		}
	}
}

func medianOfThree(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}

// mode sorts values, of which there must be at least one, and returns the most
// frequent; of several, the smallest.
func mode(values []float64) float64 {
	slices.Sort(values)
	best, bestCount := values[0], 0
	for i := 0; i < len(values); {
		j := i
		for j < len(values) && values[j] == values[i] {
			j++
		}
		if j-i > bestCount {
			best, bestCount = values[i], j-i
		}
		i = j
	}
	return plusZero(best)
}

// quantile gives the q-quantile, q from 0 to 1, of ascending values, of which
// there must be at least one, by linear interpolation as numpy's does.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below >= len(sorted)-1 {
		return plusZero(sorted[len(sorted)-1])
	}
	low, high := sorted[below], sorted[below+1]
	share := at - float64(below)
	switch {
	case low == high:
		return plusZero(low)
	case share < 0.5:
		return plusZero(low + (high-low)*share)
	}
	return plusZero(high - (high-low)*(1-share))
}

// sortedPresent returns a copy of the values that are not NaN, ascending.
func sortedPresent(values []float64) []float64 {
	out := appendPresent(nil, values)
	slices.Sort(out)
	return out
}
