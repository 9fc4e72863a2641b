package sample

import (
	"fmt"
	"math"
	"math/rand/v2"

	"mlops/runner/olga/simulate"
)

// Operation is what the operators do.
type Operation string

// The operations. After a while each is undone, but for the last two.
const (
	Steady       Operation = "steady"        // nothing
	PumpTrip     Operation = "pump_trip"     // the pump runs down, and is started again
	ValveClosure Operation = "valve_closure" // the valve is shut
	DemandChange Operation = "demand_change" // the valve is slowly set to another opening
	SpeedChange  Operation = "speed_change"  // the pump is set to another speed
	ValveOpening Operation = "valve_opening" // the valve is opened as far as it goes
)

// Operations are all of them.
func Operations() []Operation {
	return []Operation{Steady, PumpTrip, ValveClosure, DemandChange, SpeedChange, ValveOpening}
}

// Leak is a case's leak, its label.
type Leak struct {
	Position float64 // from the beginning of the pipeline, m
	Diameter float64 // m
	Start    float64 // when it begins to open, s
	End      float64 // when it is shut again, s
}

// Case is a case to be simulated.
type Case struct {
	Name      string
	Rows      int
	Operation Operation
	Leak      *Leak // nil: there is none
	System    simulate.System

	maxStep float64 // of the integration, s
}

// plotStep is the time from row to row, s.
const plotStep = 0.5

// Duration is the time of the last row, or a little less, s.
func (c Case) Duration() float64 { return float64(c.Rows-1) * plotStep }

// draws are the random choices of a case. They are of few digits, so that the keyword
// file says exactly what was simulated.
type draws struct {
	random   *rand.Rand
	duration float64
}

// between is a number of parts from low to high.
func (d draws) between(low, high int, parts float64) float64 {
	return float64(low+d.random.IntN(high-low+1)) / parts
}

// moment is a time between shares of the duration, in thousandths.
func (d draws) moment(low, high int) float64 {
	return tenths(d.duration * d.between(low, high, 1000))
}

func tenths(v float64) float64 { return math.Round(v*10) / 10 }

// Draw makes a case, by its number from 0. It depends on the seed, the rows and the
// share of leaks, and on no other case.
func Draw(o Options, number int) Case {
	c := Case{Name: fmt.Sprintf("case%05d", number+1), Rows: o.Rows}
	d := draws{random: rand.New(rand.NewPCG(o.Seed, uint64(number))), duration: c.Duration()}
	c.maxStep = d.between(20, 40, 100)
	c.System = simulate.System{Line: line(), Inlet: inlet(), Outlet: outlet()}
	c.System.Line.Ambient = d.between(80, 220, 10)
	c.System.Inlet.Temperature = d.between(200, 350, 10)
	c.System.Outlet.Temperature = c.System.Line.Ambient
	c.System.Outlet.Pressure = 1000 * d.between(280, 400, 1)
	c.operate(d)
	if o.hasLeak(number) {
		c.open(d)
	}
	return c
}

// operate draws what the operators do.
func (c *Case) operate(d draws) {
	operations := Operations()
	c.Operation = operations[d.random.IntN(len(operations))]
	speed, opening := d.between(70, 90, 100), d.between(35, 70, 100)
	start, end := d.moment(100, 500), d.moment(600, 850)
	another := func(value float64) float64 {
		by := d.between(10, 20, 100)
		if d.random.IntN(2) == 0 {
			by = -by
		}
		return math.Round(100*(value+by)) / 100
	}
	pump, valve := simulate.Constant(speed), simulate.Constant(opening)
	set := func(of *simulate.Controller, stroke, value float64, undone bool) {
		before := of.Setpoints[0].Value
		of.StrokeTime = stroke
		of.Setpoints = append(of.Setpoints, simulate.Setpoint{Time: start, Value: value})
		if undone {
			of.Setpoints = append(of.Setpoints, simulate.Setpoint{Time: end, Value: before})
		}
	}
	switch c.Operation {
	case PumpTrip:
		set(&pump, d.between(20, 40, 1), 0, true)
	case ValveClosure:
		set(&valve, d.between(30, 120, 1), 0, true)
	case DemandChange:
		set(&valve, d.between(200, 600, 1), another(opening), true)
	case SpeedChange:
		set(&pump, d.between(60, 240, 1), min(another(speed), 1), false)
	case ValveOpening:
		set(&valve, d.between(20, 120, 1), 1, false)
	case Steady:
	}
	c.System.Inlet.Pump.Speed, c.System.Outlet.Valve.Opening = pump, valve
}

// open draws a leak.
func (c *Case) open(d draws) {
	first, last := instruments()[0].section(c.System.Line), instruments()[len(instruments())-1].section(c.System.Line)
	boundary := first + 2 + d.random.IntN(last-first-3)
	const stroke = 10 // s
	start, end := d.moment(150, 500), d.moment(600, 850)
	leak := simulate.Leak{Boundary: boundary, BackPressure: atmosphere, Orifice: simulate.Orifice{
		Diameter: d.between(80, 500, 1e4), Discharge: 0.62,
		Opening: simulate.Controller{StrokeTime: stroke, Setpoints: []simulate.Setpoint{{Time: 0, Value: 0}, {Time: start, Value: 1}, {Time: end, Value: 0}}},
	}}
	c.System.Leaks = []simulate.Leak{leak}
	c.Leak = &Leak{
		Position: float64(boundary) * c.System.Line.SectionLength, Diameter: leak.Diameter,
		Start: start, End: end + float64(stroke*leak.Opening.At(end)),
	}
}
