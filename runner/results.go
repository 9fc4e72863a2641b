package runner

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/deploy"
	"mlops/runner/observe"
	"mlops/runner/pipeline"
)

func trainResult(r *pipeline.TrainResult) *mlopsv1.TrainResult {
	return &mlopsv1.TrainResult{
		ModelName: r.ModelName, ProblemType: r.ProblemType, Metrics: r.Metrics, Deployment: deployment(r.Deployment),
		Timings: r.Timings, Rows: r.Rows, Columns: r.Columns, PeakRssBytes: r.PeakRSSBytes, DataFingerprint: r.DataFingerprint,
		ConfigHash: r.ConfigHash, Target: r.Target, Features: r.Features, Classes: r.Classes, Warnings: r.Warnings, CvMetric: r.CVMetric,
	}
}

func deployment(d *pipeline.Deployment) *mlopsv1.Deployment {
	if d == nil {
		return nil
	}
	return &mlopsv1.Deployment{
		Dir: d.Dir, Version: d.Version, Files: deployedFiles(d.Files), CreatedAt: timestamp(d.CreatedAt), Artifacts: d.Artifacts,
	}
}

func deployedFiles(files []deploy.FileInfo) []*mlopsv1.DeployedFile {
	out := make([]*mlopsv1.DeployedFile, len(files))
	for i, f := range files {
		out[i] = &mlopsv1.DeployedFile{Path: f.Path, Size: f.Size, Sha256: f.SHA256}
	}
	return out
}

func predictResult(r *pipeline.PredictResult) *mlopsv1.PredictResult {
	return &mlopsv1.PredictResult{
		Count: r.Count, Head: r.Head, Output: r.Output, ModelName: r.ModelName, Timings: r.Timings, ClassCounts: r.ClassCounts,
		Warnings: r.Warnings, ProblemType: r.ProblemType, PeakRssBytes: r.PeakRSSBytes,
	}
}

func statusResult(r *pipeline.StatusResult) *mlopsv1.StatusResult {
	summaries := make(map[string]*mlopsv1.MetricSummary, len(r.MetricSummaries))
	for name, s := range r.MetricSummaries {
		summaries[name] = metricSummary(&s)
	}
	return &mlopsv1.StatusResult{
		Dir: r.Dir, Version: r.Version, Status: r.Status, CreatedAt: timestamp(r.CreatedAt), ModelName: r.ModelName,
		ProblemType: r.ProblemType, Target: r.Target, Metrics: r.Metrics, MetricSummaries: summaries,
		Predictions: predictionSummary(r.Predictions), Features: r.Features, Classes: r.Classes, Files: deployedFiles(r.Files),
		MetricHistory: &mlopsv1.MetricHistory{
			Records: r.MetricHistory.Records, First: timestamp(r.MetricHistory.First), Last: timestamp(r.MetricHistory.Last),
		},
	}
}

func metricSummary(s *observe.MetricSummary) *mlopsv1.MetricSummary {
	if s == nil {
		return nil
	}
	return &mlopsv1.MetricSummary{Count: s.Count, Latest: s.Latest, Mean: s.Mean, Std: s.Std, Min: s.Min, Max: s.Max, Trend: s.Trend}
}

func predictionSummary(s observe.PredictionSummary) *mlopsv1.PredictionSummary {
	return &mlopsv1.PredictionSummary{
		Calls: s.Calls, Rows: s.Rows, First: timestamp(s.First), Last: timestamp(s.Last), ClassCounts: s.ClassCounts,
		Values: metricSummary(s.Values),
	}
}

func observeResult(r *pipeline.ObserveResult) *mlopsv1.ObserveResult {
	checks := make([]*mlopsv1.ThresholdCheck, len(r.Checks))
	for i, c := range r.Checks {
		checks[i] = &mlopsv1.ThresholdCheck{Metric: c.Metric, Value: c.Value, Threshold: c.Threshold, Direction: c.Direction, Ok: c.OK, Source: c.Source}
	}
	return &mlopsv1.ObserveResult{
		Status: statusResult(r.Status), Checks: checks, Alert: r.Alert, Report: r.Report, Notes: r.Notes, Html: r.HTML,
		Drift: driftReport(r.Drift), Performance: performanceReport(r.Performance), Exported: r.Exported, ExportedRows: r.ExportedRows,
	}
}

func driftReport(d *observe.Drift) *mlopsv1.DriftReport {
	if d == nil {
		return nil
	}
	out := &mlopsv1.DriftReport{Rows: d.Rows, Calls: d.Calls, First: timestamp(d.From), Last: timestamp(d.To), TrainingRows: d.Training}
	for _, c := range d.Columns {
		column := &mlopsv1.ColumnDrift{
			Name: c.Name, Kind: c.Kind, Predictions: c.Predictions, Drifted: c.Drifted, Worst: c.Worst, Problem: c.Problem, ShareError: c.ShareError,
		}
		for _, m := range c.Measures {
			column.Measures = append(column.Measures, &mlopsv1.DriftMeasure{Name: m.Name, Value: m.Value, Limit: m.Limit, PValue: m.PValue, Beyond: m.Beyond})
		}
		out.Columns = append(out.Columns, column)
	}
	return out
}

func performanceReport(p *observe.Performance) *mlopsv1.PerformanceReport {
	if p == nil {
		return nil
	}
	out := &mlopsv1.PerformanceReport{Recorded: p.Recorded, Labelled: p.Labelled, Labels: p.Labels}
	for _, point := range p.Points {
		out.Points = append(out.Points, &mlopsv1.PerformancePoint{
			From: timestamp(point.From), To: timestamp(point.To), Rows: point.Rows, Metrics: point.Metrics,
		})
	}
	return out
}

func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
