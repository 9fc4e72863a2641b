package etl

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"mlops/runner/pipeline"
	"mlops/runner/progress"
)

// Process does items, several at once, and returns their outcomes in order.
// reasons say why each is done; nil: it is not known. With on_error: fail the
// first item that fails ends the run with an [*ItemError], else more of them than
// max_errors with a [*TooManyError]. Whatever was done by then stays done.
//
// An error that says nothing about the item — a full disk, the end of the
// context, a location that is not allowed, another run that has taken the output
// folder over — ends the run in either case.
func (j *Job) Process(ctx context.Context, items []Item, reasons []string) ([]Outcome, error) {
	return j.process(ctx, items, reasons, before{})
}

// before is what was done when processing begins, for progress: items that count,
// and items that were skipped and do not.
type before struct{ done, skipped int }

func (j *Job) process(ctx context.Context, items []Item, reasons []string, b before) ([]Outcome, error) {
	workers := j.common.MaxWorkers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	meter := progress.NewMeter(progress.From(ctx), j.typeName, j.env.Now).Count("item")
	meter.Resume(b.done)
	tally := &tally{job: j, meter: meter, before: b, done: b.done, total: b.done + len(items), skipped: b.skipped}
	outcomes := make([]Outcome, len(items))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, item := range items {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := context.Cause(inner); err != nil {
				return err
			}
			outcome, err := j.processOne(inner, item)
			if err != nil {
				return err
			}
			if reasons != nil && outcome.Status == Done {
				outcome.Reason = reasons[i]
			}
			outcomes[i] = outcome
			return tally.add(outcome)
		})
	}
	if err := group.Wait(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, j.wrap(ctx, "process", err)
	}
	return outcomes, nil
}

// processOne does one item. An error ends the run; what is wrong with the item
// alone is in its outcome, unless failures end the run.
func (j *Job) processOne(ctx context.Context, item Item) (Outcome, error) {
	manifest, err := j.make(ctx, item, j.itemManifest(item.Name), j.pipeline.Process)
	if err == nil {
		outcome := manifest.outcome(item.Name)
		if manifest.Skipped == "" {
			outcome.Status, outcome.Reason = Done, ""
		}
		return outcome, nil
	}
	switch kindOf(ctx, err) {
	case pipeline.Cancelled, pipeline.NotPermitted, pipeline.Forbidden, pipeline.Passing, pipeline.Conflict:
		return Outcome{}, err
	}
	if j.common.OnError == "fail" {
		return Outcome{}, &ItemError{Item: item.Name, Err: err}
	}
	progress.Warnf(ctx, j.typeName, "%s failed: %v", item.Name, err)
	// What it gave when it was another would be taken for its output.
	if _, err := j.forget(ctx, j.itemManifest(item.Name), nil); err != nil {
		return Outcome{}, err
	}
	return Outcome{Item: item.Name, Status: Failed, Reason: err.Error()}, nil
}

// make takes the inputs' digests, has the outputs made and writes the manifest.
// Outputs of the item's last manifest that are not made any more are removed.
func (j *Job) make(ctx context.Context, item Item, location string, process func(context.Context, *Work) error) (*Manifest, error) {
	former, _, err := j.readManifest(ctx, location)
	if err != nil {
		return nil, err
	}
	w := &Work{job: j, Item: item, former: former}
	w.Item.Inputs = append([]Input(nil), item.Inputs...)
	for i := range w.Item.Inputs {
		if err := j.fingerprint(ctx, &w.Item.Inputs[i]); err != nil {
			return nil, err
		}
	}
	skipped := ""
	if err := process(ctx, w); err != nil {
		var skip *SkipError
		if !errors.As(err, &skip) {
			return nil, err
		}
		skipped = skip.Reason
	}
	if err := j.unchanged(ctx, w.Item.Inputs); err != nil {
		return nil, err
	}
	m := w.manifest(skipped)
	if former != nil {
		if _, err := j.removeOutputs(ctx, former.Outputs, m.Outputs); err != nil {
			return nil, err
		}
	}
	return m, j.writeManifest(ctx, location, m)
}

// fingerprint completes an input's size, tag and digest.
func (j *Job) fingerprint(ctx context.Context, in *Input) error {
	if in.Digest != "" {
		return nil
	}
	now, err := j.store.Stat(ctx, in.Location)
	if err != nil {
		return err
	}
	in.Size, in.Tag = now.Size, now.Tag
	in.Digest, err = j.digests.of(ctx, in.Location, in.Tag)
	return err
}

// unchanged refuses outputs of inputs that changed while they were read.
func (j *Job) unchanged(ctx context.Context, inputs []Input) error {
	for _, in := range inputs {
		if in.Location == "" || in.Tag == "" {
			continue
		}
		now, err := j.store.Stat(ctx, in.Location)
		if err != nil {
			return err
		}
		if now.Tag != in.Tag {
			return fmt.Errorf("%s changed while it was read; run again once nothing writes to it", in.Location)
		}
	}
	return nil
}

// tally counts outcomes and tells how far the run is.
type tally struct {
	job     *Job
	before  before
	mu      sync.Mutex
	meter   *progress.Meter
	total   int
	done    int // in whatever way
	skipped int
	rows    int64
	failed  []Outcome
}

func (t *tally) add(o Outcome) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	t.rows += o.Rows
	switch o.Status {
	case Failed:
		t.failed = append(t.failed, o)
	case Skipped:
		t.skipped++
	}
	figures := map[string]float64{
		"items_per_second": t.meter.PerSecond(int64(t.done - t.before.done)), "rows": float64(t.rows), "rows_per_second": t.meter.PerSecond(t.rows),
	}
	if n := len(t.failed); n > 0 {
		figures["failed"] = float64(n)
	}
	if t.skipped > 0 {
		figures["skipped"] = float64(t.skipped)
	}
	t.meter.Iteration(t.done, t.total, figures)
	return t.job.tooMany(t.failed)
}

// tooMany is the error of more failures than are allowed.
func (j *Job) tooMany(failed []Outcome) error {
	if len(failed) <= j.common.MaxErrors {
		return nil
	}
	return &TooManyError{Limit: j.common.MaxErrors, Failed: failed}
}
