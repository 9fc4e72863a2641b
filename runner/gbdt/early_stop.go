package gbdt

// stopper remembers the best value of each validation metric.
type stopper struct {
	p             *Params
	metrics       []metric
	best          map[string]float64
	at            map[string]int
	rounds        int
	bestIteration int
}

func newStopper(p *Params, metrics []metric) *stopper {
	s := &stopper{p: p, metrics: metrics, best: map[string]float64{}, at: map[string]int{}}
	if p.FirstMetricOnly && len(s.metrics) > 1 {
		s.metrics = s.metrics[:1]
	}
	return s
}

// update tells whether a metric has not improved for early_stopping_round
// iterations; bestIteration is then that metric's. Otherwise it is the first
// metric's best.
func (s *stopper) update(index int, values map[string]float64) (stop bool) {
	s.rounds++
	for i, m := range s.metrics {
		v := values["valid_"+m.name]
		best, seen := s.best[m.name]
		better := v < best-s.p.EarlyStoppingMinDelta
		if m.higherBetter {
			better = v > best+s.p.EarlyStoppingMinDelta
		}
		if !seen || better {
			s.best[m.name], s.at[m.name] = v, index
		}
		if i == 0 {
			s.bestIteration = s.at[m.name]
		}
	}
	for _, m := range s.metrics {
		if index-s.at[m.name] >= s.p.EarlyStoppingRound {
			s.bestIteration = s.at[m.name]
			return true
		}
	}
	return false
}
