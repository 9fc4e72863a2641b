package neural

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// byEpochs trains with sgd or adam: batch after batch, epoch after epoch, until
// nothing improves any more.
func (t *training) byEpochs(ctx context.Context) error {
	p, rows := t.params, slices.Clone(t.train.rows)
	batch := p.BatchSize
	if batch == 0 {
		batch = 200
	}
	batch = min(batch, len(rows))
	g := newGradient(t.net, t.train, p.Alpha, batch, t.pool)
	s := newSolver(p, t.net.size)
	update := func(grad []float64, lo, hi int) { s.step(t.theta, grad, lo, hi) }
	random := stream(p.RandomState, drawOrder)
	swap := func(i, j int) { rows[i], rows[j] = rows[j], rows[i] }
	w := newWatch(p)
	for epoch := 1; epoch <= p.MaxIter; epoch++ {
		if p.Shuffle {
			random.Shuffle(len(rows), swap)
		}
		sum := 0.0
		for at := 0; at < len(rows); at += batch {
			part := rows[at:min(len(rows), at+batch)]
			loss, total := g.loss(t.theta, part)
			if ctx.Err() != nil {
				return cancelled(ctx)
			}
			if math.IsNaN(loss) || math.IsInf(loss, 0) {
				return t.diverged(epoch, "the loss")
			}
			if total == 0 {
				continue
			}
			s.begin()
			g.apply(update)
			sum += loss * float64(len(part))
		}
		e := Epoch{Number: epoch, Loss: sum / float64(len(rows)), LearningRate: s.rate()}
		better, err := t.endEpoch(ctx, &e, w)
		if err != nil {
			return err
		}
		if better {
			t.keepBest(epoch)
		}
		s.endEpoch(epoch * len(rows))
		if w.patience < 0 {
			if s.stalled() {
				break
			}
			w.patience = p.NIterNoChange
		}
	}
	t.restoreBest()
	return nil
}

// endEpoch scores the epoch, writes the history and reports. better tells that the
// weights are the best so far of an early stopping.
func (t *training) endEpoch(ctx context.Context, e *Epoch, w *watch) (better bool, err error) {
	t.history.LossCurve = append(t.history.LossCurve, e.Loss)
	t.history.NIter = e.Number
	if t.scorer != nil {
		t.fillUnseen()
		e.Validated = true
		e.ValidationScore, e.ValidationLoss = t.scorer.of(t.theta)
		t.clearUnseen()
		if ctx.Err() != nil {
			return false, cancelled(ctx)
		}
		if v := e.ValidationScore + e.ValidationLoss; math.IsNaN(v) || math.IsInf(v, 0) {
			return false, t.diverged(e.Number, "the validation loss")
		}
		t.history.ValidationScores = append(t.history.ValidationScores, e.ValidationScore)
	}
	better = w.see(e)
	if t.report != nil {
		if err := t.report(*e); err != nil {
			return false, fmt.Errorf("neural: train: epoch %d: %w", e.Number, err)
		}
	}
	return better, nil
}

// watch counts epochs without an improvement by tol: of the loss, or with early
// stopping of the validation score.
type watch struct {
	params   *Params
	early    bool
	loss     float64 // best so far
	score    float64
	patience int // epochs left; below 0: stop
}

func newWatch(p *Params) *watch {
	return &watch{params: p, early: p.stopsEarly(), loss: math.Inf(1), score: math.Inf(-1), patience: p.NIterNoChange}
}

// stopsEarly tells whether validation rows end the training.
func (p *Params) stopsEarly() bool { return p.EarlyStopping && p.Solver != LBFGS }

// see takes an epoch into account. better tells of the best score so far.
func (w *watch) see(e *Epoch) (better bool) {
	improved := e.Loss <= w.loss-w.params.Tol
	w.loss = min(w.loss, e.Loss)
	if w.early {
		improved = e.ValidationScore >= w.score+w.params.Tol
		better = e.ValidationScore > w.score
		w.score = max(w.score, e.ValidationScore)
	}
	w.patience--
	if improved {
		w.patience = w.params.NIterNoChange
	}
	return better
}
