package report

import (
	"fmt"

	"gonum.org/v1/plot/vg"

	"mlops/runner/metrics"
)

func (r *Report) learningPlot(l *LearningCurve) Plot {
	first := l.Series[0]
	return Plot{
		Name: "learning_curve", Title: "Learning curve",
		Alt: fmt.Sprintf("%s by %s; %s ends at %s.", short(l.Metric, featureName), short(l.Step, featureName),
			short(first.Name, featureName), figure(first.Y[len(first.Y)-1])),
		width: plotWidth, height: plotHeight,
		draw: func(c *canvas) {
			p := newAxes(capital(short(l.Step, featureName)), short(l.Metric, featureName))
			left, right := bounds(first.X[0], first.X[0])
			low, high := bounds(first.Y[0], first.Y[0])
			var entries []entry
			for i, s := range l.Series {
				style := lookOf(i, len(l.Series), false)
				left, right = bounds(left, right, s.X...)
				low, high = bounds(low, high, s.Y...)
				if s.Std != nil {
					b := band{x: s.X, color: style.faded(0x2e)}
					for k, y := range s.Y {
						b.low, b.high = append(b.low, y-s.Std[k]), append(b.high, y+s.Std[k])
					}
					low, high = bounds(low, high, append(b.low, b.high...)...)
					p.Add(b)
				}
				entries = append(entries, entry{text: short(s.Name, legendName), look: style})
			}
			spread(&p.X, left, right, 0.015)
			spread(&p.Y, low, high, 0.05)
			for i, s := range l.Series {
				line := series{x: s.X, y: s.Y, look: lookOf(i, len(l.Series), false)}
				if len(s.X) <= 20 {
					line.marks = make([]vg.Length, len(s.X))
					for k := range line.marks {
						line.marks[k] = 3
					}
				}
				p.add(line)
			}
			if l.Best != nil {
				p.add(series{x: []float64{*l.Best, *l.Best}, y: []float64{p.Y.Min, p.Y.Max}, look: reference})
				entries = append(entries, entry{text: fmt.Sprintf("kept: %s", quantity(*l.Best)), look: reference})
			}
			prefer := topRight // where losses do not end up; names that are not known are of losses
			if higher, _ := metrics.Direction(l.Metric); higher {
				prefer = bottomRight
			}
			withLegend(c.frame("Learning curve", learningSubtitle(r, l)), p, entries, prefer)
		},
	}
}

func learningSubtitle(r *Report, l *LearningCurve) string {
	text := short(r.Target, 32)
	for _, s := range l.Series {
		if s.Std != nil {
			if text != "" {
				text += " · "
			}
			return text + "bands: one standard deviation"
		}
	}
	return text
}
