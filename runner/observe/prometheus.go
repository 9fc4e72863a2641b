package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"mlops/runner/config"
	"mlops/runner/observe/outbound"
)

// exporter gives a report's figures to Prometheus: in a file for the node
// exporter's textfile collector, or through a Pushgateway.
type exporter struct {
	Base
	textfile string
	push     *outbound.Request
	labels   map[string]string
}

type prometheusParams struct {
	Textfile   string            `yaml:"textfile" needed:"or" doc:"File for the node exporter, which ends in .prom; textfile, push or push_env is needed." example:"churn.prom"`
	Push       string            `yaml:"push" doc:"Address of a Pushgateway." example:"\"http://127.0.0.1:9091\""`
	PushEnv    string            `yaml:"push_env" doc:"Environment variable that holds that address; its name begins with MLOPS_SECRET_." example:"MLOPS_SECRET_PUSHGATEWAY"`
	Job        string            `yaml:"job" text:"name" doc:"The push's job; each deployment is a group of its own." with:"push: \"http://127.0.0.1:9091\""`
	Labels     map[string]string `yaml:"labels" doc:"Further labels of every figure." example:"{team: retention}" with:"textfile: churn.prom"`
	HeadersEnv map[string]string `yaml:"headers_env" doc:"Environment variables that hold headers' values, by the header's name." example:"{Authorization: MLOPS_SECRET_PUSH_TOKEN}" with:"push: \"http://127.0.0.1:9091\""`
	Timeout    string            `yaml:"timeout" doc:"Longest time of one attempt, such as 10s or 1m." with:"push: \"http://127.0.0.1:9091\""`
	Retries    int               `yaml:"retries" range:"[0,10]" doc:"Further attempts after errors of the network, 408, 429 and 5xx." with:"push: \"http://127.0.0.1:9091\""`
}

// labelName is what Prometheus takes for one.
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// ownLabels are given by the step.
var ownLabels = []string{"deployment", "model", "metric", "column", "measure", "class", "source"}

func newPrometheus(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, prometheusParams{Job: "mlops", Timeout: endpointDefaults.Timeout, Retries: endpointDefaults.Retries})
	if err != nil {
		return nil, err
	}
	e := &exporter{textfile: p.Textfile, labels: p.Labels}
	for _, name := range slices.Sorted(maps.Keys(p.Labels)) {
		if !labelName.MatchString(name) || slices.Contains(ownLabels, name) || strings.HasPrefix(name, "__") {
			return nil, s.ErrorAt("labels."+name, "is no label of yours: use letters, digits and _, and none of %s", strings.Join(ownLabels, ", "))
		}
	}
	pushes := p.Push != "" || p.PushEnv != ""
	switch {
	case p.Textfile == "" && !pushes:
		return nil, s.ErrorAt("textfile", "give textfile, a file that ends in .prom, or push, the address of a Pushgateway")
	case p.Textfile != "" && filepath.Ext(p.Textfile) != ".prom":
		return nil, s.ErrorAt("textfile", "must end in .prom, or the node exporter does not read it")
	case !pushes:
		return e, nil
	}
	endpoint := endpointParams{URL: p.Push, URLEnv: p.PushEnv, HeadersEnv: p.HeadersEnv, Timeout: p.Timeout, Retries: p.Retries}
	request, err := endpoint.request(s)
	if err != nil {
		return nil, err
	}
	request.Method, request.ContentType = http.MethodPut, string(expfmt.NewFormat(expfmt.TypeTextPlain))
	request.Path = "metrics/job/" + p.Job
	e.push = &request
	return e, nil
}

// Reported writes the figures, and pushes them.
func (e *exporter) Reported(ctx context.Context, o *Observation) error {
	text, err := e.exposition(o)
	if err != nil {
		return fmt.Errorf("prometheus: %w", err)
	}
	var failed []error
	if e.textfile != "" {
		failed = append(failed, e.write(ctx, o, text))
	}
	if e.push != nil {
		request := *e.push
		request.Body = text
		// A group of its own for each deployment, so that one does not replace another.
		request.Path += "/deployment/" + groupName(o.Subject.Dir)
		if err := o.Services.Sender.Send(ctx, request); err != nil {
			failed = append(failed, fmt.Errorf("prometheus: the figures are not pushed: %w", err))
		}
	}
	return errors.Join(failed...)
}

// groupName is a deployment's name as a part of a path.
func groupName(location string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, strings.Trim(filepath.Base(location), "."))
}

func (e *exporter) write(ctx context.Context, o *Observation, text []byte) error {
	if o.Services.Write == nil {
		return errors.New("prometheus: nothing can be written here")
	}
	err := o.Services.Write(ctx, e.textfile, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return fmt.Errorf("prometheus: the figures are not written: %w", err)
	}
	return nil
}

// exposition writes the figures in Prometheus' text format.
func (e *exporter) exposition(o *Observation) ([]byte, error) {
	registry := prometheus.NewRegistry()
	constant := prometheus.Labels{"deployment": filepath.Base(o.Subject.Dir), "model": o.Subject.ModelName}
	maps.Copy(constant, e.labels)
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mlops_" + name, Help: help, ConstLabels: constant}, labels)
		registry.MustRegister(g) // names and labels are this file's own, or checked
		return g
	}
	gauge("observed_timestamp_seconds", "When this report was made.").With(nil).Set(float64(o.At.UnixMilli()) / 1000)
	alert := 0.0
	if o.Alert() {
		alert = 1
	}
	gauge("alert", "Whether any check failed.").With(nil).Set(alert)
	values := gauge("metric", "The newest value of a metric.", "metric")
	for name, v := range o.Metrics {
		values.WithLabelValues(valid(name)).Set(v)
	}
	failed := gauge("check_failed", "Whether a check failed.", "metric", "source")
	thresholds := gauge("check_threshold", "The threshold of a check.", "metric", "source")
	for _, c := range o.Checks {
		verdict := 1.0
		if c.OK {
			verdict = 0
		}
		failed.WithLabelValues(valid(c.Metric), valid(c.Source)).Set(verdict)
		thresholds.WithLabelValues(valid(c.Metric), valid(c.Source)).Set(c.Threshold)
	}
	s := o.History.PredictionSummary()
	gauge("predict_calls", "Predict calls in the log.").With(nil).Set(float64(s.Calls))
	gauge("predicted_rows", "Rows predicted in the calls in the log.").With(nil).Set(float64(s.Rows))
	classes := gauge("predicted_class_rows", "Rows predicted by class.", "class")
	for class, n := range s.ClassCounts {
		classes.WithLabelValues(valid(class)).Add(float64(n)) // two labels may be one when made valid
	}
	if o.Drift != nil {
		drift := gauge("drift", "Distance of a column from the training data.", "column", "measure")
		for _, c := range o.Drift.Columns {
			column := c.Name
			if c.Predictions {
				column = "predictions"
			}
			for _, m := range c.Measures {
				drift.WithLabelValues(valid(column), m.Name).Set(m.Value)
			}
		}
	}
	families, err := registry.Gather()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&b, family); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// valid makes a label's value, which must be UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "�") }
