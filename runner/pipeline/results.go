package pipeline

import (
	"time"

	"mlops/runner/deploy"
	"mlops/runner/observe"
)

// TrainResult is a trained model and how it came to be.
type TrainResult struct {
	ModelName       string             `json:"model_name"`
	ProblemType     string             `json:"problem_type"`
	Metrics         map[string]float64 `json:"metrics"` // scikit-learn's names, of the validation part
	Deployment      *Deployment        `json:"deployment,omitempty"`
	Timings         map[string]float64 `json:"timings"` // seconds by stage
	Rows            int64              `json:"rows"`
	Columns         int64              `json:"columns"` // the target included
	PeakRSSBytes    int64              `json:"peak_rss_bytes"`
	DataFingerprint string             `json:"data_fingerprint"`
	ConfigHash      string             `json:"config_hash"`
	Target          string             `json:"target"`
	Features        []string           `json:"features"`
	Classes         []string           `json:"classes,omitempty"`
	Warnings        []string           `json:"warnings,omitempty"`
	CVMetric        string             `json:"cv_metric,omitempty"` // what cv_mean and cv_std are of
}

// Deployment is a published model directory.
type Deployment struct {
	Dir       string            `json:"dir"` // directory, or artifact:// URL
	Version   string            `json:"version"`
	Files     []deploy.FileInfo `json:"files"`
	CreatedAt time.Time         `json:"created_at"`
	// Artifacts are what the deployment's steps made, by name: paths within it, and
	// URIs of what they put elsewhere.
	Artifacts map[string]string `json:"artifacts,omitempty"`
}

// PredictResult is what scoring gave.
type PredictResult struct {
	Count        int64              `json:"count"`
	Head         []string           `json:"head"`             // the first predictions, at most ten
	Output       string             `json:"output,omitempty"` // where all of them were written
	ModelName    string             `json:"model_name"`
	Timings      map[string]float64 `json:"timings"`
	ClassCounts  map[string]int64   `json:"class_counts,omitempty"`
	Warnings     []string           `json:"warnings,omitempty"`
	ProblemType  string             `json:"problem_type"`
	PeakRSSBytes int64              `json:"peak_rss_bytes"`
	// Predictions are all of them; not part of the JSON.
	Predictions *deploy.Predictions `json:"-"`
}

// StatusResult is a deployment's description.
type StatusResult struct {
	Dir             string                           `json:"dir"`
	Version         string                           `json:"version"`
	Status          string                           `json:"status"`
	CreatedAt       time.Time                        `json:"created_at"`
	ModelName       string                           `json:"model_name"`
	ProblemType     string                           `json:"problem_type"`
	Target          string                           `json:"target"`
	Metrics         map[string]float64               `json:"metrics"`
	MetricSummaries map[string]observe.MetricSummary `json:"metric_summaries"`
	Predictions     observe.PredictionSummary        `json:"predictions"`
	Features        []string                         `json:"features"`
	Classes         []string                         `json:"classes,omitempty"`
	Files           []deploy.FileInfo                `json:"files"`
	MetricHistory   observe.MetricsSummary           `json:"metric_history"`
}

// ObserveResult is a monitoring report.
type ObserveResult struct {
	Status *StatusResult   `json:"status"`
	Checks []observe.Check `json:"checks"`
	Alert  bool            `json:"alert"`
	Report string          `json:"report"` // for people
	HTML   string          `json:"html,omitempty"`
	Notes  []string        `json:"notes,omitempty"`
	// Drift and Performance are nil without the steps of these names.
	Drift        *observe.Drift       `json:"drift,omitempty"`
	Performance  *observe.Performance `json:"performance,omitempty"`
	Exported     string               `json:"exported,omitempty"` // where to
	ExportedRows int64                `json:"exported_rows,omitempty"`
}
