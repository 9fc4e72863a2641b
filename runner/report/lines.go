package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// palette has colours that people with any colour vision tell apart on white
// (Okabe and Ito 2008, without its yellow, and its black kept for text).
var palette = [...]color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
}

// look is how a series is drawn: after the palette's end, dashed.
type look struct {
	color  color.NRGBA
	dashes []vg.Length
	width  vg.Length
}

// lookOf gives series i of n its look; other is the one of merged classes.
func lookOf(i, n int, other bool) look {
	l := look{color: palette[i%len(palette)], width: 2}
	if n > 4 {
		l.width = 1.6
	}
	if i >= len(palette) {
		l.dashes = []vg.Length{5, 2.5}
	}
	if other {
		l.color, l.dashes = color.NRGBA{0x77, 0x77, 0x77, 0xff}, []vg.Length{1.5, 2}
	}
	return l
}

func (l look) line() draw.LineStyle {
	return draw.LineStyle{Color: l.color, Width: l.width, Dashes: l.dashes}
}

func (l look) faded(alpha uint8) color.NRGBA {
	faded := l.color
	faded.A = alpha
	return faded
}

var reference = look{color: color.NRGBA{0x99, 0x99, 0x99, 0xff}, dashes: []vg.Length{4, 3}, width: 1.2}

// series is a line, its marks, or both.
type series struct {
	x, y  []float64
	look  look
	marks []vg.Length // the radius at each point; nil for none
	plain bool        // no line
}

// Plot draws within the axes.
func (s series) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var points []vg.Point
	for i := range s.x {
		points = append(points, vg.Point{X: x(s.x[i]), Y: y(s.y[i])})
	}
	if !s.plain {
		c.StrokeLines(s.look.line(), c.ClipLinesXY(points)...)
	}
	for i, radius := range s.marks {
		at := vg.Point{X: x(s.x[i]), Y: y(s.y[i])}
		if c.Contains(at) {
			c.DrawGlyph(draw.GlyphStyle{Color: s.look.color, Radius: radius, Shape: draw.CircleGlyph{}}, at)
		}
	}
}

// band fills what lies between two lines.
type band struct {
	x, low, high []float64
	color        color.Color
}

// Plot draws within the axes.
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var outline []vg.Point
	for i := range b.x {
		outline = append(outline, vg.Point{X: x(b.x[i]), Y: y(b.high[i])})
	}
	for i := len(b.x) - 1; i >= 0; i-- {
		outline = append(outline, vg.Point{X: x(b.x[i]), Y: y(b.low[i])})
	}
	c.FillPolygon(b.color, c.ClipPolygonXY(outline))
}

// bars are boxes on a vertical axis from 0, with edges on the horizontal one.
type bars struct {
	edges, heights []float64
	color          color.Color
}

// Plot draws within the axes.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	gap := vg.Length(0.5)
	for i, h := range b.heights {
		if h > 0 {
			fill(c, b.color, x(b.edges[i])+gap, y(0), x(b.edges[i+1])-gap, y(h))
		}
	}
}

func fill(c draw.Canvas, with color.Color, x0, y0, x1, y1 vg.Length) {
	c.SetColor(with)
	c.Fill(vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}.Path())
}

// entry is a line of a legend.
type entry struct {
	text string
	look look
	mark bool // a disc and no line
}

const (
	legendLine = vg.Length(16)
	legendKey  = vg.Length(24)

	between = vg.Length(5) // how far apart a line is looked at
)

// corner is where a legend lies within the axes.
type corner struct{ right, top bool }

var (
	topLeft     = corner{top: true}
	topRight    = corner{top: true, right: true}
	bottomLeft  = corner{}
	bottomRight = corner{right: true}
)

// withLegend draws the plot and its legend: within the axes where it has few
// short lines, in the corner that hides least, else beside them. Of corners
// that hide as little the preferred one is taken.
func withLegend(area draw.Canvas, p *chart, entries []entry, prefer corner) {
	style := textStyle(tickSize, ink, draw.XLeft, draw.YCenter)
	width := vg.Length(0)
	for _, e := range entries {
		width = max(width, style.Width(e.text))
	}
	width += legendKey + 8
	if len(entries) > 4 || width > 0.45*area.Size().X {
		plotted := area
		plotted.Max.X -= width + 12
		p.Draw(plotted)
		drawLegend(area, entries, area.Max.X-width, area.Max.Y-legendLine/2)
		return
	}
	p.Draw(area)
	within := p.DataCanvas(area)
	size := vg.Point{X: width + 6, Y: legendLine*vg.Length(len(entries)) + 6}
	box, least := vg.Rectangle{}, -1
	for _, at := range []corner{prefer, topRight, bottomRight, bottomLeft, topLeft} {
		candidate := at.box(within.Rectangle, size)
		if hidden := p.within(within, candidate); least < 0 || hidden < least {
			box, least = candidate, hidden
		}
	}
	fill(area, color.NRGBA{0xff, 0xff, 0xff, 0xdd}, box.Min.X, box.Min.Y, box.Max.X, box.Max.Y)
	drawLegend(area, entries, box.Min.X+6, box.Max.Y-4-legendLine/2)
}

// box is a rectangle in the corner of another one.
func (at corner) box(of vg.Rectangle, size vg.Point) vg.Rectangle {
	const gap = vg.Length(8)
	low := vg.Point{X: of.Min.X + gap, Y: of.Min.Y + gap}
	if at.right {
		low.X = of.Max.X - size.X - gap/2
	}
	if at.top {
		low.Y = of.Max.Y - size.Y - gap/2
	}
	return vg.Rectangle{Min: low, Max: low.Add(size)}
}

// within counts the points of all lines, and between their points, in a box.
func (p *chart) within(c draw.Canvas, box vg.Rectangle) int {
	x, y := p.Transforms(&c)
	hidden := 0
	count := func(at vg.Point) {
		if at.X >= box.Min.X && at.X <= box.Max.X && at.Y >= box.Min.Y && at.Y <= box.Max.Y {
			hidden++
		}
	}
	for _, s := range p.lines {
		for i := range s.x {
			at := vg.Point{X: x(s.x[i]), Y: y(s.y[i])}
			count(at)
			if i == 0 || s.plain {
				continue
			}
			from := vg.Point{X: x(s.x[i-1]), Y: y(s.y[i-1])}
			way := at.Sub(from)
			length := vg.Length(math.Hypot(float64(way.X), float64(way.Y)))
			for d := between; d < length; d += between {
				count(from.Add(way.Scale(d / length)))
			}
		}
	}
	return hidden
}

func drawLegend(c draw.Canvas, entries []entry, left, y vg.Length) {
	style := textStyle(tickSize, ink, draw.XLeft, draw.YCenter)
	for _, e := range entries {
		if e.mark {
			c.DrawGlyph(draw.GlyphStyle{Color: e.look.color, Radius: 3.5, Shape: draw.CircleGlyph{}}, vg.Point{X: left + legendKey/2, Y: y})
		} else {
			c.StrokeLine2(e.look.line(), left, y, left+legendKey, y)
		}
		c.FillText(style, vg.Point{X: left + legendKey + 6, Y: y + centring}, e.text)
		y -= legendLine
	}
}

// bounds are the smallest and the largest number.
func bounds(low, high float64, values ...float64) (float64, float64) {
	for _, v := range values {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	return low, high
}
