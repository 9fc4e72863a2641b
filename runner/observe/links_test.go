package observe_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/observe"
)

// links keeps published files in memory.
type links struct {
	dir   string
	kept  int
	files map[string]string // path by URL, which here is the link's name
}

func (l *links) Publish(_ context.Context, path, link string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	l.kept++
	kept := filepath.Join(l.dir, fmt.Sprint(l.kept))
	l.files[link] = kept
	return link, os.WriteFile(kept, data, 0o444)
}

func (l *links) Fetch(_ context.Context, url string) (string, error) { return l.files[url], nil }

func (l *links) List(_ context.Context, prefix string) (map[string]string, error) {
	out := make(map[string]string)
	for name := range l.files {
		if strings.HasPrefix(name, prefix) {
			out[name] = name
		}
	}
	return out, nil
}

func TestAnImmutableDeploymentsHistoryIsLinked(t *testing.T) {
	shelf := &links{dir: t.TempDir(), files: make(map[string]string)}
	logs := t.TempDir()
	if err := (observe.DirStore{Logs: logs}).AppendMetrics(t.Context(), observe.MetricsEntry{Time: at(0), Metrics: map[string]float64{"accuracy": 0.9}}, observe.Limits{}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadDir(logs)
	if err != nil {
		t.Fatal(err)
	}
	store := observe.LinkStore{Logs: logs, Digest: "d1", Artifacts: shelf, Scratch: t.TempDir()}
	other := observe.LinkStore{Logs: logs, Digest: "d2", Artifacts: shelf, Scratch: t.TempDir()}
	err = errors.Join(
		store.AppendPrediction(t.Context(), observe.PredictionEntry{Time: at(2), TaskID: "w/1", Rows: 2}, observe.Limits{}),
		store.AppendPrediction(t.Context(), observe.PredictionEntry{Time: at(1), TaskID: "w/0", Rows: 1}, observe.Limits{}),
		store.AppendPrediction(t.Context(), observe.PredictionEntry{Time: at(3), Rows: 4}, observe.Limits{}),
		store.AppendMetrics(t.Context(), observe.MetricsEntry{Time: at(4), TaskID: "w/2", Metrics: map[string]float64{"accuracy": 0.7}}, observe.Limits{}),
		other.AppendPrediction(t.Context(), observe.PredictionEntry{Time: at(5), TaskID: "w/0", Rows: 100}, observe.Limits{}),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"deployments/d1/metrics/w-2.jsonl", "deployments/d1/predictions/20260301T120300.000000000.jsonl",
		"deployments/d1/predictions/w-0.jsonl", "deployments/d1/predictions/w-1.jsonl", "deployments/d2/predictions/w-0.jsonl",
	}
	if got := slices.Sorted(maps.Keys(shelf.files)); !slices.Equal(got, want) {
		t.Errorf("links %q, want %q", got, want)
	}
	h, err := store.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows []int64
	for _, e := range h.Predictions {
		rows = append(rows, e.Rows)
	}
	if !slices.Equal(rows, []int64{1, 2, 4}) || len(h.Metrics) != 2 || h.Latest()["accuracy"] != 0.7 {
		t.Errorf("got %+v", h)
	}
	if after, err := os.ReadDir(logs); err != nil || len(after) != len(before) {
		t.Errorf("the deployment's own logs changed: %v, %v", after, err)
	}
}

// siren is a step of a user's own.
type siren struct {
	observe.Base
	Level float64 `yaml:"level"`
}

func (s siren) Observed(_ context.Context, o *observe.Observation) error {
	if s.Level > 9 {
		return errors.New("the siren is broken")
	}
	o.Checks = append(o.Checks, observe.Check{Metric: "a_siren", Value: s.Level, Direction: observe.Higher})
	return nil
}

func TestAStepOfTheUsersOwn(t *testing.T) {
	observe.Register("test_siren", func(s config.Step) (observe.Step, error) { return config.DecodeParamsOver(s, siren{}) })
	steps, err := observe.New(section(t, "steps: [metric_threshold, {type: test_siren, params: {level: 3}}]"))
	if err != nil {
		t.Fatal(err)
	}
	store := observe.DirStore{Logs: t.TempDir()}
	o, err := steps.Observe(t.Context(), observe.Scene{Store: store, Metrics: map[string]float64{"accuracy": 1}})
	if err != nil || len(o.Checks) != 2 || o.Checks[0].Metric != "a_siren" || o.Checks[0].Value != 3 || !o.Alert() {
		t.Errorf("got %+v, %v", o, err)
	}
	if steps, err = observe.New(section(t, "steps: [{type: test_siren, params: {level: 10}}]")); err != nil {
		t.Fatal(err)
	}
	if _, err := steps.Observe(t.Context(), observe.Scene{Store: store}); err == nil || !strings.Contains(err.Error(), "siren is broken") {
		t.Errorf("got %v", err)
	}
}
