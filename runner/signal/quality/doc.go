// Package quality looks for what is wrong with a recorded or simulated case: a series
// of rows, each of a time and of the signals' values.
//
// A [Checker] takes the rows in any number of batches, keeps no row of them, and finds
// the same whatever the batches' sizes. What it finds are [Finding]s: at most one of
// each check and column, so that their number does not grow with the rows.
//
//	backwards   times before the time of the row before
//	duplicates  rows of the same time as the row before
//	gaps        steps in time that are too long
//	missing     values that are missing (NaN)
//	non_finite  infinite values
//	range       values below or above what the signal can be
//	constant    signals that are the same in the whole case
//	stuck       signals that are the same for too long
//	jumps       changes from one value to the next that are too large
package quality
