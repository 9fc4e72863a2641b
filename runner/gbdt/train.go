package gbdt

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Iteration is what a [Callback] learns after each round of trees.
type Iteration struct {
	Index int // of this iteration, from 0
	Total int // num_iterations
	// Metrics has train_<metric> where is_provide_training_metric is set, and
	// valid_<metric> where there is validation data.
	Metrics map[string]float64
}

// Callback is called after each iteration. An error ends the training: Train
// returns it, or, for ErrStop, the model so far.
type Callback func(Iteration) error

// ErrStop is returned by a callback to end the training after this iteration.
var ErrStop = errors.New("gbdt: stop training")

// Options are what a training can be given beside data and parameters.
type Options struct {
	Callbacks []Callback
	// Objective is the loss where the parameter objective is custom.
	Objective CustomObjective
	// Start are the raw scores that training starts from, one an output, in the
	// place of the objective's own; they become part of the model. Data with initial
	// scores starts from those. nil: the objective's own.
	Start []float64
	// Continue is a model to go on from.
	Continue *Continue
	// Snapshot, if set, is called after every SnapshotEvery (0: 1) iterations,
	// before the callbacks of the next one. An error ends the training.
	SnapshotEvery int
	Snapshot      func(*Snapshot) error
	// Resume is a snapshot of a training with the same data and parameters (but
	// num_iterations and num_threads), to go on after it.
	Resume *Snapshot
}

// Train grows num_iterations rounds of trees (fewer where early stopping or the
// lack of a further split ends it) on train. valid, which may be nil, must come
// from [NewValidation] of train; with early_stopping_round it decides which
// iteration is the best, and the trees after it are dropped. When ctx is done,
// Train stops within a fraction of a tree and returns ctx's error.
//
// One seed gives one model, bit for bit, for any num_threads.
//
// Errors: *ParamError, *LabelError, ErrOneClass, and those of the callbacks.
func Train(ctx context.Context, train, valid *Dataset, p Params, callbacks ...Callback) (*Model, error) {
	return TrainWith(ctx, train, valid, p, Options{Callbacks: callbacks})
}

// TrainWith is [Train] with options.
func TrainWith(ctx context.Context, train, valid *Dataset, p Params, o Options) (*Model, error) {
	if err := checkTraining(train, valid, &p, &o); err != nil {
		return nil, err
	}
	if o.Continue != nil {
		var err error
		if train, valid, err = o.Continue.begin(train, valid, &p); err != nil {
			return nil, err
		}
	}
	train = train.forTraining()
	loss, err := newObjective(train, &p, o.Objective)
	if err != nil {
		return nil, err
	}
	workers := newPool(ctx, p.threads())
	defer workers.close()
	b := newBooster(ctx, train, valid, &p, loss, workers)
	b.continued = o.Continue != nil
	if o.Start != nil && train.initScore == nil {
		copy(b.start, o.Start)
	}
	if err := b.run(&o); err != nil {
		return nil, err
	}
	if o.Continue != nil {
		o.Continue.prepend(b.model)
	}
	return b.model, b.model.compile()
}

// checkTraining refuses what does not fit together before any work is done.
func checkTraining(train, valid *Dataset, p *Params, o *Options) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if o.Objective != nil && p.Objective != CustomLoss {
		return errCustomUnused
	}
	if o.Start != nil && (len(o.Start) != p.outputs() || slices.ContainsFunc(o.Start, func(v float64) bool { return !finite(v) })) {
		return fmt.Errorf("gbdt: Start is %v: it must hold one finite score for each of %d outputs", o.Start, p.outputs())
	}
	if err := checkLabels(train.given.label, p); err != nil {
		return err
	}
	if err := checkSum(train, p); err != nil {
		return err
	}
	if err := train.checkExtra(p); err != nil {
		return err
	}
	if err := train.checkConstraints(p); err != nil {
		return err
	}
	if p.LinearTree && (train.raw == nil || valid != nil && valid.raw == nil) {
		return errNoRaw
	}
	if p.EarlyStoppingRound > 0 && len(metricsOf(p)) == 0 {
		return &ParamError{Key: "early_stopping_round", Reason: "needs a metric"}
	}
	if valid == nil {
		if p.EarlyStoppingRound > 0 {
			return &ParamError{Key: "early_stopping_round", Reason: "needs validation data"}
		}
		return nil
	}
	if len(valid.mappers) != len(train.mappers) || valid.mappers[0] != train.mappers[0] {
		return errors.New("gbdt: the validation data was not binned with NewValidation of this training data")
	}
	if err := checkLabels(valid.given.label, p); err != nil {
		return fmt.Errorf("validation data: %w", err)
	}
	if err := valid.checkExtra(p); err != nil {
		return fmt.Errorf("validation data: %w", err)
	}
	return nil
}
