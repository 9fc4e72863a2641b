package gbdt

import (
	"errors"
	"fmt"
	"math"
)

// CustomObjective is a loss of the caller's: it fills the gradient and hessian
// of the loss at the raw scores. All three are laid out output by output: that
// of row r for output k is at k*rows+r. An error ends the training.
type CustomObjective func(score []float64, gradient, hessian []float32) error

// custom calls a caller's objective. Training starts from zero, and the model's
// predictions are its raw scores.
type custom struct {
	fill CustomObjective
	rows int
	data *Dataset
}

func newCustom(d *Dataset, p *Params, fill CustomObjective) (*custom, error) {
	if fill == nil {
		return nil, &ParamError{Key: "objective", Reason: "custom needs a function: train with TrainWith and Options.Objective"}
	}
	return &custom{fill: fill, rows: d.rows, data: d}, nil
}

func (o *custom) initScore(int) float64 { return 0 }
func (o *custom) learns(int) bool       { return true }
func (o *custom) unitHessian() bool     { return false }
func (o *custom) describe() string      { return "" }

func (o *custom) gradients([]float64, []float32, []float32, int, int) {}

func (o *custom) prepare(score []float64, gradient, hessian []float32, _ *pool) error {
	if err := o.ask(score, gradient, hessian); err != nil {
		return fmt.Errorf("gbdt: custom objective: %w", err)
	}
	for i, g := range gradient {
		if h := float64(hessian[i]); !finite(float64(g)) || !finite(h) || h < 0 {
			return fmt.Errorf("gbdt: custom objective: row %d, output %d: gradient %v and hessian %v: both must be finite and the hessian not negative",
				o.data.original(i%o.rows), i/o.rows, g, h)
		}
	}
	return nil
}

// ask calls the caller's function with rows in the caller's order.
func (o *custom) ask(score []float64, gradient, hessian []float32) error {
	if o.data.order == nil {
		return o.fill(score, gradient, hessian)
	}
	theirScore, g, h := make([]float64, len(score)), make([]float32, len(score)), make([]float32, len(score))
	at := func(i int) int { return i - i%o.rows + o.data.original(i%o.rows) }
	for i, v := range score {
		theirScore[at(i)] = v
	}
	if err := o.fill(theirScore, g, h); err != nil {
		return err
	}
	for i := range score {
		gradient[i], hessian[i] = g[at(i)], h[at(i)]
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

var errCustomUnused = errors.New("gbdt: Options.Objective is set, but the parameter objective is not custom")
