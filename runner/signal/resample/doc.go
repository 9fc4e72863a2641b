// Package resample brings a series of irregular times to a fixed step: signals by
// linear interpolation, labels and other states by the last value.
//
// A [Grid] takes the series' times in any number of batches and says, in runs of
// points, which rows each point of the grid lies between. A [Linear] or a [Hold]
// for each column makes the column's values of that:
//
//	for points, err := range grid.Push(times) {
//		pressure = linear.Append(pressure, points, pressures)
//		leak = hold.Append(leak, points, leaks)
//	}
//	for points, err := range grid.End() { … the same, without values }
//
// The result does not depend on the batches' sizes.
//
// # The grid
//
// Point i is at origin + i·step, computed as that, so that no error grows. The
// origin is the first row's time, or one that is given: then the grid begins with its
// first point that is not before the first row. The last point is not behind the
// last row: nothing is extrapolated.
//
// A row is taken to be on a point where their times differ by at most 1e-9 of the
// step and four units in the last place of the time; the point then has that row's
// values as they are. Between two finite rows [Linear] is numpy.interp's formula, bit for
// bit. A missing or infinite neighbour makes a point missing or infinite.
//
// Of rows of the same time the last one counts. Times that go back are an error.
// Between rows that are further apart than MaxGap nothing is known: signals are
// missing there, and [Points.InGap] tells it of states.
package resample
