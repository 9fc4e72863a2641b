package report

import (
	"fmt"
	"io"

	"gonum.org/v1/plot/vg"
)

// Format is how a plot is written.
type Format string

// The formats of plots.
const (
	SVG Format = "svg" // text stays text, in Liberation Sans or Arial
	PNG Format = "png" // 144 dots per inch
)

// Plot is one drawing of a report, which must not change before it is drawn.
type Plot struct {
	Name  string // by which it is filed: "roc", "confusion_matrix", …
	Title string
	Alt   string // what it shows, in a sentence

	width, height vg.Length
	draw          func(*canvas)
}

// Plots lists the drawings that the report's data allows, in the order in which
// one looks at them.
func (r *Report) Plots() []Plot {
	var plots []Plot
	if c := r.Classification; c != nil {
		plots = append(plots, r.confusionPlot(c))
		if len(c.ROC) > 0 {
			plots = append(plots, r.rocPlot(c), r.precisionRecallPlot(c))
		}
		if len(c.Calibration) > 0 {
			plots = append(plots, r.calibrationPlot(c))
		}
		if len(c.Gains) > 0 {
			plots = append(plots, r.gainPlot(c))
		}
	}
	if c := r.Regression; c != nil {
		plots = append(plots, r.residualPlot(c), r.histogramPlot(c))
	}
	seen := make(map[string]int)
	for i := range r.Importances {
		name := "importance_" + string(r.Importances[i].Kind)
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s_%d", name, seen[name])
		}
		plots = append(plots, r.importancePlot(name, &r.Importances[i]))
	}
	if r.LearningCurve != nil {
		plots = append(plots, r.learningPlot(r.LearningCurve))
	}
	return plots
}

// Write draws the plot, the same bytes for the same report.
func (p Plot) Write(w io.Writer, format Format) error {
	c, err := newCanvas(p.width, p.height, format)
	if err != nil {
		return fmt.Errorf("draw %s: %w", p.Name, err)
	}
	p.draw(c)
	if err := c.writeTo(w); err != nil {
		return fmt.Errorf("draw %s: %w", p.Name, err)
	}
	return nil
}

// subtitle says what the plot's data is.
func (r *Report) subtitle(more string) string {
	text := ""
	for _, part := range []string{short(r.Target, 32), short(r.Data, 24), count(float64(r.Rows), "row"), more} {
		if part == "" {
			continue
		}
		if text != "" {
			text += " · "
		}
		text += part
	}
	return text
}
