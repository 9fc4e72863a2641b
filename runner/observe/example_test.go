package observe_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/observe"
)

// quiet raises an alarm when nobody has used a deployment for long.
type quiet struct {
	observe.Base               // every occasion that does not matter
	longest      time.Duration // how long is too long
}

// quietParams are what a configuration may set, with the keys that it uses.
type quietParams struct {
	Hours float64 `yaml:"hours" range:"(0,)"`
}

// newQuiet makes the step of its parameters. What is wrong with one is told at its
// place in the file.
func newQuiet(s config.Step) (observe.Step, error) {
	p, err := config.DecodeParamsOver(s, quietParams{Hours: 24})
	if err != nil {
		return nil, err
	}
	return quiet{longest: time.Duration(p.Hours * float64(time.Hour))}, nil
}

// Observed adds a check to a report.
func (q quiet) Observed(_ context.Context, o *observe.Observation) error {
	calls := o.History.Predictions
	if len(calls) == 0 {
		o.Note("quiet: nothing was ever predicted")
		return nil
	}
	silence := o.At.Sub(calls[len(calls)-1].Time)
	o.Checks = append(o.Checks, observe.Check{
		Metric: "hours_since_predict", Value: silence.Hours(), Threshold: q.longest.Hours(), Direction: observe.Lower,
		OK: silence <= q.longest, Source: "quiet",
	})
	return nil
}

// A step of one's own: its type, its parameters, its registration at start-up and
// its use. The report, --fail-on alert, webhooks and Prometheus treat its checks as
// any other's.
func ExampleRegister() {
	observe.Register("quiet", newQuiet)

	c, err := config.Parse("watch.yaml", []byte("observability: {steps: [predictions_logger, {type: quiet, params: {hours: 6}}]}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	watchers, err := observe.New(c.Observability)
	if err != nil {
		fmt.Println(err)
		return
	}
	logs, err := os.MkdirTemp("", "logs-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(logs)
	store := observe.DirStore{Logs: logs}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err = watchers.Predicted(context.Background(), &observe.Prediction{Store: store, Entry: observe.PredictionEntry{Time: noon, Rows: 3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	o, err := watchers.Observe(context.Background(), observe.Scene{
		Store: store, Services: observe.Services{Now: func() time.Time { return noon.Add(8 * time.Hour) }},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := strings.Split(strings.TrimSpace(observe.Report(observe.Subject{}, o)), "\n")
	fmt.Println(lines[len(lines)-1])
	for _, check := range o.Failed() {
		fmt.Printf("%s is %.0f, at most %.0f\n", check.Metric, check.Value, check.Threshold)
	}
	// Output:
	// ALERT: 1 of 1 check failed: hours_since_predict.
	// hours_since_predict is 8, at most 6
}
