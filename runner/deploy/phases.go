package deploy

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"mlops/runner/progress"
)

// Checker is a [Step] that can tell before the training whether it will have what
// it needs. It changes nothing.
type Checker interface {
	Check(ctx context.Context, e Environment) error
}

// Completer is a [Step] that has something to do when all steps have run, such as
// packing what they wrote. Complete comes before the deployment's checksums are
// taken.
type Completer interface {
	Complete(ctx context.Context, c *Context) error
}

// Publisher is a [Step] that also acts outside the deployment's directory: that
// pushes, registers or reports. Its Run comes in turn with all others' and may
// say in the artifacts what will be. Publish comes when the deployment is
// complete, has passed its own test and has leave to be published, and before it
// is visible. It returns how to take back what it did, nil where that is nothing;
// it is taken back when something fails later.
type Publisher interface {
	Publish(ctx context.Context, c *Context) (Undo, error)
}

// Undo takes back what a [Publisher] did.
type Undo func(ctx context.Context) error

// undoPatience bounds the taking back, which also happens after the run's context
// has ended.
const undoPatience = 30 * time.Second

// StepError says which step failed.
type StepError struct {
	Step string
	Err  error
}

// Error names the step.
func (e *StepError) Error() string { return fmt.Sprintf("deployment step %s: %v", e.Step, e.Err) }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// each calls f for every step in order, until one fails.
func (steps Steps) each(ctx context.Context, f func(Step) error) error {
	for _, s := range steps {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := f(s.step); err != nil {
			return &StepError{Step: s.name, Err: err}
		}
	}
	return nil
}

// Check asks every [Checker] among the steps. It is cheap and meant for the time
// before anything is trained.
func (steps Steps) Check(ctx context.Context, e Environment) error {
	return steps.each(ctx, func(s Step) error {
		if checker, ok := s.(Checker); ok {
			return checker.Check(ctx, e)
		}
		return nil
	})
}

func (steps Steps) run(ctx context.Context, c *Context) error {
	return steps.each(ctx, func(s Step) error { return s.Run(ctx, c) })
}

func (steps Steps) complete(ctx context.Context, c *Context) error {
	return steps.each(ctx, func(s Step) error {
		if completer, ok := s.(Completer); ok {
			return completer.Complete(ctx, c)
		}
		return nil
	})
}

// undos are what was done outside, in order.
type undos []Undo

// run takes everything back, the last first.
func (u undos) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	var failed []error
	for i := len(u) - 1; i >= 0; i-- {
		if err := u[i](ctx); err != nil {
			failed = append(failed, fmt.Errorf("take back: %w", err))
		}
	}
	return errors.Join(failed...)
}

// publish lets every [Publisher] act; if one fails, what others did is taken back.
func (steps Steps) publish(ctx context.Context, c *Context) (undos, error) {
	var done undos
	err := steps.each(ctx, func(s Step) error {
		publisher, ok := s.(Publisher)
		if !ok {
			return nil
		}
		undo, err := publisher.Publish(ctx, c)
		if err == nil && undo != nil {
			done = append(done, undo)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, done.run(ctx))
	}
	return done, nil
}

// Warnf tells a warning at once, and keeps it for the run's result.
func (c *Context) Warnf(ctx context.Context, format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
	progress.Warnf(ctx, "deploy", format, args...)
}

// artifact adds an artifact under a name, with a counter if that is taken, and
// returns the name that it got.
func (c *Context) artifact(name, value string) string {
	free := name
	for i := 2; c.Artifacts[free] != ""; i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	c.Artifacts[free] = value
	return free
}
