package gbdt

import "math"

// sampler draws the rows that the trees of an iteration are grown on.
type sampler struct {
	p        *Params
	label    []float64
	in, left []uint32
	weights  []float64 // of the rows, for goss
}

func newSampler(d *Dataset, p *Params) *sampler { return &sampler{p: p, label: d.label} }

// draw gives the rows to use and those left out, both in order; nil where all
// rows are taken. It may scale the gradients of rows that stand for others, and
// then scaled is true.
func (s *sampler) draw(index int, gradient, hessian []float32) (in, left []uint32, scaled bool) {
	switch {
	case s.p.DataSampleStrategy == GOSS:
		return s.goss(index, gradient, hessian)
	case s.p.BaggingFreq <= 0 || s.p.BaggingFraction >= 1 && !s.p.balancedBagging():
		return nil, nil, false
	}
	if begin := index - index%s.p.BaggingFreq; begin == index || s.in == nil {
		s.bag(begin)
	}
	return s.in, s.left, false
}

func (p *Params) balancedBagging() bool { return p.PosBaggingFraction < 1 || p.NegBaggingFraction < 1 }

// bag draws a bag without replacement: an exact number of rows, or of each
// class its own share.
func (s *sampler) bag(index int) {
	random := stream(s.p.seed(drawRows), drawRows, uint64(index))
	// what is wanted and what is there, of negative and positive rows
	var wanted, rows [2]int
	side := func(row int) int {
		if s.p.balancedBagging() && s.label[row] > 0 {
			return 1
		}
		return 0
	}
	for row := range s.label {
		rows[side(row)]++
	}
	if s.p.balancedBagging() {
		wanted = [2]int{int(s.p.NegBaggingFraction * float64(rows[0])), int(s.p.PosBaggingFraction * float64(rows[1]))}
	} else {
		wanted[0] = min(rows[0], max(1, int(s.p.BaggingFraction*float64(rows[0]))))
	}
	s.in, s.left = s.in[:0], s.left[:0]
	for row := range s.label {
		k := side(row)
		if random.float()*float64(rows[k]) < float64(wanted[k]) {
			s.in = append(s.in, uint32(row))
			wanted[k]--
		} else {
			s.left = append(s.left, uint32(row))
		}
		rows[k]--
	}
}

// goss keeps the rows with the largest gradients and a sample of the others,
// whose gradients it enlarges so that the sums stay about the same
// (gradient-based one-side sampling; Ke et al., 2017). The first rounds, 1 /
// learning_rate of them, use all rows.
func (s *sampler) goss(index int, gradient, hessian []float32) (in, left []uint32, scaled bool) {
	if index < int(1/s.p.LearningRate) {
		return nil, nil, false
	}
	rows := len(s.label)
	if s.weights == nil {
		s.weights = make([]float64, 2*rows)
	}
	weights, ranked := s.weights[:rows], s.weights[rows:]
	for row := range weights {
		weights[row] = 0
		for at := row; at < len(gradient); at += rows {
			weights[row] += math.Abs(float64(gradient[at]) * float64(hessian[at]))
		}
	}
	copy(ranked, weights)
	top := max(1, int(s.p.TopRate*float64(rows)))
	others := max(1, int(s.p.OtherRate*float64(rows)))
	threshold := selectDescending(ranked, top-1)
	above := 0
	for _, w := range weights {
		above += int(oneIf(w >= threshold))
	}
	rest := rows - above
	others = min(others, rest)
	scale := float32(float64(rows-top) / float64(max(1, others)))
	random := stream(s.p.seed(drawRows), drawRows, uint64(index))
	s.in, s.left = s.in[:0], s.left[:0]
	for row, w := range weights {
		if w >= threshold {
			s.in = append(s.in, uint32(row))
			continue
		}
		if random.float()*float64(rest) < float64(others) {
			s.in = append(s.in, uint32(row))
			others--
			for at := row; at < len(gradient); at += rows {
				gradient[at] *= scale
				hessian[at] *= scale
			}
		} else {
			s.left = append(s.left, uint32(row))
		}
		rest--
	}
	return s.in, s.left, true
}
