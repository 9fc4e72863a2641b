package simulate

import (
	"errors"
	"fmt"
	"math"
)

// Setpoint is what a controller is told at a time.
type Setpoint struct {
	Time  float64 // s
	Value float64 // from 0 to 1
}

// Controller is a manual controller: its output goes to the newest of its set points,
// as fast as its stroke allows.
type Controller struct {
	Setpoints  []Setpoint // in the order of time; before the first one its value holds
	StrokeTime float64    // from 0 to 1, s; 0: at once
}

// Constant is a controller that stays where it is.
func Constant(value float64) Controller {
	return Controller{Setpoints: []Setpoint{{Value: value}}}
}

// At is the output at a time.
func (c Controller) At(time float64) float64 {
	output := c.Setpoints[0].Value
	for i, s := range c.Setpoints {
		if s.Time > time {
			break
		}
		until := time
		if i+1 < len(c.Setpoints) {
			until = min(time, c.Setpoints[i+1].Time)
		}
		if c.StrokeTime == 0 {
			output = s.Value
			continue
		}
		most := (until - s.Time) / c.StrokeTime
		output = max(output-most, min(output+most, s.Value))
	}
	return output
}

func (c Controller) check(of string) error {
	if len(c.Setpoints) == 0 {
		return fmt.Errorf("the controller of %s has no set point", of)
	}
	if math.IsInf(c.StrokeTime, 0) || !(c.StrokeTime >= 0) {
		return fmt.Errorf("the controller of %s has a stroke time of %v s; it must be 0 or more", of, c.StrokeTime)
	}
	last := math.Inf(-1)
	for _, s := range c.Setpoints {
		if !(s.Time > last) || math.IsInf(s.Time, 1) {
			return fmt.Errorf("the controller of %s has a set point at %v s after one at %v s; times must rise", of, s.Time, last)
		}
		if !(s.Value >= 0 && s.Value <= 1) {
			return fmt.Errorf("the controller of %s has a set point of %v; it must be from 0 to 1", of, s.Value)
		}
		last = s.Time
	}
	return nil
}

// Pump is a centrifugal pump with a check valve. At the share n of its full speed it
// gives the head n²·ShutOffHead - Loss·Q²: the curves of all speeds are those of one,
// by the laws of affinity.
type Pump struct {
	ShutOffHead float64 // m, at full speed and no flow
	Loss        float64 // s²/m⁵
	MaxSpeed    float64 // rpm
	Speed       Controller
}

// Orifice is an opening that a liquid is pressed through: Q = o·Cd·A·√(2Δp/ρ), where
// it is opened by o.
type Orifice struct {
	Diameter  float64 // m
	Discharge float64 // coefficient, Cd
	Opening   Controller
}

// conductance is the flow by the root of the head that it takes, fully open, m^2.5/s.
func (o Orifice) conductance() float64 {
	return o.Discharge * (math.Pi / 4 * o.Diameter * o.Diameter) * math.Sqrt(2*Gravity)
}

func (o Orifice) check(of string) error {
	if math.IsInf(o.Diameter, 0) || !(o.Diameter > 0) || math.IsInf(o.Discharge, 0) || !(o.Discharge > 0) {
		return fmt.Errorf("%s has a diameter of %v m and a discharge coefficient of %v; both must be positive", of, o.Diameter, o.Discharge)
	}
	return o.Opening.check(of)
}

// Inlet is a tank before the line's beginning, at its height.
type Inlet struct {
	Pressure    float64 // Pa
	Temperature float64 // °C
	Pump        *Pump   // nil: there is none, and the flow may go back
}

// Outlet is a tank behind the line's end, at its height.
type Outlet struct {
	Pressure    float64 // Pa
	Temperature float64 // of what would come back, °C
	Valve       *Orifice
}

// Leak is a hole in the wall. Nothing comes in through it.
type Leak struct {
	Boundary     int // where it is, neither the first nor the last
	BackPressure float64
	Orifice
}

// System is a line and how it is operated.
type System struct {
	Line   Line
	Inlet  Inlet
	Outlet Outlet
	Leaks  []Leak
}

func (s System) check() error {
	if err := s.Line.check(); err != nil {
		return err
	}
	for _, v := range []float64{s.Inlet.Pressure, s.Inlet.Temperature, s.Outlet.Pressure, s.Outlet.Temperature} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("a pressure or temperature of the inlet or outlet is no number")
		}
	}
	if p := s.Inlet.Pump; p != nil {
		if !(p.ShutOffHead > 0) || !(p.Loss > 0) || !(p.MaxSpeed > 0) || math.IsInf(p.ShutOffHead+p.Loss+p.MaxSpeed, 0) {
			return fmt.Errorf("the pump's head is %v m, its loss %v s²/m⁵ and its speed %v rpm; all must be positive", p.ShutOffHead, p.Loss, p.MaxSpeed)
		}
		if err := p.Speed.check("the pump"); err != nil {
			return err
		}
	}
	if s.Outlet.Valve != nil {
		if err := s.Outlet.Valve.check("the valve"); err != nil {
			return err
		}
	}
	taken := map[int]bool{}
	for _, l := range s.Leaks {
		switch {
		case l.Boundary < 1 || l.Boundary >= s.Line.Sections():
			return fmt.Errorf("a leak is at boundary %d; it must be within the line, from 1 to %d", l.Boundary, s.Line.Sections()-1)
		case taken[l.Boundary]:
			return fmt.Errorf("two leaks are at boundary %d; make them one", l.Boundary)
		case math.IsNaN(l.BackPressure) || math.IsInf(l.BackPressure, 0):
			return fmt.Errorf("the back pressure of the leak at boundary %d is %v", l.Boundary, l.BackPressure)
		}
		taken[l.Boundary] = true
		if err := l.check("the leak"); err != nil {
			return err
		}
	}
	return nil
}
