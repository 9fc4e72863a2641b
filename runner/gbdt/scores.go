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
