package deploy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"mlops/runner/config"
	"mlops/runner/progress"
)

// Bounds of MLflow's REST API (its documentation, "Request Limits" of log-batch).
const (
	mlflowMaxMetrics = 1000
	mlflowMaxParams  = 100
	mlflowMaxKey     = 250
	mlflowMaxValue   = 500 // bytes; newer servers take 6000
)

// mlflowParams are the step's parameters.
type mlflowParams struct {
	TrackingURI string  `yaml:"tracking_uri" needed:"true" doc:"Address of the tracking server, http or https, without user, password and query." example:"\"http://127.0.0.1:5000\""`
	Experiment  string  `yaml:"experiment" doc:"Experiment of the run; it is made where it is missing."`
	RunName     string  `yaml:"run_name" doc:"Name of the run; not given: the deployment's." example:"churn"`
	Required    bool    `yaml:"required" doc:"Where the server fails, so does the deployment; else that is a warning."`
	LogFiles    bool    `yaml:"log_files" doc:"Also log the deployment's files, through the server's artifact proxy."`
	Retries     int     `yaml:"retries" range:"[0,20]" doc:"Further attempts of each request, with growing pauses."`
	Timeout     float64 `yaml:"timeout_seconds" range:"(0,3600]" doc:"Longest time of one request, in seconds."`
}

// mlflow logs the run to an MLflow tracking server: parameters, metrics and the
// deployment's files, these through the server's artifact proxy. Where the server
// fails, that is a warning, unless the step is required.
type mlflow struct {
	mlflowParams
	base *url.URL
}

func newMLflow(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, mlflowParams{Experiment: "Default", LogFiles: true, Retries: 3, Timeout: 30})
	if err != nil {
		return nil, err
	}
	if p.TrackingURI == "" {
		return nil, s.ErrorAt("tracking_uri", "is missing; name the tracking server, e.g. http://127.0.0.1:5000")
	}
	base, err := parseURL(p.TrackingURI)
	if err != nil {
		return nil, s.ErrorAt("tracking_uri", "%v", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, s.ErrorAt("tracking_uri", "must be an http:// or https:// address, not %q", p.TrackingURI)
	}
	if strings.TrimSpace(p.Experiment) == "" {
		return nil, s.ErrorAt("experiment", "must not be empty")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	return &mlflow{mlflowParams: p, base: base}, nil
}

// Check asks whether the server may be contacted; whether it is up shows later.
func (m *mlflow) Check(_ context.Context, e Environment) error {
	if _, err := e.client(); err != nil {
		return err
	}
	return e.allow(m.base)
}

// Run only looks whether it may be done: the run has no address before it is
// logged.
func (m *mlflow) Run(ctx context.Context, c *Context) error {
	if c.Dir == "" {
		return errors.New("there is no directory yet; put the step create_directory first")
	}
	return m.Check(ctx, c.Environment)
}

// Publish logs the run.
func (m *mlflow) Publish(ctx context.Context, c *Context) (Undo, error) {
	undo, err := m.log(ctx, c)
	if err == nil || m.Required || ctx.Err() != nil {
		return undo, err
	}
	c.Warnf(ctx, "deployment step mlflow: the run is not or not wholly on the tracking server, which is not required: %v", err)
	return nil, nil
}

func (m *mlflow) log(ctx context.Context, c *Context) (Undo, error) {
	client, err := c.Environment.client()
	if err != nil {
		return nil, err
	}
	if err := c.Environment.allow(m.base); err != nil {
		return nil, err
	}
	server := &mlflowServer{
		base: m.base, client: client, tries: m.Retries + 1, pauses: c.Environment.pauses,
		timeout: time.Duration(m.Timeout * float64(time.Second)), authorization: mlflowAuthorization(m.base),
	}
	experiment, err := server.experiment(ctx, m.Experiment)
	if err != nil {
		return nil, fmt.Errorf("find the experiment %q: %w", m.Experiment, err)
	}
	ended := c.CreatedAt.UnixMilli()
	started := ended - int64(c.Candidate.Run.Timings["total"]*1000)
	run, err := server.createRun(ctx, mlflowRun{
		Experiment: experiment, Name: m.runName(c), Start: started, Tags: mlflowTags(c), Key: uuid.NewString(),
	})
	if err != nil {
		return nil, fmt.Errorf("create a run: %w", err)
	}
	undo := func(ctx context.Context) error { return server.endRun(ctx, run.ID, "FAILED", ended) }
	if err := m.fill(ctx, c, server, run); err != nil {
		// What became of the run is told as well as may be; err is what counts.
		if failed := (undos{undo}).run(ctx); failed != nil {
			progress.Warnf(ctx, "deploy", "the run %s on the tracking server could not be marked as failed: %v", run.ID, failed)
		}
		return nil, err
	}
	address := m.base.String() + "/#/experiments/" + url.PathEscape(experiment) + "/runs/" + url.PathEscape(run.ID)
	c.artifact("mlflow", address)
	progress.Logf(ctx, "deploy", "logged to %s", address)
	return undo, nil
}

func (m *mlflow) runName(c *Context) string {
	if m.RunName != "" {
		return m.RunName
	}
	return c.Name
}

// fill logs everything and ends the run.
func (m *mlflow) fill(ctx context.Context, c *Context, server *mlflowServer, run mlflowRunInfo) error {
	at := c.CreatedAt.UnixMilli()
	params, err := mlflowParameters(c)
	if err != nil {
		return err
	}
	for batch := range slices.Chunk(params, mlflowMaxParams) {
		if err := server.logBatch(ctx, mlflowBatch{RunID: run.ID, Params: batch}); err != nil {
			return fmt.Errorf("log parameters: %w", err)
		}
	}
	for batch := range slices.Chunk(mlflowMetrics(c, at), mlflowMaxMetrics) {
		if err := server.logBatch(ctx, mlflowBatch{RunID: run.ID, Metrics: batch}); err != nil {
			return fmt.Errorf("log metrics: %w", err)
		}
	}
	if m.LogFiles {
		for _, f := range c.Files {
			if err := server.putFile(ctx, run, "model/"+f.Path, filepath.Join(c.Dir, filepath.FromSlash(f.Path)), f.Size); err != nil {
				return fmt.Errorf("log the file %s: %w", f.Path, err)
			}
		}
	}
	if err := server.endRun(ctx, run.ID, "FINISHED", at); err != nil {
		return fmt.Errorf("end the run: %w", err)
	}
	return nil
}

// mlflowParameters are the configuration's values, by dotted path.
func mlflowParameters(c *Context) ([]mlflowEntry, error) {
	parsed, err := config.Parse("the deployment's configuration", []byte(c.Candidate.Config))
	if err != nil {
		return nil, err
	}
	var entries []mlflowEntry
	for path, value := range parsed.Flatten() {
		if strings.HasPrefix(path, "deployment.steps") {
			continue // where things are sent, not how the model was made
		}
		entries = append(entries, mlflowEntry{Key: mlflowKey(path), Value: cut(value, mlflowMaxValue)})
	}
	slices.SortFunc(entries, func(a, b mlflowEntry) int { return strings.Compare(a.Key, b.Key) })
	return entries, nil
}

func mlflowMetrics(c *Context, at int64) []mlflowMetric {
	var metrics []mlflowMetric
	for name, value := range c.Candidate.Run.Metrics {
		if !math.IsNaN(value) && !math.IsInf(value, 0) { // JSON has no such numbers
			metrics = append(metrics, mlflowMetric{Key: mlflowKey(name), Value: value, Timestamp: at})
		}
	}
	slices.SortFunc(metrics, func(a, b mlflowMetric) int { return strings.Compare(a.Key, b.Key) })
	return metrics
}

func mlflowTags(c *Context) []mlflowEntry {
	run := c.Candidate.Run
	tags := []mlflowEntry{
		{Key: "mlops.deployment", Value: c.Name}, {Key: "mlops.version", Value: c.Metadata.Version},
		{Key: "mlops.model_name", Value: run.ModelName}, {Key: "mlops.problem_type", Value: run.ProblemType},
		{Key: "mlops.target", Value: cut(run.Target, mlflowMaxValue)}, {Key: "mlops.data", Value: cut(run.Data, mlflowMaxValue)},
		{Key: "mlops.data_fingerprint", Value: run.DataFingerprint}, {Key: "mlops.config_hash", Value: run.ConfigHash},
		{Key: "mlops.workflow_id", Value: c.Metadata.WorkflowID},
	}
	return slices.DeleteFunc(tags, func(t mlflowEntry) bool { return t.Value == "" })
}

// mlflowKey keeps what MLflow takes in a name: letters, digits and _-. /
func mlflowKey(name string) string {
	return cut(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_-. /", r):
			return r
		case r == ']':
			return -1
		case r == '[':
			return '.'
		}
		return '_'
	}, name), mlflowMaxKey)
}

// cut shortens a text to so many bytes, at a character's border.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "…"
	return strings.ToValidUTF8(text[:most-len(mark)], "") + mark
}
