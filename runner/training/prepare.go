package training

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"mlops/runner/preprocess"
	"mlops/runner/table"
)

// prepared are the rows of one training, preprocessed by what was fitted on
// them.
type prepared struct {
	fitted *preprocess.Fitted
	train  Data
}

// prepareRows fits preprocessing on the rows at positions and applies it to
// them. Where training goes on from a deployment it is that one's preprocessing:
// the trees know its codes and scales.
func (r *run) prepareRows(ctx context.Context, positions []int) (*prepared, error) {
	raw, err := r.take(ctx, positions)
	if err != nil {
		return nil, err
	}
	fitted, features, kept, err := r.preprocess(ctx, raw, positions)
	if err != nil {
		return nil, dataError(err, r.goal.inputRows(positions))
	}
	if r.features.NumRows()*r.features.NumColumns() >= manyCells {
		runtime.GC()
	}
	if kept != nil {
		for i, k := range kept {
			kept[i] = positions[k]
		}
		if err := r.oneClassLeft(positions, kept); err != nil {
			return nil, err
		}
		positions = kept
	}
	if kept != nil && r.wantsRaw() {
		if raw, err = r.take(ctx, positions); err != nil {
			return nil, err
		}
	}
	train, err := r.withRaw(r.data(positions, features, fitted), raw, fitted)
	if err != nil {
		return nil, err
	}
	return &prepared{fitted: fitted, train: train}, nil
}

// preprocess gives preprocessing's state, the features, and the rows that they
// are of (nil: all). raw are the features at positions.
func (r *run) preprocess(ctx context.Context, raw *table.Table, positions []int) (*preprocess.Fitted, *table.Table, []int, error) {
	if r.init != nil && r.init.fitted != nil {
		features, kept, err := r.init.fitted.Transform(ctx, raw)
		if err == nil && features.NumRows() == 0 {
			err = &preprocess.NoRowsError{Reason: "the preprocessing of " + keyInitModel + " leaves no rows"}
		}
		return r.init.fitted, features, kept, err
	}
	pipeline, err := preprocess.New(r.cfg.Preprocessing)
	if err != nil {
		return nil, nil, nil, err
	}
	target := preprocess.Target{Name: r.goal.Name, Classes: r.goal.classes, ClassNames: preprocess.ClassNames(r.goal.Classes), Values: r.goal.values}
	return pipeline.EncodeText().FitTransformTarget(ctx, raw, target.Take(positions))
}

// manyCells is the size of table from which on [run.prepareRows] collects what
// preprocessing left over. That is as much as the table itself, and the
// collector by its own rule might let twice that pile up first; as it holds no
// pointers, collecting it takes no time.
const manyCells = 1 << 22

// take copies the raw features at positions, column by column; where those are
// all rows there is nothing to copy.
func (r *run) take(ctx context.Context, positions []int) (*table.Table, error) {
	if len(positions) == r.features.NumRows() && r.goal.rows == nil { // positions are distinct and ascending
		return r.features, nil
	}
	rows := r.goal.inputRows(positions)
	columns := make([]*table.Column, r.features.NumColumns())
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range r.features.Columns() {
		group.Go(func() error {
			if ctx.Err() == nil {
				columns[i] = c.Take(rows)
			}
			return nil
		})
	}
	_ = group.Wait() // the functions above return nil
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return table.New(columns...)
}

// oneClassLeft tells where dropping rows for missing cells, from train to kept,
// leaves nothing to tell apart.
func (r *run) oneClassLeft(train, kept []int) error {
	if !r.goal.problem.IsClassification() {
		return nil
	}
	for _, p := range kept {
		if r.goal.classes[p] != r.goal.classes[kept[0]] {
			return nil
		}
	}
	return &DataError{Reason: fmt.Sprintf(
		"of %d rows to train on, handle_missing drop leaves %d without a missing cell, all of class %q; fill missing cells with median, mean, mode or constant instead",
		len(train), len(kept), r.goal.Classes[r.goal.classes[kept[0]]])}
}

// judgedRows applies fitted preprocessing to the rows at positions, keeping all
// of them.
func (r *run) judgedRows(ctx context.Context, fitted *preprocess.Fitted, positions []int) (Data, error) {
	raw, err := r.take(ctx, positions)
	if err != nil {
		return Data{}, err
	}
	features, err := fitted.TransformForInference(ctx, raw)
	if err != nil {
		return Data{}, dataError(err, r.goal.inputRows(positions))
	}
	return r.withRaw(r.data(positions, features, fitted), raw, fitted)
}

// data joins preprocessed features with the target at positions.
func (r *run) data(positions []int, features *table.Table, fitted *preprocess.Fitted) Data {
	d := Data{
		Features: features, Categorical: fitted.Categorical(), Classes: pick(r.goal.classes, positions), Values: pick(r.goal.values, positions),
		Weights: pick(r.goal.weights, positions), rows: func() []int { return r.goal.inputRows(positions) },
	}
	if r.goal.problem == Ranking {
		d.Groups = r.goal.groupSizes(positions)
	}
	for _, scores := range r.goal.scores {
		d.InitScore = append(d.InitScore, pick(scores, positions))
	}
	return d
}

// fitModel completes a job and does it.
func (r *run) fitModel(ctx context.Context, job Job) (Model, error) {
	job.Config, job.Problem, job.Target, job.Init, job.Now = r.cfg, r.goal.problem, r.goal.Target, r.init, r.now
	job.Warn = func(format string, args ...any) { r.warnNow(ctx, format, args...) }
	m, err := r.backend.Fit(ctx, job)
	if err == nil {
		return m, nil
	}
	if value, reason, ok := refusedTarget(err); ok {
		fault := &DataError{Column: r.goal.Name, Reason: fmt.Sprintf("the target %v cannot be used: %s", value, reason), Err: err}
		if position := slices.Index(r.goal.values, value); position >= 0 {
			fault.Row = r.goal.row(position) + 1
		}
		return nil, fault
	}
	if reason, ok := refusedWeights(err); ok { // single weights are checked already
		return nil, &DataError{Column: r.cfg.Training.SampleWeightColumn, Reason: "among the rows to train on or to stop by, " + reason, Err: err}
	}
	return nil, dataError(err, nil)
}
