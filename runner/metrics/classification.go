package metrics

// Accuracy is the share of rows whose class was predicted.
func Accuracy(yTrue, yPred []int) float64 { return Weights{}.Accuracy(yTrue, yPred) }

// Accuracy weighs the rows.
func (w Weights) Accuracy(yTrue, yPred []int) float64 {
	w.sameLength(len(yTrue), len(yPred))
	right := total{}
	for i, y := range yTrue {
		if y == yPred[i] {
			right.add(w.Row(i))
		}
	}
	return right.value() / w.Total(len(yTrue))
}

// ClassScore has the figures of one class, or an average over classes.
type ClassScore struct {
	Class     int // of an average: -1
	Precision float64
	Recall    float64
	F1        float64
	Support   float64 // rows of the class in yTrue, or their weights' sum; of an average: of all rows
}

// Report has precision, recall and F1 of each class in rising order, and their
// averages: Weighted by support, Macro with all classes equal, and Micro with
// all rows equal, which for one class a row is Accuracy three times.
type Report struct {
	Classes  []ClassScore
	Weighted ClassScore
	Macro    ClassScore
	Micro    ClassScore
	Accuracy float64
}

// ClassificationReport is scikit-learn's classification_report: the classes
// are those that occur in either slice, an undefined figure is 0.
func ClassificationReport(yTrue, yPred []int) Report {
	return Weights{}.ClassificationReport(yTrue, yPred)
}

// ClassificationReport weighs the rows.
func (w Weights) ClassificationReport(yTrue, yPred []int) Report {
	matrix, classes := w.ConfusionMatrix(yTrue, yPred)
	actual, predicted := margins(matrix)
	rows, hits := w.Total(len(yTrue)), 0.0
	report := Report{
		Weighted: ClassScore{Class: -1, Support: rows},
		Macro:    ClassScore{Class: -1, Support: rows},
	}
	for i, class := range classes {
		hit := matrix[i][i]
		c := ClassScore{
			Class:     class,
			Precision: ratio(hit, predicted[i]),
			Recall:    ratio(hit, actual[i]),
			F1:        ratio(2*hit, predicted[i]+actual[i]),
			Support:   actual[i],
		}
		hits += hit
		report.Classes = append(report.Classes, c)
		report.Macro.add(c, 1/float64(len(classes)))
		report.Weighted.add(c, actual[i]/rows)
	}
	report.Accuracy = hits / rows
	report.Micro = ClassScore{Class: -1, Precision: report.Accuracy, Recall: report.Accuracy, F1: report.Accuracy, Support: rows}
	return report
}

func (s *ClassScore) add(c ClassScore, share float64) {
	s.Precision += c.Precision * share
	s.Recall += c.Recall * share
	s.F1 += c.F1 * share
}

func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// Precision is the weighted average over classes of the share of the rows
// predicted as a class that are of it.
func Precision(yTrue, yPred []int) float64 { return Weights{}.Precision(yTrue, yPred) }

// Precision weighs the rows.
func (w Weights) Precision(yTrue, yPred []int) float64 {
	return w.ClassificationReport(yTrue, yPred).Weighted.Precision
}

// Recall is the weighted average over classes of the share of a class's rows
// that were predicted as it.
func Recall(yTrue, yPred []int) float64 { return Weights{}.Recall(yTrue, yPred) }

// Recall weighs the rows.
func (w Weights) Recall(yTrue, yPred []int) float64 {
	return w.ClassificationReport(yTrue, yPred).Weighted.Recall
}

// F1Score is the weighted average over classes of the harmonic mean of
// precision and recall.
func F1Score(yTrue, yPred []int) float64 { return Weights{}.F1Score(yTrue, yPred) }

// F1Score weighs the rows.
func (w Weights) F1Score(yTrue, yPred []int) float64 {
	return w.ClassificationReport(yTrue, yPred).Weighted.F1
}

// PrecisionMacro is Precision with all classes equal.
func PrecisionMacro(yTrue, yPred []int) float64 { return Weights{}.PrecisionMacro(yTrue, yPred) }

// PrecisionMacro weighs the rows within each class.
func (w Weights) PrecisionMacro(yTrue, yPred []int) float64 {
	return w.ClassificationReport(yTrue, yPred).Macro.Precision
}

// RecallMacro is Recall with all classes equal.
func RecallMacro(yTrue, yPred []int) float64 { return Weights{}.RecallMacro(yTrue, yPred) }

// RecallMacro weighs the rows within each class.
func (w Weights) RecallMacro(yTrue, yPred []int) float64 {
	return w.ClassificationReport(yTrue, yPred).Macro.Recall
}

// F1Macro is F1Score with all classes equal.
func F1Macro(yTrue, yPred []int) float64 { return Weights{}.F1Macro(yTrue, yPred) }

// F1Macro weighs the rows within each class.
func (w Weights) F1Macro(yTrue, yPred []int) float64 {
	return w.ClassificationReport(yTrue, yPred).Macro.F1
}
