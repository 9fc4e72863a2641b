package runner

import (
	"context"
	"fmt"
	"maps"
	"slices"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/pipeline"
)

// Handler runs one kind of operation. An error that it returns is turned into a
// failure by its type, so a handler wraps errors and does not judge them.
type Handler func(ctx context.Context, env Environment, a Assignment) (*mlopsv1.Outcome, error)

// probeOperation is the one operation that a worker must have been allowed.
const probeOperation = "probe"

// handlers is the registry of operations by name. The names are also the
// capabilities that a task requires of a worker.
var handlers = map[string]Handler{
	"train":        runTrain,
	"predict":      runPredict,
	"status":       runStatus,
	"observe":      runObserve,
	"run":          runSection,
	probeOperation: runProbe,
}

// OperationName returns the name of an operation as capabilities and commands
// write it: "train", "predict", …; "" where none is set.
func OperationName(op *mlopsv1.Operation) string {
	switch op.GetKind().(type) {
	case *mlopsv1.Operation_Train:
		return "train"
	case *mlopsv1.Operation_Predict:
		return "predict"
	case *mlopsv1.Operation_Status:
		return "status"
	case *mlopsv1.Operation_Observe:
		return "observe"
	case *mlopsv1.Operation_Run:
		return "run"
	case *mlopsv1.Operation_Probe:
		return probeOperation
	}
	return ""
}

// Capabilities returns the operations that this program can run, sorted; probe
// is among them only where probes are allowed.
func Capabilities(probes bool) []string {
	names := slices.Sorted(maps.Keys(handlers))
	return slices.DeleteFunc(names, func(name string) bool { return name == probeOperation && !probes })
}

// TaskRunner runs assignments. It is safe for concurrent use.
type TaskRunner struct {
	env Environment
}

// New makes a runner whose tasks reach no further than env.
func New(env Environment) *TaskRunner {
	if env.Storage != nil && env.ScratchDir != "" {
		env.Storage = env.Storage.WithScratch(env.ScratchDir)
	}
	return &TaskRunner{env: env}
}

// Run does an assignment and says how it ended; it always returns an outcome.
// Cancelling ctx stops it: the outcome then is a failure of kind CANCELLED unless
// the work was already published.
//
// Progress and log lines go to the sink in ctx (see package runner/progress). A
// panic passes through: in a process of its own it is the crash that it looks
// like, and in a shared one the caller recovers from it.
func (r *TaskRunner) Run(ctx context.Context, a Assignment) *mlopsv1.Outcome {
	outcome, err := r.run(ctx, a)
	if err != nil {
		outcome = failed(failureOf(ctx, err))
	}
	if !r.env.InProcess { // a shared process's peak is not the attempt's
		outcome.PeakRssBytes = pipeline.PeakRSS()
	}
	return outcome
}

func (r *TaskRunner) run(ctx context.Context, a Assignment) (*mlopsv1.Outcome, error) {
	name := OperationName(a.Operation)
	handle, ok := handlers[name]
	if !ok {
		return nil, &RefusedError{Reason: "capability", Problem: fmt.Sprintf("this worker does not know operation %q; it knows %v",
			name, Capabilities(r.env.ProbesAllowed))}
	}
	if name == probeOperation && !r.env.ProbesAllowed {
		return nil, &RefusedError{Reason: "capability", Problem: "this worker was not started with probes allowed"}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return handle(ctx, r.env, a)
}

func succeeded(result *mlopsv1.Result) *mlopsv1.Outcome {
	return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Result{Result: result}}
}

func failed(failure *mlopsv1.Failure) *mlopsv1.Outcome {
	return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Failure{Failure: failure}}
}
