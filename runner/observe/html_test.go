package observe_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"mlops/runner/observe"
	"mlops/runner/profile"
	"mlops/runner/table"
)

// hostile is what data may hold to take over a page.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'); }</style>{{.}}` + "\x1b[2J"

// page is a report with everything in it, all of it named by whom it may concern.
func page(t *testing.T, name string) string {
	t.Helper()
	store := observe.DirStore{Logs: t.TempDir()}
	for i := range 3 {
		if err := store.AppendMetrics(t.Context(), observe.MetricsEntry{Time: at(i), Metrics: map[string]float64{"accuracy": 0.7 + float64(i)/20, name: 1e150 * float64(1-i)}}, observe.Limits{}); err != nil {
			t.Fatal(err)
		}
		if err := store.AppendPrediction(t.Context(), observe.PredictionEntry{Time: at(3 + i), Rows: int64(10 * i), Data: name, ClassCounts: map[string]int64{name: 3, "no": 1}}, observe.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := table.New(table.NewString(name, []string{name, "b", name}, nil), table.NewFloat64("n", []float64{1, 2, 3}, nil))
	if err != nil {
		t.Fatal(err)
	}
	watch := steps(t, "[metric_threshold, drift]")
	p := &observe.Prediction{Store: store, Table: rows, Features: []string{name, "n"}, Values: rows.Columns()[0], Labels: rows.Columns()[0], Entry: observe.PredictionEntry{Time: at(6), Rows: 3}}
	if err := watch.Predicted(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	s := scene(t, store, "", at(9))
	if s.Profile, err = profile.Of(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	s.Profile.Predictions = profile.OfColumn(rows.Columns()[0])
	s.Subject.Dir, s.Subject.ModelName, s.Subject.Target, s.Subject.Version = name, name, name, name
	o, err := watch.Observe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	o.Note("%s", name)
	o.Performance = &observe.Performance{Recorded: 4, Labelled: 4, Points: []observe.Point{
		{From: at(0), To: at(1), Rows: 2, Metrics: map[string]float64{name: 1, "f": 0.5}}, {From: at(1), To: at(2), Rows: 2, Metrics: map[string]float64{name: 2, "f": 0.6}},
	}}
	var b strings.Builder
	if err := observe.HTML(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAPageHoldsEverythingAndNeedsNothing(t *testing.T) {
	text := page(t, "plan")
	for _, want := range []string{
		"<svg", "<polyline class=\"trend\"", "class=\"limit\"", "prefers-color-scheme: dark", `content="light dark"`, "default-src 'none'",
		"Metrics</h2>", "Thresholds</h2>", "Performance</h2>", "Drift</h2>", "Predictions</h2>", "Notes</h2>",
		"3 rows in 1 calls", "(predictions)", "then and now", "plan: 66.7 % in training, now 66.7 %", "above 3.0000: ",
		"4 of 4 recorded rows have a label",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<script", "http://", "https://", "src=", "href=", "url(", "@import", "ZgotmplZ", "NaN", "Inf"} {
		if strings.Contains(text, never) {
			t.Errorf("the page holds %q", never)
		}
	}
}

func TestNothingFromDataInjects(t *testing.T) {
	plain, attacked := page(t, `"plan`), page(t, hostile) // which sort alike
	// The same elements in the same order, whatever the names.
	elements := func(text string) string {
		var names []string
		for _, tag := range regexp.MustCompile(`<(/?[a-zA-Z!][^\s>]*)`).FindAllStringSubmatch(text, -1) {
			names = append(names, tag[1])
		}
		return strings.Join(names, " ")
	}
	if a, b := elements(plain), elements(attacked); a != b {
		t.Errorf("the page has other elements:\n%s\nnot\n%s", b, a)
	}
	if strings.Contains(attacked, "\x1b") || strings.Contains(attacked, "onerror=alert(1)>") {
		t.Error("the page holds what data gave it")
	}
}

func TestAPageIsWellFormed(t *testing.T) {
	for _, name := range []string{"plan", hostile} {
		d := xml.NewDecoder(strings.NewReader(page(t, name)))
		d.Entity = xml.HTMLEntity
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAPageOfNothing(t *testing.T) {
	var b strings.Builder
	if err := observe.HTML(&b, &observe.Observation{History: &observe.History{}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "None recorded.") || !strings.Contains(b.String(), "</html>") {
		t.Errorf("got %s", b.String())
	}
}
