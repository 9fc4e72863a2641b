package gbdt

import "math"

// sampler draws the rows that the trees of an iteration are grown on.
type sampler struct {
	p        *Params
	label    []float64
	in, left []uint32
	weights  []float64 // of the rows, for goss
	taken    []bool    // rows of the bag
	place    []uint32  // of each of the caller's rows; nil: the same
}

// newSampler draws for the caller's rows one after another, so that a bag does
// not depend on the order in which the data keeps them.
func newSampler(d *Dataset, p *Params) *sampler {
	s := &sampler{p: p, label: d.label}
	if d.order != nil && (p.DataSampleStrategy == GOSS || p.bags()) {
		s.place = make([]uint32, d.rows)
		for row, original := range d.order {
			s.place[original] = uint32(row)
		}
	}
	return s
}

// at is where the data keeps the caller's row.
func (s *sampler) at(row int) int {
	if s.place == nil {
		return row
	}
	return int(s.place[row])
}

// list fills in and left from taken.
func (s *sampler) list() {
	s.in, s.left = s.in[:0], s.left[:0]
	for row, is := range s.taken {
		if is {
			s.in = append(s.in, uint32(row))
		} else {
			s.left = append(s.left, uint32(row))
		}
	}
}

// draw gives the rows to use and those left out, both in order; nil where all
// rows are taken. It may scale the gradients of rows that stand for others, and
// then scaled is true.
func (s *sampler) draw(index int, gradient, hessian []float32) (in, left []uint32, scaled bool) {
	if s.p.DataSampleStrategy != GOSS && !s.p.bags() {
		return nil, nil, false
	}
	if s.taken == nil {
		s.taken = make([]bool, len(s.label))
	}
	if s.p.DataSampleStrategy == GOSS {
		return s.goss(index, gradient, hessian)
	}
	if begin := index - index%s.p.BaggingFreq; begin == index || s.in == nil {
		s.bag(begin)
	}
	return s.in, s.left, false
}

func (p *Params) bags() bool {
	return p.BaggingFreq > 0 && (p.BaggingFraction < 1 || p.balancedBagging())
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
	for i := range s.label {
		row := s.at(i)
		k := side(row)
		s.taken[row] = random.float()*float64(rows[k]) < float64(wanted[k])
		if s.taken[row] {
			wanted[k]--
		}
		rows[k]--
	}
	s.list()
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
	for i := range weights {
		row := s.at(i)
		if s.taken[row] = weights[row] >= threshold; s.taken[row] {
			continue
		}
		if random.float()*float64(rest) < float64(others) {
			s.taken[row] = true
			others--
			for at := row; at < len(gradient); at += rows {
				gradient[at] *= scale
				hessian[at] *= scale
			}
		}
		rest--
	}
	s.list()
	return s.in, s.left, true
}
