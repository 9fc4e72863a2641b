package simulate

// heatEvery is how many time steps of the flow one of heat takes: heat moves with the
// liquid, hundreds of times as slow as pressure.
const heatEvery = 8

// heat is the temperature of each section, °C.
type heat struct {
	temperature []float64
	volume      float64 // of a section, m³
	cooling     float64 // 1/s
	warming     float64 // of a m⁴/s of head lost times flow, K
}

func newHeat(f *Flow) heat {
	l := f.line
	h := heat{
		temperature: make([]float64, l.Sections()),
		volume:      l.Area() * l.SectionLength,
		cooling:     4 * l.HeatTransfer / (l.Fluid.Density * l.Fluid.HeatCapacity * l.Diameter),
	}
	h.warming = Gravity / (l.Fluid.HeatCapacity * h.volume)
	// The steady state of the very scheme that goes on from it.
	q := f.out[0]
	rate := max(q, -q) / h.volume
	friction := float64(h.warming * f.friction.resistance(q) * q * q)
	before := f.inlet.Temperature
	for i := range h.temperature {
		at := i
		if q < 0 {
			if i == 0 {
				before = f.outlet.Temperature
			}
			at = len(h.temperature) - 1 - i
		}
		t := l.Ambient
		if rate+h.cooling > 0 {
			t = (float64(rate*before) + float64(h.cooling*l.Ambient) + friction) / (rate + h.cooling)
		}
		h.temperature[at], before = t, t
	}
	return h
}

// advance carries heat along, upwind, for some seconds.
func (h *heat) advance(f *Flow, seconds float64) {
	sections := len(h.temperature)
	before := f.inlet.Temperature
	for i, t := range h.temperature {
		q := (f.out[i] + f.in[i+1]) / 2
		from := before
		if q < 0 {
			from = f.outlet.Temperature
			if i+1 < sections {
				from = h.temperature[i+1]
			}
		}
		size := max(q, -q)
		change := float64(size/h.volume*(from-t)) + float64(h.cooling*(f.line.Ambient-t)) + float64(h.warming*f.friction.resistance(q)*q*q)
		h.temperature[i], before = t+float64(seconds*change), t
	}
}
