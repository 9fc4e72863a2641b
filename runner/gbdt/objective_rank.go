package gbdt

import (
	"cmp"
	"math"
	"slices"
)

// lambdaRank is LambdaMART's objective: pairs of a query's rows push each other
// apart by how much NDCG would change if they swapped places (Burges, "From
// RankNet to LambdaRank to LambdaMART", 2010), with LightGBM's normalization.
type lambdaRank struct {
	label, weight []float64
	groups        []int // where each query begins, and the end
	gain          []float64
	inverseMax    []float64 // 1 / the best DCG of each query; 0 where it is 0
	sigmoid       float64
	normalize     bool
	truncation    int
	responses     []float64
	low, factor   float64   // of the table of responses: its first x, and steps in one unit
	discounts     []float64 // of each rank in the longest query
	orders        [][]int   // per worker: the ranking of the query at hand
}

func newLambdaRank(d *Dataset, p *Params) *lambdaRank {
	o := &lambdaRank{label: d.label, weight: d.weight, groups: d.groups, gain: p.gains(), sigmoid: p.Sigmoid,
		normalize: p.LambdarankNorm, truncation: p.LambdarankTruncation}
	o.fillResponses()
	for q := range len(d.groups) - 1 {
		best := bestDCG(d.label[d.groups[q]:d.groups[q+1]], o.gain, o.truncation)
		if best > 0 {
			best = 1 / best
		}
		o.inverseMax = append(o.inverseMax, best)
		for rank := len(o.discounts); rank < d.groups[q+1]-d.groups[q]; rank++ {
			o.discounts = append(o.discounts, discount(rank))
		}
	}
	return o
}

func (o *lambdaRank) initScore(int) float64 { return 0 }
func (o *lambdaRank) learns(int) bool       { return true }
func (o *lambdaRank) unitHessian() bool     { return false }
func (o *lambdaRank) describe() string      { return LambdaRank }

func (o *lambdaRank) gradients([]float64, []float32, []float32, int, int) {}

// queriesPerTask keeps the cost of handing out a task well below its work.
const queriesPerTask = 64

func (o *lambdaRank) prepare(score []float64, gradient, hessian []float32, workers *pool) error {
	queries := len(o.inverseMax)
	for len(o.orders) < workers.threads {
		o.orders = append(o.orders, make([]int, len(o.discounts)))
	}
	workers.each((queries+queriesPerTask-1)/queriesPerTask, func(worker, task int) {
		for q := task * queriesPerTask; q < min(queries, (task+1)*queriesPerTask); q++ {
			from, to := o.groups[q], o.groups[q+1]
			o.query(q, score[from:to], gradient[from:to], hessian[from:to], o.orders[worker][:to-from])
		}
	})
	return nil
}

func (o *lambdaRank) query(q int, score []float64, gradient, hessian []float32, order []int) {
	label := o.label[o.groups[q]:o.groups[q+1]]
	clear(gradient)
	clear(hessian)
	rank(order, score)
	differ := score[order[0]] != score[order[len(order)-1]]
	sum := 0.0
	for i := range min(len(order)-1, o.truncation) {
		for j := i + 1; j < len(order); j++ {
			high, low := i, j // ranks of the row with the higher and the lower label
			if label[order[i]] == label[order[j]] {
				continue
			}
			if label[order[i]] < label[order[j]] {
				high, low = j, i
			}
			a, b := order[high], order[low]
			difference := score[a] - score[b]
			change := (o.gain[int(label[a])] - o.gain[int(label[b])]) * math.Abs(o.discounts[high]-o.discounts[low]) * o.inverseMax[q]
			if o.normalize && differ {
				change /= float64(float32(0.01)) + math.Abs(difference)
			}
			response := o.response(difference)
			push := -o.sigmoid * change * response
			curve := o.sigmoid * o.sigmoid * change * (response * (1 - response))
			gradient[b] -= float32(push)
			hessian[b] += float32(curve)
			gradient[a] += float32(push)
			hessian[a] += float32(curve)
			sum -= 2 * push
		}
	}
	scale := 1.0
	if o.normalize && sum > 0 {
		scale = math.Log2(1+sum) / sum
	}
	for i := range gradient {
		w := weightOf(o.weight, o.groups[q]+i)
		gradient[i] = float32(float64(float32(float64(gradient[i])*scale)) * w)
		hessian[i] = float32(float64(float32(float64(hessian[i])*scale)) * w)
	}
}

// responseSteps is the length of the table of responses, LightGBM's.
const responseSteps = 1024 * 1024

// fillResponses makes the table of 1/(1+exp(sigmoid·x)) for x from -25/sigmoid
// to 25/sigmoid.
func (o *lambdaRank) fillResponses() {
	o.low = -50 / o.sigmoid / 2
	o.factor = responseSteps / (-2 * o.low)
	o.responses = make([]float64, responseSteps)
	for i := range o.responses {
		o.responses[i] = 1 / (1 + exp((float64(i)/o.factor+o.low)*o.sigmoid))
	}
}

// response is 1/(1+exp(sigmoid·x)), in the steps of the table.
func (o *lambdaRank) response(x float64) float64 {
	switch {
	case x <= o.low:
		return o.responses[0]
	case x >= -o.low:
		return o.responses[responseSteps-1]
	}
	return o.responses[min(int((x-o.low)*o.factor), responseSteps-1)]
}

// byScore gives the positions from the highest score to the lowest; equal
// scores keep their order.
func byScore(score []float64) []int {
	order := make([]int, len(score))
	rank(order, score)
	return order
}

// rank is byScore into order.
func rank(order []int, score []float64) {
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
}

// discount is how much a rank, from 0, counts in DCG.
func discount(rank int) float64 { return 1 / math.Log2(2+float64(rank)) }

// bestDCG is the discounted cumulative gain of the first k rows in the best order.
func bestDCG(label, gain []float64, k int) float64 {
	order := byScore(label)
	sum := 0.0
	for rank, at := range order[:min(k, len(order))] {
		sum += gain[int(label[at])] * discount(rank)
	}
	return sum
}

// gains are the parameter label_gain, by default 2^label - 1.
func (p *Params) gains() []float64 {
	if len(p.LabelGain) > 0 {
		return p.LabelGain
	}
	const labels = 31
	gains := make([]float64, labels)
	for i := range gains {
		gains[i] = float64(uint(1)<<i - 1)
	}
	return gains
}
