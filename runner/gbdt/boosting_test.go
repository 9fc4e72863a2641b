package gbdt

import (
	"context"
	"errors"
	"math"
	"testing"

	"go.uber.org/goleak"

	"mlops/runner/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// split gives training and validation data of the generated table.
func splitTabular(t *testing.T, target string, p Params) (train, valid *Dataset, raw [][]float64, label []float64) {
	t.Helper()
	features, _, trainLabel := tabular(t, target, 0, 700)
	train, err := NewDataset(context.Background(), features, trainLabel, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	features, raw, label = tabular(t, target, 700, -1)
	if valid, err = NewValidation(context.Background(), train, features, label, nil); err != nil {
		t.Fatal(err)
	}
	return train, valid, raw, label
}

// What the callbacks are told are the figures of the model so far.
func TestCallbacksSeeTheMetrics(t *testing.T) {
	for _, c := range []struct {
		name   string
		target string
		change func(*Params)
		key    string
		figure func(label, prediction []float64) float64
	}{
		{"auc", "positive", func(p *Params) { p.Objective, p.Metric = Binary, []string{"auc"} }, "valid_auc",
			func(label, p []float64) float64 { v, _ := metrics.ROCAUC(classesOf(label), p); return v }},
		{"rmse", "y", func(p *Params) { p.Metric = []string{"rmse"} }, "valid_rmse", metrics.RMSE},
		{"default", "kind", func(p *Params) { p.Objective, p.NumClass = Multiclass, 3 }, "valid_multi_logloss",
			func(label, p []float64) float64 { v, _ := metrics.LogLoss(classesOf(label), p, 3); return v }},
		{"forest", "positive", func(p *Params) {
			p.Objective, p.Boosting, p.BaggingFreq, p.BaggingFraction = Binary, RandomForest, 1, 0.5
		}, "valid_binary_logloss", func(label, p []float64) float64 {
			v, _ := metrics.LogLoss(classesOf(label), metrics.BinaryProba(p), 2)
			return v
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := DefaultParams()
			p.NumIterations, p.ProvideTrainMetric = 12, true
			c.change(&p)
			train, valid, raw, label := splitTabular(t, c.target, p)
			var last Iteration
			calls := 0
			m, err := Train(context.Background(), train, valid, p, func(it Iteration) error {
				if it.Index != calls || it.Total != 12 || len(it.Metrics) != 2 {
					t.Errorf("call %d: %+v", calls, it)
				}
				calls++
				last = it
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Predict(raw)
			if err != nil {
				t.Fatal(err)
			}
			if want := c.figure(label, got); math.Abs(last.Metrics[c.key]-want) > 1e-9 {
				t.Errorf("%s: told %v, the model has %v", c.key, last.Metrics[c.key], want)
			}
		})
	}
}

func TestEarlyStoppingKeepsTheBestIterations(t *testing.T) {
	p := DefaultParams()
	p.Objective, p.NumIterations, p.LearningRate, p.EarlyStoppingRound, p.Metric = Binary, 500, 0.3, 5, []string{"binary_logloss"}
	train, valid, _, _ := splitTabular(t, "positive", p)
	best, bestAt, last := math.Inf(1), 0, 0
	m, err := Train(context.Background(), train, valid, p, func(it Iteration) error {
		last = it.Index
		if loss := it.Metrics["valid_binary_logloss"]; loss < best {
			best, bestAt = loss, it.Index
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != bestAt+5 || m.BestIteration() != bestAt+1 || m.NumIterations() != bestAt+1 {
		t.Errorf("best at %d, stopped after %d, kept %d of %d", bestAt, last, m.BestIteration(), m.NumIterations())
	}
}

func TestCallbackEndsTheTraining(t *testing.T) {
	p := DefaultParams()
	train, valid, _, _ := splitTabular(t, "y", p)
	broken := errors.New("broken")
	if _, err := Train(context.Background(), train, valid, p, func(Iteration) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	m, err := Train(context.Background(), train, valid, p, func(it Iteration) error {
		if it.Index == 6 {
			return ErrStop
		}
		return nil
	})
	if err != nil || m.NumIterations() != 7 {
		t.Errorf("stopped after iteration 6: %v, %v", m, err)
	}
}

// cancelling cancels its context when the gradients are asked for.
type cancelling struct {
	objective
	cancel func()
}

func (c cancelling) gradients(score []float64, gradient, hessian []float32, from, to int) {
	c.objective.gradients(score, gradient, hessian, from, to)
	c.cancel()
}

func TestTrainStopsWhenCancelled(t *testing.T) {
	features, _, label := benchmarkData(20_000, 5)
	p := DefaultParams()
	p.Objective, p.NumLeaves, p.NumThreads = Binary, 4000, 2
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("between trees", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		calls := 0
		_, err := Train(ctx, d, nil, p, func(Iteration) error {
			calls++
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) || calls != 1 {
			t.Errorf("got %v after %d iterations", err, calls)
		}
	})
	t.Run("within a tree", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		loss, err := newObjective(d, &p, nil)
		if err != nil {
			t.Fatal(err)
		}
		workers := newPool(ctx, 2)
		defer workers.close()
		b := newBooster(ctx, d, nil, &p, cancelling{loss, cancel}, workers)
		if err := b.run(&Options{}); !errors.Is(err, context.Canceled) || len(b.model.trees) != 0 {
			t.Errorf("got %v with %d trees", err, len(b.model.trees))
		}
		if len(b.learner.leaves) > 1 {
			t.Errorf("%d leaves were grown after the cancellation", len(b.learner.leaves))
		}
	})
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if m, err := Train(ctx, d, nil, p); !errors.Is(err, context.Canceled) || m != nil {
			t.Errorf("got %v, %v", m, err)
		}
	})
}

// A weight of two is the row twice.
func TestWeightsCountRows(t *testing.T) {
	features, raw, label := tabular(t, "positive", 0, 700)
	features, raw = features[:3], raw[:3]
	p := DefaultParams()
	p.Objective, p.NumIterations, p.MinDataInLeaf, p.MinSumHessianInLeaf = Binary, 10, 0, 4
	p.MinDataInBin, p.FeaturePreFilter = 1, false
	var twice []Feature
	for f := range features {
		for i, v := range raw[f] {
			// Few distinct values, so that both ways give the same bins.
			raw[f][i] = math.Round(5 * v)
		}
		twice = append(twice, Feature{Name: features[f].Name, Values: repeated(raw[f])})
	}
	weight := make([]float64, len(label))
	for i := range weight {
		weight[i] = 1 + oneIf(i%3 == 0)
	}
	predict := func(features []Feature, label, weight []float64) []float64 {
		d, err := NewDataset(context.Background(), features, label, weight, p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Train(context.Background(), d, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Predict(raw)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	weighted, doubled := predict(features, label, weight), predict(twice, repeated(label), nil)
	for i := range weighted {
		if math.Abs(weighted[i]-doubled[i]) > 1e-6 {
			t.Fatalf("row %d: %v with weights, %v with rows twice", i, weighted[i], doubled[i])
		}
	}
}

// repeated gives every third value twice.
func repeated(values []float64) []float64 {
	var out []float64
	for i, v := range values {
		out = append(out, v)
		if i%3 == 0 {
			out = append(out, v)
		}
	}
	return out
}

// One goroutine's predictions do not disturb another's, and none allocates.
func TestPredictRowDoesNotAllocate(t *testing.T) {
	p := DefaultParams()
	p.Objective, p.NumClass = Multiclass, 3
	m := trainTabular(t, "kind", 700, p)
	row, out := []float64{1, 2, 3, 4, math.NaN(), 2, 9}, make([]float64, 3)
	if n := testing.AllocsPerRun(100, func() { m.PredictRow(row, out) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
	if sum := out[0] + out[1] + out[2]; math.Abs(sum-1) > 1e-12 {
		t.Errorf("probabilities add up to %v", sum)
	}
}
