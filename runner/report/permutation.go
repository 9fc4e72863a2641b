package report

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"

	"mlops/runner/metrics"
	"mlops/runner/progress"
	"mlops/runner/table"
)

// Stage is how the permutation importance calls itself in progress reports.
const Stage = "importance"

const defaultRepeats = 5

// PermutationRequest says whose importance is measured, and how.
type PermutationRequest struct {
	Table *table.Table
	Truth Truth // of the table's rows
	// Predict asks the model. It must be safe for concurrent use, must not keep
	// the table, and gives one entry a row.
	Predict func(ctx context.Context, t *table.Table) (Prediction, error)

	Features []string // columns to shuffle; nil is all of the table
	Metric   string   // the headline of the truth's problem where empty
	Repeats  int      // shuffles of a feature; 5 where 0
	MaxRows  int      // rows to look at, drawn by the seed; all where 0
	Seed     uint64
	// Workers predict at once: each holds one shuffled column and what a
	// prediction needs. GOMAXPROCS where 0.
	Workers int
}

// Permutation measures how much of the metric a model loses when one feature's
// cells are shuffled among the rows: the metric's fall, or its rise where lower
// is better (Breiman 2001; scikit-learn's permutation_importance). A feature's
// shuffles depend on the seed and its name alone, so that the result is the same
// for any number of workers and any choice of features.
//
// It reports to the context's progress sink and ends soon after the context
// does. Errors: a request that does not fit, the model's, a metric that is not
// defined for the rows.
func Permutation(ctx context.Context, q PermutationRequest) (Importance, error) {
	if err := q.complete(); err != nil {
		return Importance{}, fmt.Errorf("permutation importance: %w", err)
	}
	higher, _ := metrics.Direction(q.Metric)
	baseline, err := q.score(ctx, q.Table)
	if err != nil {
		return Importance{}, fmt.Errorf("permutation importance: %w", err)
	}
	loss, err := q.losses(ctx, func(score float64) float64 {
		if higher {
			return baseline - score
		}
		return score - baseline
	})
	if err != nil {
		return Importance{}, fmt.Errorf("permutation importance: %w", err)
	}
	mean, std := make([]float64, len(q.Features)), make([]float64, len(q.Features))
	for i := range q.Features {
		mean[i], std[i] = stat.PopMeanStdDev(loss[i*q.Repeats:(i+1)*q.Repeats], nil)
	}
	m := Importance{Kind: PermutationImportance, Metric: q.Metric, Baseline: baseline, Repeats: q.Repeats, Rows: q.Table.NumRows()}
	return ranking(m, q.Features, mean, std)
}

// complete fills in what was left open, draws the rows, and tells what is wrong.
func (q *PermutationRequest) complete() error {
	if q.Table == nil || q.Predict == nil {
		return errors.New("a table and a model are needed")
	}
	if q.Truth.Rows() != q.Table.NumRows() {
		return fmt.Errorf("there are %d true values for %d rows", q.Truth.Rows(), q.Table.NumRows())
	}
	if q.Repeats < 0 || q.MaxRows < 0 || q.Workers < 0 {
		return fmt.Errorf("%d repeats, %d rows and %d workers: none may be below 0", q.Repeats, q.MaxRows, q.Workers)
	}
	if q.Repeats == 0 {
		q.Repeats = defaultRepeats
	}
	if q.Workers == 0 {
		q.Workers = runtime.GOMAXPROCS(0)
	}
	if q.Features == nil {
		q.Features = q.Table.Names()
	}
	seen := make(map[string]bool, len(q.Features))
	for _, name := range q.Features {
		if !q.Table.Has(name) {
			return &table.MissingColumnError{Name: name, Have: q.Table.Names()}
		}
		if seen[name] {
			return fmt.Errorf("feature %q is named twice", name)
		}
		seen[name] = true
	}
	if len(q.Features) == 0 {
		return errors.New("there are no features")
	}
	var err error
	if q.Metric, err = headline(q.Truth.Problem, q.Metric); err != nil {
		return err
	}
	if q.MaxRows > 0 && q.MaxRows < q.Table.NumRows() {
		rows := rand.New(rand.NewPCG(q.Seed, 0)).Perm(q.Table.NumRows())[:q.MaxRows]
		q.Table, q.Truth = q.Table.Take(rows), q.Truth.take(rows)
	}
	return nil
}

// take returns the given rows.
func (t Truth) take(rows []int) Truth {
	taken := t
	taken.Values, taken.Classes, taken.Weights = pick(t.Values, rows), pick(t.Classes, rows), pick(t.Weights, rows)
	return taken
}

func pick[T any](v []T, rows []int) []T {
	if v == nil {
		return nil
	}
	picked := make([]T, len(rows))
	for i, row := range rows {
		picked[i] = v[row]
	}
	return picked
}

// losses measures every shuffle: features × repeats, feature by feature.
func (q *PermutationRequest) losses(ctx context.Context, loss func(score float64) float64) ([]float64, error) {
	measured := make([]float64, len(q.Features)*q.Repeats)
	done := &counter{sink: progress.From(ctx), of: len(measured)}
	workers, running := errgroup.WithContext(ctx)
	workers.SetLimit(q.Workers)
	for i := range measured {
		workers.Go(func() error {
			if running.Err() != nil {
				return context.Cause(running) // the first error, or the caller's, stops the others
			}
			name := q.Features[i/q.Repeats]
			shuffled, err := q.shuffle(name, i%q.Repeats)
			if err != nil {
				return err
			}
			score, err := q.score(running, shuffled)
			if err != nil {
				return fmt.Errorf("with feature %q shuffled: %w", name, err)
			}
			measured[i] = loss(score)
			done.one()
			return nil
		})
	}
	if err := workers.Wait(); err != nil {
		return nil, err
	}
	return measured, nil
}

// shuffle permutes the cells of one column.
func (q *PermutationRequest) shuffle(name string, repeat int) (*table.Table, error) {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%d %s", repeat, name) // never fails
	draw := rand.New(rand.NewPCG(q.Seed, hash.Sum64()))
	return q.Table.With(q.Table.Column(name).Take(draw.Perm(q.Table.NumRows())))
}

func (q *PermutationRequest) score(ctx context.Context, t *table.Table) (float64, error) {
	p, err := q.Predict(ctx, t)
	if err != nil {
		return 0, fmt.Errorf("predict: %w", err)
	}
	if _, err := q.Truth.check(p); err != nil {
		return 0, fmt.Errorf("predict: %w", err)
	}
	score, err := q.Truth.Metric(q.Metric, p)
	if err == nil && math.IsInf(score, 0) {
		err = fmt.Errorf("%s is infinite", q.Metric)
	}
	return score, err
}

// counter reports how many shuffles are done, in order.
type counter struct {
	mu   sync.Mutex
	sink progress.Sink
	n    int
	of   int
}

func (c *counter) one() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	c.sink.Report(progress.Report{Stage: Stage, Fraction: float64(c.n) / float64(c.of)})
}
