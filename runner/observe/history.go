package observe

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Names of the logs within a deployment's logs directory.
const (
	MetricsLog     = "metrics_history.jsonl"
	PredictionsLog = "predictions_log.jsonl"
)

// MetricsEntry is one line of the metrics history.
type MetricsEntry struct {
	Time    time.Time          `json:"time"`
	TaskID  string             `json:"task_id,omitempty"`
	Source  string             `json:"source"` // what measured: "train"
	Metrics map[string]float64 `json:"metrics"`
}

// PredictionEntry is one line of the prediction log: one predict call.
type PredictionEntry struct {
	Time        time.Time        `json:"time"`
	TaskID      string           `json:"task_id,omitempty"`
	Data        string           `json:"data,omitempty"` // where the rows came from
	Rows        int64            `json:"rows"`
	Head        []string         `json:"head,omitempty"`         // the first predictions as text
	ClassCounts map[string]int64 `json:"class_counts,omitempty"` // of a classifier, by label
	Values      *MetricSummary   `json:"values,omitempty"`       // of a regressor
}

// History is all that is recorded of a deployment, oldest first.
type History struct {
	Metrics     []MetricsEntry
	Predictions []PredictionEntry
	Damaged     int // lines that could not be read
}

// tidy puts entries in order of time and keeps one of each task: a task that was
// tried again may have recorded itself twice.
func (h *History) tidy() {
	h.Metrics = tidy(h.Metrics, func(e MetricsEntry) (string, time.Time) { return e.TaskID, e.Time })
	h.Predictions = tidy(h.Predictions, func(e PredictionEntry) (string, time.Time) { return e.TaskID, e.Time })
}

func tidy[T any](entries []T, key func(T) (task string, at time.Time)) []T {
	slices.SortStableFunc(entries, func(a, b T) int {
		_, at := key(a)
		_, bt := key(b)
		return at.Compare(bt)
	})
	seen := make(map[string]bool)
	return slices.DeleteFunc(entries, func(e T) bool {
		task, _ := key(e)
		again := task != "" && seen[task]
		seen[task] = true
		return again
	})
}

// Store keeps a deployment's history.
type Store interface {
	AppendMetrics(ctx context.Context, e MetricsEntry) error
	AppendPrediction(ctx context.Context, e PredictionEntry) error
	History(ctx context.Context) (*History, error)
}

// DirStore keeps the history in the logs directory of a deployment on disk. It
// is safe for use by many processes at once.
type DirStore struct {
	Logs string           // the logs directory
	Now  func() time.Time // nil: time.Now
}

// AppendMetrics appends to the metrics history.
func (s DirStore) AppendMetrics(ctx context.Context, e MetricsEntry) error {
	return s.log(MetricsLog).Append(ctx, e, s.now())
}

// AppendPrediction appends to the prediction log.
func (s DirStore) AppendPrediction(ctx context.Context, e PredictionEntry) error {
	return s.log(PredictionsLog).Append(ctx, e, s.now())
}

// History reads both logs.
func (s DirStore) History(ctx context.Context) (*History, error) {
	metrics, badMetrics, err := ReadLog[MetricsEntry](ctx, s.log(MetricsLog))
	if err != nil {
		return nil, err
	}
	predictions, badPredictions, err := ReadLog[PredictionEntry](ctx, s.log(PredictionsLog))
	if err != nil {
		return nil, err
	}
	h := &History{Metrics: metrics, Predictions: predictions, Damaged: badMetrics + badPredictions}
	h.tidy()
	return h, nil
}

func (s DirStore) log(name string) Log { return Log{Path: filepath.Join(s.Logs, name)} }

func (s DirStore) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// safeName makes one path element of a task's id.
func safeName(id string) string { return strings.NewReplacer("/", "-", "\\", "-").Replace(id) }
