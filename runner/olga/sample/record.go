package sample

import (
	"context"
	"fmt"
	"io"
	"math"

	"mlops/runner/olga"
	"mlops/runner/olga/simulate"
)

// What stands in the header of a trend file and in the keyword file. There is no date:
// the same case is the same file.
const (
	version = "2017.2.0"
	project = "sample"
	title   = "Simulated pipeline"
	author  = "mlops-cli sample"
	date    = "26-01-01 00:00:00"
	pvtFile = "./oil.tab"
)

// The integration's time steps, s, as of OLGA, which makes them by how fast things
// change. They say only when rows are written; the flow has its own.
const (
	firstStep  = 0.05
	minStep    = 0.02
	growth     = 1.2
	calmChange = 0.002 // of a pressure, from row to row, at which steps are as long as they may be
)

// WriteTrends simulates a case and writes its trend file. It returns the largest flow
// of the leak, kg/s.
func (c Case) WriteTrends(ctx context.Context, out io.Writer) (leakFlow float64, err error) {
	x, z := c.System.Line.Profile()
	w, err := olga.NewWriter(out, olga.Preamble{
		Header: olga.Header{
			Version: "OLGA " + version + ".107", InputFile: c.Name + ".genkey", Date: date, Project: project, Title: title, Author: author,
			Branches: []string{branch}, TimeUnit: "S",
		},
		PVTFiles: []string{pvtFile}, Profiles: []olga.Profile{{X: x, Z: z}}, Trends: trends(c.System.Line),
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.Name, err)
	}
	flow, err := simulate.Start(c.System)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.Name, err)
	}
	r := newRecorder(flow, c)
	for row := range c.Rows {
		if row%256 == 0 && ctx.Err() != nil {
			return 0, fmt.Errorf("%s: %w", c.Name, context.Cause(ctx))
		}
		time, values := r.row(float64(row) * plotStep)
		if at, boils := flow.Boils(); boils {
			return 0, fmt.Errorf("%s: at %.1f s the oil would boil, %v m along the pipeline", c.Name, time, float64(at)*c.System.Line.SectionLength)
		}
		leakFlow = max(leakFlow, r.leakFlow())
		if err := w.Write(time, values); err != nil {
			return 0, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	if err := w.Flush(); err != nil {
		return 0, fmt.Errorf("%s: %w", c.Name, err)
	}
	return leakFlow, nil
}

// recorder reads a flow's instruments.
type recorder struct {
	flow     *simulate.Flow
	c        Case
	sections []int // of the instruments

	time, step    float64   // of the integration
	before, after []float64 // readings at the flow's last time steps
	values        []float64 // of the last row
}

func newRecorder(flow *simulate.Flow, c Case) *recorder {
	r := &recorder{flow: flow, c: c, step: firstStep}
	for _, i := range instruments() {
		r.sections = append(r.sections, i.section(c.System.Line))
	}
	n := len(trends(c.System.Line))
	r.before, r.after, r.values = make([]float64, n), make([]float64, n), make([]float64, n)
	r.read()
	copy(r.values, r.after)
	return r
}

// perInstrument is the number of readings of one.
const perInstrument = 3

// read takes the readings of the flow as it is.
func (r *recorder) read() {
	r.before, r.after = r.after, r.before
	for i, s := range r.sections {
		at := r.after[i*perInstrument:]
		at[0], at[1], at[2] = r.flow.SectionPressure(s), r.flow.Temperature(s), r.flow.MassFlow(s)
	}
	if r.c.Leak != nil {
		r.after[len(r.sections)*perInstrument+1] = -r.flow.LeakFlow(0)
	}
}

// row goes on to the first time step at or after a time, and reads there: the trends in
// the order of the catalog, valid until the next call.
func (r *recorder) row(from float64) (time float64, values []float64) {
	for r.time < from {
		r.time += r.step
	}
	for r.flow.Time() < r.time {
		r.flow.Advance()
		r.read()
	}
	share := (r.flow.Time() - r.time) / r.flow.Step() // of the readings before the last
	change := 0.0                                     // of pressures, since the last row
	for i, v := range r.after {
		v += float64(share * (r.before[i] - v))
		if i%perInstrument == 0 && i < len(r.sections)*perInstrument {
			change = max(change, math.Abs(v/r.values[i]-1))
		}
		r.values[i] = v
	}
	machine := r.values[len(r.sections)*perInstrument:]
	speed := r.c.System.Inlet.Pump.Speed.At(r.time)
	machine[0], machine[2] = float64(r.c.System.Inlet.Pump.MaxSpeed*speed), speed
	if r.c.Leak != nil {
		machine[3] = r.c.System.Leaks[0].Opening.At(r.time)
	}
	if machine[3] == 0 {
		machine[1] = 0 // and no minus zero
	}
	r.step = max(minStep, min(r.step*growth, r.c.maxStep, r.c.maxStep*calmChange/change))
	return r.time, r.values
}

// leakFlow is that of the last row, kg/s.
func (r *recorder) leakFlow() float64 { return -r.values[len(r.sections)*perInstrument+1] }
