package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mlops/runner/observe"
	"mlops/runner/observe/outbound"
)

// endpoint is a network with one endpoint that keeps what it takes.
type endpoint struct {
	mu     sync.Mutex
	status int // 0: nobody answers
	bodies []string
	paths  []string
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.status == 0 {
		return nil, errors.New("connection refused")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if e.status == http.StatusOK {
		e.bodies, e.paths = append(e.bodies, string(body)), append(e.paths, r.Method+" "+r.URL.Path)
	}
	return &http.Response{StatusCode: e.status, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}}, nil
}

func (e *endpoint) sender() *outbound.Sender {
	return &outbound.Sender{
		Allowed: []string{"https://hooks.example.org/"}, Transport: e,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Getenv: func(name string) string {
			return map[string]string{"MLOPS_SECRET_SLACK": "https://hooks.example.org/services/T0P5ECRET", "MLOPS_SECRET_KEY": "Bearer hush"}[name]
		},
	}
}

func TestAnAlertIsSentOnce(t *testing.T) {
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			e := &endpoint{status: 200}
			watch := steps(t, "[{type: webhook, params: {url: 'https://hooks.example.org/a', repeat_after: 6h}}, metric_threshold]")
			hour := 0
			observed := func(metrics map[string]float64) *observe.Observation {
				t.Helper()
				s := scene(t, store, "", at(0).Add(time.Duration(hour)*time.Hour))
				s.Metrics, s.Services.Sender = metrics, e.sender()
				o, err := watch.Observe(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				return o
			}
			for _, c := range []struct {
				what   string
				hour   int
				status int
				value  float64
				more   map[string]float64
				sent   int // in all
				note   string
			}{
				{"all is well", 0, 200, 0.9, nil, 0, ""},
				{"an alert that nobody takes", 1, 500, 0.5, nil, 0, "is not delivered, and is tried again with the next report: https://hooks.example.org was tried 4 times"},
				{"is tried again", 2, 200, 0.5, nil, 1, ""},
				{"and not repeated", 3, 200, 0.4, nil, 1, ""},
				{"another one is", 4, 200, 0.4, map[string]float64{"recall": 0.1}, 2, ""},
				{"and repeated after a while", 10, 200, 0.4, map[string]float64{"recall": 0.1}, 3, ""},
				{"its end", 11, 200, 0.9, nil, 4, ""},
				{"once", 12, 200, 0.9, nil, 4, ""},
				{"and again", 13, 0, 0.4, nil, 4, "connection refused"},
				{"it ended before it was told", 14, 200, 0.9, nil, 4, ""},
			} {
				hour, e.status = c.hour, c.status
				metrics := map[string]float64{"accuracy": c.value}
				for k, v := range c.more {
					metrics[k] = v
				}
				o := observed(metrics)
				if len(e.bodies) != c.sent {
					t.Fatalf("%s: %d messages, want %d", c.what, len(e.bodies), c.sent)
				}
				if notes := fmt.Sprint(o.Notes); !strings.Contains(notes, c.note) || (c.note == "") != (len(o.Notes) == 0) {
					t.Errorf("%s: notes %s, want %q", c.what, notes, c.note)
				}
			}
			var first, last struct {
				Event      string
				Deployment string
				Failed     []observe.Check
				Count      int `json:"failed_count"`
			}
			if err := errors.Join(json.Unmarshal([]byte(e.bodies[0]), &first), json.Unmarshal([]byte(e.bodies[3]), &last)); err != nil {
				t.Fatal(err)
			}
			if first.Event != "alert" || first.Deployment != subject.Dir || first.Count != 1 || first.Failed[0].Metric != "accuracy" || last.Event != "resolved" || last.Count != 0 {
				t.Errorf("sent %+v and %+v", first, last)
			}
		})
	}
}

func TestTwoReportsAtOnceSendOneAlert(t *testing.T) {
	e := &endpoint{status: 200}
	store := observe.DirStore{Logs: t.TempDir()}
	watch := steps(t, "[metric_threshold, {type: slack, params: {url_env: MLOPS_SECRET_SLACK}}]")
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			s := scene(t, store, "", at(0))
			s.Metrics, s.Services.Sender = map[string]float64{"accuracy": 0.5}, e.sender()
			_, err := watch.Observe(t.Context(), s)
			return err
		})
	}
	if err := group.Wait(); err != nil || len(e.bodies) != 1 {
		t.Errorf("%d messages, %v", len(e.bodies), err)
	}
}

func TestAClaimOfACrashedRunExpires(t *testing.T) {
	e := &endpoint{status: 200}
	store := observe.DirStore{Logs: t.TempDir()}
	watch := steps(t, "[metric_threshold, {type: webhook, params: {url: 'https://hooks.example.org/'}}]")
	claim := observe.AlertEntry{Time: at(0), Step: "webhook observability.steps[1]", Key: "accuracy", State: observe.AlertClaimed}
	if _, err := store.AppendAlert(t.Context(), at(0), func([]observe.AlertEntry) (observe.AlertEntry, bool) { return claim, true }); err != nil {
		t.Fatal(err)
	}
	for minutes, want := range []int{5: 0, 15: 1} {
		if minutes != 5 && minutes != 15 {
			continue
		}
		s := scene(t, store, "", at(minutes))
		s.Metrics, s.Services.Sender = map[string]float64{"accuracy": 0.5}, e.sender()
		if _, err := watch.Observe(t.Context(), s); err != nil || len(e.bodies) != want {
			t.Errorf("after %d minutes: %d messages, want %d (%v)", minutes, len(e.bodies), want, err)
		}
	}
}

func TestSlacksMarkupIsEscaped(t *testing.T) {
	e := &endpoint{status: 200}
	s := scene(t, observe.DirStore{Logs: t.TempDir()}, "", at(0))
	s.Subject.Dir = "models/<!channel>&\x1b[2J"
	s.Metrics, s.Services.Sender = map[string]float64{"<@U1>`x": 0.5}, e.sender()
	watch := steps(t, "[{type: metric_threshold, params: {metric_thresholds: {'<@U1>`x': 1}}}, {type: slack, params: {url_env: MLOPS_SECRET_SLACK}}]")
	if _, err := watch.Observe(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var got struct{ Text string }
	if err := json.Unmarshal([]byte(e.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := ":red_circle: *models/&lt;!channel&gt;&amp;�[2J*: 1 of 1 check failed\n• `&lt;@U1&gt;'x` is 0.5000, wanted at least 1.0000"
	if got.Text != want {
		t.Errorf("sent %q\nwant %q", got.Text, want)
	}
}

func TestAReportIsMadeWhateverBecomesOfAlerts(t *testing.T) {
	for name, c := range map[string]struct {
		params, want string
		sender       *outbound.Sender
	}{
		"not allowed":      {"url: 'https://elsewhere.example.org/T0P5ECRET'", "https://elsewhere.example.org is not allowed here; the operator allows it with --allow-url", (&endpoint{}).sender()},
		"allowed nowhere":  {"url: 'https://hooks.example.org/T0P5ECRET'", "is not allowed here", nil},
		"no such variable": {"url_env: MLOPS_SECRET_NONE", "the environment variable MLOPS_SECRET_NONE is not set", (&endpoint{}).sender()},
		"nobody answers":   {"url_env: MLOPS_SECRET_SLACK, headers_env: {Authorization: MLOPS_SECRET_KEY}", "connection refused", (&endpoint{}).sender()},
	} {
		s := scene(t, observe.DirStore{Logs: t.TempDir()}, "", at(0))
		s.Metrics, s.Services.Sender = map[string]float64{"accuracy": 0.5}, c.sender
		o, err := steps(t, "[metric_threshold, {type: webhook, params: {"+c.params+"}}]").Observe(t.Context(), s)
		if err != nil || !o.Alert() {
			t.Fatalf("%s: %v", name, err)
		}
		report := observe.Report(subject, o)
		if !strings.Contains(report, c.want) || strings.Contains(report, "T0P5ECRET") || strings.Contains(report, "hush") {
			t.Errorf("%s: the report lacks %q or tells a secret:\n%s", name, c.want, report)
		}
	}
}

func TestParametersOfEndpointsAreChecked(t *testing.T) {
	for list, want := range map[string]string{
		"[webhook]": "give either url, the address, or url_env",
		"[{type: webhook, params: {url: 'https://x/', url_env: MLOPS_SECRET_A}}]":                 "give either url",
		"[{type: webhook, params: {url: 'file:///etc/passwd'}}]":                                  "must begin with http:// or https://",
		"[{type: webhook, params: {url: 'https://me:pw@x/'}}]":                                    "holds a user name",
		"[{type: webhook, params: {url_env: HOME}}]":                                              "begin with MLOPS_SECRET_",
		"[{type: webhook, params: {url: 'https://x/', headers_env: {A: AWS_SECRET_ACCESS_KEY}}}]": "headers_env.A",
		"[{type: webhook, params: {url: 'https://x/', timeout: never}}]":                          "must be a time",
		"[{type: webhook, params: {url: 'https://x/', retries: 11}}]":                             "at most 10",
		"[{type: slack, params: {url: 'https://x/'}}]":                                            "unknown key",
		"[slack]":      "must name the environment variable",
		"[prometheus]": "give textfile",
		"[{type: prometheus, params: {textfile: figures.txt}}]":                 "must end in .prom",
		"[{type: prometheus, params: {textfile: a.prom, labels: {column: x}}}]": "is no label of yours",
		"[{type: prometheus, params: {textfile: a.prom, labels: {a-b: x}}}]":    "is no label of yours",
		"[{type: prometheus, params: {push: 'gateway:9091'}}]":                  "must begin with http:// or https://",
		"[{type: performance, params: {window: 0s}}]":                           "must be a time",
		"[{type: predictions_logger, params: {row_id: id}}]":                    "set rows: true",
		"[{type: predictions_logger, params: {rows: true, sample_rate: 0}}]":    "above 0",
		"[{type: metrics_logger, params: {max_age: 1y}}]":                       "must be a time",
	} {
		if _, err := observe.New(section(t, "steps: "+list)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", list, err, want)
		}
	}
}
