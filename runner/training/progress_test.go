package training_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/progress"
	"mlops/runner/training"
)

func TestCancelStopsTraining(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	ctx = progress.With(ctx, progress.Func(func(r progress.Report) {
		if r.Stage == "train" && r.Metrics["iteration"] >= 3 {
			cancel()
		}
	}))
	cfg := parse(t, "training: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 1000000}}")
	if _, err := training.Train(ctx, training.Request{Table: one(t, shop(t, 200), "spend"), Config: cfg}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A cancel at the start of any stage, or between two folds, ends the training
// there: no later stage begins.
func TestCancelIsHeardInEveryStage(t *testing.T) {
	cfg := parse(t, "training: {backend: lightgbm, cv_folds: 3, params: {num_iterations: 5}}")
	tab := one(t, shop(t, 200), "churned")
	stages := []string{"split", "cross_validate", "preprocess", "train", "evaluate"}
	for at, stage := range stages {
		for _, fold := range []float64{0, 1} {
			if fold > 0 && stage != "cross_validate" {
				continue
			}
			ctx, cancel := context.WithCancel(bg)
			last := 0
			ctx = progress.With(ctx, progress.Func(func(r progress.Report) {
				last = max(last, slices.Index(stages, r.Stage))
				if r.Stage == stage && r.Metrics["fold"] == fold {
					cancel()
				}
				if stage == "cross_validate" && r.Metrics["fold"] > fold {
					t.Errorf("canceled after fold %v, yet fold %v was finished", fold, r.Metrics["fold"])
				}
			}))
			_, err := training.Train(ctx, training.Request{Table: tab, Config: cfg})
			cancel()
			if !errors.Is(err, context.Canceled) || last != at {
				t.Errorf("%s, after fold %v: error %v, last stage %s", stage, fold, err, stages[last])
			}
		}
	}
}

func TestProgressIsReported(t *testing.T) {
	var mu sync.Mutex
	var stages []string
	figures := map[string]bool{}
	ctx := progress.With(bg, progress.Func(func(r progress.Report) {
		mu.Lock()
		defer mu.Unlock()
		if len(stages) == 0 || stages[len(stages)-1] != r.Stage {
			stages = append(stages, r.Stage)
		}
		if r.Fraction > 1 {
			t.Errorf("fraction %v of %s", r.Fraction, r.Stage)
		}
		for name := range r.Metrics {
			figures[r.Stage+" "+name] = true
		}
	}))
	cfg := parse(t, "preprocessing: {handle_missing: mean}\ntraining: {backend: lightgbm, cv_folds: 2, params: {num_iterations: 5, metric: auc}}")
	if _, err := training.Train(ctx, training.Request{Table: one(t, shop(t, 200), "churned"), Config: cfg}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"split", "cross_validate", "preprocess", "train", "evaluate"}, stages); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"train iteration", "train valid_auc", "cross_validate accuracy"} {
		if !figures[want] {
			t.Errorf("no figure %q in %v", want, figures)
		}
	}
}
