package training_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

// With test_size 0 every row is trained on, only the folds judge, and the
// sample is of training rows.
func TestTrainingOnEveryRow(t *testing.T) {
	for _, c := range []struct {
		backend, target string
		folds           int
		metrics         []string
		warning         string
	}{
		{"lightgbm", "churned", 2, []string{"cv_mean", "cv_std"}, "cross-validation alone judges the model"},
		{"classic", "tier", 2, []string{"cv_mean", "cv_std"}, "cross-validation alone judges the model"},
		{"classic", "spend", 0, nil, "nothing tells how good the model is"},
	} {
		t.Run(c.backend+" "+c.target, func(t *testing.T) {
			t.Parallel()
			cfg := parse(t, fmt.Sprintf("preprocessing: {handle_missing: mean}\ntraining: {backend: %s, test_size: 0, cv_folds: %d, params: {n_estimators: 8}}", c.backend, c.folds))
			tab := one(t, shop(t, 300), c.target)
			out, err := training.Train(bg, training.Request{Table: tab, Config: cfg})
			if err != nil {
				t.Fatal(err)
			}
			if out.TrainRows != 300 || out.ValidationRows != 0 {
				t.Errorf("%d rows of 300 trained on, %d validated", out.TrainRows, out.ValidationRows)
			}
			if diff := cmp.Diff(c.metrics, slices.Sorted(maps.Keys(out.Metrics))); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(strings.Join(out.Warnings, "\n"), c.warning) {
				t.Errorf("warnings %q, want %q", out.Warnings, c.warning)
			}
			if got, want := out.Sample.Features.Column("age").Ints(), tab.Column("age").Ints()[:200]; !slices.Equal(got, want) {
				t.Error("the sample is not of the first 200 training rows")
			}
			checkSample(t, out)
		})
	}
}

func TestFoldsDecideWhenToStopWhereNothingIsSetApart(t *testing.T) {
	const stopping = "num_iterations: 500, early_stopping_round: 5, learning_rate: 0.5"
	tab := one(t, shop(t, 300), "churned")
	out, err := training.Train(bg, training.Request{Table: tab, Config: parse(t, "training: {backend: lightgbm, test_size: 0, cv_folds: 3, params: {"+stopping+"}}")})
	if err != nil {
		t.Fatal(err)
	}
	trees := out.Model.(interface{ Rounds() int }).Rounds()
	if trees >= 500 || !strings.Contains(strings.Join(out.Warnings, "\n"), fmt.Sprintf("stops after %d iterations, the mean of the cross-validation folds", trees)) {
		t.Errorf("%d iterations; warnings %q", trees, out.Warnings)
	}

	_, err = training.Train(bg, training.Request{Table: tab, Config: parse(t, "training:\n  backend: lightgbm\n  test_size: 0\n  cv_folds: 1\n  params: {"+stopping+"}\n")})
	var wrong *config.Error
	if !errors.As(err, &wrong) || wrong.Line != 3 || !strings.Contains(err.Error(), "early stopping has no rows to judge by") {
		t.Errorf("early stopping without any rows to judge by: %v", err)
	}

	// Binary folds are left out where a class is too small for them.
	few := tab.Slice(0, 40)
	churned := make([]int64, 40)
	churned[3], churned[30] = 1, 1
	few = withInts(t, few, "churned", churned)
	_, err = training.Train(bg, training.Request{Table: few, Config: parse(t, "preprocessing: {handle_missing: mean}\ntraining: {backend: lightgbm, test_size: 0, cv_folds: 2, params: {"+stopping+"}}")})
	var fault *training.DataError
	if !errors.As(err, &fault) || !strings.Contains(err.Error(), "set training.test_size above 0") {
		t.Errorf("no fold tells when to stop: %v", err)
	}
}

func withInts(t *testing.T, tab *table.Table, name string, values []int64) *table.Table {
	t.Helper()
	out, err := tab.With(table.NewInt64(name, values, nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
