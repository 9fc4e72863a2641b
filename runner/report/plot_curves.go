package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

const legendName = 22

func (r *Report) rocPlot(part *ClassificationPart) Plot {
	return Plot{
		Name: "roc", Title: "ROC curve",
		Alt:   fmt.Sprintf("The true positive rate against the false positive rate; %s has the area %.3f.", short(part.ROC[0].Class, legendName), part.ROC[0].AUC),
		width: plotWidth, height: plotHeight,
		draw: func(c *canvas) {
			p := newAxes("False positive rate", "True positive rate")
			unit(p)
			p.add(series{x: []float64{0, 1}, y: []float64{0, 1}, look: reference})
			var entries []entry
			for i, curve := range part.ROC {
				l := lookOf(i, len(part.ROC), curve.Merged > 0)
				p.add(series{x: curve.FPR, y: curve.TPR, look: l})
				entries = append(entries, entry{text: fmt.Sprintf("%s (AUC %.3f)", short(curve.Class, legendName), curve.AUC), look: l})
			}
			entries = append(entries, entry{text: "chance (AUC 0.500)", look: reference})
			withLegend(c.frame("ROC curve", r.subtitle(curvesOf(r, part))), p, entries, bottomRight)
		},
	}
}

// curvesOf says what the curves are of.
func curvesOf(r *Report, part *ClassificationPart) string {
	if r.Problem == Binary {
		return "positive: " + short(part.Positive, legendName)
	}
	return "each class against the rest"
}

func (r *Report) precisionRecallPlot(part *ClassificationPart) Plot {
	return Plot{
		Name: "precision_recall", Title: "Precision-recall curve",
		Alt:   fmt.Sprintf("The precision against the recall; %s has the average precision %.3f.", short(part.PrecisionRecall[0].Class, legendName), part.PrecisionRecall[0].AveragePrecision),
		width: plotWidth, height: plotHeight,
		draw: func(c *canvas) {
			p := newAxes("Recall", "Precision")
			unit(p)
			var entries []entry
			for i, curve := range part.PrecisionRecall {
				l := lookOf(i, len(part.PrecisionRecall), curve.Merged > 0)
				x, y := slices.Clone(curve.Recall), slices.Clone(curve.Precision)
				slices.Reverse(x)
				slices.Reverse(y)
				p.add(series{x: x, y: y, look: l})
				entries = append(entries, entry{text: fmt.Sprintf("%s (AP %.3f)", short(curve.Class, legendName), curve.AveragePrecision), look: l})
			}
			if len(part.PrecisionRecall) == 1 {
				share := part.PrecisionRecall[0].Prevalence
				p.add(series{x: []float64{0, 1}, y: []float64{share, share}, look: reference})
				entries = append(entries, entry{text: fmt.Sprintf("chance (AP %.3f)", share), look: reference})
			}
			withLegend(c.frame("Precision-recall curve", r.subtitle(curvesOf(r, part))), p, entries, bottomLeft)
		},
	}
}

func (r *Report) calibrationPlot(part *ClassificationPart) Plot {
	return Plot{
		Name: "calibration", Title: "Calibration curve",
		Alt:   fmt.Sprintf("The share that came true against the predicted probability; the expected calibration error of %s is %.3f.", short(part.Calibration[0].Class, legendName), part.Calibration[0].Error),
		width: plotWidth, height: plotHeight,
		draw: func(c *canvas) {
			p := newAxes("Mean predicted probability", "Share that came true")
			unit(p)
			p.add(series{x: []float64{0, 1}, y: []float64{0, 1}, look: reference})
			var entries []entry
			for i, curve := range part.Calibration {
				l := lookOf(i, len(part.Calibration), curve.Merged > 0)
				p.add(series{x: curve.ProbPred, y: curve.ProbTrue, look: l, marks: radii(curve.Weight, len(part.Calibration))})
				entries = append(entries, entry{text: fmt.Sprintf("%s (ECE %.3f)", short(curve.Class, legendName), curve.Error), look: l})
			}
			entries = append(entries, entry{text: "perfect calibration", look: reference})
			withLegend(c.frame("Calibration curve", r.subtitle(curvesOf(r, part)+" · larger points: more rows")), p, entries, topLeft)
		},
	}
}

// radii make a mark's area grow with its weight.
func radii(weight []float64, curves int) []vg.Length {
	largest, most := slices.Max(weight), 6.5
	if curves > 3 {
		most = 4.5
	}
	marks := make([]vg.Length, len(weight))
	for i, w := range weight {
		marks[i] = vg.Length(max(1.8, most*math.Sqrt(w/largest)))
	}
	return marks
}

func (r *Report) gainPlot(part *ClassificationPart) Plot {
	return Plot{
		Name: "gain", Title: "Cumulative gains",
		Alt:   fmt.Sprintf("The share of all %s that the highest-scored rows hold, against the share of rows.", short(part.Positive, legendName)),
		width: plotWidth, height: plotHeight,
		draw: func(c *canvas) {
			p := newAxes("Share of rows, by falling probability", "Share of all "+short(part.Positive, legendName)+" found")
			unit(p)
			x, y, marks := []float64{0}, []float64{0}, []vg.Length{0}
			prevalence := 1.0
			for _, g := range part.Gains {
				x, y, marks = append(x, g.Share), append(y, g.Recall), append(marks, 3.2)
				if g.Lift > 0 {
					prevalence = min(1, g.Precision/g.Lift)
				}
			}
			ideal := look{color: palette[2], dashes: []vg.Length{1.5, 2}, width: 1.4}
			p.add(series{x: []float64{0, 1}, y: []float64{0, 1}, look: reference})
			p.add(series{x: []float64{0, prevalence, 1}, y: []float64{0, 1, 1}, look: ideal})
			p.add(series{x: x, y: y, look: lookOf(0, 1, false), marks: marks})
			withLegend(c.frame("Cumulative gains", r.subtitle(curvesOf(r, part))), p, []entry{
				{text: "model", look: lookOf(0, 1, false)}, {text: "perfect order", look: ideal}, {text: "random order", look: reference},
			}, bottomRight)
		},
	}
}
