package observe

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/metrics"
	"mlops/runner/table"
)

// Directions say which side of a threshold is better.
const (
	Higher = "higher"
	Lower  = "lower"
)

// Sources of checks.
const (
	SourceThreshold = "metric_threshold"
	SourceDrift     = "drift"
)

// Check compares a metric with its threshold.
type Check struct {
	Metric    string  `json:"metric"`
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	Direction string  `json:"direction"` // Higher or Lower
	OK        bool    `json:"ok"`        // on the better side, or equal
	// Source is what checked: SourceThreshold, SourceDrift, or a step's own name.
	Source string `json:"source,omitempty"`
}

// alike are the metrics that the fallback threshold holds for: scores of which the
// same figure means about as much, 1 being best. An error such as rmse has the
// target's unit, and a score that is corrected for chance or rare classes is much
// lower for an equally good model, so no figure suits them all, and they are
// checked only where the configuration names them.
var alike = []string{"accuracy", "f1_score", "ndcg", "precision", "r2_score", "recall", "roc_auc"}

// metricThreshold checks metrics against thresholds: those that have one of their
// own, and of the others those that are [alike].
type metricThreshold struct {
	Base
	fallback   float64
	thresholds map[string]float64
	directions map[string]string
}

type thresholdParams struct {
	DefaultThreshold float64            `yaml:"default_threshold" doc:"Value that accuracy, f1_score, ndcg, precision, r2_score, recall and roc_auc must reach where they have no threshold of their own."`
	MetricThresholds map[string]float64 `yaml:"metric_thresholds" doc:"Thresholds by metric." example:"{rmse: 2.5}"`
	MetricDirections map[string]string  `yaml:"metric_directions" enum:"higher|lower" doc:"Whether higher or lower is better, by metric; not given: as for scikit-learn's metric, else higher." example:"{queue_length: lower}"`
}

func newMetricThreshold(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, thresholdParams{DefaultThreshold: config.Default().Observability.AlertThreshold})
	if err != nil {
		return nil, err
	}
	return &metricThreshold{fallback: p.DefaultThreshold, thresholds: p.MetricThresholds, directions: p.MetricDirections}, nil
}

// Observed adds a check for every metric with a threshold, and a note for every
// threshold without a metric.
func (m *metricThreshold) Observed(_ context.Context, o *Observation) error {
	names := slices.Sorted(maps.Keys(o.Metrics))
	for _, name := range names {
		threshold, own := m.thresholds[name]
		if !own {
			if canonical, _ := metrics.Canonical(name); !slices.Contains(alike, canonical) {
				continue
			}
			threshold = m.fallback
		}
		check := Check{Metric: name, Value: o.Metrics[name], Threshold: threshold, Direction: m.direction(name), Source: SourceThreshold}
		check.OK = check.Value >= threshold
		if check.Direction == Lower {
			check.OK = check.Value <= threshold
		}
		o.Checks = append(o.Checks, check)
	}
	for _, name := range slices.Sorted(maps.Keys(m.thresholds)) {
		if _, ok := o.Metrics[name]; ok {
			continue
		}
		note := fmt.Sprintf("the threshold of %q is not checked: this deployment has no such metric; it has %s", name, strings.Join(names, ", "))
		if near := table.Nearest(name, names); near != "" {
			note += fmt.Sprintf(" (did you mean %q?)", near)
		}
		o.Notes = append(o.Notes, note)
	}
	return nil
}

func (m *metricThreshold) direction(name string) string {
	if d, ok := m.directions[name]; ok {
		return d
	}
	if higher, known := metrics.Direction(name); known && !higher {
		return Lower
	}
	return Higher
}
