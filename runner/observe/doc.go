// Package observe watches a deployment: it keeps the history of its metrics and
// of its predictions, sums them up, compares metrics with thresholds and writes
// the monitoring report.
//
// What happens is decided by steps, made from the configuration's observability
// section by a registry. A [Step] is told when a model was trained, when it
// predicted and when a report is made; metrics_logger, predictions_logger and
// metric_threshold come with the package, [Register] adds others.
//
// History is kept in a [Log]: lines of JSON in the deployment's logs directory,
// appended under a lock so that two processes lose nothing, rotated so that it
// never grows past a bound, and read so that a line torn by a crash costs that
// line only. Nothing in a log is needed to predict.
package observe
