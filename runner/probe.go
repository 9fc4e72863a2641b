package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/pipeline"
	"mlops/runner/progress"
)

const (
	// maxProbeChildren bounds what one probe may add to the queue.
	maxProbeChildren = 10_000
	// probeTicks is how often a probe says how far it is.
	probeTicks = 20
	// minProbeTick keeps short probes from talking more than working.
	minProbeTick = 50 * time.Millisecond
)

// runProbe exercises the runtime: it sleeps, allocates, publishes, spawns and
// ends as asked. A probe with children ends at once by spawning them: duration,
// ending, stubborn and allocate_bytes go to the children, echo and publish_path to
// the continuation, which returns the number of its inputs.
func runProbe(ctx context.Context, env Environment, a Assignment) (*mlopsv1.Outcome, error) {
	op := a.Operation.GetProbe()
	duration := op.GetDuration().AsDuration()
	switch {
	case duration < 0:
		return nil, &InputError{Problem: fmt.Sprintf("probe: duration %v is negative", duration)}
	case op.GetAllocateBytes() < 0:
		return nil, &InputError{Problem: fmt.Sprintf("probe: allocate_bytes %d is negative", op.GetAllocateBytes())}
	case op.GetChildren() > maxProbeChildren:
		return nil, &InputError{Problem: fmt.Sprintf("probe: %d children are more than %d", op.GetChildren(), maxProbeChildren)}
	case op.GetChildren() > 0:
		return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Spawn{Spawn: probeSpawn(op)}}, nil
	}
	if op.GetStubborn() {
		ctx = context.WithoutCancel(ctx)
	}
	held, err := allocate(ctx, op.GetAllocateBytes())
	if err != nil {
		return nil, err
	}
	if err := probeSleep(ctx, duration); err != nil {
		return nil, err
	}
	if err := probeEnd(env, op.GetEnding(), held); err != nil {
		return nil, err
	}
	if op.GetPublishPath() != "" {
		if err := probePublish(ctx, env, a, op); err != nil {
			return nil, err
		}
	}
	result := &mlopsv1.ProbeResult{Echo: op.GetEcho(), Inputs: uint32(len(a.Inputs))}
	return succeeded(&mlopsv1.Result{Kind: &mlopsv1.Result_Probe{Probe: result}}), nil
}

func probeSpawn(op *mlopsv1.ProbeOperation) *mlopsv1.Spawn {
	spec := func(probe *mlopsv1.ProbeOperation) *mlopsv1.TaskSpec {
		return &mlopsv1.TaskSpec{
			Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: probe}},
			SlotClass: mlopsv1.SlotClass_SLOT_CLASS_BATCH,
		}
	}
	spawn := &mlopsv1.Spawn{
		Then: spec(&mlopsv1.ProbeOperation{Echo: op.GetEcho(), PublishPath: op.GetPublishPath(), BaseDir: op.GetBaseDir()}),
	}
	for i := range op.GetChildren() {
		spawn.Children = append(spawn.Children, spec(&mlopsv1.ProbeOperation{
			Duration:      durationpb.New(op.GetDuration().AsDuration()),
			Ending:        op.GetEnding(),
			Stubborn:      op.GetStubborn(),
			AllocateBytes: op.GetAllocateBytes(),
			Echo:          fmt.Sprintf("child %d", i+1),
		}))
	}
	return spawn
}

// probeSleep waits for d, saying how far it is.
func probeSleep(ctx context.Context, d time.Duration) error {
	start := time.Now()
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(max(d/probeTicks, minProbeTick))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-end.C:
			return nil
		case <-tick.C:
			passed := time.Since(start)
			progress.From(ctx).Report(progress.Report{
				Stage: probeOperation, Fraction: min(1, passed.Seconds()/d.Seconds()), Left: max(0, d-passed),
			})
		}
	}
}

// probeEnd ends the probe otherwise than by success, where it is asked to. It
// keeps what was allocated reachable until then.
func probeEnd(env Environment, ending mlopsv1.ProbeEnding, held [][]byte) error {
	var bytes int
	for _, block := range held {
		bytes += len(block)
	}
	switch ending {
	case mlopsv1.ProbeEnding_PROBE_ENDING_FAIL:
		return &InputError{Problem: "the probe failed, as it was asked to"}
	case mlopsv1.ProbeEnding_PROBE_ENDING_RETRY:
		return &RetryableError{Reason: probeOperation, Err: errors.New("the probe failed for now, as it was asked to")}
	case mlopsv1.ProbeEnding_PROBE_ENDING_PANIC:
		panic(fmt.Sprintf("the probe panics, as it was asked to, with %d bytes allocated", bytes))
	case mlopsv1.ProbeEnding_PROBE_ENDING_KILL:
		if env.InProcess {
			return &RefusedError{Reason: "in_process", Problem: "a probe that kills its process needs a process of its own; start the worker with --isolation=process"}
		}
		return killSelf()
	}
	return nil
}

func killSelf() error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return fmt.Errorf("probe: find own process: %w", err)
	}
	if err := self.Kill(); err != nil {
		return fmt.Errorf("probe: kill own process: %w", err)
	}
	select {} // the signal is on its way
}

// allocate takes so many bytes of resident memory, block by block so that a
// cancel is noticed.
func allocate(ctx context.Context, bytes int64) ([][]byte, error) {
	const block, page = 16 << 20, 4 << 10
	var held [][]byte
	for bytes > 0 {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		b := make([]byte, min(bytes, block))
		for i := 0; i < len(b); i += page {
			b[i] = 1 // a page becomes resident when it is written
		}
		held = append(held, b)
		bytes -= int64(len(b))
	}
	return held, nil
}

// probePublish creates the file as a deployment would be: written aside, and
// renamed once the gate permits it. It holds the names of task and attempt.
func probePublish(ctx context.Context, env Environment, a Assignment, op *mlopsv1.ProbeOperation) error {
	if env.Storage == nil {
		return &RefusedError{Reason: "capability", Problem: "this worker has no storage to publish to"}
	}
	location := pipeline.Locate(op.GetBaseDir(), op.GetPublishPath())
	return env.Storage.WriteAtomic(ctx, location, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, "task %s attempt %d\n", a.TaskID, a.Attempt); err != nil {
			return err
		}
		return pipeline.Permit(ctx, env.Gate)
	})
}
