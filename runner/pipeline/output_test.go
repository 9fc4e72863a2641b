package pipeline

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/deploy"
	"mlops/runner/table"
)

func TestPredictionsAsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfNDistinct(rapid.String(), 1, 4, rapid.ID[string]).Draw(t, "labels")
		rows := rapid.IntRange(0, 5).Draw(t, "rows")
		p := &deploy.Predictions{Classes: labels}
		values := make([]string, rows)
		for i := range values {
			values[i] = rapid.SampledFrom(labels).Draw(t, "value")
			for range labels {
				p.Proba = append(p.Proba, rapid.Float64Range(0, 1).Draw(t, "probability"))
			}
		}
		p.Values = table.NewString("prediction", values, nil)
		var b strings.Builder
		if err := writePredictionsJSON(&b, p, true); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Predictions   []string
			Classes       []string
			Probabilities []map[string]float64
		}
		if err := json.Unmarshal([]byte(b.String()), &got); err != nil || len(got.Predictions) != rows || len(got.Probabilities) != rows {
			t.Fatalf("%v: %s", err, b.String())
		}
		for i, value := range values {
			if got.Predictions[i] != value {
				t.Errorf("row %d: %q, want %q", i+1, got.Predictions[i], value)
			}
			for k, label := range labels {
				if got.Probabilities[i][label] != p.Proba[i*len(labels)+k] {
					t.Errorf("row %d, class %q: %v, want %v", i+1, label, got.Probabilities[i][label], p.Proba[i*len(labels)+k])
				}
			}
		}
	})
}

func TestWhatJSONCannotHoldIsRefused(t *testing.T) {
	p := &deploy.Predictions{Values: table.NewFloat64("prediction", []float64{1, math.Inf(-1)}, nil)}
	var b strings.Builder
	want := "row 2: the prediction is -Inf, which JSON cannot hold; write .csv or .parquet"
	if err := writePredictionsJSON(&b, p, false); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
