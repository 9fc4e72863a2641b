package gbdt

import (
	"context"
	"math"
	"strings"
	"testing"
)

// skewedRow is a row's gradient and hessian in a loss whose rows differ by a
// factor of a million: counts and claims at half as much again as their rates,
// and squared errors of 0.5 and noise. u and v are uniform.
func skewedRow(loss string, u, v float64) (gradient, hessian float32) {
	rate := 1e-3 / (u*u + 1e-6) // from 1e-3 to 1e3
	switch loss {
	case Poisson:
		return float32(1.5*rate - math.Floor(rate+v)), float32(1.5 * rate * math.E)
	case Tweedie: // of power 1.5: nine claims in ten are zero
		root := math.Sqrt(1.5 * rate)
		claim := 10 * rate * math.Floor(v+0.1)
		return float32(root - claim/root), float32(0.5*root + 0.5*claim/root)
	}
	return float32(rate * (v + 0.5 - 0.5)), float32(rate) // weights
}

// Over ten million skewed rows packed sums decide as well as float64 ones: leaves
// whose values they give lower the loss by as much, but for a thousandth.
func TestPackedSumsOfTenMillionRows(t *testing.T) {
	rows := 10_000_000
	if underRace {
		rows = 100_000
	}
	const leaves = 255
	for _, loss := range []string{Poisson, Tweedie, Regression} {
		t.Run(loss, func(t *testing.T) {
			gradient, hessian := make([]float32, rows), make([]float32, rows)
			r := stream(7, 1, 0)
			var exact [leaves]binSum
			sumAbs, sumHessian := 0.0, 0.0
			for i := range rows {
				g, h := skewedRow(loss, float64(i%leaves)/leaves, r.float())
				gradient[i], hessian[i] = g, h
				exact[i%leaves].gradient += float64(g)
				exact[i%leaves].hessian += float64(h)
				sumAbs += math.Abs(float64(g))
				sumHessian += float64(h)
			}
			code, ok := newPacking(rows, sumAbs, sumHessian, false)
			if !ok {
				t.Fatal("the rows should be packed")
			}
			var packed [leaves]uint64
			for i, g := range gradient {
				packed[i%leaves] += code.pack(g, hessian[i])
			}
			gain, got := 0.0, 0.0
			for leaf, s := range exact {
				p := code.unpack(packed[leaf])
				value := 0.0
				if p.hessian >= 1e-3 {
					value = -p.gradient / p.hessian
				}
				gain += s.gradient * s.gradient / (2 * s.hessian)
				got -= s.gradient*value + s.hessian*value*value/2
			}
			if !(got >= gain*(1-1e-3)) {
				t.Errorf("the loss falls by %v, with float64 sums by %v", got, gain)
			}
		})
	}
}

// Where a few rows outweigh all others, packed sums would lose the others'
// hessians: such data is trained with float64 sums by itself.
func TestVeryUnevenWeightsAreNotPacked(t *testing.T) {
	const rows = 4000
	features, raw := plainData(rows, 4, 17)
	label, weight := make([]float64, rows), make([]float64, rows)
	for i := range label {
		label[i], weight[i] = raw[0][i]+raw[1][i], 1
		if i%400 == 0 {
			weight[i] = 1e9
		}
	}
	model := func(precision string) string {
		p := DefaultParams()
		p.NumIterations, p.HistPrecision = 10, precision
		d, err := NewDataset(context.Background(), features, label, weight, p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Train(context.Background(), d, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(modelText(t, m), "[hist_precision: packed]", "[hist_precision: float64]", 1)
	}
	if model(PackedHistograms) != model(Float64Histograms) {
		t.Error("weights from 1 to 1e9 are summed in packed form")
	}
	if tooUneven(nil) || tooUneven([]float64{1, 0, 100, 1e6}) || !tooUneven([]float64{1, 1e9, 1e9}) {
		t.Error("the line between even and uneven weights has moved")
	}
}
