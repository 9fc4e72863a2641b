package isolation

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/runner/progress"
)

// InProcess runs attempts as goroutines of this process.
//
// A goroutine cannot be killed. An attempt that does not stop when asked
// is abandoned in the end: its outcome says so, its gate stays shut, and what it computes
// is dropped. [InProcess.Wait] waits for such stragglers.
type InProcess struct {
	// NewRunner makes the runner of one attempt.
	NewRunner func(runner.Environment) Runner
	// Reach bounds what attempts may touch.
	Reach Reach

	running sync.WaitGroup
}

// Execute runs one attempt to its end.
func (e *InProcess) Execute(ctx context.Context, a Attempt, h Host) *mlopsv1.Outcome {
	env := e.Reach.environment(a.ScratchDir, h.Gate, h.Artifacts)
	env.InProcess = true
	ended := make(chan *mlopsv1.Outcome, 1)
	e.running.Add(1)
	go func() {
		defer e.running.Done()
		ended <- e.run(progress.With(ctx, h.Reports), env, a)
	}()
	select {
	case outcome := <-ended:
		return outcome
	case <-ctx.Done():
	}
	select {
	case outcome := <-ended:
		return outcome
	case <-a.Force:
		return forced(stopOf(ctx))
	}
}

func (e *InProcess) run(ctx context.Context, env runner.Environment, a Attempt) (outcome *mlopsv1.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			outcome = lost("panic", "the task panicked: %v\n%s", p, stackHead(string(debug.Stack())))
		}
	}()
	outcome = e.NewRunner(env).Run(ctx, assignmentOf(a))
	if outcome.GetKind() == nil {
		return lost("internal", "the runner ended without an outcome")
	}
	return outcome
}

// Wait waits for abandoned attempts, at most until ctx ends.
func (e *InProcess) Wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		e.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for attempts that did not stop: %w", context.Cause(ctx))
	}
}

// stackHead shortens a stack to the frames at which to look first: it begins
// behind the panic itself.
func stackHead(stack string) string {
	const maxLines = 16
	lines := strings.Split(strings.TrimSpace(stack), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") && i+2 <= len(lines) {
			lines = append(lines[:1:1], lines[i+2:]...)
			break
		}
	}
	if len(lines) > maxLines {
		lines = append(lines[:maxLines:maxLines], "…")
	}
	return strings.Join(lines, "\n")
}
