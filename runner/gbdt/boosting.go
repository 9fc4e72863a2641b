package gbdt

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// booster is one training.
type booster struct {
	ctx     context.Context
	p       *Params
	loss    objective
	workers *pool
	learner *learner
	model   *Model
	train   *scored
	valid   *scored
	start   []float64 // initial score of each output
	metrics []metric
	sampler *sampler
	dart    *dart // nil for other kinds of boosting

	gradient []float32
	hessian  []float32
	stopper  *stopper
	// continued tells that the trees of another model come before these.
	continued bool
	checksum  *uint64 // of the training data, for snapshots
}

func newBooster(ctx context.Context, train, valid *Dataset, p *Params, loss objective, workers *pool) *booster {
	outputs := p.outputs()
	b := &booster{
		ctx: ctx, p: p, loss: loss, workers: workers,
		learner: newLearner(ctx, train, p, workers),
		model:   newModel(train, p, loss.describe()),
		train:   newScored("train", train, outputs),
		start:   make([]float64, outputs),
		metrics: metricsOf(p),
		sampler: newSampler(train, p),
	}
	if outputs == 1 && p.Boosting != RandomForest && !p.LinearTree {
		// Nothing needs them once a tree has begun to grow.
		b.gradient, b.hessian = b.learner.rows.spare()
	} else {
		b.gradient, b.hessian = make([]float32, train.rows*outputs), make([]float32, train.rows*outputs)
	}
	if valid != nil {
		b.valid = newScored("valid", valid, outputs)
	}
	if p.Boosting == DART {
		b.dart = newDart(p)
	}
	if p.EarlyStoppingRound > 0 {
		b.stopper = newStopper(p, b.metrics)
	}
	if p.BoostFromAverage && train.initScore == nil {
		for k := range b.start {
			b.start[k] = loss.initScore(k)
		}
	}
	return b
}

func (b *booster) run(o *Options) error {
	if b.p.Boosting == RandomForest {
		// All trees of a forest see the gradients at the initial score.
		b.train.fill(b.start)
		if err := b.computeGradients(); err != nil {
			return err
		}
		b.train.fill(make([]float64, len(b.start)))
	} else {
		b.train.fill(b.start)
		if b.valid != nil {
			b.valid.fill(b.start)
		}
	}
	first := 0
	if o.Resume != nil {
		if err := b.resume(o.Resume); err != nil {
			return err
		}
		first = o.Resume.state.Iterations
	}
	for index := first; index < b.p.NumIterations; index++ {
		grew, err := b.iterate(index)
		if err != nil {
			return err
		}
		if !grew && b.p.Boosting != RandomForest {
			b.dropRound(index)
			break
		}
		stop, err := b.report(index, o.Callbacks)
		if err != nil {
			return err
		}
		if stop {
			break
		}
		if o.Snapshot != nil && (index+1)%max(1, o.SnapshotEvery) == 0 {
			if err := o.Snapshot(b.snapshot(index)); err != nil {
				return fmt.Errorf("gbdt: snapshot after iteration %d: %w", index, err)
			}
		}
	}
	if b.stopper != nil && b.stopper.rounds > 0 {
		b.model.truncate(b.stopper.bestIteration + 1)
	}
	b.model.bestIteration = b.model.NumIterations()
	return b.ctx.Err()
}

func (b *booster) computeGradients() error {
	if whole, ok := b.loss.(wholeDataObjective); ok {
		return whole.prepare(b.train.score, b.gradient, b.hessian, b.workers)
	}
	rows := b.train.data.rows
	b.workers.eachPiece(rows, func(_, from, to int) {
		b.loss.gradients(b.train.score, b.gradient, b.hessian, from, to)
	})
	return nil
}

// iterate adds one tree an output. grew is false where none could be split.
func (b *booster) iterate(index int) (grew bool, err error) {
	rows := b.train.data.rows
	if b.dart != nil {
		b.dart.drop(b, index)
	}
	if b.p.Boosting != RandomForest {
		if err := b.computeGradients(); err != nil {
			return false, err
		}
	}
	sampled, left, scaled := b.sampler.draw(index, b.gradient, b.hessian)
	var added []grown
	for k := range b.start {
		g := grown{tree: newTree(0, 0, 0), binned: &binnedTree{}}
		if b.loss.learns(k) {
			g, err = b.learner.learn(sampled, b.gradient[k*rows:(k+1)*rows], b.hessian[k*rows:(k+1)*rows],
				b.loss.unitHessian() && !scaled, index*len(b.start)+k)
			if err != nil {
				return false, err
			}
		}
		if g.tree.numLeaves() > 1 {
			grew = true
			b.renew(g.tree, k)
			if b.p.LinearTree {
				b.fitLinear(g.tree, b.gradient[k*rows:(k+1)*rows], b.hessian[k*rows:(k+1)*rows], index == 0 && !b.continued)
			}
			if !g.tree.hasFiniteValues() {
				return false, fmt.Errorf("gbdt: iteration %d: the values of a tree overflow: scale the label down or lower learning_rate", index)
			}
		}
		b.apply(g, k, index, left)
		b.model.trees = append(b.model.trees, g.tree)
		added = append(added, g)
	}
	if b.dart != nil {
		b.dart.settle(b, added)
	}
	return grew, b.ctx.Err()
}

// renew sets the leaves' values to the objective's best ones.
func (b *booster) renew(t *tree, k int) {
	renewer, ok := b.loss.(leafRenewer)
	if !ok {
		return
	}
	rows := b.train.data.rows
	base := b.train.score[k*rows : (k+1)*rows]
	if b.p.Boosting == RandomForest {
		base = b.start[k : k+1]
	}
	b.workers.each(t.numLeaves(), func(_, leaf int) {
		inLeaf, _ := b.learner.rows.slices(b.learner.leaves[leaf].segment)
		t.leafValue[leaf] = renewer.renew(inLeaf, base)
	})
}

// apply shrinks a finished tree, adds it to the scores, and folds the initial
// score into it where the model text needs it there.
func (b *booster) apply(g grown, k, index int, left []uint32) {
	t := g.tree
	forest := b.p.Boosting == RandomForest
	if t.numLeaves() == 1 {
		t.leafValue[0], t.shrinkage = 0, 1
		if index == 0 || forest {
			t.leafValue[0] = b.start[k]
		}
		if forest {
			b.addToScores(g, k, left)
		}
		return
	}
	if forest {
		t.addBias(b.start[k])
		b.addToScores(g, k, left)
		return
	}
	t.scale(b.rate())
	b.addToScores(g, k, left)
	if index == 0 && math.Abs(b.start[k]) > kEpsilon {
		t.addBias(b.start[k])
	}
}

// rate is the factor on a new tree's values.
func (b *booster) rate() float64 {
	if b.dart != nil {
		return b.dart.rate
	}
	return b.p.LearningRate
}

func (b *booster) addToScores(g grown, k int, left []uint32) {
	if g.tree.linear != nil {
		b.addLinear(b.train, g, k)
		if b.valid != nil {
			b.addLinear(b.valid, g, k)
		}
		return
	}
	train := b.train
	score := train.score[k*train.data.rows : (k+1)*train.data.rows]
	b.learner.addScores(g.tree.leafValue, score)
	if left != nil {
		g.binned.addScores(train.data, b.workers, g.tree.leafValue, score, left)
	}
	if b.valid != nil {
		rows := b.valid.data.rows
		g.binned.addScores(b.valid.data, b.workers, g.tree.leafValue, b.valid.score[k*rows:(k+1)*rows], nil)
	}
}

// dropRound removes the round that could not be split, unless it is the first,
// which holds the initial score.
func (b *booster) dropRound(index int) {
	if index > 0 {
		b.model.truncate(index)
	}
}

// report evaluates, calls the callbacks, and tells whether to stop.
func (b *booster) report(index int, callbacks []Callback) (stop bool, err error) {
	it := Iteration{Index: index, Total: b.p.NumIterations, Metrics: map[string]float64{}}
	average := 1
	if b.p.Boosting == RandomForest {
		average = index + 1
	}
	if b.p.ProvideTrainMetric {
		b.train.evaluate(b.model, average, b.metrics, b.workers, it.Metrics)
	}
	if b.valid != nil {
		b.valid.evaluate(b.model, average, b.metrics, b.workers, it.Metrics)
	}
	for _, callback := range callbacks {
		if err := callback(it); errors.Is(err, ErrStop) {
			stop = true
		} else if err != nil {
			return false, fmt.Errorf("gbdt: callback after iteration %d: %w", index, err)
		}
	}
	if b.stopper != nil && b.stopper.update(index, it.Metrics) {
		stop = true
	}
	return stop, b.ctx.Err()
}
