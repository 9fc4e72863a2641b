package etl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mlops/runner/config"
	"mlops/runner/pipeline"
)

// ItemError says which item ended a run, and why.
type ItemError struct {
	Item string
	Err  error
}

// Error names the item.
func (e *ItemError) Error() string { return fmt.Sprintf("%s: %v", e.Item, e.Err) }

// Unwrap returns the cause.
func (e *ItemError) Unwrap() error { return e.Err }

// ExistsError says that a file is where an output would go, and is another's.
type ExistsError struct{ Location string }

// Error names the file.
func (e *ExistsError) Error() string {
	return e.Location + " is there already, and is not what this pipeline wrote; move it away, or set overwrite: true"
}

// TooManyError says that more items failed than max_errors allows.
type TooManyError struct {
	Limit  int
	Failed []Outcome
}

// Error tells the first failures.
func (e *TooManyError) Error() string {
	const most = 3
	var b strings.Builder
	fmt.Fprintf(&b, "%d of the items failed; max_errors allows %d", len(e.Failed), e.Limit)
	for _, o := range e.Failed[:min(most, len(e.Failed))] {
		fmt.Fprintf(&b, "\n%s: %s", o.Item, o.Reason)
	}
	return b.String()
}

// wrap names the section and tells the stage, unless the error is about a key:
// it then has its place already.
func (j *Job) wrap(ctx context.Context, stage string, err error) error {
	if err == nil {
		return nil
	}
	kind := kindOf(ctx, err)
	var located *config.Error
	if !errors.As(err, &located) {
		err = fmt.Errorf("%s: %w", j.section, err)
	}
	return &pipeline.Error{Stage: stage, Kind: kind, Err: err}
}

// kindOf sorts an error; one that tells nothing of itself is the data's.
func kindOf(ctx context.Context, err error) pipeline.Kind {
	if isConflict(err) {
		return pipeline.Conflict
	}
	return pipeline.KindOf(ctx, err, pipeline.BadData)
}
