// Package metrics computes scikit-learn's model metrics, under its names and
// with its figures, on plain slices.
//
// Classification metrics take the true and the predicted class as non-negative
// integers. Where scikit-learn warns that a figure is undefined and gives 0
// (precision of a class that was never predicted, for example), so does this
// package, without a warning. Averages are over the classes that occur in
// either slice, as scikit-learn's labels=None.
//
// Scores that need a ranking (ROCAUC, AveragePrecision, NDCG) and curves
// ([ROCCurve], [PrecisionRecallCurve], [CalibrationCurve]) return an error where
// they have no value: [ErrOneClass] for labels of a single class.
//
// The functions count every row as one. The methods of [Weights], by the same
// names, weigh the rows. [Classification], [Regression] and [Ranking] compute
// metrics that are chosen by name; [Names] lists them and [Direction] tells
// which way is better.
//
// Slices that belong together must have the same length and at least one
// element; a function that returns no error panics otherwise, because that is
// a mistake of the caller and not of the data.
//
// Source of the definitions: scikit-learn's user guide, "Metrics and scoring".
package metrics
