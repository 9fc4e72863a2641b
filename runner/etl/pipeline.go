package etl

import (
	"context"

	"mlops/runner/pipeline"
)

// Pipeline is one run's pipeline, opened with the settings of its section. It is
// safe for concurrent use.
type Pipeline interface {
	// Plan lists the items in their order, reading names and no data: it runs at
	// every start, also where nothing is to do. No items at all are an error that
	// says where was looked.
	Plan(ctx context.Context) ([]Item, error)
	// Process makes an item's outputs with w. An error fails the item; one of
	// [Skip] skips it.
	Process(ctx context.Context, w *Work) error
}

// Gatherer is a pipeline that makes something of all items together.
type Gatherer interface {
	// Gather makes it with w, whose item has the outputs of all items as inputs,
	// from the outcomes in the plan's order, of which it reads the outputs with
	// [Work.OpenOutput]. Outcomes without outputs are among them. It is not called
	// where nothing has changed.
	Gather(ctx context.Context, w *Work, outcomes []Outcome) error
}

// GatherReader is a [Gatherer] that reads more than the items' outputs: it is
// called again where one of these changes.
type GatherReader interface {
	Gatherer
	// GatherInputs lists what it reads, of names that no item has.
	GatherInputs(ctx context.Context) ([]Input, error)
}

// SkipError is the error of [Skip].
type SkipError struct{ Reason string }

// Error tells the reason.
func (e *SkipError) Error() string { return e.Reason }

// Skip returns an error by which an item is skipped rather than failed: its
// input is sound and has nothing to offer. Until it changes, later runs skip it
// without reading it.
func Skip(reason string) error { return &SkipError{Reason: reason} }

// Env is what a run may reach.
type Env = pipeline.Env
