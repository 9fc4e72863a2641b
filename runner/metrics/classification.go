package metrics

import (
	"fmt"
	"math"
	"slices"
)

// sameLength panics unless both slices have the same number of elements, and any.
func sameLength(a, b int) {
	if a != b || a == 0 {
		panic(fmt.Sprintf("metrics: %d true values and %d predictions: both must be given, in equal number", a, b))
	}
}

// Accuracy is the share of rows whose class was predicted.
func Accuracy(yTrue, yPred []int) float64 {
	sameLength(len(yTrue), len(yPred))
	right := 0
	for i, y := range yTrue {
		if y == yPred[i] {
			right++
		}
	}
	return float64(right) / float64(len(yTrue))
}

// BalancedAccuracy is the mean recall of the classes that occur in yTrue.
func BalancedAccuracy(yTrue, yPred []int) float64 {
	sum, n := 0.0, 0
	for _, c := range ClassificationReport(yTrue, yPred).Classes {
		if c.Support > 0 {
			sum += c.Recall
			n++
		}
	}
	return sum / float64(n)
}

// ClassScore has the figures of one class, or an average over classes.
type ClassScore struct {
	Class     int // of an average: -1
	Precision float64
	Recall    float64
	F1        float64
	Support   int // rows of the class in yTrue; of an average: all rows
}

// Report has precision, recall and F1 of each class in rising order, and their
// averages: Weighted by support, Macro with all classes equal.
type Report struct {
	Classes  []ClassScore
	Weighted ClassScore
	Macro    ClassScore
	Accuracy float64
}

// ClassificationReport is scikit-learn's classification_report: the classes
// are those that occur in either slice, an undefined figure is 0.
func ClassificationReport(yTrue, yPred []int) Report {
	matrix, classes := ConfusionMatrix(yTrue, yPred)
	report := Report{
		Weighted: ClassScore{Class: -1, Support: len(yTrue)},
		Macro:    ClassScore{Class: -1, Support: len(yTrue)},
		Accuracy: Accuracy(yTrue, yPred),
	}
	for i, class := range classes {
		hit, predicted, support := matrix[i][i], 0, 0
		for j := range classes {
			support += matrix[i][j]
			predicted += matrix[j][i]
		}
		c := ClassScore{
			Class:     class,
			Precision: ratio(hit, predicted),
			Recall:    ratio(hit, support),
			F1:        ratio(2*hit, predicted+support),
			Support:   support,
		}
		report.Classes = append(report.Classes, c)
		report.Macro.add(c, 1/float64(len(classes)))
		report.Weighted.add(c, float64(support)/float64(len(yTrue)))
	}
	return report
}

func (s *ClassScore) add(c ClassScore, share float64) {
	s.Precision += c.Precision * share
	s.Recall += c.Recall * share
	s.F1 += c.F1 * share
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Precision is the weighted average over classes of the share of the rows
// predicted as a class that are of it.
func Precision(yTrue, yPred []int) float64 {
	return ClassificationReport(yTrue, yPred).Weighted.Precision
}

// Recall is the weighted average over classes of the share of a class's rows
// that were predicted as it.
func Recall(yTrue, yPred []int) float64 { return ClassificationReport(yTrue, yPred).Weighted.Recall }

// F1Score is the weighted average over classes of the harmonic mean of
// precision and recall.
func F1Score(yTrue, yPred []int) float64 { return ClassificationReport(yTrue, yPred).Weighted.F1 }

// PrecisionMacro is Precision with all classes equal.
func PrecisionMacro(yTrue, yPred []int) float64 {
	return ClassificationReport(yTrue, yPred).Macro.Precision
}

// RecallMacro is Recall with all classes equal.
func RecallMacro(yTrue, yPred []int) float64 {
	return ClassificationReport(yTrue, yPred).Macro.Recall
}

// F1Macro is F1Score with all classes equal.
func F1Macro(yTrue, yPred []int) float64 { return ClassificationReport(yTrue, yPred).Macro.F1 }

// ConfusionMatrix counts the rows by true class (first index) and predicted
// class (second index). classes, in rising order, are those that occur in
// either slice and name the rows and columns.
func ConfusionMatrix(yTrue, yPred []int) (matrix [][]int, classes []int) {
	sameLength(len(yTrue), len(yPred))
	classes = slices.Concat(yTrue, yPred)
	slices.Sort(classes)
	classes = slices.Compact(classes)
	at := make(map[int]int, len(classes))
	matrix = make([][]int, len(classes))
	for i, class := range classes {
		at[class] = i
		matrix[i] = make([]int, len(classes))
	}
	for i, y := range yTrue {
		matrix[at[y]][at[yPred[i]]]++
	}
	return matrix, classes
}

// MatthewsCorrCoef is the correlation of true and predicted classes, from -1 to
// 1; it is 0 where either holds a single class.
func MatthewsCorrCoef(yTrue, yPred []int) float64 {
	matrix, classes := ConfusionMatrix(yTrue, yPred)
	n := float64(len(yTrue))
	hits, both, trueSquares, predictedSquares := 0.0, 0.0, 0.0, 0.0
	for i := range classes {
		actual, predicted := 0.0, 0.0
		for j := range classes {
			actual += float64(matrix[i][j])
			predicted += float64(matrix[j][i])
		}
		hits += float64(matrix[i][i])
		both += actual * predicted
		trueSquares += actual * actual
		predictedSquares += predicted * predicted
	}
	spread := (n*n - predictedSquares) * (n*n - trueSquares)
	if spread == 0 {
		return 0
	}
	return (hits*n - both) / math.Sqrt(spread)
}
