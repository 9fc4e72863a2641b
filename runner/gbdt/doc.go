// Package gbdt trains gradient-boosted decision trees and random forests on
// histograms, with LightGBM's algorithms, parameter names, defaults and model
// text, so that LightGBM loads what this package trains and this package loads
// what LightGBM trained.
//
// # From columns to a model
//
// A [Dataset] is built from columns by [NewDataset]. Each column is cut into at
// most max_bin bins (binning.go, binning_category.go), and mostly one byte per
// value is kept (layout.go, bundle.go, order.go); the raw values are not. [Train]
// then grows trees leaf by leaf:
//
//	objective*.go   gradient and hessian of the loss at the current score
//	sampling.go     the rows that a tree is grown on
//	histogram.go    sums of both per bin of every column, for the rows of a leaf
//	split.go        the best threshold of a numeric column from its histogram
//	split_category.go  the best set of categories of a categorical column
//	leaf_value.go   what a leaf is worth, with all penalties and bounds
//	monotone.go     bounds that keep predictions rising or falling
//	partition.go    the leaf's rows, moved to its two children
//	learner.go      one tree: split the leaf with the largest gain, again and again
//	boosting.go     one tree after another, on what the earlier ones left over
//	dart.go         the same, with earlier rounds dropped for a while
//	metric*.go      figures of the model so far, early_stop.go on them
//
// [TrainWith] takes what [Train] has no room for: a loss of the caller's, a
// model to continue, snapshots and one to resume from. The parameters are one
// table (params_groups.go), from which come their defaults, checks and reference
// page.
//
// A [Model] predicts (predict.go) from raw columns, is explained (explain.go),
// and goes to and comes from LightGBM's text (text_write.go, text_read.go) and
// JSON (json_write.go, json_read.go). [ReadXGBoost] loads XGBoost's JSON and
// UBJSON (xgboost_*.go), and [Model.WriteXGBoost] writes JSON that XGBoost loads
// (xgboost_write*.go).
//
// # Reproducibility
//
// One seed gives one model, bit for bit, whatever the number of threads. The
// default histograms ("packed") hold gradient and hessian as fixed-point halves
// of one 64-bit integer: integer sums do not depend on the order of addition.
// The "float64" histograms hold LightGBM's own arithmetic; there each column is
// summed by one goroutine in row order, which is equally independent of the
// number of threads.
//
// # Missing values and categories
//
// NaN is missing. A column with missing values learns at each split to which
// side they go. A column without any in training treats a NaN at prediction as
// 0, as LightGBM does. Categories are non-negative integer codes; a code that
// training did not see goes to the right-hand side of every split.
//
// Sources: Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision
// Tree", NIPS 2017; LightGBM's documentation of its parameters and features.
package gbdt
