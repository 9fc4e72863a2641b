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
//	missing_values       missing*.go                drop, mean, median, mode or constant, by column; indicators
//	categorical_encoder  encoder*.go, categories.go label, ordinal, one_hot, frequency, target
//	feature_scaler       scaler*.go                 standard, min_max, robust, max_abs, quantile
//	outlier_clip         clip.go                    iqr, zscore, quantile, fixed
//	date_parts           dates*.go                  year, month, day_of_week, …
//	text_tfidf           tfidf*.go                  weights of a text's terms
//	derive               derive.go, expression.go   arithmetic over columns
//	select, drop         selection.go               columns, or training rows by a condition
//	rename               selection.go               new names
//	cast                 cast.go                    another kind
//
// docs/preprocessing.md has their parameters. The rest: pipeline.go fits,
// fitted.go transforms and is saved, registry.go knows the steps, frame.go is
// what they work on, target.go and target_folds.go are for those that learn from
// the target, schema.go describes the raw columns, exact.go sums, stats.go
// selects.
//
// Columns that hold label codes are marked ([Fitted.Categorical]), so that a
// tree model may treat them as categories; the scaler leaves them alone unless
// told otherwise. Trees need neither scaling nor one_hot.
//
// # The target
//
// A step that learns from the target is a [TargetFitter]; its pipeline is fitted
// with [Pipeline.FitTransformTarget]. Training rows then get what the other rows
// say (out-of-fold), later rows what all training rows say. No step sees or
// changes the target column itself.
//
// # Rows at inference
//
// Prediction answers every row. So where training drops a row with a missing
// cell, inference fills the cell: with the training median of a numeric column,
// the most frequent training value of a text column. A cell that no step fills
// stays missing (NaN). Rows that select or drop take out of training by a
// condition stay at inference.
//
// # Guarantees
//
// Fitting does not depend on the order of rows: sums are exact before they are
// rounded once. (The out-of-fold values of training rows do, and so do steps
// that are fitted on them.) Transforming in chunks equals transforming at once,
// bit for bit, and so does transforming after saving and loading. A step makes
// at most 50,000 columns and 2 GiB, and no infinite number: errors name the
// step, the column and the row.
//
// Further steps are added with [Register] at start-up; the package's example is
// a whole one.
package preprocess
