package runner

import (
	"context"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/builtin"
	"mlops/runner/pipeline"
	"mlops/runner/progress"
)

const (
	// maxOutcomes bounds the outcomes in a result.
	maxOutcomes = 10_000
	// maxRemoved bounds the removed outputs in a result.
	maxRemoved = 1000
	// maxSpawnBytes bounds a fan-out: a worker reports at most 8 MiB at once, and a
	// continuation gets all that its children gave. A plan of more is processed by
	// the task that made it.
	maxSpawnBytes = 6 << 20
)

// runSection runs a section of a pipelines file, or its part of a fan-out.
func runSection(ctx context.Context, env Environment, a Assignment) (*mlopsv1.Outcome, error) {
	op := a.Operation.GetRun()
	job, err := openJob(op, pipelineEnv(env, a))
	if err != nil {
		return nil, err
	}
	options := etl.Options{Force: op.GetForce(), DryRun: op.GetDryRun()}
	switch {
	case op.GetShard() != nil:
		return runShard(ctx, job, op.GetShard(), options)
	case op.GetGather() != nil:
		return runGather(ctx, job, op.GetGather(), a.Inputs, options)
	case op.GetFanOut() && !op.GetDryRun():
		return runFanOut(ctx, job, op, options)
	}
	result, err := job.Run(ctx, options)
	if err != nil {
		return nil, err
	}
	return ran(result), nil
}

// openJob decodes the section: whatever is wrong with it is the configuration's
// fault.
func openJob(op *mlopsv1.RunOperation, env pipeline.Env) (*etl.Job, error) {
	file, err := config.ParsePipelines(op.GetPipelinesName(), []byte(op.GetPipelinesYaml()), config.PipelinesOptions{})
	if err != nil {
		return nil, &pipeline.Error{Stage: "config", Kind: pipeline.BadConfig, Err: err}
	}
	job, err := builtin.Types().Open(file, op.GetSection(), op.GetProjectRoot(), env)
	if err != nil {
		return nil, &pipeline.Error{Stage: "config", Kind: pipeline.BadConfig, Err: err}
	}
	return job, nil
}

// runFanOut plans, and spawns a task for each shard. What is too little to be
// spread, or too much to be told, it does itself.
func runFanOut(ctx context.Context, job *etl.Job, op *mlopsv1.RunOperation, options etl.Options) (*mlopsv1.Outcome, error) {
	plan, err := job.Plan(ctx, options)
	if err != nil {
		return nil, err
	}
	defer plan.Release()
	if shards := job.Shards(plan); len(shards) > 1 {
		spawn := spawnOf(op, plan, shards)
		if size := proto.Size(spawn); size <= maxSpawnBytes {
			progress.Logf(ctx, job.Type(), "%d of %d items are to be done, in %d tasks", countItems(shards), len(plan.Items), len(shards))
			return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Spawn{Spawn: spawn}}, nil
		}
		progress.Warnf(ctx, job.Type(), "the plan of %d items is too large to be spread over tasks; this one does it alone", len(plan.Items))
	}
	result, err := job.RunPlan(ctx, plan, options)
	if err != nil {
		return nil, err
	}
	return ran(result), nil
}

func countItems(shards []etl.Shard) int {
	n := 0
	for _, s := range shards {
		n += len(s.Items)
	}
	return n
}

func spawnOf(op *mlopsv1.RunOperation, plan *etl.Plan, shards []etl.Shard) *mlopsv1.Spawn {
	spec := func(part func(op *mlopsv1.RunOperation)) *mlopsv1.TaskSpec {
		run := &mlopsv1.RunOperation{
			Section: op.GetSection(), PipelinesYaml: op.GetPipelinesYaml(), PipelinesName: op.GetPipelinesName(), ProjectRoot: op.GetProjectRoot(),
			Force: op.GetForce(),
		}
		part(run)
		return &mlopsv1.TaskSpec{
			Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Run{Run: run}}, SlotClass: mlopsv1.SlotClass_SLOT_CLASS_BATCH,
		}
	}
	gather := &mlopsv1.RunGather{Names: plan.Names(), PlanSeconds: plan.Seconds}
	for _, o := range plan.Outcomes {
		if o.Status != etl.Planned {
			gather.Settled = append(gather.Settled, outcomeMessage(o))
		}
	}
	spawn := &mlopsv1.Spawn{
		Then: spec(func(run *mlopsv1.RunOperation) { run.Part = &mlopsv1.RunOperation_Gather{Gather: gather} }),
	}
	for _, s := range shards {
		spawn.Children = append(spawn.Children, spec(func(run *mlopsv1.RunOperation) {
			run.Part = &mlopsv1.RunOperation_Shard{Shard: shardMessage(s)}
		}))
	}
	return spawn
}

// runShard processes the items that are not done yet: an attempt before this one
// may have got some of them done.
func runShard(ctx context.Context, job *etl.Job, shard *mlopsv1.RunShard, options etl.Options) (*mlopsv1.Outcome, error) {
	result, err := job.RunShard(ctx, shardOf(shard), options)
	if err != nil {
		return nil, err
	}
	return ran(result), nil
}

// runGather ends a fan-out.
func runGather(ctx context.Context, job *etl.Job, gather *mlopsv1.RunGather, inputs []*mlopsv1.Result, options etl.Options) (*mlopsv1.Outcome, error) {
	var outcomes []etl.Outcome
	for _, o := range gather.GetSettled() {
		outcomes = append(outcomes, outcomeOf(o))
	}
	process, peak := 0.0, pipeline.PeakRSS()
	for _, in := range inputs {
		process += in.GetRun().GetTimings()["process"]
		peak = max(peak, in.GetRun().GetPeakRssBytes())
		for _, o := range in.GetRun().GetOutcomes() {
			outcomes = append(outcomes, outcomeOf(o))
		}
	}
	result, err := job.Gather(ctx, gather.GetNames(), outcomes, options)
	if err != nil {
		return nil, err
	}
	result.Timings["plan"], result.Timings["process"] = gather.GetPlanSeconds(), process
	outcome := ran(result)
	run := outcome.GetResult().GetRun()
	run.PeakRssBytes, run.Shards = peak, int64(len(inputs))
	return outcome, nil
}

// ran is the outcome of a run that has ended.
func ran(r *etl.Result) *mlopsv1.Outcome {
	m := &mlopsv1.RunResult{
		Section: r.Section, Type: r.Type, Output: r.Output, ConfigHash: r.ConfigHash, Rows: r.Rows(), Timings: r.Timings,
		Done: int64(r.Count(etl.Done)), Skipped: int64(r.Count(etl.Skipped)), Failed: int64(r.Count(etl.Failed)), Planned: int64(r.Count(etl.Planned)),
		Removed: r.Removed[:min(len(r.Removed), maxRemoved)], PeakRssBytes: pipeline.PeakRSS(),
	}
	spare := maxOutcomes - (len(r.Outcomes) - r.Count(etl.Skipped)) // for those that were skipped
	for _, o := range r.Outcomes {
		if o.Status == etl.Skipped {
			if spare--; spare < 0 {
				continue
			}
		}
		if len(m.Outcomes) < maxOutcomes {
			m.Outcomes = append(m.Outcomes, outcomeMessage(o))
		}
	}
	m.OutcomesOmitted = int64(len(r.Outcomes) - len(m.Outcomes))
	if r.Gathered != nil {
		m.Gathered = outcomeMessage(*r.Gathered)
	}
	return succeeded(&mlopsv1.Result{Kind: &mlopsv1.Result_Run{Run: m}})
}

func outcomeMessage(o etl.Outcome) *mlopsv1.RunOutcome {
	return &mlopsv1.RunOutcome{
		Item: o.Item, Status: string(o.Status), Reason: o.Reason, Rows: o.Rows, Outputs: int64(len(o.Outputs)), Warnings: o.Warnings,
	}
}

// outcomeOf is an outcome from another process, whose outputs stand in the
// manifest.
func outcomeOf(m *mlopsv1.RunOutcome) etl.Outcome {
	return etl.Outcome{Item: m.GetItem(), Status: etl.Status(m.GetStatus()), Reason: m.GetReason(), Rows: m.GetRows(), Warnings: m.GetWarnings()}
}

func shardMessage(s etl.Shard) *mlopsv1.RunShard {
	m := &mlopsv1.RunShard{}
	for i, item := range s.Items {
		one := &mlopsv1.RunItem{Name: item.Name, Params: item.Params, Reason: s.Reasons[i]}
		for _, in := range item.Inputs {
			one.Inputs = append(one.Inputs, &mlopsv1.RunInput{Name: in.Name, Location: in.Location, Size: in.Size, Tag: in.Tag, Digest: in.Digest})
		}
		m.Items = append(m.Items, one)
	}
	return m
}

func shardOf(m *mlopsv1.RunShard) etl.Shard {
	s := etl.Shard{}
	for _, one := range m.GetItems() {
		item := etl.Item{Name: one.GetName(), Params: one.GetParams()}
		for _, in := range one.GetInputs() {
			item.Inputs = append(item.Inputs, etl.Input{Name: in.GetName(), Location: in.GetLocation(), Size: in.GetSize(), Tag: in.GetTag(), Digest: in.GetDigest()})
		}
		s.Items = append(s.Items, item)
		s.Reasons = append(s.Reasons, one.GetReason())
	}
	return s
}
