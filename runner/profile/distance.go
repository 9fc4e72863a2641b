package profile

import (
	"fmt"
	"math"
	"slices"

	"mlops/runner/table"
)

const (
	// DefaultBins is how many bins a reference's quantiles make.
	DefaultBins = 10
	// DefaultCategoryBins is how many of a reference's categories have a bin of
	// their own; all others share one.
	DefaultCategoryBins = 50
	// shareFloor stands for a share below it in PSI, whose logarithm has no value at
	// 0.
	shareFloor = 1e-4
)

// CompareOptions say how to compare.
type CompareOptions struct {
	Bins         int // of numbers; 0: DefaultBins
	CategoryBins int // of categories; 0: DefaultCategoryBins
}

// Bin is a part of a column's range with its share of either column's values.
type Bin struct {
	Label     string // of a category; "" for the others together, and for numbers
	Upper     float64
	Reference float64
	Current   float64
}

// Distance tells how far apart two columns' values are distributed.
type Distance struct {
	// PSI is the population stability index: the sum over the bins of
	// (q − p)·ln(q/p), where p and q are the bin's shares of the reference's and of
	// the current values, and a share below 0.0001 counts as that. The bins of
	// numbers end at the reference's quantiles (NumPy's method "inverted_cdf"),
	// equal ones once.
	PSI float64
	// JS is the Jensen–Shannon distance to base 2 of the same bins, from 0 to 1:
	// scipy.spatial.distance.jensenshannon(p, q, 2).
	JS float64
	// KS is the two-sample Kolmogorov–Smirnov statistic, the largest difference of
	// the distribution functions, from 0 to 1; NaN for categories.
	KS float64
	// MissingShare is the current share of missing cells less the reference's.
	MissingShare float64
	// ShareError bounds how far any share of a bin, of either column, is from the
	// true one for the same bins, and half of it how far KS is for each: 0 where
	// both profiles are exact.
	ShareError float64
	Bins       []Bin
	// Reference and Current are the numbers of values compared.
	Reference, Current int64
}

// KindError says that a column holds numbers in one profile and categories in
// the other.
type KindError struct {
	Column             string
	Reference, Current table.Kind
}

// Error names the column.
func (e *KindError) Error() string {
	return fmt.Sprintf("column %q was %s and is now %s, which cannot be compared", e.Column, e.Reference, e.Current)
}

// Compare tells how far the current column is from the reference. Where either
// has no values, all but MissingShare is NaN. Columns of unlike kinds give a
// [*KindError].
func Compare(reference, current *Column, o CompareOptions) (*Distance, error) {
	if o.Bins <= 0 {
		o.Bins = DefaultBins
	}
	if o.CategoryBins <= 0 {
		o.CategoryBins = DefaultCategoryBins
	}
	if (reference.Numbers == nil) != (current.Numbers == nil) {
		return nil, &KindError{Column: reference.Name, Reference: reference.Kind, Current: current.Kind}
	}
	d := &Distance{
		PSI: math.NaN(), JS: math.NaN(), KS: math.NaN(),
		MissingShare: current.MissingShare() - reference.MissingShare(),
		Reference:    reference.Valid(), Current: current.Valid(),
	}
	if d.Reference == 0 || d.Current == 0 {
		return d, nil
	}
	if reference.Numbers != nil {
		a, b := reference.Numbers.Sketch, current.Numbers.Sketch
		p, q := a.CDF(), b.CDF()
		d.Bins, d.KS = numberBins(p, q, o.Bins), kolmogorovSmirnov(p, q)
		d.ShareError = 2 * math.Max(share(a.RankError(), a.Count()), share(b.RankError(), b.Count()))
	} else {
		a, b := reference.Categories, current.Categories
		d.Bins = categoryBins(a, b, o.CategoryBins)
		// A category's own share misses Lost; what the others together have too
		// much is all of theirs.
		n := int64(len(d.Bins))
		d.ShareError = math.Max(share(min(n*a.Lost(), a.Total()), a.Total()), share(min(n*b.Lost(), b.Total()), b.Total()))
	}
	d.PSI, d.JS = psi(d.Bins), jensenShannon(d.Bins)
	return d, nil
}

func share(part, whole int64) float64 { return float64(part) / float64(whole) }

// numberBins cuts at the reference's quantiles. A bin holds its upper end; the
// last one has none.
func numberBins(p, q *CDF, n int) []Bin {
	var edges []float64
	for i := 1; i < n; i++ {
		edges = append(edges, p.Quantile(float64(i)/float64(n)))
	}
	edges = slices.Compact(edges)
	bins := make([]Bin, 0, len(edges)+1)
	var pBelow, qBelow int64
	for _, edge := range append(edges, math.Inf(1)) {
		pRank, qRank := p.Rank(edge), q.Rank(edge)
		bins = append(bins, Bin{Upper: edge, Reference: share(pRank-pBelow, p.count), Current: share(qRank-qBelow, q.count)})
		pBelow, qBelow = pRank, qRank
	}
	return bins
}

// categoryBins gives the reference's most frequent categories a bin each, and one
// to all others.
func categoryBins(a, b *Counts, n int) []Bin {
	var bins []Bin
	others := Bin{Reference: 1, Current: 1}
	var pSum, qSum int64
	for _, c := range a.Top(n) {
		q := b.Count(c.Value)
		pSum, qSum = pSum+c.Count, qSum+q
		bins = append(bins, Bin{Label: c.Value, Reference: share(c.Count, a.total), Current: share(q, b.total)})
	}
	others.Reference, others.Current = share(a.total-pSum, a.total), share(b.total-qSum, b.total)
	return append(bins, others)
}

func psi(bins []Bin) float64 {
	sum := 0.0
	for _, b := range bins {
		p, q := math.Max(b.Reference, shareFloor), math.Max(b.Current, shareFloor)
		sum += (q - p) * math.Log(q/p)
	}
	return sum
}

func jensenShannon(bins []Bin) float64 {
	sum := 0.0
	for _, b := range bins {
		middle := (b.Reference + b.Current) / 2
		for _, v := range []float64{b.Reference, b.Current} {
			if v > 0 {
				sum += v * math.Log2(v/middle) / 2
			}
		}
	}
	return math.Sqrt(math.Max(0, sum)) // rounding may take it below
}

// kolmogorovSmirnov walks over both distributions' steps.
func kolmogorovSmirnov(p, q *CDF) float64 {
	largest := 0.0
	i, j := 0, 0
	for i < len(p.values) && j < len(q.values) {
		v := math.Min(p.values[i], q.values[j])
		if p.values[i] == v {
			i++
		}
		if q.values[j] == v {
			j++
		}
		largest = math.Max(largest, math.Abs(stepShare(p, i)-stepShare(q, j)))
	}
	return largest
}

// stepShare is the share of the values up to the i-th step.
func stepShare(c *CDF, i int) float64 {
	if i == 0 {
		return 0
	}
	return share(c.ranks[i-1], c.count)
}
