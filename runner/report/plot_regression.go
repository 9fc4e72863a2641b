package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

func (r *Report) residualPlot(part *RegressionPart) Plot {
	return Plot{
		Name: "residuals", Title: "Residuals against predictions",
		Alt:   fmt.Sprintf("True value less prediction, against the prediction; their mean is %s, their standard deviation %s.", figure(part.Residuals.Mean), figure(part.Residuals.Std)),
		width: plotWidth, height: plotHeight,
		draw: func(c *canvas) {
			p := newAxes("Predicted "+short(r.Target, 32), "Residual (true - predicted)")
			xs := part.Points.Predicted
			ys := make([]float64, len(xs))
			for i, y := range part.Points.True {
				ys[i] = y - xs[i]
			}
			left, right := bounds(xs[0], xs[0], xs...)
			low, high := bounds(0, 0, ys...)
			spread(&p.X, left, right, 0.03)
			spread(&p.Y, low, high, 0.05)
			dots, trend := lookOf(0, 1, false), lookOf(1, 2, false)
			radius := vg.Length(2.6)
			if len(xs) > 500 {
				radius = 1.9
			}
			marks := make([]vg.Length, len(xs))
			for i := range marks {
				marks[i] = radius
			}
			faded := dots
			faded.color = dots.faded(0x66)
			p.add(series{x: xs, y: ys, look: faded, marks: marks, plain: true})
			p.add(series{x: []float64{p.X.Min, p.X.Max}, y: []float64{0, 0}, look: reference})
			shown := ""
			if len(xs) < r.Rows {
				shown = quantity(float64(len(xs))) + " of them drawn"
			}
			entries := []entry{{text: "row", look: dots, mark: true}}
			if x, y := runningMedian(xs, ys); len(x) > 1 {
				p.add(series{x: x, y: y, look: trend})
				entries = append(entries, entry{text: "running median", look: trend})
			}
			withLegend(c.frame("Residuals against predictions", r.subtitle(shown)), p, entries, topRight)
		},
	}
}

// runningMedian is the median residual, and prediction, of up to 15 runs of at
// least 10 rows in the order of the prediction.
func runningMedian(x, y []float64) (atX, atY []float64) {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	runs := min(15, len(x)/10)
	for i := range runs {
		rows := order[i*len(x)/runs : (i+1)*len(x)/runs]
		run := pick(y, rows)
		slices.Sort(run)
		atX, atY = append(atX, quantile(pick(x, rows), 0.5)), append(atY, quantile(run, 0.5))
	}
	return atX, atY
}

func (r *Report) histogramPlot(part *RegressionPart) Plot {
	return Plot{
		Name: "residual_histogram", Title: "Distribution of residuals",
		Alt:   fmt.Sprintf("How many rows have which residual; half of them lie from %s to %s.", figure(part.at(0.25)), figure(part.at(0.75))),
		width: plotWidth, height: plotHeight,
		draw: func(c *canvas) {
			p := newAxes("Residual (true - predicted)", "Rows")
			h := part.Histogram
			heights := make([]float64, len(h.Counts))
			for i, n := range h.Counts {
				heights[i] = float64(n)
			}
			spread(&p.X, h.Edges[0], h.Edges[len(h.Edges)-1], 0.02)
			p.Y.Min, p.Y.Max = 0, max(1, 1.08*slices.Max(heights))
			p.Add(bars{h.Edges, heights, lookOf(0, 1, false).faded(0xcc)})
			p.lines = append(p.lines, series{x: h.Edges[1:], y: heights})
			middle := lookOf(1, 2, false)
			p.add(series{x: []float64{0, 0}, y: []float64{0, p.Y.Max}, look: reference})
			p.add(series{x: []float64{part.at(0.5), part.at(0.5)}, y: []float64{0, p.Y.Max}, look: middle})
			beyond := ""
			if h.Below+h.Above > 0 {
				beyond = fmt.Sprintf("not shown: %s below, %s above", quantity(float64(h.Below)), quantity(float64(h.Above)))
			}
			withLegend(c.frame("Distribution of residuals", r.subtitle(beyond)), p, []entry{
				{text: "median " + compact(part.at(0.5)), look: middle}, {text: "no error", look: reference},
			}, topRight)
		},
	}
}

// at is a quantile of the residuals.
func (p *RegressionPart) at(q float64) float64 {
	for _, known := range p.Residuals.Quantiles {
		if known.Q == q {
			return known.Value
		}
	}
	return 0
}

// compact writes a number with three digits, or its whole part.
func compact(v float64) string {
	if math.Abs(v) >= 1000 && math.Abs(v) < 1e6 {
		return quantity(math.Round(v))
	}
	return fmt.Sprintf("%.3g", v)
}
