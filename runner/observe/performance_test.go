package observe_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mlops/runner/observe"
	"mlops/runner/table"
)

// predicted records rows by identifier and prediction.
func predicted(t *testing.T, store observe.Store, when time.Time, values *table.Column, ids ...string) {
	t.Helper()
	rows, err := table.New(table.NewString("row_id", ids, nil), values.Rename("prediction"))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.AppendRows(t.Context(), observe.RowsEntry{Time: when, TaskID: when.Format(time.DateTime), Table: rows}, observe.Limits{}); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestLabelsThatArriveLaterTellThePerformanceOverTime(t *testing.T) {
	dir, store := t.TempDir(), observe.DirStore{Logs: t.TempDir()}
	day := func(n int) time.Time { return at(0).AddDate(0, 0, n) }
	yesNo := func(values ...string) *table.Column { return table.NewString("p", values, nil) }
	predicted(t, store, day(1), yesNo("yes", "no", "yes", "no"), "007", "b", "c", "d")
	predicted(t, store, day(1).Add(time.Hour), yesNo("yes"), "e")
	predicted(t, store, day(3), yesNo("no", "no", "yes"), "f", "g", "unknown")
	write(t, dir, "labels.csv", "customer,outcome\n007,yes\nb,no\nc,no\nd,no\ne,yes\nf,yes\ng,no\nlater,\nd,no\n")

	// The thresholds judge what the labels say, wherever they are in the list.
	watch := steps(t, "[{type: metric_threshold, params: {default_threshold: 0.7}}, {type: performance, params: {labels: labels.csv, row_id: customer}}]")
	s := scene(t, store, dir, day(5))
	s.Metrics = map[string]float64{"accuracy": 0.95, "roc_auc": 0.9}
	o, err := watch.Observe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p := o.Performance
	if p.Recorded != 8 || p.Labelled != 7 || p.Labels != 8 || len(p.Points) != 2 {
		t.Fatalf("got %+v", p)
	}
	for i, want := range []struct {
		from     time.Time
		rows     int64
		accuracy float64
	}{{day(1).Truncate(24 * time.Hour), 5, 0.8}, {day(3).Truncate(24 * time.Hour), 2, 0.5}} {
		if got := p.Points[i]; !got.From.Equal(want.from) || got.Rows != want.rows || got.Metrics["accuracy"] != want.accuracy {
			t.Errorf("point %d is %+v, want %+v", i, got, want)
		}
	}
	if o.Metrics["accuracy"] != 0.5 || o.Metrics["roc_auc"] != 0.9 || !strings.Contains(fmt.Sprint(failed(o)), "accuracy") {
		t.Errorf("metrics %v, failed %v", o.Metrics, failed(o))
	}
	report := observe.Report(subject, o)
	for _, want := range []string{"7 of 8 rows recorded have a label", "2026-03-02 00:00:00 UTC"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	// Nothing was written: with other labels the figures are others.
	h, err := store.History(t.Context())
	if err != nil || len(h.Metrics) != 0 {
		t.Errorf("the history holds %v, %v", h.Metrics, err)
	}
}

func TestPerformanceOfARegressor(t *testing.T) {
	dir, store := t.TempDir(), observe.DirStore{Logs: t.TempDir()}
	predicted(t, store, at(0), table.NewFloat64("p", []float64{1, 2, 4}, nil), "1", "2", "3")
	write(t, dir, "labels.csv", "row_id,price\n1,1\n2,3\n3,\n")
	s := scene(t, store, dir, at(1))
	s.Subject.ProblemType, s.Subject.Target, s.Labels = "regression", "price", "labels.csv"
	o, err := steps(t, "[performance]").Observe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Performance.Points[0]; got.Rows != 2 || got.Metrics["mse"] != 0.5 || got.Metrics["mae"] != 0.5 || got.Metrics["r2_score"] != 0.5 {
		t.Errorf("got %+v", got)
	}
}

func TestClassesAreComparedInTheirKind(t *testing.T) {
	dir, store := t.TempDir(), observe.DirStore{Logs: t.TempDir()}
	predicted(t, store, at(0), table.NewInt64("p", []int64{1, 0}, nil), "a", "b")
	write(t, dir, "labels.csv", "row_id,outcome\na,1.0\nb,\n")
	s := scene(t, store, dir, at(1))
	s.Labels = "labels.csv"
	o, err := steps(t, "[performance]").Observe(t.Context(), s)
	if err != nil || o.Performance.Labelled != 1 || o.Performance.Points[0].Metrics["accuracy"] != 1 {
		t.Errorf("got %+v, %v", o.Performance, err)
	}
}

func TestWhatIsWrongWithLabelsIsTold(t *testing.T) {
	dir, store := t.TempDir(), observe.DirStore{Logs: t.TempDir()}
	write(t, dir, "labels.csv", "row_id,outcome\na,yes\nb,no\na,no\n")
	write(t, dir, "strangers.csv", "row_id,outcome\nx,yes\n")
	write(t, dir, "other.csv", "row_id,result\na,yes\n")
	observed := func(params string) (*observe.Observation, error) {
		return steps(t, "[{type: performance, params: {"+params+"}}]").Observe(t.Context(), scene(t, store, dir, at(1)))
	}
	for params, want := range map[string]string{"": "no labels are given", "labels: labels.csv": "no single row's prediction is recorded"} {
		if o, err := observed(params); err != nil || !strings.Contains(fmt.Sprint(o.Notes), want) {
			t.Errorf("%q: got %v, %v; want %q", params, o, err, want)
		}
	}
	predicted(t, store, at(0), table.NewString("p", []string{"yes"}, nil), "a")
	if o, err := observed("labels: strangers.csv"); err != nil || !strings.Contains(fmt.Sprint(o.Notes), "none of 1 recorded rows has its row_id among the labels of strangers.csv") {
		t.Errorf("got %v, %v", o, err)
	}
	for params, want := range map[string]string{
		"labels: labels.csv":                `rows 1 and 3 are both of row_id "a", with the labels "yes" and "no"`,
		"labels: none.csv":                  "none.csv",
		"labels: other.csv":                 `no column "outcome"`,
		"labels: labels.csv, label: row_id": "name another",
	} {
		if _, err := observed(params); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", params, err, want)
		}
	}
}
