package sample

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"mlops/runner/olga/genkey"
	"mlops/runner/olga/simulate"
)

// WriteKeywords writes a case's keyword file, in the form of OLGA 2017.2.
func (c Case) WriteKeywords(out io.Writer) error {
	d := &genkey.Document{Version: version, Ended: true}
	add := func(section string, list ...genkey.Keyword) {
		for _, k := range list {
			k.Section = section
			d.Keywords = append(d.Keywords, k)
		}
	}
	add(genkey.SectionGlobal, c.global()...)
	add(genkey.SectionLibrary, c.library()...)
	add(genkey.SectionComponents, component("FLOWPATH", 1, c.flowPath()...))
	for i, u := range c.controllers() {
		add(genkey.SectionComponents, component("MANUALCONTROLLER", i+1,
			keyword("PARAMETERS", text("LABEL", u.label),
				series("TIME", "s", u.Setpoints, func(s simulate.Setpoint) float64 { return s.Time }),
				series("SETPOINT", "", u.Setpoints, func(s simulate.Setpoint) float64 { return s.Value }),
				number("STROKETIME", u.StrokeTime, "s")),
			keyword("TRENDDATA", word("VARIABLE", "CONTR"))))
	}
	in, end := c.System.Inlet, c.System.Outlet
	add(genkey.SectionComponents, component("NODE", 1, tank("TK-IN", in.Temperature, in.Pressure)), component("NODE", 2, tank("TK-OUT", end.Temperature, end.Pressure)))
	add(genkey.SectionConnections, connection("FLOWPATH_1", "INLET", "NODE_1", "FLOWTERM_1"), connection("FLOWPATH_1", "OUTLET", "NODE_2", "FLOWTERM_1"))
	for i, u := range c.controllers() {
		add(genkey.SectionConnections, connection(fmt.Sprintf("MANUALCONTROLLER_%d", i+1), "CONTR_1", "FLOWPATH_1", u.terminal))
	}
	if err := d.Format(out); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	return nil
}

func (c Case) global() []genkey.Keyword {
	return []genkey.Keyword{
		keyword("OPTIONS", word("TEMPERATURE", "UGIVEN"), word("COMPOSITIONAL", "OFF"), word("ELASTICWALLS", "ON"), word("FLOWMODEL", "OLGAHD")),
		keyword("CASE", text("AUTHOR", author), word("DATE", "01/01/2026"), text("PROJECT", project), text("TITLE", title), text("INFO", "Operation: "+string(c.Operation))),
		keyword("FILES", text("PVTFILE", pvtFile)),
		keyword("INTEGRATION", number("ENDTIME", c.Duration(), "s"), number("MAXDT", c.maxStep, "s"), number("MINDT", minStep, "s"),
			number("STARTTIME", 0, "s"), number("DTSTART", firstStep, "s")),
		keyword("OUTPUT", word("WRITEFILE", "OFF")),
		keyword("TREND", number("DTPLOT", plotStep, "s")),
		keyword("PROFILE", word("WRITEFILE", "OFF")),
		keyword("RESTART", word("WRITE", "OFF"), word("READFILE", "OFF")),
	}
}

func (c Case) library() []genkey.Keyword {
	const (
		points = 8
		hour   = 3600
	)
	l, p := c.System.Line, c.System.Inlet.Pump
	var flows, heads, speeds []float64
	most := math.Sqrt(p.ShutOffHead / p.Loss)
	for i := range points {
		q := math.Floor(most*hour*float64(i)/(points-1)) / hour
		flows, speeds = append(flows, math.Round(q*hour)), append(speeds, p.MaxSpeed)
		heads = append(heads, math.Round(1e4*(p.ShutOffHead-float64(p.Loss*q*q)))/1e4)
	}
	same := func(v float64) float64 { return v }
	return []genkey.Keyword{
		keyword("MATERIAL", word("LABEL", "Steel"), number("CAPACITY", 450, "J/kg-C"), number("CONDUCTIVITY", 20, "W/m-K"), number("DENSITY", 7850, "kg/m3"), number("EMOD", l.WallModulus, "Pa")),
		keyword("WALL", text("LABEL", "WALL-1"), scaled("THICKNESS", l.WallThickness, 100, "cm"), word("MATERIAL", "Steel"), word("ELASTIC", "ON")),
		keyword("CENTPUMPCURVE", text("LABEL", "C-1"), series("VOLUMEFLOW", "m3/h", flows, same), series("SPEED", "rpm", speeds, same), number("GVF", 0, "%"),
			number("DENSITY", l.Fluid.Density, "kg/m3"), series("HEAD", "m", heads, same)),
	}
}

// flowPath is the pipeline with all that is on it.
func (c Case) flowPath() []genkey.Keyword {
	l := c.System.Line
	list := []genkey.Keyword{keyword("PARAMETERS", word("LABEL", branch)), keyword("BRANCH", word("FLUID", "OIL")), keyword("GEOMETRY", text("LABEL", "GEOMETRY-1"))}
	for _, p := range l.Pipes {
		list = append(list, keyword("PIPE", scaled("ROUGHNESS", l.Roughness, 1000, "mm"), text("LABEL", p.Label), text("WALL", "WALL-1"), number("NSEGMENT", float64(p.Sections), ""),
			series("LSEGMENT", "m", make([]float64, p.Sections), func(float64) float64 { return l.SectionLength }), number("LENGTH", float64(p.Sections)*l.SectionLength, "m"),
			number("ELEVATION", p.Rise, "m"), scaled("DIAMETER", l.Diameter, 100, "cm")))
	}
	for _, i := range instruments() {
		list = append(list, keyword("TRENDDATA", text("PIPE", l.Pipes[i.pipe].Label), number("SECTION", float64(i.number), ""),
			genkey.Parameter{Name: "VARIABLE", Value: genkey.NewList("", genkey.NewWord("PT"), genkey.NewWord("TM"), genkey.NewWord("GT"))}))
	}
	leak := simulate.Leak{Boundary: l.Sections() / 2, BackPressure: atmosphere, Orifice: simulate.Orifice{Discharge: 0.62}}
	if c.Leak != nil {
		leak = c.System.Leaks[0]
	}
	v := c.System.Outlet.Valve
	return append(list,
		keyword("CENTRIFUGALPUMP", word("LABEL", pump), number("MAXSPEED", c.System.Inlet.Pump.MaxSpeed, "rpm"), word("CURVEMODE", "SINGLEPHASE"), number("ABSPOSITION", 0, "m"), text("CURVES", "C-1")),
		keyword("CHECKVALVE", text("LABEL", "CHECK-1"), number("ABSPOSITION", 0, "m")),
		keyword("HEATTRANSFER", word("LABEL", "Soil"), word("PIPE", "ALL"), word("HOUTEROPTION", "HGIVEN"), number("TAMBIENT", l.Ambient, "C"), number("UVALUE", l.HeatTransfer, "W/m2-C")),
		keyword("LEAK", word("LABEL", leakLabel), word("VALVETYPE", "OLGAVALVE"), number("ABSPOSITION", float64(leak.Boundary)*l.SectionLength, "m"), number("TIME", 0, "s"),
			number("BACKPRESSURE", leak.BackPressure, "Pa"), scaled("DIAMETER", leak.Diameter, 1000, "mm"), number("CD", leak.Discharge, ""), number("OPENING", 1, "")),
		keyword("VALVE", text("LABEL", valve), word("MODEL", "HYDROVALVE"), number("ABSPOSITION", l.Length(), "m"), scaled("DIAMETER", v.Diameter, 100, "cm"), number("CD", v.Discharge, "")),
		keyword("TRENDDATA", word("CENTRIFUGALPUMP", pump), word("VARIABLE", "PUMPSPEED")),
		keyword("TRENDDATA", word("LEAK", leakLabel), word("VARIABLE", "GTLEAK")),
	)
}

// controller is one of a case's, with what it is connected to.
type controller struct {
	label, terminal string
	simulate.Controller
}

func (c Case) controllers() []controller {
	leak := simulate.Constant(0)
	if c.Leak != nil {
		leak = c.System.Leaks[0].Opening
	}
	return []controller{
		{pumpController, pump + "@SPEEDSIG", c.System.Inlet.Pump.Speed}, {leakController, leakLabel + "@VALVESIG", leak},
		{valveController, valve + "@VALVESIG", c.System.Outlet.Valve.Opening},
	}
}

// tank is what a node's keywords say.
func tank(label string, temperature, pressure float64) genkey.Keyword {
	return keyword("PARAMETERS", text("LABEL", label), word("TYPE", "PRESSURE"), number("GASFRACEQ", 0, "-"), number("OILFRACEQ", 1, "-"), number("WATERFRACEQ", 0, "-"),
		number("TEMPERATURE", temperature, "C"), number("PRESSURE", pressure, "Pa"), number("TIME", 0, "s"), word("FLUID", "OIL"))
}

func component(kind string, number int, keywords ...genkey.Keyword) genkey.Keyword {
	k := keyword("NETWORKCOMPONENT", word("TYPE", kind), word("TAG", fmt.Sprintf("%s_%d", kind, number)))
	k.Keywords = keywords
	return k
}

func connection(from, output, to, input string) genkey.Keyword {
	a, b := genkey.NewWord(from), genkey.NewWord(to)
	a.Unit, b.Unit = output, input
	return keyword("CONNECTION", genkey.Parameter{Name: "TERMINALS", Value: genkey.NewList("", a, b)})
}

func keyword(name string, parameters ...genkey.Parameter) genkey.Keyword {
	return genkey.Keyword{Name: name, Parameters: parameters}
}

func word(name, value string) genkey.Parameter {
	return genkey.Parameter{Name: name, Value: genkey.NewWord(value)}
}

func text(name, value string) genkey.Parameter {
	return genkey.Parameter{Name: name, Value: genkey.NewText(value)}
}

// number is a value in full.
func number(name string, v float64, unit string) genkey.Parameter {
	return genkey.Parameter{Name: name, Value: spelled(strconv.FormatFloat(v, 'f', -1, 64), unit)}
}

// scaled is a value in a smaller unit, without what binary fractions add to it.
func scaled(name string, v, by float64, unit string) genkey.Parameter {
	return genkey.Parameter{Name: name, Value: spelled(strconv.FormatFloat(float64(v*by), 'g', 12, 64), unit)}
}

// spelled is the number that a spelling means.
func spelled(digits, unit string) genkey.Value {
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		panic(err) // it was a number a moment ago
	}
	return genkey.Value{Kind: genkey.Number, Text: digits, Number: v, Unit: unit}
}

// series is one value, or a list of them.
func series[T any](name, unit string, list []T, value func(T) float64) genkey.Parameter {
	if len(list) == 1 {
		return number(name, value(list[0]), unit)
	}
	var values []genkey.Value
	for _, v := range list {
		values = append(values, number("", value(v), "").Value)
	}
	return genkey.Parameter{Name: name, Value: genkey.NewList(unit, values...)}
}
