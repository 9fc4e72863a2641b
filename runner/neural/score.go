package neural

import "math"

// scorer measures a network on rows.
type scorer struct {
	net         *network
	on          *sample
	pool        *pool
	passes      []*pass
	predictions []float64 // rows × outputs
	theta       []float64
	run         func(worker, task int)
}

// scoreRows is how many rows a task predicts.
const scoreRows = 4 * tileRows

func newScorer(net *network, on *sample, pool *pool) *scorer {
	s := &scorer{net: net, on: on, pool: pool, predictions: make([]float64, len(on.rows)*net.outputs)}
	for range pool.threads {
		s.passes = append(s.passes, newPass(net, &pool.stopped, min(tileRows, len(on.rows)), false))
	}
	s.run = s.task
	return s
}

func tasks(rows int) int { return (rows + scoreRows - 1) / scoreRows }

// of gives the accuracy of classes, or R² of numbers, and the loss without the
// penalty, by the rows' weights. After the context is done neither must be used.
func (s *scorer) of(theta []float64) (score, loss float64) {
	s.theta = theta
	s.pool.each(tasks(len(s.on.rows)), s.run)
	var total, right, sum float64
	k := s.net.outputs
	for i, row := range s.on.rows {
		w, y, p := s.on.weightOf(row), s.on.target[row], s.predictions[i*k:(i+1)*k]
		total += w
		sum += w * y
		if w > 0 {
			loss += w * s.net.link.of(p, y)
		}
		if s.net.link.classOf(p) == y {
			right += w
		}
	}
	loss /= total
	if s.net.link == linkLogistic || s.net.link == linkSoftmax {
		return right / total, loss
	}
	var residual, spread float64
	for i, row := range s.on.rows {
		w, y := s.on.weightOf(row), s.on.target[row]
		residual += w * (y - s.predictions[i]) * (y - s.predictions[i])
		spread += w * (y - sum/total) * (y - sum/total)
	}
	switch {
	case spread != 0:
		return 1 - residual/spread, loss
	case residual == 0:
		return 1, loss
	}
	return 0, loss
}

func (s *scorer) task(worker, task int) {
	lo, hi := task*scoreRows, min(len(s.on.rows), (task+1)*scoreRows)
	for ; lo < hi && !s.pool.stopped.Load(); lo += tileRows {
		rows := s.on.rows[lo:min(hi, lo+tileRows)]
		s.on.data.load(s.passes[worker], rows)
		copy(s.predictions[lo*s.net.outputs:], s.passes[worker].forward(s.theta, len(rows)))
	}
}

// classOf is the class of a row's prediction, the first of equals; a number for
// other links.
func (k link) classOf(prediction []float64) float64 {
	switch k {
	case linkLogistic:
		if prediction[0] > 0.5 {
			return 1
		}
		return 0
	case linkSoftmax:
		best := 0
		for i, v := range prediction {
			if v > prediction[best] {
				best = i
			}
		}
		return float64(best)
	}
	return math.NaN()
}
