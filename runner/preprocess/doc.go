// Package preprocess turns raw columns into the features that a model trains
// on and predicts from.
//
// A [Pipeline] is made from the configuration and fitted on training rows only;
// the [Fitted] pipeline then transforms any table the same way, in training
// and, after a trip through [Fitted.MarshalJSON] and [LoadFitted], in
// prediction:
//
//	pipeline, err := preprocess.New(cfg.Preprocessing)
//	fitted, features, rows, err := pipeline.FitTransform(ctx, trainingRows)
//	…
//	features, err := fitted.TransformForInference(ctx, newRows)
//
// # What happens to a table
//
// First it is aligned with the training schema (align.go): the columns that the
// model needs, in training's order; others, the target among them, are ignored;
// truth values become 0 and 1, times seconds since the Unix epoch, and every
// number a float64. A column without a single value in training is left out.
// Then each step of the configuration sees the result of the one before:
//
//	missing_values       missing.go, missing_fill.go  drop, mean, median, mode or constant
//	categorical_encoder  encoder.go                   text to label codes in sorted order
//	feature_scaler       scaler.go                    mean 0, standard deviation 1
//
// The rest: pipeline.go fits, fitted.go transforms and is saved, registry.go
// knows the steps, schema.go describes the raw columns, exact.go sums, stats.go
// selects.
//
// Columns that hold label codes are marked ([Fitted.Categorical]), so that a
// tree model may treat them as categories; the scaler leaves them alone unless
// told otherwise.
//
// # Rows at inference
//
// Prediction answers every row. So where training drops a row with a missing
// cell, inference fills the cell: with the training median of a numeric column,
// the most frequent training value of a text column. A cell that no step fills
// stays missing (NaN).
//
// # Guarantees
//
// Fitting does not depend on the order of rows: sums are exact before they are
// rounded once. Transforming in chunks equals transforming at once, bit for
// bit, and so does transforming after saving and loading.
//
// Further steps are added with [Register] at start-up.
package preprocess
