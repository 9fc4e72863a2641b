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
	l.shares = l.shares[:0]
	rows := 0
	for i := range l.leaves {
		for task := range pieces(l.leaves[i].count) {
			from, to := piece(task, l.leaves[i].count)
			l.shares = append(l.shares, leafShare{i, from, to})
		}
		rows += l.leaves[i].count
	}
	l.workers.share(len(l.shares), rows >= chunkRows, func(_, task int) {
		s := l.shares[task]
		rows, _ := l.rows.slices(l.leaves[s.leaf].segment)
		value := values[s.leaf]
		for _, row := range rows[s.from:s.to] {
			score[row] += value
		}
	})
}

// leafShare is a part of a leaf's rows.
type leafShare struct{ leaf, from, to int }
