package simulate

import "math"

// Pressure is that at a boundary, Pa.
func (f *Flow) Pressure(boundary int) float64 {
	return float64(f.line.Fluid.Density * Gravity * (f.head[boundary] - f.z[boundary]))
}

// SectionPressure is the mean pressure of a section, Pa. Sections are numbered from 0.
func (f *Flow) SectionPressure(section int) float64 {
	return float64((f.Pressure(section) + f.Pressure(section+1)) / 2)
}

// MassFlow is what leaves a boundary downstream, kg/s.
func (f *Flow) MassFlow(boundary int) float64 { return float64(f.line.Fluid.Density * f.out[boundary]) }

// Temperature is that of a section, °C.
func (f *Flow) Temperature(section int) float64 { return f.heat.temperature[section] }

// LeakFlow is what comes out of one of the system's leaks, kg/s.
func (f *Flow) LeakFlow(leak int) float64 { return float64(f.line.Fluid.Density * f.leaks[leak].rate) }

// LeakOpening is the output of its controller.
func (f *Flow) LeakOpening(leak int) float64 { return f.leaks[leak].Opening.At(f.Time()) }

// PumpSpeed is in rpm; 0 without a pump.
func (f *Flow) PumpSpeed() float64 {
	if f.inlet.Pump == nil {
		return 0
	}
	return float64(f.inlet.Pump.MaxSpeed * f.inlet.Pump.Speed.At(f.Time()))
}

// LinePack is the mass that the line holds, kg: that of the line without pressure, and
// what pressure has made room for, A·p/a² a metre.
func (f *Flow) LinePack() float64 {
	sum := 0.0
	for i := range f.line.Sections() {
		sum += f.SectionPressure(i)
	}
	a, dx := f.line.WaveSpeed(), f.line.SectionLength
	return float64(f.line.Area()*f.line.Length()*f.line.Fluid.Density) + float64(f.line.Area()*dx/(a*a)*sum)
}

// Boils tells where the pressure is below the liquid's vapour pressure, if it is
// anywhere; the flow is not true from then on.
func (f *Flow) Boils() (boundary int, boils bool) {
	lowest, at := math.Inf(1), 0
	for i, h := range f.head {
		if h-f.z[i] < lowest {
			lowest, at = h-f.z[i], i
		}
	}
	return at, f.Pressure(at) < f.line.Fluid.VapourPressure
}
