package etl

import (
	"context"
	"iter"
)

// Batches is a stream of batches. It ends with its first error.
type Batches[T any] = iter.Seq2[T, error]

// Extractor reads an item's inputs batch by batch.
type Extractor[I any] interface {
	Extract(ctx context.Context, w *Work) Batches[I]
}

// Validator looks at each batch. An error fails the item, one of [Skip] skips it.
type Validator[I any] interface {
	Validate(ctx context.Context, w *Work, batch I) error
}

// Transformer makes batches of batches. What it remembers between them it keeps
// in its function's variables: one call is one item.
type Transformer[I, O any] interface {
	Transform(ctx context.Context, w *Work, in Batches[I]) Batches[O]
}

// Loader writes an item's batches with [Work.Create] and tells the rows with
// [Work.AddRows].
type Loader[O any] interface {
	Load(ctx context.Context, w *Work, in Batches[O]) error
}

// Planner lists the items, as [Pipeline] does.
type Planner interface {
	Plan(ctx context.Context) ([]Item, error)
}

// Stages is the [Pipeline] of four stages. Embed it and add a Gather method for
// a [Gatherer].
type Stages[I, O any] struct {
	Planner
	Extractor   Extractor[I]
	Validators  []Validator[I]
	Transformer Transformer[I, O]
	Loader      Loader[O]
}

// Process streams the item through the stages.
func (s Stages[I, O]) Process(ctx context.Context, w *Work) error {
	in := s.validated(ctx, w, s.Extractor.Extract(ctx, w))
	return s.Loader.Load(ctx, w, s.Transformer.Transform(ctx, w, in))
}

// validated passes on the batches that every validator passes.
func (s Stages[I, O]) validated(ctx context.Context, w *Work, in Batches[I]) Batches[I] {
	return func(yield func(I, error) bool) {
		for batch, err := range in {
			if err == nil {
				err = context.Cause(ctx)
			}
			for _, v := range s.Validators {
				if err == nil {
					err = v.Validate(ctx, w, batch)
				}
			}
			if !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// Map is a [Transformer] of batches that have nothing to do with one another.
type Map[I, O any] func(ctx context.Context, w *Work, batch I) (O, error)

// Transform calls m for each batch.
func (m Map[I, O]) Transform(ctx context.Context, w *Work, in Batches[I]) Batches[O] {
	return func(yield func(O, error) bool) {
		for batch, err := range in {
			var out O
			if err == nil {
				out, err = m(ctx, w, batch)
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}
}

// ValidatorFunc makes a function a [Validator].
type ValidatorFunc[I any] func(ctx context.Context, w *Work, batch I) error

// Validate calls f.
func (f ValidatorFunc[I]) Validate(ctx context.Context, w *Work, batch I) error {
	return f(ctx, w, batch)
}
