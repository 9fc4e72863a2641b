package training_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mlops/runner/progress"
	"mlops/runner/report"
	"mlops/runner/table"
	"mlops/runner/training"
)

// described trains on a shop's table and makes the report.
func described(t *testing.T, tab *table.Table, target, yaml string) (*training.Outcome, *report.Report) {
	t.Helper()
	out, err := training.Train(t.Context(), training.Request{Table: tab, Target: target, Config: parse(t, "preprocessing: {handle_missing: mean}\n"+yaml)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := out.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out, r
}

func kinds(r *report.Report) string {
	var list []string
	for _, m := range r.Importances {
		list = append(list, strings.TrimSpace(string(m.Kind)+" "+m.Output))
	}
	return strings.Join(list, ", ")
}

func TestAReportHasTheResultsFiguresAndTheModelsImportances(t *testing.T) {
	for _, test := range []struct{ name, target, yaml, importances string }{
		{"forest", "churned", "training: {cv_folds: 0}", "permutation, gain, split"},
		{"boosted classes", "tier", "training: {cv_folds: 0, backend: lightgbm, params: {n_estimators: 10}}", "permutation, gain, split"},
		{"boosted values", "spend", "training: {cv_folds: 0, backend: lightgbm, params: {n_estimators: 10}}", "permutation, gain, split"},
		{"two classes, linear", "churned", "training: {cv_folds: 0, model_type: logistic_regression}", "permutation, coefficient 1"},
		{"three classes, linear", "tier", "training: {cv_folds: 0, model_type: logistic_regression}", "permutation, coefficient bronze, coefficient gold, coefficient silver"},
		{"values, linear", "spend", "training: {cv_folds: 0, model_type: ridge}", "permutation, coefficient"},
		{"network", "churned", "training: {cv_folds: 0, backend: neural_network, params: {max_iter: 20}}", "permutation"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, r := described(t, one(t, shop(t, 500), test.target), test.target, test.yaml)
			for name, value := range out.Metrics {
				got, found := r.Metric(name)
				if !found || got != value {
					t.Errorf("%s is %v in the report (found: %v) and %v in the results", name, got, found, value)
				}
			}
			if got := kinds(r); got != test.importances {
				t.Errorf("importances %q, not %q", got, test.importances)
			}
			if r.Rows != 100 || r.Data != "validation" || r.Target != test.target || r.Model != out.Model.Name() {
				t.Errorf("the report is of %d rows of %q, target %q, model %q", r.Rows, r.Data, r.Target, r.Model)
			}
			// Raw columns, and what truly matters before what does not.
			shuffled := r.Importances[0].Features
			if names := len(shuffled); names != 4 {
				t.Errorf("%d columns were shuffled", names)
			}
			if last := shuffled[3].Name; last != "age" && last != "member" {
				t.Errorf("%q matters least: %v", last, shuffled)
			}
		})
	}
}

func TestAReportIsTheSameEachTime(t *testing.T) {
	var first []byte
	for range 2 {
		_, r := described(t, one(t, shop(t, 400), "churned"), "churned", "training: {cv_folds: 0}")
		var text bytes.Buffer
		if err := r.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text.Bytes()
		} else if !bytes.Equal(first, text.Bytes()) {
			t.Error("two reports of the same training differ")
		}
	}
}

func TestWithoutRowsSetApartThereIsNoReport(t *testing.T) {
	if _, r := described(t, one(t, shop(t, 200), "churned"), "churned", "training: {test_size: 0, cv_folds: 3}"); r != nil {
		t.Errorf("there is a report of %d rows", r.Rows)
	}
}

func TestReportsOfLittleAndWideData(t *testing.T) {
	t.Run("one row, one class", func(t *testing.T) {
		_, r := described(t, one(t, shop(t, 200), "churned"), "churned", "training: {test_size: 1, cv_folds: 0}")
		if r.Rows != 1 || kinds(r) == "" {
			t.Errorf("%d rows, importances %q", r.Rows, kinds(r))
		}
		if _, found := r.Metric("roc_auc"); found {
			t.Error("roc_auc of one class has a value")
		}
	})
	t.Run("more columns than can be shuffled", func(t *testing.T) {
		tab := one(t, shop(t, 600), "spend")
		for i := range 1100 {
			values := make([]float64, tab.NumRows())
			for j := range values {
				values[j] = float64((i*7 + j*j) % 13)
			}
			var err error
			if tab, err = tab.With(table.NewFloat64(fmt.Sprintf("x%d", i), values, nil)); err != nil {
				t.Fatal(err)
			}
		}
		_, r := described(t, tab, "spend", "training: {cv_folds: 0, backend: lightgbm, params: {n_estimators: 3}}")
		if kinds(r) != "gain, split" {
			t.Errorf("importances %q", kinds(r))
		}
		if len(r.Omitted) != 1 || r.Omitted[0].Reason != "1104 columns are too many" {
			t.Errorf("left out: %v", r.Omitted)
		}
		if features := len(r.Importances[0].Features); features != report.MaxFeatures || r.Importances[0].Left != 104 {
			t.Errorf("%d features and %d left", features, r.Importances[0].Left)
		}
	})
}

func TestAReportIsCancelled(t *testing.T) {
	out, _ := described(t, one(t, shop(t, 400), "churned"), "churned", "training: {cv_folds: 0}")
	ctx, cancel := context.WithCancel(t.Context())
	ctx = progress.With(ctx, progress.Func(func(progress.Report) { cancel() })) // at the first shuffle
	if _, err := out.Report(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
