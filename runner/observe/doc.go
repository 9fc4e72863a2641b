// Package observe watches a deployment: it keeps the history of its metrics and
// of its predictions, sums them up, compares metrics with thresholds and writes
// the monitoring report.
//
// What happens is decided by steps, made from the configuration's observability
// section by a registry. A [Step] is told when a model was trained, when it
// predicted and when a report is made; [Register] adds others to those that come
// with the package.
//
//	step.go           the registry and the occasions
//	observation.go    how a report is made, in three rounds
//	loggers.go        metrics_logger, predictions_logger
//	threshold.go      metric_threshold
//	drift.go          drift, with package profile
//	performance.go    performance: labels that arrive later
//	alert.go          webhook, slack: one message for each alert
//	prometheus.go     prometheus
//	report.go, report_sections.go, html.go   text and HTML
//	export.go         the record of predictions as one table
//
// # Where things are kept
//
// History is kept in a [Log]: lines of JSON in the deployment's logs directory,
// appended under a lock so that two processes lose nothing, rotated so that it
// never grows past a bound, and read so that a line torn by a crash costs that
// line only. Predictions of single rows are Parquet files beside it (rows.go). A
// [Store] is such a directory ([DirStore]), or the artifacts of an immutable
// deployment ([LinkStore]). Nothing in a log is needed to predict.
//
// A step reaches the outside only through the [Services] of its report; addresses
// are called through package outbound, which calls those that were allowed.
package observe
