package observe_test

import (
	"fmt"
	"time"

	"mlops/runner/observe"
)

func at(minutes int) time.Time {
	return time.Date(2026, 3, 1, 12, minutes, 0, 0, time.UTC)
}

func ExampleReport() {
	o := &observe.Observation{
		Metrics: map[string]float64{"accuracy": 0.9125, "f1_score": 0.7421, "log_loss": 0.31},
		History: &observe.History{
			Metrics: []observe.MetricsEntry{
				{Time: at(0), Metrics: map[string]float64{"accuracy": 0.9, "f1_score": 0.8}},
				{Time: at(1), Metrics: map[string]float64{"accuracy": 0.925, "f1_score": 0.77}},
				{Time: at(2), Metrics: map[string]float64{"accuracy": 0.9125, "f1_score": 0.7421}},
			},
			Predictions: []observe.PredictionEntry{
				{Time: at(3), Rows: 1200, ClassCounts: map[string]int64{"stays": 900, "leaves": 300}},
				{Time: at(9), Rows: 300, ClassCounts: map[string]int64{"stays": 180, "leaves": 120}},
			},
		},
		Checks: []observe.Check{
			{Metric: "accuracy", Value: 0.9125, Threshold: 0.8, Direction: observe.Higher, OK: true},
			{Metric: "f1_score", Value: 0.7421, Threshold: 0.8, Direction: observe.Higher},
		},
		Notes: []string{"2 lines of the logs could not be read and are left out"},
	}
	fmt.Println(observe.Report(observe.Subject{
		Dir: "models/deployment_20260301_120000", Version: "1.0.0", Status: "deployed", CreatedAt: at(0),
		ModelName: "random_forest_classifier", ProblemType: "binary_classification", Target: "outcome", Features: 7,
	}, o))
	// Output:
	// Monitoring report
	// =================
	//
	//   Deployment  models/deployment_20260301_120000
	//   Version     1.0.0
	//   Status      deployed
	//   Published   2026-03-01 12:00:00 UTC
	//   Model       random_forest_classifier, binary classification
	//   Predicts    outcome from 7 features
	//
	// Metrics
	// -------
	//   metric    latest    mean     std     min     max  n  history
	//   accuracy  0.9125  0.9125  0.0102  0.9000  0.9250  3  ▁█▄
	//   f1_score  0.7421  0.7707  0.0236  0.7421  0.8000  3  █▄▁
	//   log_loss  0.3100                                  0
	//
	// Thresholds
	// ----------
	//   metric     value  wanted           verdict
	//   accuracy  0.9125  at least 0.8000  ok
	//   f1_score  0.7421  at least 0.8000  ALERT, off by 0.0579
	//
	// Predictions
	// -----------
	//   1,500 rows in 2 calls, from 2026-03-01 12:03:00 UTC to 2026-03-01 12:09:00 UTC
	//
	//   class    rows   share
	//   stays   1,080  72.0 %  █████████████████
	//   leaves    420  28.0 %  ███████
	//
	// Notes
	// -----
	//   - 2 lines of the logs could not be read and are left out
	//
	// ALERT: 1 of 2 checks failed: f1_score.
}
