package observe_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/runner/observe"
)

func TestFiguresForPrometheus(t *testing.T) {
	dir, store, e := t.TempDir(), observe.DirStore{Logs: t.TempDir()}, &endpoint{status: 200}
	if err := store.AppendPrediction(t.Context(), observe.PredictionEntry{Time: at(0), Rows: 3, ClassCounts: map[string]int64{"a\"b\\\n": 2, "bad\xff": 1}}, observe.Limits{}); err != nil {
		t.Fatal(err)
	}
	s := scene(t, store, dir, at(1))
	s.Metrics, s.Services.Sender = map[string]float64{"accuracy": 0.5}, e.sender()
	o, err := steps(t, "[metric_threshold, {type: prometheus, params: {textfile: model.prom, push: 'https://hooks.example.org/push', job: churn, labels: {team: a}}}]").Observe(t.Context(), s)
	if err != nil || len(o.Notes) != 0 {
		t.Fatalf("%v, notes %v", err, o.Notes)
	}
	text, err := os.ReadFile(filepath.Join(dir, "model.prom"))
	if err != nil {
		t.Fatal(err)
	}
	const labels = `deployment="deployment_20260301_120000",`
	for _, want := range []string{
		"# HELP mlops_alert Whether any check failed.\n# TYPE mlops_alert gauge\nmlops_alert{" + labels + `model="lightgbm",team="a"} 1` + "\n",
		"mlops_metric{" + labels + `metric="accuracy",model="lightgbm",team="a"} 0.5` + "\n",
		"mlops_check_failed{" + labels + `metric="accuracy",model="lightgbm",source="metric_threshold",team="a"} 1` + "\n",
		"mlops_check_threshold{" + labels + `metric="accuracy",model="lightgbm",source="metric_threshold",team="a"} 0.8` + "\n",
		"mlops_predicted_rows{" + labels + `model="lightgbm",team="a"} 3` + "\n",
		`mlops_predicted_class_rows{class="a\"b\\\n",` + labels + `model="lightgbm",team="a"} 2` + "\n",
		"mlops_observed_timestamp_seconds{" + labels + `model="lightgbm",team="a"} 1.77236646e+09` + "\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
	if len(e.bodies) != 1 || e.bodies[0] != string(text) || e.paths[0] != "PUT /push/metrics/job/churn/deployment/deployment_20260301_120000" {
		t.Errorf("pushed %q to %q", e.bodies, e.paths)
	}
}

func TestFiguresThatCannotBeDeliveredAreNoted(t *testing.T) {
	s := scene(t, observe.DirStore{Logs: t.TempDir()}, filepath.Join(t.TempDir(), "none"), at(1))
	s.Services.Sender = (&endpoint{}).sender()
	o, err := steps(t, "[{type: prometheus, params: {textfile: model.prom, push: 'https://hooks.example.org/', retries: 0}}]").Observe(t.Context(), s)
	if err != nil || len(o.Notes) != 1 || !strings.Contains(o.Notes[0], "the figures are not written: ") || !strings.Contains(o.Notes[0], "the figures are not pushed: https://hooks.example.org was tried once") {
		t.Errorf("%v, notes %q", err, o.Notes)
	}
}
