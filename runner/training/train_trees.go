package training

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"mlops/runner/gbdt"
	"mlops/runner/progress"
)

// rowsOf gives a part's features and labels as the trees take them: classes
// become indices into present.
func rowsOf(d Data, present []int) (features []gbdt.Feature, label []float64) {
	for _, c := range d.Features.Columns() {
		features = append(features, featureOf(c, slices.Contains(d.Categorical, c.Name())))
	}
	if d.Classes == nil {
		return features, d.Values
	}
	label = make([]float64, len(d.Classes))
	for i, k := range d.Classes {
		at, _ := slices.BinarySearch(present, k)
		label[i] = float64(at)
	}
	return features, label
}

// presentClasses lists the classes that occur, ascending; fewer than two of them
// cannot be learnt. Where training goes on from a deployment they are that one's.
func presentClasses(job Job) ([]int, error) {
	if !job.Problem.IsClassification() {
		return nil, nil
	}
	seen := make([]bool, len(job.Target.Classes))
	for _, k := range job.Train.Classes {
		seen[k] = true
	}
	if job.Init != nil && job.Init.info != nil {
		known := job.Init.info.Present
		for k, s := range seen {
			if s && !slices.Contains(known, k) {
				return nil, &DataError{Column: job.Target.Name, Reason: fmt.Sprintf("no row of class %q was trained on by %s %s, which cannot learn it now; train without it", job.Target.Classes[k], keyInitModel, job.Init.name)}
			}
		}
		return known, nil
	}
	var present []int
	for k, s := range seen {
		if s {
			present = append(present, k)
		}
	}
	if len(present) < 2 {
		return nil, gbdt.ErrOneClass
	}
	return present, nil
}

// without returns the part's rows whose class is present. It is of a
// classification.
func (d Data) without(present []int) Data {
	rows := make([]int, 0, len(d.Classes))
	for i, k := range d.Classes {
		if _, ok := slices.BinarySearch(present, k); ok {
			rows = append(rows, i)
		}
	}
	if len(rows) == len(d.Classes) {
		return d
	}
	out := Data{Features: d.Features.Take(rows), Categorical: d.Categorical, Classes: pick(d.Classes, rows), Weights: pick(d.Weights, rows)}
	for _, scores := range d.InitScore {
		out.InitScore = append(out.InitScore, pick(scores, rows))
	}
	return out
}

// datasetOf bins the rows of a part, with the bins of reference where that is not
// nil.
func datasetOf(ctx context.Context, d Data, reference *gbdt.Dataset, present []int, p gbdt.Params) (*gbdt.Dataset, error) {
	features, label := rowsOf(d, present)
	var binned *gbdt.Dataset
	var err error
	if reference == nil {
		binned, err = gbdt.NewDataset(ctx, features, label, d.Weights, p)
	} else {
		binned, err = gbdt.NewValidation(ctx, reference, features, label, d.Weights)
	}
	if err != nil {
		return nil, err
	}
	if d.Groups != nil {
		if err := binned.SetGroups(d.Groups); err != nil {
			return nil, err
		}
	}
	if d.InitScore != nil {
		var scores []float64 // output by output
		for _, column := range startsOf(d.InitScore, present) {
			scores = append(scores, column...)
		}
		err = binned.SetInitScore(scores)
	}
	return binned, err
}

// startsOf are the columns of initial scores of the trees' outputs: those of the
// present classes, where there is one a class.
func startsOf(columns [][]float64, present []int) [][]float64 {
	if len(columns) < 2 {
		return columns
	}
	return pick(columns, present)
}

// columnsOf are a part's columns as the trees predict them.
func columnsOf(d Data) [][]float64 {
	var columns [][]float64
	for _, c := range d.Features.Columns() {
		columns = append(columns, c.Floats())
	}
	return columns
}

// trainTrees bins the data and grows the ensemble, reporting each iteration.
func trainTrees(ctx context.Context, job Job, p gbdt.Params, present []int) (*gbdt.Model, error) {
	if job.Train.Features.NumColumns() == 0 {
		return nil, &DataError{Reason: "preprocessing leaves no features"}
	}
	o := gbdt.Options{Start: job.start}
	if job.Init != nil {
		o.Continue = &gbdt.Continue{Model: job.Init.trees, TrainColumns: columnsOf(job.Train)}
	}
	train, err := datasetOf(ctx, job.Train, nil, present, p)
	if err != nil {
		return nil, err
	}
	job.Train = Data{} // the numbers are binned: eight times smaller
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var valid *gbdt.Dataset
	if job.Validation != nil {
		part := *job.Validation
		if job.Problem.IsClassification() {
			part = part.without(present)
		}
		if part.Features.NumRows() > 0 {
			if valid, err = datasetOf(ctx, part, train, present, p); err != nil {
				return nil, err
			}
			if o.Continue != nil {
				o.Continue.ValidColumns = columnsOf(part)
			}
		}
	}
	if valid == nil {
		p.EarlyStoppingRound = 0
	}
	return growTrees(ctx, &job, train, valid, p, o)
}

// growTrees grows the ensemble, from the snapshot of an interrupted training on
// where there is one.
func growTrees(ctx context.Context, job *Job, train, valid *gbdt.Dataset, p gbdt.Params, o gbdt.Options) (*gbdt.Model, error) {
	meter := job.Meter(ctx)
	began := func() {}
	o.Callbacks = []gbdt.Callback{func(it gbdt.Iteration) error {
		began()
		meter.Iteration(it.Index+1, it.Total, it.Metrics)
		return nil
	}}
	if o.SnapshotEvery = job.Snapshots.Every(); o.SnapshotEvery > 0 {
		o.Snapshot = func(s *gbdt.Snapshot) error {
			job.Snapshots.Save(func(w io.Writer) error {
				_, err := s.WriteTo(w)
				return err
			})
			return nil
		}
	}
	if snapshot := loadSnapshot(job.Snapshots, p.NumIterations); snapshot != nil {
		resumed := o
		resumed.Resume = snapshot
		meter.Resume(snapshot.Iterations())
		fits := false
		began = sync.OnceFunc(func() {
			fits = true
			progress.Logf(ctx, "train", "an interrupted training is taken up after iteration %d of %d", snapshot.Iterations(), p.NumIterations)
		})
		model, err := gbdt.TrainWith(ctx, train, valid, p, resumed)
		if err == nil || fits || ctx.Err() != nil {
			return model, err
		}
		// Nothing was trained: it is the snapshot that does not fit, or else the
		// training below fails alike.
		job.Snapshots.Ignore(err)
		meter.Resume(0)
		began = func() {}
	}
	return gbdt.TrainWith(ctx, train, valid, p, o)
}

// loadSnapshot reads the snapshot of an interrupted training of at most so many
// iterations; nil where there is none of use.
func loadSnapshot(from *Snapshots, iterations int) *gbdt.Snapshot {
	var snapshot *gbdt.Snapshot
	from.Load(func(r io.Reader) error {
		s, err := gbdt.ReadSnapshot(r)
		if err == nil && s.Iterations() > iterations {
			err = fmt.Errorf("it is of iteration %d, and there are to be %d", s.Iterations(), iterations)
		}
		if err == nil {
			snapshot = s
		}
		return err
	})
	return snapshot
}
