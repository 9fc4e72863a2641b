package neural

import (
	"math"
	"math/rand/v2"
	"slices"

	"pgregory.net/rapid"
)

// drawnNet is a network with random weights, and rows for it.
type drawnNet struct {
	model  *Model
	params Params
	data   Dataset
}

// kind is a choice of what a network is made of.
type kind struct {
	activation, loss string
	classes          int
	embeddings       bool
}

func allKinds() (all []kind) {
	for _, activation := range []string{ReLU, Tanh, Logistic, Identity} {
		for _, embeddings := range []bool{false, true} {
			for _, classes := range []int{2, 3, 4} {
				all = append(all, kind{activation, LogLoss, classes, embeddings})
			}
			all = append(all, kind{activation, SquaredError, 0, embeddings}, kind{activation, Poisson, 0, embeddings})
		}
	}
	return all
}

func drawNet(t *rapid.T, mostRows int) drawnNet {
	return drawNetOf(t, mostRows, rapid.SampledFrom(allKinds()).Draw(t, "kind"))
}

func drawNetOf(t *rapid.T, mostRows int, k kind) drawnNet {
	p := DefaultParams()
	p.Activation, p.Loss, p.NumClass = k.activation, k.loss, k.classes
	p.HiddenLayerSizes = rapid.SliceOfN(rapid.IntRange(1, 9), 0, 3).Draw(t, "hidden_layer_sizes")
	p.Alpha = rapid.SampledFrom([]float64{0, 0.1, 3}).Draw(t, "alpha")
	p.EmbeddingDim = rapid.IntRange(0, 3).Draw(t, "embedding_dim")
	categories := rapid.SliceOfN(rapid.SampledFrom([]int{0}), 1, 4).Draw(t, "numbers")
	if k.embeddings {
		categories = rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 1, 3, 6}), 0, 4).Draw(t, "categories")
		categories = slices.Insert(categories, rapid.IntRange(0, len(categories)).Draw(t, "at"), 5)
	}
	rows := rapid.IntRange(1, mostRows).Draw(t, "rows")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))

	d := drawnNet{params: p}
	for i, c := range categories {
		f := Feature{Name: string(rune('a' + i)), Categories: c}
		for range rows {
			v := random.NormFloat64()
			if c > 0 {
				v = float64(random.IntN(c+2) - 1) // also beyond both ends
				if random.IntN(8) == 0 {
					v = math.NaN()
				}
			}
			f.Values = append(f.Values, v)
		}
		d.data.Features = append(d.data.Features, f)
	}
	for range rows {
		y := random.NormFloat64()
		if p.Loss == Poisson {
			y = float64(random.IntN(4))
		}
		if p.Loss == LogLoss {
			y = float64(random.IntN(p.NumClass))
		}
		d.data.Target = append(d.data.Target, y)
	}
	if rapid.Bool().Draw(t, "weighted") {
		for range rows {
			d.data.Weight = append(d.data.Weight, float64(random.IntN(4)))
		}
		d.data.Weight[0] = 1
	}
	var err error
	if d.model, err = newModel(d.data.Features, &p); err != nil {
		t.Fatal(err)
	}
	for range d.model.net.size {
		d.model.theta = append(d.model.theta, 0.4*random.NormFloat64())
	}
	return d
}

func (d *drawnNet) columns(lo, hi int) [][]float64 {
	var columns [][]float64
	for _, f := range d.data.Features {
		columns = append(columns, slices.Clone(f.Values[lo:hi]))
	}
	return columns
}

// plainOutput is a row's prediction by the definition, number by number.
func (d *drawnNet) plainOutput(theta []float64, row int) []float64 {
	n := d.model.net
	var x, embedded []float64
	at := 0
	for _, f := range d.data.Features {
		if f.Categories == 0 {
			x = append(x, f.Values[row])
			continue
		}
		e := n.embeddings[at]
		at++
		code := f.Categories
		if v := f.Values[row]; v >= 0 && v < float64(f.Categories) {
			code = int(v)
		}
		embedded = append(embedded, theta[e.weights+code*e.dim:e.weights+(code+1)*e.dim]...)
	}
	x = append(x, embedded...)
	for i, l := range n.layers {
		z := make([]float64, l.out)
		for j := range z {
			z[j] = theta[l.bias+j]
			for k, v := range x {
				z[j] += v * theta[l.weights+k*l.out+j]
			}
			if i == len(n.layers)-1 {
				continue
			}
			switch n.activation {
			case ReLU:
				z[j] = max(z[j], 0)
			case Tanh:
				z[j] = math.Tanh(z[j])
			case Logistic:
				z[j] = 1 / (1 + math.Exp(-z[j]))
			}
		}
		x = z
	}
	return x
}

// plainLoss is the loss with its penalty by the definition.
func (d *drawnNet) plainLoss(theta []float64) float64 {
	var loss, total, squares float64
	for row, y := range d.data.Target {
		w := 1.0
		if d.data.Weight != nil {
			w = d.data.Weight[row]
		}
		z := d.plainOutput(theta, row)
		total += w
		switch {
		case d.params.Loss == SquaredError:
			loss += w * (z[0] - y) * (z[0] - y) / 2
		case d.params.Loss == Poisson:
			loss += w * (math.Exp(z[0]) - y*z[0] - y)
			if y > 0 {
				loss += w * y * math.Log(y)
			}
		case d.params.NumClass == 2:
			loss += w * math.Log1p(math.Exp((1-2*y)*z[0]))
		default:
			sum := 0.0
			for _, v := range z {
				sum += math.Exp(v)
			}
			loss += w * (math.Log(sum) - z[int(y)])
		}
	}
	for _, v := range theta[:d.model.net.penalized] {
		squares += v * v
	}
	return (loss + d.params.Alpha/2*squares) / total
}

func bitsOf(values []float64) []uint64 {
	bits := make([]uint64, len(values))
	for i, v := range values {
		bits[i] = math.Float64bits(v)
	}
	return bits
}

func sameBits(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want []float64) {
	t.Helper()
	if !slices.Equal(bitsOf(got), bitsOf(want)) {
		t.Fatalf("%s: %v differs from %v", what, got, want)
	}
}
