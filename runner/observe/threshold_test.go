package observe_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"mlops/runner/config"
	"mlops/runner/observe"
)

func section(t testing.TB, text string) config.Observability {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte("observability:\n  "+strings.ReplaceAll(text, "\n", "\n  ")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return c.Observability
}

func TestThresholds(t *testing.T) {
	metrics := map[string]float64{"accuracy": 0.8, "f1_score": 0.79, "rmse": 12.5, "cv_mean": 0.5, "own": 3}
	for _, c := range []struct{ name, config, want string }{
		{"the standard ones check scores alone", "track_metrics: true", "accuracy>=0.8 ok, f1_score>=0.8 ALERT"},
		{"a threshold for all scores", "alert_threshold: 0.7", "accuracy>=0.7 ok, f1_score>=0.7 ok"},
		{"an error must not be larger", "metric_thresholds: {rmse: 12}", "accuracy>=0.8 ok, f1_score>=0.8 ALERT, rmse<=12 ALERT"},
		{"equal is good enough", "metric_thresholds: {rmse: 12.5, own: 3}", "accuracy>=0.8 ok, f1_score>=0.8 ALERT, own>=3 ok, rmse<=12.5 ok"},
		{"directions of the user's own", "metric_thresholds: {own: 2}\nmetric_directions: {own: lower, accuracy: lower}", "accuracy<=0.8 ok, f1_score>=0.8 ALERT, own<=2 ALERT"},
		{"a step", "steps: [{type: metric_threshold, params: {default_threshold: 0.1, metric_thresholds: {f1_score: 0.9}}}]", "accuracy>=0.1 ok, f1_score>=0.9 ALERT"},
		{"a step's own default", "steps: [metric_threshold]", "accuracy>=0.8 ok, f1_score>=0.8 ALERT"},
		{"no such step", "steps: [metrics_logger]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			steps, err := observe.New(section(t, c.config))
			if err != nil {
				t.Fatal(err)
			}
			o, err := steps.Observe(t.Context(), observe.Scene{Store: observe.DirStore{Logs: t.TempDir()}, Metrics: metrics})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, check := range o.Checks {
				sign, verdict := ">=", "ok"
				if check.Direction == observe.Lower {
					sign = "<="
				}
				if !check.OK {
					verdict = "ALERT"
				}
				got = append(got, fmt.Sprintf("%s%s%v %s", check.Metric, sign, check.Threshold, verdict))
			}
			if strings.Join(got, ", ") != c.want || o.Alert() != strings.Contains(c.want, "ALERT") {
				t.Errorf("got %s (alert %v), want %s", strings.Join(got, ", "), o.Alert(), c.want)
			}
		})
	}
}

func TestTheNewestMetricsCount(t *testing.T) {
	store := observe.DirStore{Logs: t.TempDir()}
	for i, v := range []float64{0.9, 0.6} {
		if err := store.AppendMetrics(t.Context(), observe.MetricsEntry{Time: at(i), Metrics: map[string]float64{"accuracy": v}}, observe.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	steps, err := observe.New(config.Default().Observability)
	if err != nil {
		t.Fatal(err)
	}
	o, err := steps.Observe(t.Context(), observe.Scene{Store: store, Metrics: map[string]float64{"accuracy": 0.95, "recall": 0.9}})
	if err != nil || o.Metrics["accuracy"] != 0.6 || o.Metrics["recall"] != 0.9 || !o.Alert() {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestUnknownObservabilityStepsAreTold(t *testing.T) {
	for want, text := range map[string]string{
		`did you mean "metrics_logger"? (known: drift, metric_threshold, metrics_logger, performance, predictions_logger, prometheus, slack, `: "steps: [metric_loger]",
		`unknown observability step "carrier_pigeon" (known: `:                                                                                 "steps: [carrier_pigeon]",
		"steps[0].params.level":  "steps: [{type: metrics_logger, params: {level: 3}}]",
		"metric_directions.rmse": "steps: [{type: metric_threshold, params: {metric_directions: {rmse: down}}}]",
	} {
		_, err := observe.New(section(t, text))
		var typed *config.Error
		if !errors.As(err, &typed) || typed.Line != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestSwitchesTurnLoggersOff(t *testing.T) {
	store := observe.DirStore{Logs: filepath.Join(t.TempDir(), "logs")}
	steps, err := observe.New(section(t, "track_metrics: false\nlog_predictions: false"))
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(steps.Trained(t.Context(), store, observe.MetricsEntry{}), steps.Predicted(t.Context(), &observe.Prediction{Store: store}))
	if _, statErr := os.Stat(store.Logs); err != nil || !errors.Is(statErr, os.ErrNotExist) {
		t.Errorf("they gave %v and left %v", err, statErr)
	}
}

func TestASummaryOfPartsIsTheSummaryOfTheWhole(t *testing.T) {
	value := rapid.Float64Range(-1e6, 1e6)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SliceOfN(value, 1, 20)).Draw(t, "parts")
		h := &observe.History{}
		for i, part := range parts {
			s := observe.Summarize(part)
			h.Predictions = append(h.Predictions, observe.PredictionEntry{Time: at(i), Rows: int64(len(part)), Values: &s})
		}
		got := h.PredictionSummary()
		whole := slices.Concat(parts...)
		if len(whole) == 0 {
			if got.Values != nil || got.Calls != 0 {
				t.Fatalf("nothing was recorded, but %+v", got)
			}
			return
		}
		var sum, squares float64
		for _, v := range whole {
			sum += v
		}
		mean := sum / float64(len(whole))
		for _, v := range whole {
			squares += (v - mean) * (v - mean)
		}
		want := observe.MetricSummary{
			Count: int64(len(whole)), Latest: observe.Summarize(parts[len(parts)-1]).Mean, Mean: mean,
			Std: math.Sqrt(squares / float64(len(whole))), Min: slices.Min(whole), Max: slices.Max(whole),
		}
		if diff := cmp.Diff(want, *got.Values, cmpopts.EquateApprox(1e-9, 1e-6)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestASummaryOfNothingAndOfOne(t *testing.T) {
	if got := observe.Summarize(nil); !cmp.Equal(got, observe.MetricSummary{}) {
		t.Errorf("got %+v", got)
	}
	if got, want := observe.Summarize([]float64{4}), (observe.MetricSummary{Count: 1, Latest: 4, Mean: 4, Min: 4, Max: 4}); !cmp.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestARepeatedAttemptIsRecordedOnce(t *testing.T) {
	store := observe.DirStore{Logs: t.TempDir(), Now: time.Now}
	for i, e := range []observe.PredictionEntry{{TaskID: "a", Rows: 10}, {TaskID: "b", Rows: 1}, {TaskID: "a", Rows: 10}, {Rows: 5}, {Rows: 5}} {
		e.Time = at(i)
		if err := store.AppendPrediction(t.Context(), e, observe.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	h, err := store.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := h.PredictionSummary()
	if s.Calls != 4 || s.Rows != 21 || !s.First.Equal(at(0)) || !s.Last.Equal(at(4)) {
		t.Errorf("got %+v", s)
	}
}

func TestAReportIsSafeToShow(t *testing.T) {
	report := observe.Report(observe.Subject{Dir: "m\x1b[2J", Target: "a\rb"}, &observe.Observation{
		History: &observe.History{Predictions: []observe.PredictionEntry{{Rows: 1, ClassCounts: map[string]int64{"x\x1b]0;y\a": 1}}}},
	})
	for _, r := range report {
		if r < ' ' && r != '\n' || r == 0x7f {
			t.Fatalf("the report holds the control character %q:\n%q", r, report)
		}
	}
}
