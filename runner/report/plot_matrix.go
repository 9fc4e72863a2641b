package report

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	xfont "golang.org/x/image/font"
)

const matrixName = 18

func (r *Report) confusionPlot(part *ClassificationPart) Plot {
	shown := part.Confusion.atMost(MaxCurves)
	return Plot{
		Name: "confusion_matrix", Title: "Confusion matrix",
		Alt:   fmt.Sprintf("Rows by true and predicted class, %d classes; %s of all rows are on the diagonal.", len(shown.Labels), percent(part.Micro.Recall)),
		width: 6.8 * vg.Inch, height: 6 * vg.Inch,
		draw: func(c *canvas) {
			drawMatrix(c.frame("Confusion matrix", r.subtitle("colour: share of the true class")), shown)
		},
	}
}

// drawMatrix fills the area with square cells, the first true class on top.
func drawMatrix(area draw.Canvas, m Confusion) {
	n := len(m.Labels)
	names := make([]string, n)
	label := textStyle(tickSize, ink, draw.XRight, draw.YCenter)
	axis := textStyle(labelSize, ink, draw.XCenter, draw.YBottom)
	widest := vg.Length(0)
	for i, name := range m.Labels {
		names[i] = short(name, matrixName)
		widest = max(widest, label.Width(names[i]))
	}
	const scale = vg.Length(56) // for the colours
	left, bottom := widest+labelSize+18, labelSize+tickSize+20
	side := min(area.Size().X-left-scale, area.Size().Y-labelSize-tickSize-22) / vg.Length(n)
	turned := widest > side-6
	if turned {
		bottom = widest*0.71 + labelSize + 22
		side = min(area.Size().X-left-scale, area.Size().Y-bottom) / vg.Length(n)
	}
	x0, top := area.Min.X+left, area.Max.Y
	for i := range names {
		middle := top - side*(vg.Length(i)+0.5)
		area.FillText(label, vg.Point{X: x0 - 8, Y: middle}, names[i])
		below := textStyle(tickSize, ink, draw.XCenter, draw.YTop)
		at := vg.Point{X: x0 + side*(vg.Length(i)+0.5), Y: top - side*vg.Length(n) - 6}
		if turned {
			below.Rotation, below.XAlign = math.Pi/4, draw.XRight
			at.X += tickSize / 3
		}
		area.FillText(below, at, names[i])
		drawRow(area, m.Counts[i], x0, top-side*vg.Length(i), side)
	}
	axis.YAlign = draw.YBottom
	area.FillText(axis, vg.Point{X: x0 + side*vg.Length(n)/2, Y: top - side*vg.Length(n) - bottom}, "Predicted class")
	axis.Rotation, axis.YAlign = math.Pi/2, draw.YTop
	area.FillText(axis, vg.Point{X: area.Min.X, Y: top - side*vg.Length(n)/2}, "True class")
	drawScale(area, x0+side*vg.Length(n)+14, top, side*vg.Length(n))
}

// drawRow draws the cells of one true class.
func drawRow(area draw.Canvas, counts []float64, x, top, side vg.Length) {
	all := 0.0
	for _, count := range counts {
		all += count
	}
	for j, count := range counts {
		share := 0.0
		if all > 0 {
			share = count / all
		}
		at := x + side*vg.Length(j)
		fill(area, shade(share), at+0.75, top-side+0.75, at+side-0.75, top-0.75)
		text := inkOn(shade(share))
		style := textStyle(min(14, side*0.34), text, draw.XCenter, draw.YCenter)
		number := quantity(count)
		if wide := style.Width(number); wide > side-4 {
			style.Font.Size *= (side - 4) / wide
		}
		middle := vg.Point{X: at + side/2, Y: top - side/2}
		if side < 44 {
			area.FillText(style, middle, number)
			continue
		}
		style.Font.Weight = xfont.WeightBold
		area.FillText(style, vg.Point{X: middle.X, Y: middle.Y + style.Font.Size*0.6}, number)
		small := textStyle(max(7, min(10.5, side*0.19)), text, draw.XCenter, draw.YCenter)
		area.FillText(small, vg.Point{X: middle.X, Y: middle.Y - style.Font.Size*0.7}, percent(share))
	}
}

// drawScale says what the colours mean.
func drawScale(area draw.Canvas, x, top, height vg.Length) {
	const width, steps = vg.Length(10), 100
	for i := range steps {
		y := top - height + height*vg.Length(i)/steps
		fill(area, shade(float64(i)/(steps-1)), x, y, x+width, top) // to the top, so that no seams show
	}
	style := textStyle(9, muted, draw.XLeft, draw.YCenter)
	for i := range 3 {
		share := float64(i) / 2
		area.FillText(style, vg.Point{X: x + width + 4, Y: top - height + height*vg.Length(0.01+0.98*share)}, fmt.Sprintf("%.0f %%", 100*share))
	}
}

// inkOn is the colour of text that is read best on a ground, by the contrast of
// their luminances (Web Content Accessibility Guidelines 2.2).
func inkOn(ground color.NRGBA) color.NRGBA {
	light := func(c color.NRGBA) float64 {
		linear := func(v uint8) float64 { return math.Pow((float64(v)/255+0.055)/1.055, 2.4) }
		return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B) + 0.05
	}
	if light(paper)/light(ground) > light(ground)/light(ink) {
		return paper
	}
	return ink
}

// shades go from near white to a dark blue, each darker than the one before, so
// that they are told apart without colour, too.
var shades = [...]color.NRGBA{
	{0xf3, 0xf7, 0xfb, 0xff}, {0xd0, 0xe1, 0xf2, 0xff}, {0x94, 0xc4, 0xdf, 0xff}, {0x4a, 0x98, 0xc9, 0xff}, {0x17, 0x64, 0xab, 0xff}, {0x08, 0x3d, 0x7f, 0xff},
}

func shade(share float64) color.NRGBA {
	at := max(0, min(1, share)) * float64(len(shades)-1)
	i := min(int(at), len(shades)-2)
	t := at - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-t) + float64(b)*t)) }
	a, b := shades[i], shades[i+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}
