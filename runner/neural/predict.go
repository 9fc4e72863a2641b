package neural

import (
	"context"
	"fmt"
	"math"
	"runtime"
)

// Predict gives the value of each row, or for log_loss its most likely class
// (0..NumClass-1, the first of equals). Columns are those of the training in their
// order; codes of a categorical column that training did not declare are unknown
// ones. A value that cannot be used is a [*FeatureError]; a row whose prediction
// overflows is an error, too.
//
// Rows are taken in blocks: besides the result, memory does not grow with them. A
// row's prediction does not depend on the others, bit for bit.
func (m *Model) Predict(ctx context.Context, columns [][]float64) ([]float64, error) {
	raw, err := m.outputs(ctx, columns)
	if err != nil || m.loss != LogLoss {
		return raw, err
	}
	k := m.net.outputs
	classes := make([]float64, len(raw)/k)
	for row := range classes {
		classes[row] = m.net.link.classOf(raw[row*k : (row+1)*k])
	}
	return classes, nil
}

// PredictProba gives the probability of each class, rows × NumClass, row by row,
// for log_loss. The rest is as with [Model.Predict].
func (m *Model) PredictProba(ctx context.Context, columns [][]float64) ([]float64, error) {
	if m.loss != LogLoss {
		return nil, fmt.Errorf("neural: a network with the loss %s has no probabilities", m.loss)
	}
	raw, err := m.outputs(ctx, columns)
	if err != nil || m.net.link == linkSoftmax {
		return raw, err
	}
	shares := make([]float64, 2*len(raw))
	for row, p := range raw {
		shares[2*row], shares[2*row+1] = 1-p, p
	}
	return shares, nil
}

// outputs gives the network's predictions, rows × outputs.
func (m *Model) outputs(ctx context.Context, columns [][]float64) ([]float64, error) {
	if len(columns) != len(m.features) {
		return nil, fmt.Errorf("neural: %d columns, but the network was trained on %d", len(columns), len(m.features))
	}
	rows := len(columns[0])
	for i, f := range m.features {
		if len(columns[i]) != rows {
			return nil, &FeatureError{Feature: f.name, Row: -1, Reason: fmt.Sprintf("has %d values, the first column %d", len(columns[i]), rows)}
		}
		if ctx.Err() != nil {
			return nil, cancelled(ctx)
		}
		if err := checkValues(f.name, f.categories, columns[i]); err != nil {
			return nil, err
		}
	}
	out := make([]float64, rows*m.net.outputs)
	pool := newPool(ctx, max(1, min(runtime.GOMAXPROCS(0), tasks(rows))))
	defer pool.close()
	passes := make([]*pass, pool.threads)
	pool.each(tasks(rows), func(worker, task int) {
		if passes[worker] == nil {
			passes[worker] = newPass(m.net, &pool.stopped, min(tileRows, rows), false)
		}
		p := passes[worker]
		for lo, hi := task*scoreRows, min(rows, (task+1)*scoreRows); lo < hi; lo += tileRows {
			count := min(tileRows, hi-lo)
			m.load(p, columns, lo, count)
			copy(out[lo*m.net.outputs:], p.forward(m.theta, count))
		}
	})
	if ctx.Err() != nil {
		return nil, cancelled(ctx)
	}
	for i, v := range out {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("neural: predict: row %d (counting from 0) leads to no finite number: its values are far outside of those trained on", i/m.net.outputs)
		}
	}
	return out, nil
}

// load sets a tile's inputs to count rows from lo on.
func (m *Model) load(p *pass, columns [][]float64, lo, count int) {
	number, category := 0, 0
	for i, f := range m.features {
		values := columns[i][lo : lo+count]
		if f.categories == 0 {
			for row, v := range values {
				p.values[0][row*m.net.inputs+number] = v
			}
			number++
			continue
		}
		for row, v := range values {
			p.codes[row*len(m.net.embeddings)+category] = codeOf(v, f.categories)
		}
		category++
	}
}
