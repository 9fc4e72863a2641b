package metrics

import (
	"math"
	"slices"
)

// denseClasses is up to which span of class numbers their places are kept in a
// slice and not in a map.
const denseClasses = 1 << 16

// ConfusionMatrix counts the rows by true class (first index) and predicted
// class (second index). classes, in rising order, are those that occur in
// either slice and name the rows and columns.
func ConfusionMatrix(yTrue, yPred []int) (matrix [][]int, classes []int) {
	counts, classes := Weights{}.ConfusionMatrix(yTrue, yPred)
	matrix = make([][]int, len(classes))
	for i, row := range counts {
		matrix[i] = make([]int, len(classes))
		for j, count := range row {
			matrix[i][j] = int(count)
		}
	}
	return matrix, classes
}

// ConfusionMatrix sums the rows' weights. Classes of rows without weight are
// among the classes, as in scikit-learn.
func (w Weights) ConfusionMatrix(yTrue, yPred []int) (matrix [][]float64, classes []int) {
	w.sameLength(len(yTrue), len(yPred))
	classes, at := places(yTrue, yPred)
	matrix = make([][]float64, len(classes))
	for i := range matrix {
		matrix[i] = make([]float64, len(classes))
	}
	for i, y := range yTrue {
		matrix[at(y)][at(yPred[i])] += w.Row(i)
	}
	return matrix, classes
}

// places lists the classes that occur in either slice, in rising order, and
// tells each one's place in the list.
func places(yTrue, yPred []int) (classes []int, at func(class int) int) {
	low := min(slices.Min(yTrue), slices.Min(yPred))
	high := max(slices.Max(yTrue), slices.Max(yPred))
	if span := uint(high) - uint(low); span < denseClasses {
		place := make([]int, span+1)
		for _, labels := range [][]int{yTrue, yPred} {
			for _, class := range labels {
				place[class-low] = 1
			}
		}
		for i, occurs := range place {
			if occurs == 1 {
				place[i] = len(classes)
				classes = append(classes, low+i)
			}
		}
		return classes, func(class int) int { return place[class-low] }
	}
	place := make(map[int]int)
	for _, labels := range [][]int{yTrue, yPred} {
		for _, class := range labels {
			if _, known := place[class]; !known {
				place[class] = 0
				classes = append(classes, class)
			}
		}
	}
	slices.Sort(classes)
	for i, class := range classes {
		place[class] = i
	}
	return classes, func(class int) int { return place[class] }
}

// margins are the sums of a confusion matrix by true and by predicted class.
func margins(matrix [][]float64) (actual, predicted []float64) {
	actual, predicted = make([]float64, len(matrix)), make([]float64, len(matrix))
	for i, row := range matrix {
		for j, weight := range row {
			actual[i] += weight
			predicted[j] += weight
		}
	}
	return actual, predicted
}

// BalancedAccuracy is the mean recall of the classes that occur in yTrue.
func BalancedAccuracy(yTrue, yPred []int) float64 { return Weights{}.BalancedAccuracy(yTrue, yPred) }

// BalancedAccuracy weighs the rows within each class; the classes are equal.
func (w Weights) BalancedAccuracy(yTrue, yPred []int) float64 {
	matrix, _ := w.ConfusionMatrix(yTrue, yPred)
	actual, _ := margins(matrix)
	sum, n := 0.0, 0
	for i, support := range actual {
		if support > 0 {
			sum += matrix[i][i] / support
			n++
		}
	}
	return sum / float64(n)
}

// MatthewsCorrCoef is the correlation of true and predicted classes, from -1 to
// 1; it is 0 where either holds a single class.
func MatthewsCorrCoef(yTrue, yPred []int) float64 { return Weights{}.MatthewsCorrCoef(yTrue, yPred) }

// MatthewsCorrCoef weighs the rows.
func (w Weights) MatthewsCorrCoef(yTrue, yPred []int) float64 {
	matrix, _ := w.ConfusionMatrix(yTrue, yPred)
	actual, predicted := margins(matrix)
	n, hits, both := 0.0, 0.0, 0.0
	for i := range matrix {
		n += actual[i]
		hits += matrix[i][i]
		both += actual[i] * predicted[i]
	}
	scale := math.Sqrt(spread(actual, n)) * math.Sqrt(spread(predicted, n))
	if scale == 0 {
		return 0
	}
	return max(-1, min(1, (hits*n-both)/scale))
}

// spread is n² less the squares of the classes' weights, in a form that rounding
// does not make negative.
func spread(weight []float64, n float64) float64 {
	sum := 0.0
	for _, v := range weight {
		sum += v * max(0, n-v)
	}
	return sum
}
