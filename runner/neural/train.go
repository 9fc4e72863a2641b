package neural

import (
	"context"
	"slices"
)

// Options are what [Train] may be given besides data and parameters.
type Options struct {
	// Validation rows are scored after each epoch; early_stopping stops on them in
	// the place of rows held out. The columns are those of the training data.
	Validation *Dataset
	// Initial gives the first weights in the place of random ones. Its columns, shape
	// and loss must be those to train. It is not changed.
	Initial *Model
	// OnEpoch is called after each epoch (iteration of lbfgs), by the goroutine that
	// called Train. An error ends the training and comes back wrapped.
	OnEpoch func(Epoch) error
}

// Epoch is what is known after one pass over the rows, or one iteration of lbfgs.
type Epoch struct {
	Number int // from 1
	// Loss of the training rows with the penalty, averaged over the batches as they
	// were passed: scikit-learn's loss_curve_.
	Loss float64
	// Validated tells whether there are validation rows: then ValidationScore is
	// their accuracy, or R² for numbers, and ValidationLoss the loss without penalty.
	Validated       bool
	ValidationScore float64
	ValidationLoss  float64
	LearningRate    float64 // of the epoch's last step; 0 with lbfgs
}

// Train trains a network. Data or parameters that cannot be used are a
// [*ParamError], [*FeatureError], [*TargetError], [*WeightError], [ErrNoRows] or
// [ErrNoFeatures]; numbers that overflow a [*DivergedError]. The end of ctx stops
// it within a fraction of a second.
func Train(ctx context.Context, train Dataset, p Params, o Options) (*Model, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	p.HiddenLayerSizes = slices.Clone(p.HiddenLayerSizes)
	t, err := newTraining(ctx, &train, &p, &o)
	if err != nil {
		return nil, err
	}
	defer t.pool.close()
	if t.params.Solver == LBFGS {
		err = t.byIterations(ctx)
	} else {
		err = t.byEpochs(ctx)
	}
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, cancelled(ctx) // perhaps amid the last step
	}
	return t.finished()
}
