package etl

import (
	"context"
	"fmt"
	"maps"
	"path"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mlops/runner/progress"
	"mlops/runner/storage"
)

// gatherItem is what the work of [Gatherer] is called.
const gatherItem = "gather"

// Gather ends a run whose shards have been processed: it removes what former items
// left, and has the pipeline make what it makes of all items, unless nothing has
// changed. names are the plan's items in order, outcomes theirs; those from another
// process need not have their outputs, which stand in the manifests. Errors are
// also those of [Job.RunShard].
func (j *Job) Gather(ctx context.Context, names []string, outcomes []Outcome, options Options) (*Result, error) {
	release, err := j.join(ctx)
	if err != nil {
		return nil, j.wrap(ctx, "gather", err)
	}
	defer release()
	return j.gatherStage(ctx, names, outcomes, options)
}

func (j *Job) gatherStage(ctx context.Context, names []string, outcomes []Outcome, options Options) (*Result, error) {
	began := j.env.Now()
	progress.From(ctx).Report(progress.Report{Stage: j.typeName + ": gather"})
	result, err := j.gather(ctx, names, outcomes, options)
	if err != nil {
		return nil, j.wrap(ctx, "gather", err)
	}
	progress.From(ctx).Report(progress.Report{Stage: j.typeName + ": gather", Fraction: 1})
	result.time("gather", j.since(began))
	return result, nil
}

func (j *Job) gather(ctx context.Context, names []string, outcomes []Outcome, options Options) (*Result, error) {
	outcomes, err := j.complete(ctx, names, outcomes)
	if err != nil {
		return nil, err
	}
	var failed []Outcome
	for _, o := range outcomes {
		if o.Status == Failed {
			failed = append(failed, o)
		}
	}
	if err := j.tooMany(failed); err != nil {
		return nil, err
	}
	if len(failed) == len(outcomes) && len(failed) > 0 {
		return nil, fmt.Errorf("every item failed; the first, %s: %s", failed[0].Item, failed[0].Reason)
	}
	result := j.result(outcomes, nil)
	if result.Removed, err = j.prune(ctx, names, outcomes); err != nil {
		return nil, err
	}
	if err := j.sweep(outcomes); err != nil {
		return nil, err
	}
	gatherer, ok := j.pipeline.(Gatherer)
	if !ok {
		return result, nil
	}
	item := Item{Name: gatherItem}
	for _, o := range outcomes {
		item.Inputs = append(item.Inputs, Input{Name: o.Item, Digest: digestOfOutcome(o)})
	}
	if reader, ok := gatherer.(GatherReader); ok {
		inputs, err := reader.GatherInputs(ctx)
		if err != nil {
			return nil, err
		}
		item.Inputs = append(item.Inputs, inputs...)
	}
	decision, err := j.decideOne(ctx, item, j.gatherManifest(), options)
	if err != nil {
		return nil, err
	}
	if decision.Status == Planned {
		manifest, err := j.make(ctx, item, j.gatherManifest(), func(ctx context.Context, w *Work) error {
			return gatherer.Gather(ctx, w, outcomes)
		})
		if err != nil {
			return nil, err
		}
		decision = Outcome{Item: gatherItem, Status: Done, Reason: decision.Reason, Rows: manifest.Rows, Outputs: manifest.Outputs, Warnings: manifest.Warnings}
		if manifest.Skipped != "" {
			decision.Status, decision.Reason = Skipped, manifest.Skipped
		}
	}
	result.Gathered = &decision
	return result, nil
}

// complete brings outcomes into the order of names, with the outputs that their
// manifests tell.
func (j *Job) complete(ctx context.Context, names []string, outcomes []Outcome) ([]Outcome, error) {
	at := make(map[string]Outcome, len(outcomes))
	for _, o := range outcomes {
		at[o.Item] = o
	}
	all := make([]Outcome, len(names))
	for i, name := range names {
		o, ok := at[name]
		if !ok || o.Status == Planned {
			return nil, fmt.Errorf("nothing is known of item %s", name)
		}
		all[i] = o
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, name := range names {
		if o := all[i]; o.Status == Failed || len(o.Outputs) > 0 {
			continue
		}
		group.Go(func() error {
			m, problem, err := j.readManifest(ctx, j.itemManifest(name))
			switch {
			case err != nil:
				return err
			case m == nil:
				return fmt.Errorf("item %s: its manifest is not there any more: %s", name, problem)
			}
			if difference := j.foreign(m); difference != "" {
				return fmt.Errorf("item %s: another run made it meanwhile (%s); run again", name, difference)
			}
			all[i].Inputs, all[i].Outputs = m.Inputs, m.Outputs
			return nil
		})
	}
	return all, group.Wait()
}

// foreign says how the configuration or the code that an item was made with differs
// from this job's, "" if it does not.
func (j *Job) foreign(m *Manifest) string {
	if m.CodeVersion != j.env.Version {
		return fmt.Sprintf("code version %s, not %s", shown(m.CodeVersion), shown(j.env.Version))
	}
	common := maps.Clone(m.Config)
	maps.DeleteFunc(common, func(key, _ string) bool { return strings.HasPrefix(key, itemKeys) })
	return configDifference(common, j.flat)
}

// digestOfOutcome is the digest of what gathering takes of an item: what its
// inputs are called, but not what is in them, and its outputs.
func digestOfOutcome(o Outcome) string {
	texts := []string{}
	for _, in := range o.Inputs {
		texts = append(texts, in.Name)
	}
	for _, out := range o.Outputs {
		texts = append(texts, out.Path, out.Digest)
	}
	if len(o.Outputs) == 0 {
		texts = append(texts, string(o.Status), o.Reason)
	}
	return DigestOf(texts...)
}

// leftoverAge is how long nobody must have written to a temporary file for it to
// be one that a killed process left.
const leftoverAge = time.Minute

// sweep removes the temporary files of killed processes beside the outputs.
func (j *Job) sweep(outcomes []Outcome) error {
	if !storage.IsLocal(j.output) {
		return nil
	}
	folders := map[string]bool{j.manifestRoot(): true}
	for _, o := range outcomes {
		folders[path.Dir(j.itemManifest(o.Item))] = true
		for _, out := range o.Outputs {
			folders[path.Dir(Join(j.output, out.Path))] = true
		}
	}
	for folder := range folders {
		if _, err := j.store.opener.RemoveLeftovers(folder, j.env.Now().Add(-leftoverAge)); err != nil {
			return err
		}
	}
	return nil
}

// prune removes the outputs of items that the plan does not have, with their
// manifests. An output that is not what was written is left, and told.
func (j *Job) prune(ctx context.Context, names []string, outcomes []Outcome) ([]string, error) {
	items := Join(j.manifestRoot(), "items")
	if exists, err := j.store.IsFolder(ctx, items); err != nil || !exists {
		return nil, err
	}
	planned := make(map[string]bool, len(names))
	for _, name := range names {
		planned[name] = true
	}
	var former []Entry
	for e, err := range j.store.List(ctx, items) {
		if err != nil {
			return nil, err
		}
		if name, ok := strings.CutSuffix(e.Name, ".json"); ok && !planned[name] {
			former = append(former, e)
		}
	}
	var kept []Output
	for _, o := range outcomes {
		kept = append(kept, o.Outputs...)
	}
	var removed []string
	for _, e := range former {
		gone, err := j.forget(ctx, e.Location, kept)
		if err != nil {
			return nil, err
		}
		removed = append(removed, gone...)
	}
	return removed, nil
}

// forget removes the outputs that a manifest names, but for those that are kept,
// and the manifest.
func (j *Job) forget(ctx context.Context, location string, kept []Output) ([]string, error) {
	m, problem, err := j.readManifest(ctx, location)
	if err != nil || m == nil && problem == "" {
		return nil, err
	}
	var removed []string
	if m != nil {
		if removed, err = j.removeOutputs(ctx, m.Outputs, kept); err != nil {
			return nil, err
		}
	}
	if err := j.permit(ctx); err != nil {
		return nil, err
	}
	return removed, j.store.Remove(ctx, location)
}

// removeOutputs removes outputs that are not among kept and are still what was
// written, and returns their paths.
func (j *Job) removeOutputs(ctx context.Context, outputs, kept []Output) ([]string, error) {
	var removed []string
	keep := make(map[string]bool, len(kept))
	for _, o := range kept {
		keep[o.Path] = true
	}
	for _, o := range outputs {
		if keep[o.Path] {
			continue
		}
		check := &checking{job: j}
		switch state, err := check.output(ctx, &o); {
		case err != nil:
			return nil, err
		case state == changed:
			progress.Warnf(ctx, j.typeName, "%s is of no use any more, but is left: it is not what was written", o.Path)
			continue
		case state == missing:
			continue
		}
		if err := j.permit(ctx); err != nil {
			return nil, err
		}
		if err := j.store.Remove(ctx, Join(j.output, o.Path)); err != nil {
			return nil, err
		}
		removed = append(removed, o.Path)
	}
	return removed, nil
}
