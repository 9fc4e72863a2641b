package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Step takes part in watching a deployment. Embed [Base] and define only the
// occasions that matter. An error of Trained, Measured or Observed fails the run;
// one of Predicted becomes a warning, for by then the predictions are out, and
// one of Reported a note in the report.
//
// A report is made in three rounds, so that the order of the list does not
// matter: all steps measure, then all judge, then all tell.
type Step interface {
	// Trained is told the metrics of a model that is about to be published.
	Trained(ctx context.Context, s Store, e MetricsEntry) error
	// Predicted is told of a call after its predictions were written.
	Predicted(ctx context.Context, p *Prediction) error
	// Measured may add figures to a report.
	Measured(ctx context.Context, o *Observation) error
	// Observed may add checks and notes to a report.
	Observed(ctx context.Context, o *Observation) error
	// Reported is told of a finished report.
	Reported(ctx context.Context, o *Observation) error
}

// Base is a step that does nothing.
type Base struct{}

// Trained does nothing.
func (Base) Trained(context.Context, Store, MetricsEntry) error { return nil }

// Predicted does nothing.
func (Base) Predicted(context.Context, *Prediction) error { return nil }

// Measured does nothing.
func (Base) Measured(context.Context, *Observation) error { return nil }

// Observed does nothing.
func (Base) Observed(context.Context, *Observation) error { return nil }

// Reported does nothing.
func (Base) Reported(context.Context, *Observation) error { return nil }

// ColumnReader is a step that wants further columns of the data that is
// predicted, as text: an identifier, for example. Where the data lacks one the
// step is told of the call all the same.
type ColumnReader interface {
	Columns() []string
}

// Prediction is one predict call.
type Prediction struct {
	Store Store
	Entry PredictionEntry
	// Table holds the rows, raw: the model's columns, and those that a
	// [ColumnReader] wants and the data has.
	Table *table.Table
	// Features are the names of the model's columns.
	Features []string
	// Values are the predictions: a classifier's labels in the kind of the target,
	// or a regressor's numbers.
	Values *table.Column
	// Labels are the same for counting: a classifier's labels as text.
	Labels *table.Column
	// Classes and Proba are a classifier's classes as text and their
	// probabilities, rows × classes; nil of a regressor.
	Classes []string
	Proba   []float64
}

// Factory makes a step of its parameters in the configuration. Errors about a
// parameter are made with [config.Step.ErrorAt].
type Factory func(s config.Step) (Step, error)

var registry = map[string]Factory{
	"metrics_logger":     newMetricsLogger,
	"predictions_logger": newPredictionsLogger,
	"metric_threshold":   newMetricThreshold,
	"drift":              newDrift,
	"performance":        newPerformance,
	"prometheus":         newPrometheus,
	"webhook":            newWebhook,
	"slack":              newSlack,
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

// Columns are those that steps want beside the model's.
func (steps Steps) Columns() []string {
	var names []string
	for _, step := range steps {
		if reader, ok := step.(ColumnReader); ok {
			for _, name := range reader.Columns() {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
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

// Predicted tells every step, also when one of them fails.
func (steps Steps) Predicted(ctx context.Context, p *Prediction) error {
	var failed []error
	for _, step := range steps {
		failed = append(failed, step.Predicted(ctx, p))
	}
	return errors.Join(failed...)
}
