package observe

import (
	"context"

	"mlops/runner/config"
)

// metricsLogger records each training's metrics.
type metricsLogger struct{ Base }

func newMetricsLogger(s config.Step) (Step, error) {
	_, err := config.DecodeParams[struct{}](s)
	return metricsLogger{}, err
}

// Trained appends to the metrics history.
func (metricsLogger) Trained(ctx context.Context, s Store, e MetricsEntry) error {
	return s.AppendMetrics(ctx, e)
}

// predictionsLogger records each predict call.
type predictionsLogger struct{ Base }

func newPredictionsLogger(s config.Step) (Step, error) {
	_, err := config.DecodeParams[struct{}](s)
	return predictionsLogger{}, err
}

// Predicted appends to the prediction log.
func (predictionsLogger) Predicted(ctx context.Context, s Store, e PredictionEntry) error {
	return s.AppendPrediction(ctx, e)
}
