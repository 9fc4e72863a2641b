package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	xfont "golang.org/x/image/font"
)

const pixelsPerInch = 144

// The sizes of plots and their text.
const (
	plotWidth, plotHeight = 7.5 * vg.Inch, 5 * vg.Inch

	margin       = vg.Length(14)
	titleSize    = vg.Length(15)
	subtitleSize = vg.Length(10.5)
	labelSize    = vg.Length(11.5)
	tickSize     = vg.Length(10.5)

	centring = vg.Length(0.9) // what the middle of digits and small letters is below that of a line
)

// Ink that is not data.
var (
	ink   = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	muted = color.NRGBA{0x66, 0x66, 0x66, 0xff}
	rule  = color.NRGBA{0xe4, 0xe4, 0xe4, 0xff}
	paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// canvas is what one plot is drawn on.
type canvas struct {
	draw.Canvas
	svg *vgsvg.Canvas
	png *vgimg.Canvas
}

func newCanvas(width, height vg.Length, format Format) (*canvas, error) {
	c := &canvas{}
	switch format {
	case SVG:
		c.svg = vgsvg.New(width, height)
		c.Canvas = draw.New(c.svg)
	case PNG:
		c.png = vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pixelsPerInch))
		c.Canvas = draw.New(c.png)
	default:
		return nil, fmt.Errorf("unknown format %q of a plot (known: %s, %s)", format, PNG, SVG)
	}
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	return c, nil
}

func (c *canvas) writeTo(w io.Writer) error {
	var drawn bytes.Buffer
	if c.png != nil {
		_, err := vgimg.PngCanvas{Canvas: c.png}.WriteTo(w)
		return err
	}
	if _, err := c.svg.WriteTo(&drawn); err != nil {
		return err
	}
	// Text of a drawing is escaped, so that this can only be a style: Arial is as
	// wide as Liberation Sans where that is not installed.
	_, err := w.Write(bytes.ReplaceAll(drawn.Bytes(), []byte(`style="font-family:Liberation Sans;font-variant:normal;`),
		[]byte(`style="font-family:'Liberation Sans',Arial,Helvetica,sans-serif;`)))
	return err
}

// sans is the font of all text.
func sans(size vg.Length, weight xfont.Weight) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size}
}

func textStyle(size vg.Length, ink color.Color, x draw.XAlignment, y draw.YAlignment) draw.TextStyle {
	return draw.TextStyle{Color: ink, Font: sans(size, xfont.WeightNormal), XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

// frame writes the titles and returns the area below them.
func (c *canvas) frame(title, subtitle string) draw.Canvas {
	area := draw.Crop(c.Canvas, margin, -margin, margin, -margin)
	style := textStyle(titleSize, ink, draw.XLeft, draw.YTop)
	style.Font.Weight = xfont.WeightBold
	c.FillText(style, vg.Point{X: area.Min.X, Y: area.Max.Y}, title)
	area.Max.Y -= titleSize + 6
	if subtitle != "" {
		c.FillText(textStyle(subtitleSize, muted, draw.XLeft, draw.YTop), vg.Point{X: area.Min.X, Y: area.Max.Y}, subtitle)
		area.Max.Y -= subtitleSize + 4
	}
	area.Max.Y -= 8
	return area
}

// newAxes makes an empty plot with a light grid. Both axes' padding is nothing:
// ranges are chosen so that the data keeps away from the edges.
func newAxes(x, y string) *chart {
	p := &chart{Plot: plot.New()}
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(labelSize, xfont.WeightNormal)
		axis.Label.TextStyle.Color = ink
		axis.Label.Padding = 6
		axis.Tick.Label.Font = sans(tickSize, xfont.WeightNormal)
		axis.Tick.Label.Color = muted
		axis.Tick.LineStyle.Color = muted
		axis.Tick.LineStyle.Width = 0.6
		axis.Tick.Length = 4
		axis.LineStyle.Color = muted
		axis.LineStyle.Width = 0.8
		axis.Padding = 0
		axis.Tick.Marker = plot.TickerFunc(niceTicks)
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Add(grid2D{upright: y == ""})
	return p
}

// chart is a plot and the lines that its legend keeps away from.
type chart struct {
	*plot.Plot
	lines []series
}

// add adds a line.
func (p *chart) add(s series) {
	p.Add(s)
	p.lines = append(p.lines, s)
}

// grid2D draws the lines of the major ticks; upright leaves out the level ones.
type grid2D struct{ upright bool }

// Plot draws beneath what is added later.
func (g grid2D) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: rule, Width: 0.7}
	for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if at := x(tick.Value); !tick.IsMinor() && c.ContainsX(at) {
			c.StrokeLine2(style, at, c.Min.Y, at, c.Max.Y)
		}
	}
	if g.upright {
		return
	}
	for _, tick := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if at := y(tick.Value); !tick.IsMinor() && c.ContainsY(at) {
			c.StrokeLine2(style, c.Min.X, at, c.Max.X, at)
		}
	}
}
