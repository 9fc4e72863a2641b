package neural

import "math"

// solver changes the weights by a gradient. step is called for ranges of weights,
// perhaps several at once; the other methods by one goroutine between steps.
type solver interface {
	// begin opens a step.
	begin()
	// step changes the weights lo to hi.
	step(theta, grad []float64, lo, hi int)
	// endEpoch tells how many rows have been seen so far.
	endEpoch(rows int)
	// stalled tells whether to stop where nothing improves any more.
	stalled() bool
	// rate is the present learning rate.
	rate() float64
}

func newSolver(p *Params, size int) solver {
	if p.Solver == SGD {
		return &sgd{params: p, now: p.LearningRateInit, velocity: make([]float64, size)}
	}
	return &adam{params: p, now: p.LearningRateInit, mean: make([]float64, size), square: make([]float64, size)}
}

// sgd is stochastic gradient descent with momentum.
type sgd struct {
	params   *Params
	now      float64
	velocity []float64
}

func (s *sgd) begin() {}

func (s *sgd) step(theta, grad []float64, lo, hi int) {
	mu, rate, nesterov := s.params.Momentum, s.now, s.params.NesterovsMomentum
	for i := lo; i < hi; i++ {
		v := mu*s.velocity[i] - rate*grad[i]
		s.velocity[i] = v
		if nesterov {
			v = mu*v - rate*grad[i]
		}
		theta[i] += v
	}
}

func (s *sgd) endEpoch(rows int) {
	if s.params.LearningRate == InvScaling {
		s.now = s.params.LearningRateInit / math.Pow(float64(rows)+1, s.params.PowerT)
	}
}

func (s *sgd) stalled() bool {
	if s.params.LearningRate != Adaptive || s.now <= 1e-6 {
		return true
	}
	s.now /= 5
	return false
}

func (s *sgd) rate() float64 { return s.now }
