// Package profile sums up the columns of a table in constant memory: how many
// cells are missing, and how the others are distributed. A deployment keeps the
// profile of its training data; the drift step compares it with the profiles of
// what is predicted.
//
//	p, err := profile.Of(ctx, table)
//	d, err := profile.Compare(p.Column("age"), other.Column("age"), profile.CompareOptions{})
//
// Everything here merges: the profile of two parts is the profile of the whole,
// within bounds that each profile carries along and that hold for certain, not
// with some probability.
//
//   - Numbers and times are kept in a [Sketch] of quantiles. It is exact up to
//     2,047 values. Beyond, a rank is off by at most [Sketch.RankError]: a quarter
//     of a percent of a million values, half a percent of a billion.
//   - Text and truth values are counted in [Counts]. They are exact up to 1,024
//     different values. Beyond, a count is too small by at most [Counts.Lost], which
//     is no more than a 1,025th of all cells.
//
// The same cells in the same order give the same profile, bit for bit, whatever
// the number of threads.
//
// The JSON form ([Profile.MarshalJSON], [Parse]) is versioned and read strictly.
// It keeps fewer points than a profile in memory does; the bounds that it carries
// say how many that costs.
//
//	builder.go   table → profile
//	column.go    one column's figures
//	sketch.go    quantiles; cdf.go reads them; radix.go sorts for them
//	counts.go    categories
//	distance.go  PSI, Kolmogorov–Smirnov, Jensen–Shannon
//	document.go  the JSON form
package profile
