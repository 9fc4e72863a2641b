package neural

import (
	"math"
	"math/rand/v2"
)

// Streams of random numbers: what one part draws does not depend on what another
// drew before.
const (
	drawWeights uint64 = iota + 1
	drawHoldout
	drawOrder
)

func stream(seed int, purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), purpose)) }

// firstWeights draws weights and biases as Glorot and Bengio (2010): uniform
// within sqrt(6/(in+out)), or sqrt(2/(in+out)) for the logistic function. An
// embedding is a layer from one-hot columns.
func (n *network) firstWeights(seed int) []float64 {
	factor := 6.0
	if n.activation == Logistic {
		factor = 2
	}
	random := stream(seed, drawWeights)
	theta := make([]float64, n.size)
	draw := func(values []float64, in, out int) {
		bound := math.Sqrt(factor / float64(in+out))
		for i := range values {
			values[i] = bound * (2*random.Float64() - 1)
		}
	}
	for _, l := range n.layers {
		draw(l.w(theta), l.in, l.out)
		draw(l.b(theta), l.in, l.out)
	}
	for _, e := range n.embeddings {
		draw(e.table(theta), e.rows(), e.dim)
	}
	return theta
}

// unseen are the codes of each embedding without a weighted row in training, and
// the weight of the others. While training, their vectors are 0, where neither
// data nor penalty moves them; a model gives them the mean of the others.
type unseen struct {
	net    *network
	codes  [][]int32
	weight [][]float64 // of each code
}

func newUnseen(net *network, data *matrix, rows []int, weight []float64) *unseen {
	u := &unseen{net: net}
	for i, e := range net.embeddings {
		sum := make([]float64, e.rows())
		for _, row := range rows {
			w := 1.0
			if weight != nil {
				w = weight[row]
			}
			sum[data.codes[row*len(net.embeddings)+i]] += w
		}
		var codes []int32
		for code, w := range sum {
			if w == 0 {
				codes = append(codes, int32(code))
			}
		}
		u.codes, u.weight = append(u.codes, codes), append(u.weight, sum)
	}
	return u
}

func (u *unseen) clear(theta []float64) {
	for i, e := range u.net.embeddings {
		for _, code := range u.codes[i] {
			clear(e.vector(theta, code))
		}
	}
}

// fill sets the unseen codes' vectors to the mean of the others by their weight.
func (u *unseen) fill(theta []float64) {
	for i, e := range u.net.embeddings {
		if len(u.codes[i]) == 0 {
			continue
		}
		mean, total := make([]float64, e.dim), 0.0
		for code, w := range u.weight[i] {
			if w == 0 {
				continue
			}
			total += w
			for j, v := range e.vector(theta, int32(code)) {
				mean[j] += w * v
			}
		}
		for j := range mean {
			mean[j] /= total
		}
		for _, code := range u.codes[i] {
			copy(e.vector(theta, code), mean)
		}
	}
}
