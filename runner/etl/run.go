package etl

import (
	"context"
	"fmt"
	"time"

	"mlops/runner/progress"
)

// Options of a run.
type Options struct {
	// Force does everything again.
	Force bool
	// DryRun says what would be done and why, and changes nothing.
	DryRun bool
}

// Plan is what a run has to do.
type Plan struct {
	// Items in the pipeline's order.
	Items []Item
	// Outcomes of the same: skipped if up to date, else planned with the reason.
	Outcomes []Outcome
	// Seconds that it took to make the plan.
	Seconds float64

	release func()
}

// Release frees the output folder's lock, which keeps other runs on this machine
// away: call it when the plan has been carried out, or handed on as shards.
func (p *Plan) Release() { p.release() }

// Todo returns the items that are to be done and why, in order.
func (p *Plan) Todo() (items []Item, reasons []string) {
	for i, o := range p.Outcomes {
		if o.Status == Planned {
			items = append(items, p.Items[i])
			reasons = append(reasons, o.Reason)
		}
	}
	return items, reasons
}

// Result is what a run gave.
type Result struct {
	// Section and Type name what ran.
	Section, Type string
	// Output is the folder of the outputs.
	Output string
	// ConfigHash is the hash of every effective key.
	ConfigHash string
	// Outcomes of the items, in the plan's order.
	Outcomes []Outcome
	// Gathered is what became of what the type makes of all items together; nil
	// where it makes nothing, or nothing is known of it, as of a dry run.
	Gathered *Outcome
	// Removed are the outputs of former items that were removed.
	Removed []string
	// Timings are seconds by stage: plan, process, gather, and the total of them.
	Timings map[string]float64
}

// Count returns the number of items of a status.
func (r *Result) Count(s Status) int {
	n := 0
	for _, o := range r.Outcomes {
		if o.Status == s {
			n++
		}
	}
	return n
}

// Rows returns the number of rows that the outputs hold.
func (r *Result) Rows() int64 {
	var n int64
	for _, o := range r.Outcomes {
		n += o.Rows
	}
	return n
}

// Run does the whole job in this process.
func (j *Job) Run(ctx context.Context, options Options) (*Result, error) {
	plan, err := j.Plan(ctx, options)
	if err != nil {
		return nil, err
	}
	defer plan.Release()
	return j.RunPlan(ctx, plan, options)
}

// RunPlan does what a plan has to do, in this process; nothing, of a dry run.
func (j *Job) RunPlan(ctx context.Context, plan *Plan, options Options) (*Result, error) {
	if options.DryRun {
		return j.result(plan.Outcomes, map[string]float64{"plan": plan.Seconds}), nil
	}
	began := j.env.Now()
	items, reasons := plan.Todo()
	done, err := j.process(ctx, items, reasons, before{skipped: len(plan.Items) - len(items)})
	if err != nil {
		return nil, err
	}
	seconds := j.since(began)
	result, err := j.gatherStage(ctx, plan.Names(), merge(plan.Outcomes, done), options)
	if err != nil {
		return nil, err
	}
	result.time("plan", plan.Seconds)
	result.time("process", seconds)
	return result, nil
}

// Plan begins a run: it lists the items, claims the output folder for this run, and
// decides which items are to be done. Where another run is at work in the folder on
// this machine it gives a [*BusyError]; a run elsewhere ends with a [*TakenError].
// A dry run claims nothing. The caller releases the plan. Errors name the section.
func (j *Job) Plan(ctx context.Context, options Options) (*Plan, error) {
	began := j.env.Now()
	progress.From(ctx).Report(progress.Report{Stage: j.typeName + ": plan"})
	items, err := j.pipeline.Plan(ctx)
	if err == nil {
		err = checkItems(items)
	}
	if err == nil && len(items) == 0 {
		err = fmt.Errorf("there is nothing to do in %v", j.sources)
	}
	if err != nil {
		return nil, j.wrap(ctx, "plan", err)
	}
	release := func() {}
	if !options.DryRun {
		if release, err = j.claim(ctx); err != nil {
			return nil, j.wrap(ctx, "plan", err)
		}
	}
	outcomes, err := j.decide(ctx, items, options)
	if err != nil {
		release()
		return nil, j.wrap(ctx, "plan", err)
	}
	return &Plan{Items: items, Outcomes: outcomes, Seconds: j.since(began), release: release}, nil
}

// Names returns the items' names in order.
func (p *Plan) Names() []string {
	names := make([]string, len(p.Items))
	for i, item := range p.Items {
		names[i] = item.Name
	}
	return names
}

// merge puts the outcomes of what was done into the places of what was planned.
func merge(planned, done []Outcome) []Outcome {
	at := make(map[string]Outcome, len(done))
	for _, o := range done {
		at[o.Item] = o
	}
	merged := make([]Outcome, len(planned))
	for i, o := range planned {
		if d, ok := at[o.Item]; ok {
			o = d
		}
		merged[i] = o
	}
	return merged
}

func (j *Job) result(outcomes []Outcome, timings map[string]float64) *Result {
	r := &Result{Section: j.section, Type: j.typeName, Output: j.output, ConfigHash: j.hash, Outcomes: outcomes, Timings: map[string]float64{}}
	for stage, seconds := range timings {
		r.time(stage, seconds)
	}
	return r
}

// time notes what a stage took.
func (r *Result) time(stage string, seconds float64) {
	r.Timings[stage] = seconds
	r.Timings["total"] += seconds
}

func (j *Job) since(began time.Time) float64 { return j.env.Now().Sub(began).Seconds() }
