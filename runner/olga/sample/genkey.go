package sample

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"mlops/runner/olga/simulate"
)

// WriteKeywords writes a case's keyword file, in the form of OLGA 2017.2.
func (c Case) WriteKeywords(out io.Writer) error {
	k := &keywords{out: bufio.NewWriter(out)}
	k.line("")
	k.title("Generated with OLGA version " + version)
	k.line("")
	k.title("Global keywords")
	c.global(k)
	k.line("")
	k.title("Library keywords")
	c.library(k)
	c.flowPath(k)
	for i, u := range c.controllers() {
		k.component("MANUALCONTROLLER", i+1, func() {
			k.put(" PARAMETERS", "LABEL="+text(u.label), "TIME="+series(u.Setpoints, func(s simulate.Setpoint) float64 { return s.Time })+" s",
				"SETPOINT="+series(u.Setpoints, func(s simulate.Setpoint) float64 { return s.Value }), "STROKETIME="+number(u.StrokeTime)+" s")
			k.put(" TRENDDATA", "VARIABLE=CONTR")
		})
	}
	in, end := c.System.Inlet, c.System.Outlet
	k.node(1, "TK-IN", in.Temperature, in.Pressure)
	k.node(2, "TK-OUT", end.Temperature, end.Pressure)
	k.line("")
	k.title("Connections")
	k.line("CONNECTION TERMINALS = (FLOWPATH_1 INLET, NODE_1 FLOWTERM_1)")
	k.line("CONNECTION TERMINALS = (FLOWPATH_1 OUTLET, NODE_2 FLOWTERM_1)")
	for i, u := range c.controllers() {
		k.line(fmt.Sprintf("CONNECTION TERMINALS = (MANUALCONTROLLER_%d CONTR_1, FLOWPATH_1 %s)", i+1, u.terminal))
	}
	k.line("")
	k.line("ENDCASE")
	if err := k.out.Flush(); err != nil {
		return fmt.Errorf("%s: write keyword file: %w", c.Name, err)
	}
	return nil
}

func (c Case) global(k *keywords) {
	k.put("OPTIONS", "TEMPERATURE=UGIVEN", "COMPOSITIONAL=OFF", "ELASTICWALLS=ON", "FLOWMODEL=OLGAHD")
	k.put("CASE", "AUTHOR="+text(author), "DATE=01/01/2026", "PROJECT="+text(project), "TITLE="+text(title), "INFO="+text("Operation: "+string(c.Operation)))
	k.put("FILES", "PVTFILE="+text(pvtFile))
	k.put("INTEGRATION", "ENDTIME="+number(c.Duration())+" s", "MAXDT="+number(c.maxStep)+" s", "MINDT="+number(minStep)+" s", "STARTTIME=0 s", "DTSTART="+number(firstStep)+" s")
	k.put("OUTPUT", "WRITEFILE=OFF")
	k.put("TREND", "DTPLOT="+number(plotStep)+" s")
	k.put("PROFILE", "WRITEFILE=OFF")
	k.put("RESTART", "WRITE=OFF", "READFILE=OFF")
}

func (c Case) library(k *keywords) {
	const (
		points = 8
		hour   = 3600
	)
	l, p := c.System.Line, c.System.Inlet.Pump
	k.put("MATERIAL", "LABEL=Steel", "CAPACITY=450 J/kg-C", "CONDUCTIVITY=20 W/m-K", "DENSITY=7850 kg/m3", "EMOD="+number(l.WallModulus)+" Pa")
	k.put("WALL", `LABEL="WALL-1"`, "THICKNESS="+scaled(l.WallThickness, 100)+" cm", "MATERIAL=Steel", "ELASTIC=ON")
	var flows, heads, speeds []float64
	most := math.Sqrt(p.ShutOffHead / p.Loss)
	for i := range points {
		q := math.Floor(most*hour*float64(i)/(points-1)) / hour
		flows, speeds = append(flows, math.Round(q*hour)), append(speeds, p.MaxSpeed)
		heads = append(heads, math.Round(1e4*(p.ShutOffHead-float64(p.Loss*q*q)))/1e4)
	}
	same := func(v float64) float64 { return v }
	k.put("CENTPUMPCURVE", `LABEL="C-1"`, "VOLUMEFLOW="+series(flows, same)+" m3/h", "SPEED="+series(speeds, same)+" rpm", "GVF=0 %",
		"DENSITY="+number(l.Fluid.Density)+" kg/m3", "HEAD="+series(heads, same)+" m")
}

// flowPath is the pipeline with all that is on it.
func (c Case) flowPath(k *keywords) {
	l := c.System.Line
	cm := func(m float64) string { return scaled(m, 100) + " cm" }
	k.component("FLOWPATH", 1, func() {
		k.put(" PARAMETERS", "LABEL="+branch)
		k.put(" BRANCH", "FLUID=OIL")
		k.put(" GEOMETRY", `LABEL="GEOMETRY-1"`)
		for _, p := range l.Pipes {
			lengths := make([]float64, p.Sections)
			k.put(" PIPE", "ROUGHNESS="+scaled(l.Roughness, 1000)+" mm", "LABEL="+text(p.Label), `WALL="WALL-1"`, "NSEGMENT="+strconv.Itoa(p.Sections),
				"LSEGMENT="+series(lengths, func(float64) float64 { return l.SectionLength })+" m", "LENGTH="+number(float64(p.Sections)*l.SectionLength)+" m",
				"ELEVATION="+number(p.Rise)+" m", "DIAMETER="+cm(l.Diameter))
		}
		for _, i := range instruments() {
			k.put(" TRENDDATA", "PIPE="+text(l.Pipes[i.pipe].Label), "SECTION="+strconv.Itoa(i.number), "VARIABLE=(PT, TM, GT)")
		}
		k.put(" CENTRIFUGALPUMP", "LABEL="+pump, "MAXSPEED="+number(c.System.Inlet.Pump.MaxSpeed)+" rpm", "CURVEMODE=SINGLEPHASE", "ABSPOSITION=0 m", `CURVES="C-1"`)
		k.put(" CHECKVALVE", `LABEL="CHECK-1"`, "ABSPOSITION=0 m")
		k.put(" HEATTRANSFER", "LABEL=Soil", "PIPE=ALL", "HOUTEROPTION=HGIVEN", "TAMBIENT="+number(l.Ambient)+" C", "UVALUE="+number(l.HeatTransfer)+" W/m2-C")
		leak := simulate.Leak{Boundary: l.Sections() / 2, BackPressure: atmosphere, Orifice: simulate.Orifice{Discharge: 0.62}}
		if c.Leak != nil {
			leak = c.System.Leaks[0]
		}
		k.put(" LEAK", "LABEL="+leakLabel, "VALVETYPE=OLGAVALVE", "ABSPOSITION="+number(float64(leak.Boundary)*l.SectionLength)+" m", "TIME=0 s",
			"BACKPRESSURE="+number(leak.BackPressure)+" Pa", "DIAMETER="+scaled(leak.Diameter, 1000)+" mm", "CD="+number(leak.Discharge), "OPENING=1")
		v := c.System.Outlet.Valve
		k.put(" VALVE", "LABEL="+text(valve), "MODEL=HYDROVALVE", "ABSPOSITION="+number(l.Length())+" m", "DIAMETER="+cm(v.Diameter), "CD="+number(v.Discharge))
		k.put(" TRENDDATA", "CENTRIFUGALPUMP="+pump, "VARIABLE=PUMPSPEED")
		k.put(" TRENDDATA", "LEAK="+leakLabel, "VARIABLE=GTLEAK")
	})
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

// keywords writes statements. Its buffer keeps the first error.
type keywords struct{ out *bufio.Writer }

func (k *keywords) line(text string) { k.out.WriteString(text + "\r\n") }

func (k *keywords) title(text string) {
	rule := "!" + strings.Repeat("*", 86)
	k.line(rule)
	k.line("! " + text)
	k.line(rule)
}

// put writes a statement, over several lines where it is long.
func (k *keywords) put(keyword string, keys ...string) {
	const (
		width  = 86
		indent = "        "
	)
	line := keyword
	gap := " "
	for _, part := range strings.SplitAfter(strings.Join(keys, ", "), ", ") {
		if gap == "" && len(line)+len(part) > width {
			k.line(line + `\`)
			line = indent
		}
		line += gap + part
		gap = ""
	}
	k.line(line)
}

func (k *keywords) component(kind string, number int, body func()) {
	k.line("")
	k.title("Network Component")
	k.put("NETWORKCOMPONENT", "TYPE="+kind, fmt.Sprintf("TAG=%s_%d", kind, number))
	body()
	k.line("ENDNETWORKCOMPONENT")
}

// node is a tank.
func (k *keywords) node(tag int, label string, temperature, pressure float64) {
	k.component("NODE", tag, func() {
		k.put(" PARAMETERS", "LABEL="+text(label), "TYPE=PRESSURE", "GASFRACEQ=0 -", "OILFRACEQ=1 -", "WATERFRACEQ=0 -",
			"TEMPERATURE="+number(temperature)+" C", "PRESSURE="+number(pressure)+" Pa", "TIME=0 s", "FLUID=OIL")
	})
}

// number is a value in full.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// scaled is a value in a smaller unit, without what binary fractions add to it.
func scaled(v, by float64) string { return strconv.FormatFloat(float64(v*by), 'g', 12, 64) }

// series is one value, or a list of them.
func series[T any](list []T, value func(T) float64) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = number(value(v))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func text(s string) string { return `"` + s + `"` }
