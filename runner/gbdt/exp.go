package gbdt

import "math"

// expInto sets each v to e^v. It differs from math.Exp by at most two units in
// the last place, takes a third of its time, and is the same on every machine,
// which math.Exp is not.
//
// e^v = 2^(k/64) · e^r with k = round(v · 64/ln 2) and |r| ≤ ln 2/128; the first
// factor comes from a table, the second from its series, whose sixth term is
// below 4e-17 (Tang, "Table-driven implementation of the exponential function in
// IEEE floating-point arithmetic", 1989).
func expInto(values []float64) {
	const (
		perUnit = 64 / math.Ln2
		// ln 2/64 in two parts, of which the first has trailing zeros, so that its
		// product with k is exact.
		unitHigh = 0x1.62e42fefap-7
		unitLow  = 0x1.cf79abc9e3b39p-46
		limit    = 700
	)
	for i, v := range values {
		if !(v > -limit && v < limit) {
			values[i] = math.Exp(v)
			continue
		}
		shifted := float64(v*perUnit) + toWhole
		k := int64(math.Float64bits(shifted)) // its low bits are k's
		whole := shifted - toWhole
		r := v - float64(whole*unitHigh) - float64(whole*unitLow)
		p := 1.0/24 + float64(r*(1.0/120))
		p = 1.0/6 + float64(r*p)
		p = 0.5 + float64(r*p)
		p = r + float64(float64(r*r)*p)
		scale := expTable[k&63]
		result := scale + float64(scale*p)
		values[i] = math.Float64frombits(math.Float64bits(result) + uint64(k>>6)<<52)
	}
}

// exp is expInto of one number.
func exp(v float64) float64 {
	one := [1]float64{v}
	expInto(one[:])
	return one[0]
}

// expTable is 2^(i/64).
var expTable = func() (table [64]float64) {
	for i := range table {
		table[i] = math.Exp2(float64(i) / 64)
	}
	return table
}()
