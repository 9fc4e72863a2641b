package isolation

import (
	"context"
	"errors"
	"testing"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/worker/reporting"
)

func inProcess() *InProcess {
	return &InProcess{NewRunner: func(env runner.Environment) Runner { return actor{env} }}
}

func TestInProcessRunsAnAttempt(t *testing.T) {
	h := Host{Reports: reporting.NewBuffer(nil), Gate: openGate{}, Artifacts: memoryArtifacts{t.TempDir()}}
	e := inProcess()
	wantEcho(t, e.Execute(t.Context(), attempt(t, "talk"), h), "wf wf/0#2 with 2 inputs")
	if r := h.Reports.Take(); len(r.GetLog()) != 50 || r.GetProgress().GetFraction() != 1 {
		t.Errorf("reported %v", r)
	}
	wantEcho(t, e.Execute(t.Context(), attempt(t, "artifacts"), h), "model.txt true artifact not found false true")
}

func TestInProcessSurvivesAPanic(t *testing.T) {
	outcome := inProcess().Execute(t.Context(), attempt(t, "panic"), Host{Reports: reporting.NewBuffer(nil)})
	wantFailure(t, outcome, lostKind, "panic", "deliberately", "isolation.actor.Run")
	outcome = inProcess().Execute(t.Context(), attempt(t, "nothing"), Host{Reports: reporting.NewBuffer(nil)})
	wantFailure(t, outcome, lostKind, "internal", "without an outcome")
}

func TestInProcessStops(t *testing.T) {
	ctx, h := stopWhenTalking(t, &Stop{Grace: time.Hour, Reason: "the user asked"})
	wantFailure(t, inProcess().Execute(ctx, attempt(t, "wait"), h), cancelled, "cancelled", "the user asked")
}

// deafRunner stops only when its test lets it.
type deafRunner struct{ let chan struct{} }

func (r deafRunner) Run(context.Context, runner.Assignment) *mlopsv1.Outcome {
	<-r.let
	return succeeded("too late")
}

// A goroutine cannot be killed: an attempt that does not stop is abandoned, and
// what it gives in the end is dropped.
func TestInProcessAbandonsWhatDoesNotStop(t *testing.T) {
	let := make(chan struct{})
	e := &InProcess{NewRunner: func(runner.Environment) Runner { return deafRunner{let} }}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&Stop{Reason: "the user asked"})
	a := attempt(t, "")
	force := make(chan struct{})
	close(force)
	a.Force = force
	wantFailure(t, e.Execute(ctx, a, Host{Reports: reporting.NewBuffer(nil)}), cancelled, "cancelled", "the user asked", "by force")

	over, stop := context.WithCancel(t.Context())
	stop()
	if err := e.Wait(over); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a straggler: %v", err)
	}
	close(let)
	if err := e.Wait(t.Context()); err != nil {
		t.Errorf("after it has ended: %v", err)
	}
}
