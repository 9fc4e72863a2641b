package observe

import (
	"math"
	"time"
)

// MetricSummary sums up a series of values.
type MetricSummary struct {
	Count  int64   `json:"count"`
	Latest float64 `json:"latest"` // the newest; of predictions, the newest call's mean
	Mean   float64 `json:"mean"`
	Std    float64 `json:"std"` // of the population
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// Trend holds the newest values, oldest first, at most 60; of predictions none.
	Trend []float64 `json:"trend,omitempty"`
}

// Summarize sums up values, of which the last is the newest. Without values it
// returns the zero summary.
func Summarize(values []float64) MetricSummary {
	var s MetricSummary
	for _, v := range values {
		s = s.merge(MetricSummary{Count: 1, Latest: v, Mean: v, Min: v, Max: v})
	}
	return s
}

// merge joins a newer summary to s by the parallel update of Chan, Golub and
// LeVeque (1979), which does not lose digits as a sum of squares would.
func (s MetricSummary) merge(newer MetricSummary) MetricSummary {
	switch {
	case newer.Count == 0:
		return s
	case s.Count == 0:
		return newer
	}
	n, m := float64(s.Count), float64(newer.Count)
	delta := newer.Mean - s.Mean
	squares := s.Std*s.Std*n + newer.Std*newer.Std*m + delta*delta*n*m/(n+m)
	return MetricSummary{
		Count:  s.Count + newer.Count,
		Latest: newer.Latest,
		Mean:   s.Mean + delta*m/(n+m),
		Std:    math.Sqrt(squares / (n + m)),
		Min:    math.Min(s.Min, newer.Min),
		Max:    math.Max(s.Max, newer.Max),
	}
}

// PredictionSummary sums up a prediction log.
type PredictionSummary struct {
	Calls       int64            `json:"calls"`
	Rows        int64            `json:"rows"`
	First       time.Time        `json:"first,omitzero"` // of the oldest call recorded
	Last        time.Time        `json:"last,omitzero"`  // of the newest call recorded
	ClassCounts map[string]int64 `json:"class_counts,omitempty"`
	Values      *MetricSummary   `json:"values,omitempty"` // of a regressor's predictions
}

// maxTrend bounds how many of a metric's newest values a summary holds.
const maxTrend = 60

// Series returns each metric's values, oldest first.
func (h *History) Series() map[string][]float64 {
	values := make(map[string][]float64)
	for _, e := range h.Metrics {
		for name, v := range e.Metrics {
			values[name] = append(values[name], v)
		}
	}
	return values
}

// MetricSummaries sums up each metric over the history.
func (h *History) MetricSummaries() map[string]MetricSummary {
	values := h.Series()
	summaries := make(map[string]MetricSummary, len(values))
	for name, v := range values {
		s := Summarize(v)
		s.Trend = v[max(0, len(v)-maxTrend):]
		summaries[name] = s
	}
	return summaries
}

// MetricsSummary tells of the metrics history as a whole.
type MetricsSummary struct {
	Records int64     `json:"records"`
	First   time.Time `json:"first,omitzero"` // of the oldest record
	Last    time.Time `json:"last,omitzero"`
}

// MetricsSummary sums up the metrics history.
func (h *History) MetricsSummary() MetricsSummary {
	s := MetricsSummary{Records: int64(len(h.Metrics))}
	for _, e := range h.Metrics {
		if s.First.IsZero() || e.Time.Before(s.First) {
			s.First = e.Time
		}
		if e.Time.After(s.Last) {
			s.Last = e.Time
		}
	}
	return s
}

// Latest returns each metric's newest value.
func (h *History) Latest() map[string]float64 {
	latest := make(map[string]float64)
	for _, e := range h.Metrics {
		for name, v := range e.Metrics {
			latest[name] = v
		}
	}
	return latest
}

// PredictionSummary sums up what was predicted.
func (h *History) PredictionSummary() PredictionSummary {
	var s PredictionSummary
	for _, e := range h.Predictions {
		s.Calls++
		s.Rows += e.Rows
		if s.First.IsZero() || e.Time.Before(s.First) {
			s.First = e.Time
		}
		if e.Time.After(s.Last) {
			s.Last = e.Time
		}
		for label, n := range e.ClassCounts {
			if s.ClassCounts == nil {
				s.ClassCounts = make(map[string]int64)
			}
			s.ClassCounts[label] += n
		}
		if e.Values != nil {
			var merged MetricSummary
			if s.Values != nil {
				merged = *s.Values
			}
			newer := *e.Values
			newer.Latest = newer.Mean
			merged = merged.merge(newer)
			s.Values = &merged
		}
	}
	return s
}
