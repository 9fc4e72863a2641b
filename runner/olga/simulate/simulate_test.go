package simulate_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/olga/simulate"
)

// oil is a line of 5 km with a pump and a valve.
func oil() simulate.System {
	return simulate.System{
		Line: simulate.Line{
			Fluid: simulate.Fluid{Density: 850, Viscosity: 8e-6, BulkModulus: 1.4e9, HeatCapacity: 2000, VapourPressure: 1e4},
			Pipes: []simulate.Pipe{{Label: "up", Sections: 20, Rise: 12}, {Label: "down", Sections: 30, Rise: -7}}, SectionLength: 100,
			Diameter: 0.25, Roughness: 4.5e-5, WallThickness: 0.0064, WallModulus: 2.07e11, HeatTransfer: 3, Ambient: 12,
		},
		Inlet: simulate.Inlet{
			Pressure: 4e5, Temperature: 30,
			Pump: &simulate.Pump{ShutOffHead: 120, Loss: 3000, MaxSpeed: 2100, Speed: simulate.Constant(0.8)},
		},
		Outlet: simulate.Outlet{Pressure: 3e5, Temperature: 15, Valve: &simulate.Orifice{Diameter: 0.15, Discharge: 0.7, Opening: simulate.Constant(0.6)}},
	}
}

// ideal is a line without friction between a tank and a valve, which shuts at once.
func ideal(sections int, shuts float64) simulate.System {
	s := oil()
	s.Line.Fluid.Viscosity, s.Line.Roughness = 0, 0
	s.Line.Pipes = []simulate.Pipe{{Sections: sections}}
	s.Inlet = simulate.Inlet{Pressure: 40e5}
	s.Outlet.Valve.Opening = simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.1}, {Time: shuts, Value: 0}}}
	return s
}

func start(t interface {
	Helper()
	Fatal(...any)
}, s simulate.System) *simulate.Flow {
	t.Helper()
	f, err := simulate.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// advance takes the flow on until a time.
func advance(f *simulate.Flow, until float64) {
	for f.Time() < until {
		f.Advance()
	}
}

func near(got, want, share float64) bool { return math.Abs(got-want) <= share*math.Abs(want) }

// factor is Haaland's, with package math.
func factor(re, roughness float64) float64 {
	turbulent := func(re float64) float64 {
		return math.Pow(-1.8*math.Log10(math.Pow(roughness/3.7, 1.11)+6.9/re), -2)
	}
	switch {
	case re < 2000:
		return 64 / re
	case re < 4000:
		return 0.032 + (re-2000)/2000*(turbulent(4000)-0.032)
	}
	return turbulent(re)
}

// intersection is the flow at which pump, line and valve take the heads that there
// are, in m³/s, found by halving.
func intersection(s simulate.System, speed, opening float64) float64 {
	l := s.Line
	area, rise := math.Pi/4*l.Diameter*l.Diameter, 0.0
	for _, p := range l.Pipes {
		rise += p.Rise
	}
	left := func(q float64) float64 {
		v := q / area
		friction := factor(v*l.Diameter/l.Fluid.Viscosity, l.Roughness/l.Diameter) * l.Length() / l.Diameter * v * v / (2 * simulate.Gravity)
		pump := speed*speed*s.Inlet.Pump.ShutOffHead - s.Inlet.Pump.Loss*q*q
		through := q / (opening * s.Outlet.Valve.Discharge * math.Pi / 4 * s.Outlet.Valve.Diameter * s.Outlet.Valve.Diameter)
		valve := through * through / (2 * simulate.Gravity)
		return (s.Inlet.Pressure-s.Outlet.Pressure)/(l.Fluid.Density*simulate.Gravity) - rise + pump - friction - valve
	}
	low, high := 1e-12, 10.0
	for range 200 {
		if m := (low + high) / 2; left(m) > 0 {
			low = m
		} else {
			high = m
		}
	}
	return low
}

// The steady flow is where the pump's curve meets the line's, by Darcy and Weisbach.
func TestTheSteadyFlowIsWhereTheCurvesMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := oil()
		draw := func(name string, low, high float64) float64 { return rapid.Float64Range(low, high).Draw(t, name) }
		s.Line.Diameter, s.Line.Roughness = draw("diameter", 0.1, 0.5), draw("roughness", 0, 5e-4)
		s.Line.Fluid.Viscosity = math.Pow(10, draw("log viscosity", -7, -2.5))
		s.Inlet.Pump.ShutOffHead, s.Inlet.Pump.Loss = draw("head", 60, 300), draw("loss", 10, 1e4)
		speed, opening := draw("speed", 0.6, 1), draw("opening", 0.05, 1)
		s.Inlet.Pump.Speed, s.Outlet.Valve.Opening = simulate.Constant(speed), simulate.Constant(opening)
		f := start(t, s)
		want := intersection(s, speed, opening) * s.Line.Fluid.Density
		if got := f.MassFlow(0); !near(got, want, 1e-6) {
			t.Fatalf("the flow is %v kg/s, not %v", got, want)
		}
		// It stays.
		before := f.Pressure(25)
		advance(f, 60)
		for _, b := range []int{0, 25, 50} {
			if got := f.MassFlow(b); !near(got, want, 1e-6) {
				t.Fatalf("after a minute the flow at boundary %d is %v kg/s, not %v", b, got, want)
			}
		}
		if !near(f.Pressure(25), before, 1e-9) {
			t.Fatalf("after a minute the pressure in the middle is %v, not %v", f.Pressure(25), before)
		}
	})
}

// From elsewhere the flow comes to rest at the same.
func TestATransientEndsWhereTheCurvesMeet(t *testing.T) {
	s := oil()
	s.Outlet.Valve.Opening = simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.3}, {Time: 10, Value: 0.7}}, StrokeTime: 20}
	s.Inlet.Pump.Speed = simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.6}, {Time: 30, Value: 0.9}}, StrokeTime: 180}
	f := start(t, s)
	if want := intersection(s, 0.6, 0.3) * 850; !near(f.MassFlow(0), want, 1e-6) {
		t.Errorf("the first flow is %v kg/s, not %v", f.MassFlow(0), want)
	}
	advance(f, 3600)
	for _, b := range []int{0, 13, 50} {
		if want := intersection(s, 0.9, 0.7) * 850; !near(f.MassFlow(b), want, 1e-6) {
			t.Errorf("the last flow at boundary %d is %v kg/s, not %v", b, f.MassFlow(b), want)
		}
	}
	if got := f.PumpSpeed(); got != 0.9*2100 {
		t.Errorf("the pump turns with %v rpm", got)
	}
}

// A valve that shuts at once raises the pressure by ρ·a·ΔV (Joukowsky).
func TestAShutValveRaisesThePressure(t *testing.T) {
	for name, s := range map[string]simulate.System{"ideal": ideal(40, 1), "with friction": func() simulate.System {
		s := oil()
		s.Outlet.Valve.Opening = simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.6}, {Time: 1, Value: 0}}}
		return s
	}()} {
		f := start(t, s)
		last := s.Line.Sections()
		before, v := f.Pressure(last), f.MassFlow(last)/s.Line.Fluid.Density/s.Line.Area()
		advance(f, 1+2*f.Step())
		want := s.Line.Fluid.Density * s.Line.WaveSpeed() * v
		if got := f.Pressure(last) - before; !near(got, want, 0.02) {
			t.Errorf("%s: the pressure rises by %v Pa, not %v, where %v m/s stop", name, got, want, v)
		}
		if f.MassFlow(last) != 0 {
			t.Errorf("%s: %v kg/s pass the valve", name, f.MassFlow(last))
		}
	}
}

// Without friction what the valve has stopped swings for ever, once in 4L/a.
func TestAnIdealColumnSwings(t *testing.T) {
	s := ideal(20, 0.5)
	f := start(t, s)
	rest := s.Inlet.Pressure
	period := 4 * s.Line.Length() / s.Line.WaveSpeed()
	advance(f, 2*f.Step()+0.5)
	var crossings []float64
	highest := 0.0
	for above := true; f.Time() < 50.3*period; {
		f.Advance()
		p := f.Pressure(20)
		highest = max(highest, p)
		if p > rest != above {
			above = !above
			if above {
				crossings = append(crossings, f.Time())
			}
		}
	}
	swings := len(crossings) - 1
	if got := (crossings[swings] - crossings[0]) / float64(swings); swings < 45 || !near(got, period, 1e-3) {
		t.Errorf("%d swings of %v s, not %v", swings, got, period)
	}
	lastPeriod := 0.0
	for end := f.Time() + period; f.Time() < end; f.Advance() {
		lastPeriod = max(lastPeriod, f.Pressure(20))
	}
	if !near(lastPeriod-rest, highest-rest, 1e-9) {
		t.Errorf("after 50 swings the pressure rises by %v Pa, not %v", lastPeriod-rest, highest-rest)
	}
}

// What goes in and does not come out stays in the line.
func TestNoMassIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := oil()
		draw := func(name string, low, high float64) float64 { return rapid.Float64Range(low, high).Draw(t, name) }
		s.Outlet.Valve.Opening = simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.6}, {Time: 20, Value: draw("opening", 0, 1)}}, StrokeTime: draw("stroke", 2, 60)}
		s.Inlet.Pump.Speed = simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.7}, {Time: 90, Value: draw("speed", 0.5, 1)}}, StrokeTime: draw("pump stroke", 5, 60)}
		s.Leaks = []simulate.Leak{{Boundary: rapid.IntRange(1, 49).Draw(t, "boundary"), BackPressure: 1e5, Orifice: simulate.Orifice{
			Diameter: draw("diameter", 0.005, 0.1), Discharge: 0.62,
			Opening: simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0}, {Time: 30, Value: 1}, {Time: 150, Value: 0}}, StrokeTime: 10},
		}}}
		f := start(t, s)
		gained, through := 0.0, 0.0
		before := f.LinePack()
		rate := func() float64 { return f.MassFlow(0) - f.MassFlow(50) - f.LeakFlow(0) }
		for last := rate(); f.Time() < 240; {
			f.Advance()
			gained += f.Step() * (last + rate()) / 2
			through += f.Step() * f.MassFlow(0)
			last = rate()
		}
		if got := f.LinePack() - before; math.Abs(got-gained) > 1e-3*through {
			t.Fatalf("the line holds %v kg more, and %v came in and did not go out, of %v", got, gained, through)
		}
	})
}

// A leak lets out what the orifice's law says, and the flow behind it is less by it.
func TestALeakIsAnOrifice(t *testing.T) {
	s := oil()
	s.Leaks = []simulate.Leak{{Boundary: 20, BackPressure: 1.2e5, Orifice: simulate.Orifice{
		Diameter: 0.03, Discharge: 0.62, Opening: simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0}, {Time: 10, Value: 1}, {Time: 300, Value: 0}}, StrokeTime: 10},
	}}}
	f := start(t, s)
	advance(f, 9)
	if f.LeakFlow(0) != 0 || f.LeakOpening(0) != 0 {
		t.Errorf("%v kg/s leak before the leak opens", f.LeakFlow(0))
	}
	for _, time := range []float64{12, 15, 25, 299} {
		advance(f, time)
		opening := min(1, (f.Time()-10)/10)
		want := opening * 0.62 * math.Pi / 4 * 0.03 * 0.03 * math.Sqrt(2*(f.Pressure(20)-1.2e5)/850) * 850
		if got := f.LeakFlow(0); !near(got, want, 1e-9) || !near(f.LeakOpening(0), opening, 1e-9) {
			t.Errorf("at %v s %v kg/s leak, not %v", f.Time(), got, want)
		}
		if time == 299 && !near(f.MassFlow(19)-f.MassFlow(21), want, 1e-4) {
			t.Errorf("the flow is less by %v kg/s, not %v", f.MassFlow(19)-f.MassFlow(21), want)
		}
	}
	advance(f, 330)
	if f.LeakFlow(0) != 0 {
		t.Errorf("%v kg/s leak after the leak has closed", f.LeakFlow(0))
	}
	// Outside the pressure is higher: nothing comes in.
	s.Leaks[0].BackPressure = 100e5
	f = start(t, s)
	advance(f, 60)
	if f.LeakFlow(0) != 0 || !near(f.MassFlow(20), intersection(s, 0.8, 0.6)*850, 1e-6) {
		t.Errorf("%v kg/s leak from outside", f.LeakFlow(0))
	}
}

// A pump that stands lets nothing back: its check valve shuts.
func TestAPumpThatTripsLetsNothingBack(t *testing.T) {
	s := oil()
	s.Outlet.Pressure = 6e5
	s.Inlet.Pump.Speed = simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.9}, {Time: 10, Value: 0}}, StrokeTime: 15}
	f := start(t, s)
	for f.Time() < 600 {
		f.Advance()
		if f.MassFlow(0) < 0 {
			t.Fatalf("at %v s %v kg/s go back through the pump", f.Time(), f.MassFlow(0))
		}
	}
	if f.MassFlow(0) != 0 || !near(f.Pressure(50), 6e5, 1e-3) {
		t.Errorf("at last %v kg/s flow, at %v Pa", f.MassFlow(0), f.Pressure(50))
	}
}

// Temperatures of a steady flow fall to the ambient as Shukhov says, but for what
// friction adds.
func TestHeatIsLostThroughTheWall(t *testing.T) {
	s := oil()
	s.Line.HeatTransfer = 20
	s.Line.Fluid.Viscosity = 1e-6
	f := start(t, s)
	l := s.Line
	loss := l.HeatTransfer * math.Pi * l.Diameter // W/(m K)
	slope := ((f.Pressure(0)-f.Pressure(50))/(850*simulate.Gravity) - 5) / l.Length()
	rest := l.Ambient + f.MassFlow(0)*simulate.Gravity*slope/loss
	for range 2 { // at once, and after it has gone on
		for _, section := range []int{0, 20, 49} {
			x := (float64(section) + 1) * l.SectionLength
			want := rest + (s.Inlet.Temperature-rest)*math.Exp(-loss*x/(f.MassFlow(0)*l.Fluid.HeatCapacity))
			if got := f.Temperature(section); math.Abs(got-want) > 0.05 {
				t.Errorf("section %d is at %v °C, not %v", section, got, want)
			}
		}
		advance(f, 4000)
	}
	// What stands cools, each part alike.
	s.Outlet.Valve.Opening = simulate.Constant(0)
	s.Inlet.Pressure, s.Outlet.Pressure = 6e5, 5e5
	if f = start(t, s); f.MassFlow(0) != 0 {
		t.Fatalf("%v kg/s flow through a shut valve", f.MassFlow(0))
	}
	if got := f.Temperature(10); got != l.Ambient {
		t.Errorf("what has always stood is at %v °C", got)
	}
}

func TestAControllerFollowsItsSetpoints(t *testing.T) {
	slow := simulate.Controller{Setpoints: []simulate.Setpoint{{Time: 0, Value: 0.5}, {Time: 10, Value: 1}, {Time: 100, Value: 0}, {Time: 110, Value: 0.2}}, StrokeTime: 20}
	quick := simulate.Controller{Setpoints: slow.Setpoints}
	for _, c := range []struct{ time, slow, quick float64 }{
		{-1, 0.5, 0.5}, {0, 0.5, 0.5}, {10, 0.5, 1}, {15, 0.75, 1}, {20, 1, 1}, {99, 1, 1}, {100, 1, 0}, {105, 0.75, 0}, {110, 0.5, 0.2}, {112, 0.4, 0.2}, {116, 0.2, 0.2}, {1000, 0.2, 0.2},
	} {
		if got := slow.At(c.time); math.Abs(got-c.slow) > 1e-12 {
			t.Errorf("with a stroke, at %v s the output is %v, not %v", c.time, got, c.slow)
		}
		if got := quick.At(c.time); got != c.quick {
			t.Errorf("without, at %v s the output is %v, not %v", c.time, got, c.quick)
		}
	}
}

// Where the pressure falls below the vapour's the flow is not true any more.
func TestBoilingIsTold(t *testing.T) {
	s := oil()
	f := start(t, s)
	if at, boils := f.Boils(); boils {
		t.Errorf("the steady flow boils at boundary %d", at)
	}
	s.Line.Pipes = []simulate.Pipe{{Sections: 25, Rise: 150}, {Sections: 25, Rise: -150}}
	if at, boils := start(t, s).Boils(); !boils || at != 25 {
		t.Errorf("boundary %d, %v", at, boils)
	}
}

func TestASystemThatCannotBeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*simulate.System)
		want   string
	}{
		"no diameter":        {func(s *simulate.System) { s.Line.Diameter = 0 }, "diameter is 0"},
		"no number":          {func(s *simulate.System) { s.Line.Fluid.Density = math.NaN() }, "density is NaN"},
		"rough":              {func(s *simulate.System) { s.Line.Roughness = 0.1 }, "friction is known up to a twentieth"},
		"short":              {func(s *simulate.System) { s.Line.Pipes = []simulate.Pipe{{Sections: 1}} }, "1 sections; it must have at least 2"},
		"endless":            {func(s *simulate.System) { s.Line.Pipes[0].Sections = 1 << 30 }, "at most 100000"},
		"no wall":            {func(s *simulate.System) { s.Line.WallThickness = 0 }, "wall's thickness is 0"},
		"no set point":       {func(s *simulate.System) { s.Inlet.Pump.Speed.Setpoints = nil }, "pump has no set point"},
		"a set point of 2":   {func(s *simulate.System) { s.Inlet.Pump.Speed = simulate.Constant(2) }, "set point of 2; it must be from 0 to 1"},
		"times that fall":    {func(s *simulate.System) { s.Outlet.Valve.Opening.Setpoints = []simulate.Setpoint{{Time: 1}, {Time: 1}} }, "at 1 s after one at 1 s; times must rise"},
		"a stroke backwards": {func(s *simulate.System) { s.Outlet.Valve.Opening.StrokeTime = -1 }, "stroke time of -1 s"},
		"a pump uphill":      {func(s *simulate.System) { s.Inlet.Pump.Loss = 0 }, "its loss 0"},
		"a leak at the end":  {func(s *simulate.System) { s.Leaks = []simulate.Leak{{Boundary: 50}} }, "from 1 to 49"},
		"a leak of no size":  {func(s *simulate.System) { s.Leaks = []simulate.Leak{{Boundary: 5}} }, "the leak has a diameter of 0"},
		"two leaks at once": {func(s *simulate.System) {
			o := simulate.Orifice{Diameter: 0.01, Discharge: 0.6, Opening: simulate.Constant(0)}
			s.Leaks = []simulate.Leak{{Boundary: 5, Orifice: o}, {Boundary: 5, Orifice: o}}
		}, "two leaks are at boundary 5"},
		"nothing that holds": {func(s *simulate.System) {
			s.Inlet.Pump, s.Outlet.Valve, s.Line.Roughness, s.Line.Fluid.Viscosity = nil, nil, 0, 0
		}, "nothing holds the flow back"},
	} {
		s := oil()
		c.change(&s)
		if _, err := simulate.Start(s); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "simulate a line: ") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func BenchmarkAdvance(b *testing.B) {
	s := oil()
	s.Leaks = []simulate.Leak{{Boundary: 20, Orifice: simulate.Orifice{Diameter: 0.03, Discharge: 0.62, Opening: simulate.Constant(1)}}}
	f := start(b, s)
	for b.Loop() {
		f.Advance()
	}
}
