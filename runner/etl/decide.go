package etl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
)

// lookups is how many manifests are read at once: most of it is waiting.
const lookups = 16

// decide returns, for each item, that it is up to date or why it is to be done.
func (j *Job) decide(ctx context.Context, items []Item, options Options) ([]Outcome, error) {
	outcomes := make([]Outcome, len(items))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i, item := range items {
		group.Go(func() (err error) {
			outcomes[i], err = j.decideOne(ctx, item, j.itemManifest(item.Name), options)
			return err
		})
	}
	return outcomes, group.Wait()
}

// decideOne looks at one item. Tags that have changed while the content has not
// are noted in the manifest, so that it need not be read again.
func (j *Job) decideOne(ctx context.Context, item Item, location string, options Options) (Outcome, error) {
	todo := func(format string, args ...any) (Outcome, error) {
		return Outcome{Item: item.Name, Status: Planned, Reason: fmt.Sprintf(format, args...)}, nil
	}
	if options.Force {
		return todo("forced")
	}
	m, problem, err := j.readManifest(ctx, location)
	if err != nil {
		return Outcome{}, err
	}
	if problem != "" {
		return todo("%s", problem)
	}
	if m == nil {
		return todo("new")
	}
	hash, flat := j.configOf(item)
	switch {
	case m.ConfigHash != hash:
		return todo("config changed: %s", configDifference(m.Config, flat))
	case m.CodeVersion != j.env.Version:
		return todo("code version changed: %s → %s", shown(m.CodeVersion), shown(j.env.Version))
	}
	check := &checking{job: j, manifest: m}
	reason, err := check.inputs(ctx, item)
	if err != nil {
		return Outcome{}, err
	}
	if reason == "" {
		reason, err = check.outputs(ctx)
	}
	if err != nil {
		return Outcome{}, err
	}
	if reason != "" {
		return todo("%s", reason)
	}
	if check.stale && !options.DryRun {
		if err := j.writeManifest(ctx, location, m); err != nil {
			return Outcome{}, err
		}
	}
	return m.outcome(item.Name), nil
}

// checking compares a manifest with what is there.
type checking struct {
	job      *Job
	manifest *Manifest
	stale    bool // tags were brought up to date
}

// inputs says what is different about the inputs, "" if nothing.
func (c *checking) inputs(ctx context.Context, item Item) (string, error) {
	before := make(map[string]*Input, len(c.manifest.Inputs))
	for i := range c.manifest.Inputs {
		before[c.manifest.Inputs[i].Name] = &c.manifest.Inputs[i]
	}
	for _, now := range item.Inputs {
		was := before[now.Name]
		delete(before, now.Name)
		switch {
		case was == nil:
			return "input added: " + now.Name, nil
		case now.Digest != "" && now.Digest == was.Digest:
			continue
		case now.Digest != "":
			return "input changed: " + now.Name, nil
		case now.Tag != "" && now.Tag == was.Tag:
			continue
		case now.Size != was.Size:
			return "input changed: " + now.Name, nil
		}
		digest, err := c.job.digests.of(ctx, now.Location, now.Tag)
		if err != nil {
			return "", err
		}
		if digest != was.Digest {
			return "input changed: " + now.Name, nil
		}
		was.Tag, c.stale = now.Tag, true
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		return "input removed: " + name, nil
	}
	return "", nil
}

// outputs says what is different about the outputs, "" if nothing.
func (c *checking) outputs(ctx context.Context) (string, error) {
	for i := range c.manifest.Outputs {
		state, err := c.output(ctx, &c.manifest.Outputs[i])
		if err != nil {
			return "", err
		}
		if state != asWritten {
			return fmt.Sprintf("output %s: %s", state, c.manifest.Outputs[i].Path), nil
		}
	}
	return "", nil
}

// outputState is what became of an output since it was written.
type outputState string

const (
	asWritten outputState = ""
	missing   outputState = "missing"
	changed   outputState = "changed"
)

func (c *checking) output(ctx context.Context, out *Output) (outputState, error) {
	location := Join(c.job.output, out.Path)
	now, err := c.job.store.Stat(ctx, location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing, nil
	case err != nil:
		return "", err
	case now.Tag == out.Tag:
		return asWritten, nil
	case now.Size != out.Size:
		return changed, nil
	}
	digest, err := c.job.digests.of(ctx, location, now.Tag)
	if err != nil {
		return "", err
	}
	if digest != out.Digest {
		return changed, nil
	}
	out.Tag, c.stale = now.Tag, true
	return asWritten, nil
}
