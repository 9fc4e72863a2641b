package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// niceTicks puts about six ticks at multiples of 1, 2 or 5 times a power of ten.
func niceTicks(low, high float64) []plot.Tick {
	step := niceStep((high - low) / 6)
	if !(step > 0) || math.IsInf(step, 0) {
		return []plot.Tick{{Value: low, Label: tickLabel(low, math.Abs(low), math.Abs(low))}}
	}
	size := max(math.Abs(low), math.Abs(high))
	var ticks []plot.Tick
	first := math.Ceil(low/step - 1e-9)
	for i := range 20 {
		v := (first + float64(i)) * step
		if v > high+step*1e-9 {
			break
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: tickLabel(v, step, size)})
	}
	return ticks
}

func niceStep(atLeast float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(atLeast)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= atLeast*(1-1e-9) {
			return times * power
		}
	}
	return 10 * power
}

// tickLabel writes as many decimals as the step needs; numbers that would be
// long have a power of ten.
func tickLabel(v, step, size float64) string {
	if v == 0 {
		return "0" // and not -0
	}
	if size >= 1e6 || step < 1e-4 {
		digits := max(0, int(math.Floor(math.Log10(math.Abs(v))+1e-9))-int(math.Floor(math.Log10(step)+1e-9)))
		return strconv.FormatFloat(v, 'e', min(digits, 6), 64)
	}
	if size >= 1e4 && step >= 1 {
		return thousands(int64(math.Round(v)))
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// unitTicks are those of an axis from 0 to 1.
func unitTicks(_, _ float64) []plot.Tick {
	var ticks []plot.Tick
	for i := range 6 {
		v := float64(i) / 5
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', 1, 64)})
	}
	return ticks
}

// unit makes both axes run from 0 to 1, with room for lines along the edges.
func unit(p *chart) {
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Min, axis.Max = -0.015, 1.015
		axis.Tick.Marker = plot.TickerFunc(unitTicks)
	}
}

// spread gives an axis a little more than the data's range.
func spread(axis *plot.Axis, low, high, room float64) {
	if !(high > low) {
		half := max(0.5, math.Abs(low)*0.1)
		low, high = low-half, high+half
	}
	d := (high - low) * room
	axis.Min, axis.Max = low-d, high+d
}
