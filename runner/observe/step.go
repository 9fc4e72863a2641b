package observe

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Step takes part in watching a deployment. Embed [Base] and define only the
// occasions that matter. An error of Trained or Observed fails the run; one of
// Predicted becomes a warning, for by then the predictions are out.
type Step interface {
	// Trained is told the metrics of a model that is about to be published.
	Trained(ctx context.Context, s Store, e MetricsEntry) error
	// Predicted is told of a call after its predictions were written.
	Predicted(ctx context.Context, s Store, e PredictionEntry) error
	// Observed may add checks and notes to a report.
	Observed(ctx context.Context, o *Observation) error
}

// Base is a step that does nothing.
type Base struct{}

// Trained does nothing.
func (Base) Trained(context.Context, Store, MetricsEntry) error { return nil }

// Predicted does nothing.
func (Base) Predicted(context.Context, Store, PredictionEntry) error { return nil }

// Observed does nothing.
func (Base) Observed(context.Context, *Observation) error { return nil }

// Observation is what a report is made of. Steps add to Checks and Notes.
type Observation struct {
	Metrics map[string]float64 // newest values
	History *History
	Checks  []Check
	Notes   []string
}

// Factory makes a step of its parameters in the configuration. Errors about a
// parameter are made with [config.Step.ErrorAt].
type Factory func(s config.Step) (Step, error)

var registry = map[string]Factory{
	"metrics_logger":     newMetricsLogger,
	"predictions_logger": newPredictionsLogger,
	"metric_threshold":   newMetricThreshold,
}

// Register adds a kind of step, for use as a type in observability.steps. It is
// called at start-up, before any configuration is read; a name that is taken
// panics.
func Register(name string, f Factory) {
	if _, taken := registry[name]; taken {
		panic(fmt.Sprintf("observe: step %q is registered already", name))
	}
	registry[name] = f
}

// Known returns the names of all kinds of steps, sorted.
func Known() []string { return slices.Sorted(maps.Keys(registry)) }

// Steps are told of everything in order.
type Steps []Step

// New makes the steps that the configuration lists, or else the standard ones
// that its keys ask for. Errors are [*config.Error]s.
func New(c config.Observability) (Steps, error) {
	if c.Steps == nil {
		return standard(c)
	}
	steps := make(Steps, 0, len(c.Steps))
	for _, s := range c.Steps {
		step, err := newStep(s)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func newStep(s config.Step) (Step, error) {
	factory, ok := registry[s.Type]
	if !ok {
		known := strings.Join(Known(), ", ")
		if near := table.Nearest(s.Type, Known()); near != "" {
			return nil, s.ErrorAt("", "unknown observability step %q; did you mean %q? (known: %s)", s.Type, near, known)
		}
		return nil, s.ErrorAt("", "unknown observability step %q (known: %s)", s.Type, known)
	}
	return factory(s)
}

// standard makes the steps of the section's plain keys.
func standard(c config.Observability) (Steps, error) {
	var steps Steps
	if c.TrackMetrics {
		steps = append(steps, metricsLogger{})
	}
	if c.LogPredictions {
		steps = append(steps, predictionsLogger{})
	}
	return append(steps, &metricThreshold{
		fallback: c.AlertThreshold, thresholds: c.MetricThresholds, directions: c.MetricDirections,
	}), nil
}

// Trained tells every step.
func (steps Steps) Trained(ctx context.Context, s Store, e MetricsEntry) error {
	for _, step := range steps {
		if err := step.Trained(ctx, s, e); err != nil {
			return err
		}
	}
	return nil
}

// Predicted tells every step.
func (steps Steps) Predicted(ctx context.Context, s Store, e PredictionEntry) error {
	for _, step := range steps {
		if err := step.Predicted(ctx, s, e); err != nil {
			return err
		}
	}
	return nil
}

// Observe reads the history and has every step look at it. Metrics that the
// history lacks are taken from fallback, what the deployment knew of itself.
func (steps Steps) Observe(ctx context.Context, s Store, fallback map[string]float64) (*Observation, error) {
	history, err := s.History(ctx)
	if err != nil {
		return nil, err
	}
	o := &Observation{Metrics: maps.Clone(fallback), History: history}
	if o.Metrics == nil {
		o.Metrics = make(map[string]float64)
	}
	maps.Copy(o.Metrics, history.Latest())
	if history.Damaged > 0 {
		o.Notes = append(o.Notes, fmt.Sprintf("%d lines of the logs could not be read and are left out", history.Damaged))
	}
	for _, step := range steps {
		if err := step.Observed(ctx, o); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(o.Checks, func(a, b Check) int { return strings.Compare(a.Metric, b.Metric) })
	return o, nil
}
