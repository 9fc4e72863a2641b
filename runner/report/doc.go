// Package report describes how good a model is: figures, tables and curves in
// one versioned document, and plots of them.
//
// [New] makes a [Report] from what is true ([Truth]) and what a model said
// ([Prediction]); nothing else is read, so that the same data gives the same
// document, byte for byte. Importances ([Trees], [Coefficients], [Permutation])
// and a [LearningCurve] are added to the document by whoever has them. The
// document has a bounded size whatever the number of rows, classes and
// features: the limits are constants of this package.
//
// [Report.WriteJSON] and [Read] carry it, [Report.WriteText] shows it on a
// terminal, and [Report.Plots] draws it as SVG and PNG. Plots need nothing but
// the document, so that they can be drawn long after the data is gone.
//
// Metrics are those of package metrics, under scikit-learn's names. Where a
// figure is not defined for the data it is left out and [Report.Omitted] says
// why; there is no NaN and no infinity in a document.
package report
