package gbdt

// scored is a dataset with the raw scores of the trees so far, output by output.
type scored struct {
	name       string
	data       *Dataset
	outputs    int
	score      []float64
	raw        []float64 // row by row; made when first evaluated
	prediction []float64 // the same, transformed
}

func newScored(name string, d *Dataset, outputs int) *scored {
	return &scored{name: name, data: d, outputs: outputs, score: make([]float64, d.rows*outputs)}
}

// fill sets all scores to start, plus the data's own initial scores.
func (s *scored) fill(start []float64) {
	for k, v := range start {
		part := s.score[k*s.data.rows : (k+1)*s.data.rows]
		for i := range part {
			part[i] = v
		}
	}
	for i, v := range s.data.initScore {
		s.score[i] += v
	}
}

// evaluate adds the metrics as name_metric. average divides the scores.
func (s *scored) evaluate(m *Model, average int, metrics []metric, workers *pool, into map[string]float64) {
	if len(metrics) == 0 {
		return
	}
	if s.prediction == nil {
		s.raw, s.prediction = make([]float64, len(s.score)), make([]float64, len(s.score))
	}
	workers.each(chunks(s.data.rows), func(_, task int) {
		from, to := chunk(task, s.data.rows)
		for row := from; row < to; row++ {
			out := s.prediction[row*s.outputs : (row+1)*s.outputs]
			for k := range out {
				out[k] = s.score[k*s.data.rows+row] / float64(average)
				s.raw[row*s.outputs+k] = out[k]
			}
			m.transform.apply(out)
		}
	})
	e := &evaluation{label: s.data.label, weight: s.data.weight, raw: s.raw, prediction: s.prediction, outputs: s.outputs, groups: s.data.groups}
	for i := range metrics {
		into[s.name+"_"+metrics[i].name] = metrics[i].eval(e)
	}
}

// addScores adds the leaves' values to the scores of the rows in the partition.
func (l *learner) addScores(values, score []float64) {
	type piece struct{ leaf, from, to int }
	var pieces []piece
	for i := range l.leaves {
		for task := range chunks(l.leaves[i].count) {
			from, to := chunk(task, l.leaves[i].count)
			pieces = append(pieces, piece{i, from, to})
		}
	}
	l.workers.each(len(pieces), func(_, task int) {
		p := pieces[task]
		rows, _ := l.rows.slices(l.leaves[p.leaf].segment)
		value := values[p.leaf]
		for _, row := range rows[p.from:p.to] {
			score[row] += value
		}
	})
}

// bag draws the rows that a tree is grown on.
type bag struct {
	rows     int
	p        *Params
	workers  *pool
	in, left []uint32
}

func newBag(rows int, p *Params, workers *pool) bag { return bag{rows: rows, p: p, workers: workers} }

// draw gives the rows in the bag and those left out, both in order; nil where
// all rows are taken. It draws anew every bagging_freq iterations.
func (b *bag) draw(index int) (in, left []uint32) {
	if b.p.BaggingFreq <= 0 || b.p.BaggingFraction >= 1 {
		return nil, nil
	}
	if index%b.p.BaggingFreq != 0 {
		return b.in, b.left
	}
	size := min(b.rows, max(1, int(b.p.BaggingFraction*float64(b.rows))))
	draw := stream(b.p.Seed, drawRows, uint64(index))
	b.in, b.left = b.in[:0], b.left[:0]
	for row := range b.rows {
		if draw.float()*float64(b.rows-row) < float64(size-len(b.in)) {
			b.in = append(b.in, uint32(row))
		} else {
			b.left = append(b.left, uint32(row))
		}
	}
	return b.in, b.left
}

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
