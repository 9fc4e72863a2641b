package simulate

import (
	"errors"
	"fmt"
	"math"
)

// Gravity is the standard acceleration of gravity, m/s².
const Gravity = 9.80665

// maxSections bounds a line.
const maxSections = 100_000

// Fluid is a liquid.
type Fluid struct {
	Density        float64 // kg/m³
	Viscosity      float64 // kinematic, m²/s; 0: an ideal liquid
	BulkModulus    float64 // Pa
	HeatCapacity   float64 // J/(kg K)
	VapourPressure float64 // Pa
}

// Pipe is a stretch of a line with one slope.
type Pipe struct {
	Label    string
	Sections int     // each as long as Line.SectionLength
	Rise     float64 // m, from its beginning to its end
}

// Line is a pipeline of one bore.
type Line struct {
	Fluid         Fluid
	Pipes         []Pipe
	SectionLength float64 // m
	Diameter      float64 // m, inner
	Roughness     float64 // m; 0: smooth
	WallThickness float64 // m
	WallModulus   float64 // of Young, Pa; 0: the wall does not yield
	HeatTransfer  float64 // from the liquid to its surroundings, W/(m² K)
	Ambient       float64 // °C
}

// Sections is the number of sections. Boundaries between them, both ends included, are
// numbered from 0.
func (l Line) Sections() int {
	n := 0
	for _, p := range l.Pipes {
		n += p.Sections
	}
	return n
}

// Length is in metres.
func (l Line) Length() float64 { return float64(l.Sections()) * l.SectionLength }

// Area is the inner cross-section's, m².
func (l Line) Area() float64 { return float64(math.Pi/4*l.Diameter) * l.Diameter }

// WaveSpeed is how fast pressure travels, m/s: Korteweg's formula for a thin wall that
// is free to stretch.
func (l Line) WaveSpeed() float64 {
	yield := 0.0
	if l.WallModulus > 0 {
		yield = l.Fluid.BulkModulus * l.Diameter / (l.WallModulus * l.WallThickness)
	}
	return math.Sqrt(l.Fluid.BulkModulus / l.Fluid.Density / (1 + yield))
}

// Profile is the course at the boundaries of the sections: the distance along the
// line and the height above its beginning, in metres.
func (l Line) Profile() (x, z []float64) {
	x, z = []float64{0}, []float64{0}
	start := 0.0
	for _, p := range l.Pipes {
		for i := 1; i <= p.Sections; i++ {
			x = append(x, float64(len(x))*l.SectionLength)
			z = append(z, start+float64(p.Rise*float64(i)/float64(p.Sections)))
		}
		start += p.Rise
	}
	return x, z
}

// check tells what is wrong with a line.
func (l Line) check() error {
	for _, q := range []struct {
		name  string
		value float64
		zero  bool // it may be zero
	}{
		{"fluid's density", l.Fluid.Density, false}, {"fluid's viscosity", l.Fluid.Viscosity, true}, {"fluid's bulk modulus", l.Fluid.BulkModulus, false},
		{"fluid's heat capacity", l.Fluid.HeatCapacity, false}, {"fluid's vapour pressure", l.Fluid.VapourPressure, true},
		{"section's length", l.SectionLength, false}, {"diameter", l.Diameter, false}, {"roughness", l.Roughness, true},
		{"wall's modulus", l.WallModulus, true}, {"wall's thickness", l.WallThickness, l.WallModulus == 0}, {"heat transfer", l.HeatTransfer, true},
	} {
		if math.IsInf(q.value, 0) || !(q.value >= 0) || q.value == 0 && !q.zero {
			return fmt.Errorf("the line's %s is %v; it must be a positive number", q.name, q.value)
		}
	}
	if l.Roughness > l.Diameter/20 {
		return fmt.Errorf("the line's roughness is %v m of a diameter of %v m; friction is known up to a twentieth", l.Roughness, l.Diameter)
	}
	for _, p := range l.Pipes {
		if p.Sections < 1 || p.Sections > maxSections {
			return fmt.Errorf("pipe %q has %d sections; it must have at least one, and a line at most %d", p.Label, p.Sections, maxSections)
		}
		if math.IsNaN(p.Rise) || math.IsInf(p.Rise, 0) {
			return fmt.Errorf("pipe %q rises by %v m", p.Label, p.Rise)
		}
	}
	if n := l.Sections(); n < 2 || n > maxSections {
		return fmt.Errorf("the line has %d sections; it must have at least 2, and at most %d", n, maxSections)
	}
	if math.IsNaN(l.Ambient) || math.IsInf(l.Ambient, 0) {
		return errors.New("the line's ambient temperature is no number")
	}
	return nil
}
