package simulate

import (
	"errors"
	"math"
)

// settle finds the flow that the inlet drives through the line and the outlet, and the
// heads along it.
func (f *Flow) settle() error {
	last := len(f.head) - 1
	sections := float64(last)
	supply, back := f.headOf(f.inlet.Pressure, 0), f.headOf(f.outlet.Pressure, last)
	shutOff, loss := 0.0, 0.0
	if pump := f.inlet.Pump; pump != nil {
		n := pump.Speed.At(0)
		shutOff, loss = float64(float64(n*n)*pump.ShutOffHead), pump.Loss
	}
	open, closed := 0.0, false
	if valve := f.outlet.Valve; valve != nil {
		open = valve.conductance() * valve.Opening.At(0)
		closed = open == 0
		open *= open
	}
	// excess is the head that a flow leaves over; it falls with the flow.
	excess := func(q float64) float64 {
		size := math.Abs(q)
		left := supply + shutOff - back - float64(loss*q*size) - float64(sections*f.friction.resistance(q)*q)
		if open > 0 {
			left -= q * size / open
		}
		return left
	}
	q, first := 0.0, supply+shutOff
	switch {
	case closed:
	case f.inlet.Pump != nil && excess(0) <= 0:
		first = back // the check valve is shut
	default:
		var err error
		if q, err = fallsToZero(excess); err != nil {
			return err
		}
		first -= float64(loss * q * math.Abs(q))
	}
	lost := f.friction.resistance(q) * q
	for i := range f.head {
		f.head[i], f.in[i], f.out[i] = first-float64(float64(i)*lost), q, q
	}
	return nil
}

// fallsToZero finds where a function that falls is zero.
func fallsToZero(excess func(q float64) float64) (float64, error) {
	const most = 1e6 // m³/s
	at := excess(0)
	if at == 0 {
		return 0, nil
	}
	sign := math.Copysign(1, at)
	low, high := 0.0, 1e-3
	for ; sign*excess(sign*high) > 0; high *= 2 {
		if high > most {
			return 0, errors.New("nothing holds the flow back: there is neither friction nor a valve or a pump")
		}
	}
	for {
		middle := low + float64((high-low)/2)
		if middle <= low || middle >= high {
			return sign * low, nil
		}
		if sign*excess(sign*middle) > 0 {
			low = middle
		} else {
			high = middle
		}
	}
}
