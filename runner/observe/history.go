package observe

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mlops/runner/table"
)

// Names of the logs within a deployment's logs directory.
const (
	MetricsLog     = "metrics_history.jsonl"
	PredictionsLog = "predictions_log.jsonl"
	ProfilesLog    = "profiles_log.jsonl"
	AlertsLog      = "alerts_log.jsonl"
	// RowsDir holds the predictions of single rows: Parquet files.
	RowsDir = "predictions"
)

// MetricsEntry is one line of the metrics history.
type MetricsEntry struct {
	Time    time.Time          `json:"time"`
	TaskID  string             `json:"task_id,omitempty"`
	Source  string             `json:"source"` // what measured: "train", "performance"
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

// ProfileEntry is one line of the log of profiles: what one predict call's rows
// looked like.
type ProfileEntry struct {
	Time    time.Time       `json:"time"`
	TaskID  string          `json:"task_id,omitempty"`
	Profile json.RawMessage `json:"profile"` // see package profile
}

// RowsEntry holds predictions of single rows of one call.
type RowsEntry struct {
	Time   time.Time
	TaskID string // when read, with dashes for slashes
	// Table has the columns row_id (text), prediction and, where asked for,
	// probability_<class>.
	Table *table.Table
}

// AlertEntry is one line of the log of alerts: what became of telling one step's
// endpoint about one set of failed checks.
type AlertEntry struct {
	Time  time.Time `json:"time"`
	Step  string    `json:"step"`            // which one of the configuration, and where it sends to
	Key   string    `json:"key"`             // the failed checks; "" where all is well
	State string    `json:"state"`           // AlertClaimed, AlertSent or AlertFailed
	Error string    `json:"error,omitempty"` // of AlertFailed
}

// States of an alert.
const (
	AlertClaimed = "claimed" // some run is about to send it
	AlertSent    = "sent"
	AlertFailed  = "failed"
)

// History is all that is recorded of a deployment's metrics and predict calls,
// oldest first.
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

func tidyProfiles(entries []ProfileEntry) []ProfileEntry {
	return tidy(entries, func(e ProfileEntry) (string, time.Time) { return e.TaskID, e.Time })
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

// Store keeps a deployment's history. The limits bound the log that is appended
// to, where the store can drop anything at all.
type Store interface {
	AppendMetrics(ctx context.Context, e MetricsEntry, l Limits) error
	AppendPrediction(ctx context.Context, e PredictionEntry, l Limits) error
	AppendProfile(ctx context.Context, e ProfileEntry, l Limits) error
	AppendRows(ctx context.Context, e RowsEntry, l Limits) error
	// AppendAlert appends the entry that decide makes of the log's entries, oldest
	// first, if any, and tells whether it did.
	AppendAlert(ctx context.Context, now time.Time, decide func([]AlertEntry) (AlertEntry, bool)) (bool, error)

	History(ctx context.Context) (*History, error)
	// Profiles returns what was recorded at or after a time, and how many entries
	// could not be read.
	Profiles(ctx context.Context, since time.Time) (entries []ProfileEntry, damaged int, err error)
	// Rows visits what was recorded of single rows, oldest first, and tells how
	// many entries could not be read.
	Rows(ctx context.Context, visit func(RowsEntry) error) (damaged int, err error)
}

const (
	// maxProfileLine bounds one call's profile.
	maxProfileLine = 16 << 20
	// profileBytes bounds a segment of the log of profiles where no limit is given.
	profileBytes = 32 << 20
)

// DirStore keeps the history in the logs directory of a deployment on disk. It
// is safe for use by many processes at once.
type DirStore struct {
	Logs string           // the logs directory
	Now  func() time.Time // nil: time.Now
}

// AppendMetrics appends to the metrics history.
func (s DirStore) AppendMetrics(ctx context.Context, e MetricsEntry, l Limits) error {
	return s.log(MetricsLog, l).Append(ctx, e, s.now())
}

// AppendPrediction appends to the prediction log.
func (s DirStore) AppendPrediction(ctx context.Context, e PredictionEntry, l Limits) error {
	return s.log(PredictionsLog, l).Append(ctx, e, s.now())
}

// AppendProfile appends to the log of profiles.
func (s DirStore) AppendProfile(ctx context.Context, e ProfileEntry, l Limits) error {
	if l.MaxBytes == 0 {
		l.MaxBytes = profileBytes
	}
	return s.log(ProfilesLog, l).Append(ctx, e, s.now())
}

// AppendAlert appends to the log of alerts; nobody else does meanwhile.
func (s DirStore) AppendAlert(ctx context.Context, now time.Time, decide func([]AlertEntry) (AlertEntry, bool)) (bool, error) {
	return s.log(AlertsLog, Limits{}).AppendIf(ctx, now, func(segments [][]byte) (any, bool) {
		var entries []AlertEntry
		for _, data := range segments {
			more, _ := parseLines[AlertEntry](data, defaultLineBytes) // a torn line tells of nothing that was sent
			entries = append(entries, more...)
		}
		return decide(entries)
	})
}

// AppendRows adds a file of rows.
func (s DirStore) AppendRows(ctx context.Context, e RowsEntry, l Limits) error {
	return s.rows().append(ctx, e, l, s.now())
}

// Rows visits the files of rows.
func (s DirStore) Rows(ctx context.Context, visit func(RowsEntry) error) (int, error) {
	return s.rows().visit(ctx, visit)
}

func (s DirStore) rows() rowsDir { return rowsDir{filepath.Join(s.Logs, RowsDir)} }

// History reads the logs of metrics and predict calls, and what Make MLOps Easy
// left beside them.
func (s DirStore) History(ctx context.Context) (*History, error) {
	h, err := readForeign(s.Logs)
	if err != nil {
		return nil, err
	}
	metrics, badMetrics, err := ReadLog[MetricsEntry](ctx, s.log(MetricsLog, Limits{}))
	if err != nil {
		return nil, err
	}
	predictions, badPredictions, err := ReadLog[PredictionEntry](ctx, s.log(PredictionsLog, Limits{}))
	if err != nil {
		return nil, err
	}
	h.Metrics, h.Predictions = append(h.Metrics, metrics...), append(h.Predictions, predictions...)
	h.Damaged += badMetrics + badPredictions
	h.tidy()
	return h, nil
}

// Profiles reads the log of profiles.
func (s DirStore) Profiles(ctx context.Context, since time.Time) ([]ProfileEntry, int, error) {
	entries, damaged, err := ReadLog[ProfileEntry](ctx, s.log(ProfilesLog, Limits{}))
	return tidyProfiles(recent(entries, since)), damaged, err
}

func recent(entries []ProfileEntry, since time.Time) []ProfileEntry {
	return slices.DeleteFunc(entries, func(e ProfileEntry) bool { return e.Time.Before(since) })
}

func (s DirStore) log(name string, limits Limits) Log {
	l := Log{Path: filepath.Join(s.Logs, name), Limits: limits}
	if name == ProfilesLog {
		l.MaxLineBytes = maxProfileLine
	}
	return l
}

func (s DirStore) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// safeName makes one path element of a task's id.
func safeName(id string) string { return strings.NewReplacer("/", "-", "\\", "-").Replace(id) }
