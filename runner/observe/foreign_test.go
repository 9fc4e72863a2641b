package observe_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/needs"
	"mlops/runner/observe"
)

func TestLogsOfMakeMLOpsEasyLoad(t *testing.T) {
	logs := t.TempDir()
	write(t, logs, "metrics_history.json", `[{"timestamp": "2025-12-01T10:00:00.123456", "model_version": "1.0.0", "metrics": {"accuracy": 0.8}},
		{"timestamp": "2025-12-02T10:00:00+01:00", "model_version": "1.0.0", "metrics": {"accuracy": 0.9}}, {"timestamp": "?", "metrics": {"accuracy": 1}}]`)
	write(t, logs, "predictions_log.json", `[{"timestamp": "2025-12-03T10:00:00", "model_version": "1.0.0", "prediction": "yes", "metadata": {}},
		{"timestamp": "2025-12-03T10:00:01", "prediction": 2.5}, {"timestamp": "2025-12-03T10:00:02", "prediction": null}]`)
	store := observe.DirStore{Logs: logs}
	if err := store.AppendMetrics(t.Context(), observe.MetricsEntry{Time: at(0), Metrics: map[string]float64{"accuracy": 0.7}}, observe.Limits{}); err != nil {
		t.Fatal(err)
	}
	h, err := store.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, p := h.MetricsSummary(), h.PredictionSummary()
	if s.Records != 3 || s.First.Format("2006-01-02 15:04") != "2025-12-01 10:00" || h.Latest()["accuracy"] != 0.7 {
		t.Errorf("metrics %+v", s)
	}
	if p.Rows != 2 || p.ClassCounts["yes"] != 1 || p.Values.Mean != 2.5 || h.Damaged != 2 {
		t.Errorf("predictions %+v, %d damaged", p, h.Damaged)
	}
	// A damaged one is told, and costs the others nothing.
	write(t, logs, "metrics_history.json", `[{"timestamp": "2025-`)
	if h, err = store.History(t.Context()); err != nil || len(h.Metrics) != 1 || h.Damaged != 2 {
		t.Errorf("got %+v, %v", h, err)
	}
}

// TestLogsOfEarlierVersionsLoad reads lines as they were written before there were
// profiles, rows and alerts.
func TestLogsOfEarlierVersionsLoad(t *testing.T) {
	logs := t.TempDir()
	write(t, logs, observe.MetricsLog, `{"time":"2026-02-01T10:00:00Z","source":"train","metrics":{"accuracy":0.8}}`+"\n")
	write(t, logs, observe.PredictionsLog, `{"time":"2026-02-02T10:00:00Z","task_id":"w/0","data":"x.csv","rows":3,"head":["a"],"class_counts":{"a":3}}`+"\n"+
		`{"time":"2026-02-03T10:00:00Z","rows":2,"values":{"count":2,"latest":1,"mean":1,"std":0,"min":1,"max":1}}`+"\n"+`{"time":"2026-02-0`)
	write(t, logs, "predictions_log.1.jsonl", `{"time":"2026-01-02T10:00:00Z","rows":5}`+"\n")
	h, err := observe.DirStore{Logs: logs}.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := h.PredictionSummary()
	if len(h.Metrics) != 1 || p.Calls != 3 || p.Rows != 10 || p.ClassCounts["a"] != 3 || p.Values.Count != 2 || h.Damaged != 1 {
		t.Errorf("got %+v, %d damaged", p, h.Damaged)
	}
}

func TestSegmentsBeyondANewLimitGo(t *testing.T) {
	l := newLog(t)
	l.MaxBytes, l.MaxSegments = 10, 6 // an entry each
	for n := range 8 {
		appendAll(t, l, entry{N: n})
	}
	l.MaxSegments = 2
	if got, _ := readAll(t, l); len(got) != 7 {
		t.Errorf("read with another limit: %v", got)
	}
	appendAll(t, l, entry{N: 8})
	if got, _ := readAll(t, l); len(got) != 3 || got[2] != 8 {
		t.Errorf("got %v", got)
	}
}

func TestALogOnAFullDisk(t *testing.T) {
	full := needs.FullDevice(t)
	logs := t.TempDir()
	store := observe.DirStore{Logs: logs}
	for _, name := range []string{observe.PredictionsLog, observe.ProfilesLog} {
		if err := os.Symlink(full, filepath.Join(logs, name)); err != nil {
			t.Fatal(err)
		}
	}
	watch := steps(t, "[predictions_logger, drift]")
	p := call(t, store, at(1), "w/1", customers(t, 2, 10, 0), 3)
	err := watch.Predicted(t.Context(), p)
	for _, want := range []string{observe.PredictionsLog + ": write", observe.ProfilesLog + ": write", "no space left on device"} {
		if !contains(err, want) {
			t.Errorf("got %v, want it to tell %q", err, want)
		}
	}
	for _, name := range []string{observe.PredictionsLog, observe.ProfilesLog} {
		if err := os.Remove(filepath.Join(logs, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := watch.Predicted(t.Context(), p); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }
