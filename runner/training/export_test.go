package training

import "context"

// FitForTest runs one training of a registered backend.
func FitForTest(ctx context.Context, backend string, job Job) (Model, error) {
	return backends[backend].Fit(ctx, job)
}
