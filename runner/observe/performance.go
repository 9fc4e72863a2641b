package observe

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/metrics"
	"mlops/runner/table"
)

// Performance is how good recorded predictions prove to be, now that their labels
// are there.
type Performance struct {
	Recorded int64   `json:"recorded"` // rows in the log
	Labelled int64   `json:"labelled"` // those with a label
	Labels   int64   `json:"labels"`   // rows of the labels' table
	Points   []Point `json:"points"`   // by time
}

// Point is one period's part in it.
type Point struct {
	From    time.Time          `json:"from"` // the period's start
	To      time.Time          `json:"to"`   // its end, exclusive
	Rows    int64              `json:"rows"`
	Metrics map[string]float64 `json:"metrics"` // scikit-learn's names
}

// performance joins labels that arrive later to the recorded rows.
type performance struct {
	Base
	step   config.Step
	window time.Duration
	performanceParams
}

type performanceParams struct {
	Labels  string `yaml:"labels" doc:"Table of true values that have arrived, CSV, JSON or Parquet; not given: that of observe --labels." example:"outcomes.csv"`
	RowID   string `yaml:"row_id" doc:"Its column that identifies a row."`
	Label   string `yaml:"label" doc:"Its column of true values; not given: the target." example:"churned"`
	Window  string `yaml:"window" doc:"Length of a period in UTC, such as 1d or 7d."`
	MinRows int    `yaml:"min_rows" range:"[1,)" doc:"Periods with fewer labelled rows have no figures."`
}

func newPerformance(s config.Step) (Step, error) {
	params, err := config.DecodeParamsOver(s, performanceParams{RowID: rowIDColumn, Window: "1d", MinRows: 1})
	if err != nil {
		return nil, err
	}
	p := &performance{step: s, performanceParams: params}
	if p.RowID == "" {
		return nil, s.ErrorAt("row_id", "must name the column of the labels' table that identifies a row")
	}
	p.window, err = duration(s, "window", params.Window)
	return p, err
}

// Measured joins, and adds each period's metrics to the history.
func (p *performance) Measured(ctx context.Context, o *Observation) error {
	location := cmp.Or(o.Labels, p.Labels)
	if location == "" {
		o.Note("performance: no labels are given; name their table with the parameter labels, or with --labels")
		return nil
	}
	if o.Services.Read == nil {
		return fmt.Errorf("performance: nothing can be read here")
	}
	j := &join{step: p, observation: o, location: location, periods: make(map[time.Time]*period), regression: o.Subject.ProblemType == "regression"}
	damaged, err := o.Store.Rows(ctx, func(e RowsEntry) error { return j.add(ctx, e) })
	if err != nil {
		return fmt.Errorf("performance: %w", err)
	}
	if damaged > 0 {
		o.Note("performance: %d files of rows could not be read and are left out", damaged)
	}
	o.Performance = j.finish()
	switch found := o.Performance; {
	case found.Recorded == 0:
		o.Note("performance: no single row's prediction is recorded; give the step predictions_logger the parameter rows: true before predicting")
	case found.Labelled == 0:
		o.Note("performance: none of %d recorded rows has its %s among the labels of %s", found.Recorded, p.RowID, location)
	}
	for _, point := range o.Performance.Points {
		at := point.To.Add(-time.Nanosecond)
		if at.After(o.At) {
			at = o.At
		}
		o.History.Metrics = append(o.History.Metrics, MetricsEntry{Time: at, Source: "performance", Metrics: point.Metrics})
	}
	return nil
}

// join is one run of the step.
type join struct {
	step        *performance
	observation *Observation
	location    string
	regression  bool

	labels   map[string]int // row of labels by identifier
	truth    *table.Column
	periods  map[time.Time]*period
	recorded int64
}

// period collects one period's pairs.
type period struct {
	truth, predicted []string // of a classifier
	y, yHat          []float64
}

// add takes one call's rows in.
func (j *join) add(ctx context.Context, e RowsEntry) error {
	ids, predicted := e.Table.Column(rowIDColumn), e.Table.Column(predictionColumn)
	if j.labels == nil {
		if err := j.readLabels(ctx, predicted.Kind()); err != nil {
			return err
		}
	}
	j.recorded += int64(ids.Len())
	start := e.Time.UTC().Truncate(j.step.window)
	for i := range ids.Len() {
		row, ok := j.labels[ids.Text(i)]
		if !ok || j.truth.IsNull(row) || predicted.IsNull(i) {
			continue
		}
		at := j.periods[start]
		if at == nil {
			at = &period{}
			j.periods[start] = at
		}
		if !j.regression {
			at.truth, at.predicted = append(at.truth, j.truth.Text(row)), append(at.predicted, predicted.Text(i))
			continue
		}
		at.y, at.yHat = append(at.y, j.truth.Floats()[row]), append(at.yHat, predicted.Floats()[i])
	}
	return nil
}

// readLabels reads the labels in the kind of the predictions, so that 1 and 1.0
// are the same class.
func (j *join) readLabels(ctx context.Context, kind table.Kind) error {
	p := j.step
	name := cmp.Or(p.Label, j.observation.Subject.Target)
	if name == p.RowID {
		return p.step.ErrorAt("label", "is the column that identifies a row; name another")
	}
	t, err := j.observation.Services.Read(ctx, j.location, table.ReadOptions{
		Columns: []string{p.RowID, name}, Types: map[string]table.Kind{p.RowID: table.String, name: kind},
	})
	if err != nil {
		return fmt.Errorf("read the labels: %w", err)
	}
	ids := t.Column(p.RowID)
	j.truth, j.labels = t.Column(name), make(map[string]int, t.NumRows())
	for i := range ids.Len() {
		if ids.IsNull(i) {
			continue
		}
		before, twice := j.labels[ids.Text(i)]
		if twice && j.truth.Text(before) != j.truth.Text(i) {
			return fmt.Errorf("%s: rows %d and %d are both of %s %q, with the labels %q and %q; keep one of them",
				j.location, before+1, i+1, p.RowID, ids.Text(i), j.truth.Text(before), j.truth.Text(i))
		}
		j.labels[ids.Text(i)] = i
	}
	return nil
}

// finish computes each period's metrics.
func (j *join) finish() *Performance {
	out := &Performance{Recorded: j.recorded, Labels: int64(len(j.labels))}
	for _, start := range slices.SortedFunc(maps.Keys(j.periods), time.Time.Compare) {
		at := j.periods[start]
		rows := len(at.truth) + len(at.y)
		out.Labelled += int64(rows)
		if rows < j.step.MinRows {
			continue
		}
		out.Points = append(out.Points, Point{From: start, To: start.Add(j.step.window), Rows: int64(rows), Metrics: at.metrics()})
	}
	return out
}

func (p *period) metrics() map[string]float64 {
	if p.y != nil {
		out := map[string]float64{"mse": metrics.MSE(p.y, p.yHat), "rmse": metrics.RMSE(p.y, p.yHat), "mae": metrics.MAE(p.y, p.yHat)}
		if r2 := metrics.R2Score(p.y, p.yHat); !math.IsNaN(r2) {
			out["r2_score"] = r2
		}
		return out
	}
	classes := slices.Concat(p.truth, p.predicted)
	slices.SortFunc(classes, strings.Compare)
	classes = slices.Compact(classes)
	number := func(labels []string) []int {
		out := make([]int, len(labels))
		for i, label := range labels {
			out[i], _ = slices.BinarySearch(classes, label)
		}
		return out
	}
	truth, predicted := number(p.truth), number(p.predicted)
	return map[string]float64{
		"accuracy": metrics.Accuracy(truth, predicted), "f1_score": metrics.F1Score(truth, predicted),
		"precision": metrics.Precision(truth, predicted), "recall": metrics.Recall(truth, predicted),
	}
}
