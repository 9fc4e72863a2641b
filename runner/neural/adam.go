package neural

import "math"

// adam is Kingma and Ba's solver (2014), with the correction of both moments in
// the learning rate.
type adam struct {
	params       *Params
	now          float64
	steps        float64
	mean, square []float64 // first and second moments
}

func (a *adam) begin() {
	a.steps++
	a.now = a.params.LearningRateInit * math.Sqrt(1-math.Pow(a.params.Beta2, a.steps)) / (1 - math.Pow(a.params.Beta1, a.steps))
}

func (a *adam) step(theta, grad []float64, lo, hi int) {
	b1, b2, epsilon := a.params.Beta1, a.params.Beta2, a.params.Epsilon
	for i := lo; i < hi; i++ {
		g := grad[i]
		m := b1*a.mean[i] + (1-b1)*g
		v := b2*a.square[i] + (1-b2)*(g*g)
		a.mean[i], a.square[i] = m, v
		theta[i] -= a.now * m / (math.Sqrt(v) + epsilon)
	}
}

func (a *adam) endEpoch(int)  {}
func (a *adam) stalled() bool { return true }
func (a *adam) rate() float64 { return a.now }
