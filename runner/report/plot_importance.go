package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	plotFeatures = 20
	featureName  = 28
)

func (r *Report) importancePlot(name string, m *Importance) Plot {
	shown := m.Features[:min(plotFeatures, len(m.Features))]
	title, axis := "Feature importance by "+string(m.Kind), map[Kind]string{
		GainImportance: "Total gain of the feature's splits", SplitImportance: "Number of the feature's splits", CoefficientImportance: "Coefficient",
	}[m.Kind]
	more := ""
	switch m.Kind {
	case PermutationImportance:
		title, axis = "Permutation importance", "Loss of "+short(m.Metric, featureName)+" when shuffled"
		more = fmt.Sprintf("mean and deviation of %s", count(float64(m.Repeats), "repeat"))
	case CoefficientImportance:
		title = "Coefficients"
		if m.Output != "" {
			title += " of " + short(m.Output, featureName)
		}
	}
	if left := len(m.Features) + m.Left - len(shown); left > 0 {
		if more != "" {
			more += " · "
		}
		more += fmt.Sprintf("%s of %s features", quantity(float64(len(shown))), quantity(float64(len(shown)+left)))
	}
	subtitle := short(r.Target, 32)
	if subtitle != "" && more != "" {
		subtitle += " · "
	}
	subtitle += more
	return Plot{
		Name: name, Title: title,
		Alt:   fmt.Sprintf("%s: %s leads with %s.", title, short(shown[0].Name, featureName), figure(shown[0].Value)),
		width: plotWidth, height: 1.5*vg.Inch + vg.Length(len(shown))*19,
		draw: func(c *canvas) {
			p := newAxes(axis, "")
			low, high := 0.0, 0.0
			for _, f := range shown {
				low, high = bounds(low, high, f.Value-f.Std, f.Value+f.Std)
			}
			if low == high {
				high = 1
			}
			room := 0.14 * (high - low) // for the numbers
			p.X.Min, p.X.Max = low, high+room
			if low < 0 {
				p.X.Min -= room
			}
			p.Y.Min, p.Y.Max = -0.6, float64(len(shown))-0.4
			var ticks plot.ConstantTicks
			for i, f := range shown {
				ticks = append(ticks, plot.Tick{Value: float64(len(shown) - 1 - i), Label: short(f.Name, featureName)})
			}
			p.Y.Tick.Marker, p.Y.Tick.Length = ticks, 0
			p.Y.Tick.Label.Color = ink
			p.Y.LineStyle.Width = 0
			p.Add(lying{shown})
			p.Draw(c.frame(title, subtitle))
		},
	}
}

// lying draws bars from 0 to the right or the left, the first one on top.
type lying struct{ features []Feature }

// Plot draws within the axes.
func (b lying) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, f := range b.features {
		middle, half := y(float64(len(b.features)-1-i)), (y(1)-y(0))*0.36
		l := lookOf(0, 1, false)
		if f.Value < 0 {
			l = lookOf(1, 2, false)
		}
		fill(c, l.faded(0xd8), min(x(0), x(f.Value)), middle-half, max(x(0), x(f.Value)), middle+half)
		tip := x(f.Value)
		if f.Std > 0 {
			whisker := draw.LineStyle{Color: ink, Width: 1}
			c.StrokeLine2(whisker, x(f.Value-f.Std), middle, x(f.Value+f.Std), middle)
			c.StrokeLine2(whisker, x(f.Value-f.Std), middle-half/2, x(f.Value-f.Std), middle+half/2)
			c.StrokeLine2(whisker, x(f.Value+f.Std), middle-half/2, x(f.Value+f.Std), middle+half/2)
			tip = x(f.Value + math.Copysign(f.Std, f.Value))
		}
		style, at := textStyle(9.5, muted, draw.XLeft, draw.YCenter), tip+5
		if f.Value < 0 {
			style.XAlign, at = draw.XRight, tip-5
		}
		c.FillText(style, vg.Point{X: at, Y: middle + centring}, compact(f.Value))
	}
	c.StrokeLine2(draw.LineStyle{Color: muted, Width: 0.8}, x(0), c.Min.Y, x(0), c.Max.Y)
}
