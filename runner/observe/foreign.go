package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Logs of Make MLOps Easy: one JSON array each.
const (
	foreignMetrics     = "metrics_history.json"
	foreignPredictions = "predictions_log.json"
)

// maxForeignBytes bounds such a log.
const maxForeignBytes = 256 << 20

type foreignMetric struct {
	Timestamp string             `json:"timestamp"`
	Metrics   map[string]float64 `json:"metrics"`
}

type foreignPrediction struct {
	Timestamp  string `json:"timestamp"`
	Prediction any    `json:"prediction"`
}

// readForeign reads the logs of Make MLOps Easy in a logs directory, if there are
// any. One that cannot be read counts as one damaged line.
func readForeign(logs string) (*History, error) {
	h := &History{}
	var metrics []foreignMetric
	if err := readArray(filepath.Join(logs, foreignMetrics), &metrics, &h.Damaged); err != nil {
		return nil, err
	}
	for _, m := range metrics {
		at, ok := foreignTime(m.Timestamp)
		if !ok || len(m.Metrics) == 0 {
			h.Damaged++
			continue
		}
		h.Metrics = append(h.Metrics, MetricsEntry{Time: at, Source: "train", Metrics: m.Metrics})
	}
	var predictions []foreignPrediction
	if err := readArray(filepath.Join(logs, foreignPredictions), &predictions, &h.Damaged); err != nil {
		return nil, err
	}
	for _, p := range predictions {
		at, ok := foreignTime(p.Timestamp)
		entry := PredictionEntry{Time: at, Rows: 1}
		switch v := p.Prediction.(type) {
		case float64:
			s := Summarize([]float64{v})
			entry.Values = &s
		case string:
			entry.ClassCounts = map[string]int64{v: 1}
		default:
			ok = false
		}
		if !ok {
			h.Damaged++
			continue
		}
		h.Predictions = append(h.Predictions, entry)
	}
	return h, nil
}

func readArray(path string, into any, damaged *int) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxForeignBytes))
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	if json.Unmarshal(data, into) != nil {
		*damaged++
	}
	return nil
}

// foreignTime reads a time as Python's isoformat writes it; without a zone it is
// taken for UTC.
func foreignTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, strings.Replace(text, " ", "T", 1)); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
