package metrics

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// binaryCase draws labels, scores with many ties, and weights or none.
type binaryCase struct {
	label  []int
	score  []float64
	weight []float64
}

func drawBinary(t *rapid.T) binaryCase {
	n := rapid.IntRange(1, 60).Draw(t, "rows")
	c := binaryCase{
		label: rapid.SliceOfN(rapid.IntRange(0, 1), n, n).Draw(t, "labels"),
		score: rapid.SliceOfN(rapid.OneOf(rapid.Map(rapid.IntRange(0, 8), func(i int) float64 { return float64(i) / 8 }), rapid.Float64Range(0, 1)), n, n).Draw(t, "scores"),
	}
	if rapid.Bool().Draw(t, "weighted") {
		c.weight = rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 12), func(i int) float64 { return float64(i) / 3 }), n, n).Draw(t, "weights")
		c.weight[0] = 1
	}
	return c
}

func (c binaryCase) weights(t *rapid.T) Weights {
	w, err := NewWeights(c.weight)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func close12(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(1, math.Abs(b)) }

// The area is what its definition says: the share of pairs that are in order.
func TestROCAUCIsTheShareOfOrderedPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawBinary(t)
		w := c.weights(t)
		ordered, pairs := 0.0, 0.0
		for i := range c.label {
			for j := range c.label {
				if c.label[i] != 1 || c.label[j] != 0 {
					continue
				}
				weight := w.Row(i) * w.Row(j)
				pairs += weight
				switch cmp.Compare(c.score[i], c.score[j]) {
				case 1:
					ordered += weight
				case 0:
					ordered += weight / 2
				}
			}
		}
		got, err := w.ROCAUC(c.label, c.score)
		if pairs == 0 {
			if !errors.Is(err, ErrOneClass) {
				t.Fatalf("got %v and %v without a pair", got, err)
			}
			return
		}
		if err != nil || !close12(got, ordered/pairs) {
			t.Fatalf("got %v and %v, the pairs say %v", got, err, ordered/pairs)
		}
	})
}

func TestAveragePrecisionIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawBinary(t)
		w := c.weights(t)
		thresholds := slices.Clone(c.score)
		slices.Sort(thresholds)
		thresholds = slices.Compact(thresholds)
		positive := 0.0
		for i, y := range c.label {
			positive += float64(y) * w.Row(i)
		}
		want, recall := 0.0, 0.0
		for _, threshold := range slices.Backward(thresholds) {
			hit, called := 0.0, 0.0
			for i, s := range c.score {
				if s >= threshold {
					hit += float64(c.label[i]) * w.Row(i)
					called += w.Row(i)
				}
			}
			if positive > 0 && called > 0 {
				want += (hit/positive - recall) * hit / called
				recall = hit / positive
			}
		}
		got, err := w.AveragePrecision(c.label, c.score)
		if err != nil || !close12(got, want) {
			t.Fatalf("got %v and %v, the definition says %v", got, err, want)
		}
	})
}

// The trapezoids under the curve have the area, with or without the points in
// between.
func TestROCCurveHasTheArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawBinary(t)
		w := c.weights(t)
		area, err := w.ROCAUC(c.label, c.score)
		if err != nil {
			return
		}
		for _, drop := range []bool{false, true} {
			curve, err := w.ROCCurve(c.label, c.score, drop)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for i := 1; i < len(curve.FPR); i++ {
				if curve.FPR[i] < curve.FPR[i-1] || curve.TPR[i] < curve.TPR[i-1] || curve.Thresholds[i] >= curve.Thresholds[i-1] {
					t.Fatalf("the curve turns back at point %d: %v", i, curve)
				}
				sum += (curve.FPR[i] - curve.FPR[i-1]) * (curve.TPR[i] + curve.TPR[i-1]) / 2
			}
			if !close12(sum, area) {
				t.Fatalf("drop %v: the curve has the area %v, roc_auc is %v", drop, sum, area)
			}
		}
	})
}

func TestConfusionMatrixHoldsEveryRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(t, "rows")
		class := rapid.OneOf(rapid.IntRange(0, 5), rapid.SampledFrom([]int{7, 1 << 20, math.MaxInt}))
		yTrue := rapid.SliceOfN(class, n, n).Draw(t, "true")
		yPred := rapid.SliceOfN(class, n, n).Draw(t, "pred")
		matrix, classes := ConfusionMatrix(yTrue, yPred)
		if !slices.IsSorted(classes) {
			t.Fatalf("classes %v are not in order", classes)
		}
		for i, c := range classes {
			for j, p := range classes {
				want := 0
				for r := range yTrue {
					if yTrue[r] == c && yPred[r] == p {
						want++
					}
				}
				if matrix[i][j] != want {
					t.Fatalf("class %d predicted as %d: got %d, want %d", c, p, matrix[i][j], want)
				}
			}
		}
		if report := ClassificationReport(yTrue, yPred); !close12(report.Weighted.Recall, report.Accuracy) || report.Weighted.Support != float64(n) {
			t.Fatalf("the weighted recall %v is not the accuracy %v, or the support %v not %d", report.Weighted.Recall, report.Accuracy, report.Weighted.Support, n)
		}
		if m := MatthewsCorrCoef(yTrue, yPred); !(m >= -1-1e-12 && m <= 1+1e-12) {
			t.Fatalf("matthews_corrcoef %v", m)
		}
	})
}

// The loss lies between that of the certain truth and that of a certain error,
// and no constant probability has less than the classes' own frequency.
func TestLogLossBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawBinary(t)
		w := c.weights(t)
		loss, err := w.LogLoss(c.label, BinaryProba(c.score), 2)
		if err != nil {
			t.Fatal(err)
		}
		if highest := -math.Log(machineEpsilon); !(loss >= 0 && loss <= highest+1e-12) {
			t.Fatalf("log_loss %v is not within 0..%v", loss, highest)
		}
		frequency := 0.0
		for i, y := range c.label {
			frequency += float64(y) * w.Row(i)
		}
		frequency /= w.Total(len(c.label))
		constant := func(p float64) float64 {
			proba := make([]float64, len(c.label))
			for i := range proba {
				proba[i] = p
			}
			v, err := w.LogLoss(c.label, BinaryProba(proba), 2)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if best, other := constant(min(1, frequency)), constant(c.score[0]); best > other+1e-9 {
			t.Fatalf("the constant %v has the loss %v, their frequency %v has %v", c.score[0], other, frequency, best)
		}
	})
}

// The order of the rows does not matter.
func TestRowOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawBinary(t)
		seed := rapid.Uint64().Draw(t, "order")
		w, pred, value := c.weights(t), make([]int, len(c.label)), make([]float64, len(c.label))
		for i, s := range c.score {
			value[i] = 1e6*s - 3
			if s > 0.5 {
				pred[i] = 1
			}
		}
		shuffled := binaryCase{slices.Clone(c.label), slices.Clone(c.score), slices.Clone(c.weight)}
		shuffledPred, shuffledValue := slices.Clone(pred), slices.Clone(value)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(pred), func(i, j int) {
			shuffled.label[i], shuffled.label[j] = shuffled.label[j], shuffled.label[i]
			shuffled.score[i], shuffled.score[j] = shuffled.score[j], shuffled.score[i]
			if c.weight != nil {
				shuffled.weight[i], shuffled.weight[j] = shuffled.weight[j], shuffled.weight[i]
			}
			shuffledPred[i], shuffledPred[j] = shuffledPred[j], shuffledPred[i]
			shuffledValue[i], shuffledValue[j] = shuffledValue[j], shuffledValue[i]
		})
		w2 := shuffled.weights(t)
		a := Classification{c.label, pred, BinaryProba(c.score), 2}
		b := Classification{shuffled.label, shuffledPred, BinaryProba(shuffled.score), 2}
		for _, name := range ClassificationNames() {
			va, errA := a.Metric(name, w)
			vb, errB := b.Metric(name, w2)
			if (errA == nil) != (errB == nil) || !close12(va, vb) {
				t.Fatalf("%s: %v and %v, in another order %v and %v", name, va, errA, vb, errB)
			}
		}
		floats := func(label []int) []float64 {
			v := make([]float64, len(label))
			for i, y := range label {
				v[i] = 1e6*float64(y) + 1
			}
			return v
		}
		ra, rb := Regression{floats(c.label), value}, Regression{floats(shuffled.label), shuffledValue}
		for _, name := range RegressionNames() {
			va, errA := ra.Metric(name, w)
			vb, errB := rb.Metric(name, w2)
			if (errA == nil) != (errB == nil) || !close12(va, vb) {
				t.Fatalf("%s: %v and %v, in another order %v and %v", name, va, errA, vb, errB)
			}
		}
	})
}

// Whole weights are repeated rows.
func TestAWeightRepeatsItsRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawBinary(t)
		c.weight = make([]float64, len(c.label))
		var repeated binaryCase
		for i := range c.weight {
			times := rapid.IntRange(0, 3).Draw(t, "times")
			if i == 0 {
				times = 2
			}
			c.weight[i] = float64(times)
			for range times {
				repeated.label = append(repeated.label, c.label[i])
				repeated.score = append(repeated.score, c.score[i])
			}
		}
		w := c.weights(t)
		a := Classification{c.label, thresholded(c.score), BinaryProba(c.score), 2}
		b := Classification{repeated.label, thresholded(repeated.score), BinaryProba(repeated.score), 2}
		for _, name := range []string{"accuracy", "average_precision", "balanced_accuracy", "brier", "f1_score", "log_loss", "matthews_corrcoef", "precision", "recall", "roc_auc", "roc_auc_ovr_weighted"} {
			va, errA := a.Metric(name, w)
			vb, errB := b.Metric(name, Weights{})
			if (errA == nil) != (errB == nil) || !close12(va, vb) {
				t.Fatalf("%s: weighed %v and %v, repeated %v and %v", name, va, errA, vb, errB)
			}
		}
		for _, name := range []string{"mse", "mae", "median_absolute_error", "r2_score"} {
			va, _ := Regression{c.score, make([]float64, len(c.score))}.Metric(name, w)
			vb, _ := Regression{repeated.score, make([]float64, len(repeated.score))}.Metric(name, Weights{})
			if len(c.score) > 1 && math.Abs(va-vb) > 1e-9*max(1, math.Abs(vb)) {
				t.Fatalf("%s: weighed %v, repeated %v", name, va, vb)
			}
		}
	})
}

func thresholded(score []float64) []int {
	class := make([]int, len(score))
	for i, s := range score {
		if s > 0.5 {
			class[i] = 1
		}
	}
	return class
}
