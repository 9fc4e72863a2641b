package simulate

import (
	"fmt"
	"math"
)

// factorsEvery is how many time steps a friction factor holds. It changes little with
// the flow, and is most of the work; the friction itself is that of each step's flow.
const factorsEvery = 4

// Flow is a line at a moment. It is not safe for concurrent use.
type Flow struct {
	line     Line
	inlet    Inlet
	outlet   Outlet
	leaks    []leak
	friction friction

	step      float64 // s
	impedance float64 // a/(gA), s/m²
	steps     int64
	z         []float64 // height of each boundary

	// At each boundary: the head, and the flows to it and from it, which differ where
	// there is a leak.
	head, in, out []float64
	next          struct{ head, in, out []float64 }
	// What a wave that leaves a boundary meets: impedance and friction.
	up, down []float64
	factors  []float64 // of friction
	heat     heat
}

// leak is a hole and what comes out of it.
type leak struct {
	Leak
	conductance float64
	backHead    float64
	rate        float64 // m³/s
}

// Start is the system in the steady state that its controllers' outputs at time 0
// make, with no leak open. An error tells what is wrong with the system.
func Start(s System) (*Flow, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("simulate a line: %w", err)
	}
	speed, area := s.Line.WaveSpeed(), s.Line.Area()
	f := &Flow{
		line: s.Line, inlet: s.Inlet, outlet: s.Outlet, friction: newFriction(s.Line),
		step: s.Line.SectionLength / speed, impedance: speed / (Gravity * area),
	}
	_, f.z = s.Line.Profile()
	for _, l := range s.Leaks {
		f.leaks = append(f.leaks, leak{Leak: l, conductance: l.conductance(), backHead: f.headOf(l.BackPressure, l.Boundary)})
	}
	n := len(f.z)
	for _, p := range []*[]float64{&f.head, &f.in, &f.out, &f.next.head, &f.next.in, &f.next.out, &f.up, &f.down, &f.factors} {
		*p = make([]float64, n)
	}
	if err := f.settle(); err != nil {
		return nil, fmt.Errorf("simulate a line: %w", err)
	}
	f.heat = newHeat(f)
	return f, nil
}

// headOf is the head of a pressure at a boundary.
func (f *Flow) headOf(pressure float64, boundary int) float64 {
	return pressure/(f.line.Fluid.Density*Gravity) + f.z[boundary]
}

// Step is the time that [Flow.Advance] takes the flow on, s.
func (f *Flow) Step() float64 { return f.step }

// Time is in seconds from the start.
func (f *Flow) Time() float64 { return float64(float64(f.steps) * f.step) }

// Advance takes the flow a time step on.
func (f *Flow) Advance() {
	f.steps++
	time := f.Time()
	if f.steps%factorsEvery == 1 {
		for i, q := range f.out {
			f.factors[i] = f.friction.factorOf(q)
		}
	}
	for i, q := range f.out {
		f.down[i] = f.impedance + f.friction.with(f.factors[i], q)
		f.up[i] = f.down[i]
	}
	for _, l := range f.leaks {
		f.up[l.Boundary] = f.impedance + f.friction.resistance(f.in[l.Boundary])
	}
	last := len(f.head) - 1
	for i := 1; i < last; i++ {
		// Along the characteristics H = plus - before·Q and H = minus + behind·Q.
		before, behind := f.down[i-1], f.up[i+1]
		plus := f.head[i-1] + float64(f.impedance*f.out[i-1])
		minus := f.head[i+1] - float64(f.impedance*f.in[i+1])
		q := (plus - minus) / (before + behind)
		f.next.head[i], f.next.in[i], f.next.out[i] = plus-float64(before*q), q, q
	}
	for i := range f.leaks {
		f.leak(&f.leaks[i], time)
	}
	f.begin(time)
	f.end(time)
	f.head, f.next.head = f.next.head, f.head
	f.in, f.next.in = f.next.in, f.in
	f.out, f.next.out = f.next.out, f.out
	if f.steps%heatEvery == 0 {
		f.heat.advance(f, float64(heatEvery*f.step))
	}
}

// leak lets out what the pressure at its boundary presses through.
func (f *Flow) leak(l *leak, time float64) {
	l.rate = 0
	open := float64(l.conductance * l.Opening.At(time))
	if open == 0 {
		return
	}
	i := l.Boundary
	before, behind := f.down[i-1], f.up[i+1]
	plus := f.head[i-1] + float64(f.impedance*f.out[i-1])
	minus := f.head[i+1] - float64(f.impedance*f.in[i+1])
	// (plus-H)/before - (H-minus)/behind = open·√(H-backHead), solved for the root.
	admittance := 1/before + 1/behind
	excess := (plus-l.backHead)/before + (minus-l.backHead)/behind
	if excess <= 0 {
		return // it is pressed upon from outside
	}
	root := 2 * excess / (open + math.Sqrt(float64(open*open)+float64(4*admittance*excess)))
	head := l.backHead + float64(root*root)
	l.rate = open * root
	f.next.head[i], f.next.in[i], f.next.out[i] = head, (plus-head)/before, (head-minus)/behind
}

// begin is the tank and the pump.
func (f *Flow) begin(time float64) {
	behind := f.up[1]
	minus := f.head[1] - float64(f.impedance*f.in[1])
	supply := f.headOf(f.inlet.Pressure, 0)
	head, q := supply, (supply-minus)/behind
	if pump := f.inlet.Pump; pump != nil {
		n := pump.Speed.At(time)
		drive := supply + float64(float64(n*n)*pump.ShutOffHead) - minus
		head, q = minus, 0 // the check valve is shut
		if drive > 0 {
			q = 2 * drive / (behind + math.Sqrt(float64(behind*behind)+float64(4*pump.Loss*drive)))
			head = minus + float64(behind*q)
		}
	}
	f.next.head[0], f.next.in[0], f.next.out[0] = head, q, q
}

// end is the valve and the tank behind it.
func (f *Flow) end(time float64) {
	last := len(f.head) - 1
	before := f.down[last-1]
	plus := f.head[last-1] + float64(f.impedance*f.out[last-1])
	back := f.headOf(f.outlet.Pressure, last)
	head, q := back, (plus-back)/before
	if valve := f.outlet.Valve; valve != nil {
		open := valve.conductance() * valve.Opening.At(time)
		k := float64(open * open) // Q|Q| = k(H - back)
		q = 0
		if k > 0 {
			drive := math.Abs(plus - back)
			half := float64(k * before)
			q = math.Copysign(2*k*drive/(half+math.Sqrt(float64(half*half)+float64(4*k*drive))), plus-back)
		}
		head = plus - float64(before*q)
	}
	f.next.head[last], f.next.in[last], f.next.out[last] = head, q, q
}
