package gbdt

import (
	"context"
	"errors"
	"fmt"
)

// OutOfBag gives a random forest's raw scores of the rows that it was trained on,
// each by the trees that were grown without it: the mean of those, rows × NumOutputs
// row by row, NaN for a row that every tree was grown on (Breiman, "Out-of-bag
// estimation", 1996). columns are the training data's, in the order of FeatureNames,
// and p are the parameters of the training: which rows a tree saw follows from
// them. The trees must be those of one whole training.
func (m *Model) OutOfBag(ctx context.Context, columns [][]float64, p Params) ([]float64, error) {
	if !m.average || p.Boosting != RandomForest || !p.bags() || p.balancedBagging() || m.linear {
		return nil, errors.New("gbdt: out-of-bag scores are of a random forest with bagging_fraction below 1")
	}
	if iterations := m.NumIterations(); iterations != p.NumIterations {
		return nil, fmt.Errorf("gbdt: out-of-bag scores of a forest of %d iterations by the parameters of %d", iterations, p.NumIterations)
	}
	rows, err := m.checkColumns(columns)
	if err != nil {
		return nil, err
	}
	grownOn, err := p.bagsOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	return m.eachRow(columns, m.outputs, func() func(at int, row, out []float64) {
		return func(at int, row, out []float64) {
			trees := 0
			for i, bag := range grownOn {
				if bag[at/64]>>(at%64)&1 != 0 {
					continue
				}
				trees++
				for k := range out {
					out[k] += m.flat.value(m.flat.roots[i*m.outputs+k], row)
				}
			}
			for k := range out {
				out[k] /= float64(trees) // 0/0 where there is none
			}
		}
	})
}

// bagsOf draws the bags of all iterations anew, as sets of bits by row. Iterations
// that share a bag share its set.
func (p *Params) bagsOf(ctx context.Context, rows int) ([][]uint64, error) {
	bags := make([][]uint64, p.NumIterations)
	s := &sampler{p: p, label: make([]float64, rows), taken: make([]bool, rows)}
	for i := range bags {
		if i%p.BaggingFreq != 0 {
			bags[i] = bags[i-1]
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.bag(i)
		bags[i] = make([]uint64, (rows+63)/64)
		for _, row := range s.in {
			bags[i][row/64] |= 1 << (row % 64)
		}
	}
	return bags, nil
}
