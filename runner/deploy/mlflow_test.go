package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cenkalti/backoff/v5"

	"mlops/runner/config"
	"mlops/runner/deploy"
)

// trackingServer is an MLflow tracking server as far as its REST documentation
// describes what is used here.
type trackingServer struct {
	t       *testing.T
	mu      sync.Mutex
	calls   []string
	params  map[string]string
	metrics map[string]float64
	tags    map[string]string
	files   map[string]string
	status  []string
	runs    int
	// fault may answer a request in the server's place; it is told how often this
	// endpoint was called before.
	fault       func(w http.ResponseWriter, endpoint string, before int) bool
	experiments map[string]string
	artifactURI string
}

func newTrackingServer(t *testing.T) (*trackingServer, string) {
	s := &trackingServer{
		t: t, params: map[string]string{}, metrics: map[string]float64{}, tags: map[string]string{}, files: map[string]string{},
		experiments: map[string]string{"Default": "0"}, artifactURI: "mlflow-artifacts:/0/run-1/artifacts",
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *trackingServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	endpoint := strings.TrimPrefix(r.URL.Path, "/api/2.0/mlflow/")
	before := 0
	for _, c := range s.calls {
		if c == endpoint {
			before++
		}
	}
	s.calls = append(s.calls, endpoint)
	if s.fault != nil && s.fault(w, endpoint, before) {
		return
	}
	if file, ok := strings.CutPrefix(r.URL.Path, "/api/2.0/mlflow-artifacts/artifacts/"); ok {
		s.want(r.Method, http.MethodPut)
		content, err := io.ReadAll(r.Body)
		if err != nil || r.ContentLength != int64(len(content)) {
			s.t.Errorf("%s: %d bytes of %d, %v", file, len(content), r.ContentLength, err)
		}
		s.files[file] = string(content)
		return
	}
	var body struct {
		Name         string `json:"name"`
		ExperimentID string `json:"experiment_id"`
		RunName      string `json:"run_name"`
		StartTime    int64  `json:"start_time"`
		RunID        string `json:"run_id"`
		Status       string `json:"status"`
		EndTime      int64  `json:"end_time"`
		Filter       string `json:"filter"`
		Tags, Params []struct{ Key, Value string }
		Metrics      []struct {
			Key       string
			Value     float64
			Timestamp int64
			Step      int64
		}
	}
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Content-Type") != "application/json" {
			s.t.Errorf("%s: %v", endpoint, err)
		}
	}
	run := map[string]any{"info": map[string]any{"run_id": "run-1", "artifact_uri": s.artifactURI}}
	switch endpoint {
	case "experiments/get-by-name":
		s.want(r.Method, http.MethodGet)
		id, ok := s.experiments[r.URL.Query().Get("experiment_name")]
		if !ok {
			answer(w, http.StatusNotFound, map[string]any{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"experiment": map[string]any{"experiment_id": id}})
	case "experiments/create":
		if _, ok := s.experiments[body.Name]; ok {
			answer(w, http.StatusBadRequest, map[string]any{"error_code": "RESOURCE_ALREADY_EXISTS"})
			return
		}
		s.experiments[body.Name] = "7"
		answer(w, http.StatusOK, map[string]any{"experiment_id": "7"})
	case "runs/create":
		s.runs++
		for _, tag := range body.Tags {
			s.tags[tag.Key] = tag.Value
		}
		if body.StartTime != noon.UnixMilli()-1500 || body.RunName == "" || !slices.Contains([]string{"0", "7"}, body.ExperimentID) {
			s.t.Errorf("runs/create of %+v", body)
		}
		answer(w, http.StatusOK, map[string]any{"run": run})
	case "runs/search":
		var found []any
		if s.runs > 0 && body.Filter == "tags.`mlops.run_key` = '"+s.tags["mlops.run_key"]+"'" {
			found = append(found, run)
		}
		answer(w, http.StatusOK, map[string]any{"runs": found})
	case "runs/log-batch":
		if len(body.Params) > 100 || len(body.Metrics) > 1000 || body.RunID != "run-1" {
			answer(w, http.StatusBadRequest, map[string]any{"error_code": "INVALID_PARAMETER_VALUE"})
			return
		}
		for _, p := range body.Params {
			if was, ok := s.params[p.Key]; ok && was != p.Value {
				answer(w, http.StatusBadRequest, map[string]any{"error_code": "INVALID_PARAMETER_VALUE"})
				return
			}
			s.params[p.Key] = p.Value
		}
		for _, m := range body.Metrics {
			s.metrics[m.Key] = m.Value
		}
		answer(w, http.StatusOK, map[string]any{})
	case "runs/update":
		s.status = append(s.status, body.Status)
		answer(w, http.StatusOK, map[string]any{})
	default:
		s.t.Errorf("%s %s is not documented", r.Method, r.URL)
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *trackingServer) want(got, want string) {
	if got != want {
		s.t.Errorf("method %s, want %s", got, want)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client tells what it got
}

// tracked are options that log to a tracking server.
func tracked(t *testing.T, parent, address string, params ...any) deploy.Options {
	o := outside(t, parent, stepOf("mlflow", append([]any{"tracking_uri", address}, params...)...))
	o.Environment.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	o.Environment.AllowURL = func(u *url.URL) error {
		if !strings.HasPrefix(u.String(), strings.TrimRight(address, "/")) {
			return errors.New("another server")
		}
		return nil
	}
	o.Environment.Pauses = func() backoff.BackOff { return &backoff.ZeroBackOff{} }
	return o
}

func TestARunIsLoggedToMLflow(t *testing.T) {
	s, address := newTrackingServer(t)
	o := tracked(t, t.TempDir(), address+"/", "experiment", "churn & more")
	o.WorkflowID = "flow"
	c := candidate(t)
	c.Run.Metrics = map[string]float64{"rmse": 0.5, "roc_auc": 0.1 + 0.2}
	c.Config += "# a comment\n"
	p, err := deploy.Publish(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	if want := address + "/#/experiments/7/runs/run-1"; p.Artifacts["mlflow"] != want || p.Warnings != nil {
		t.Errorf("got %+v, want %s", p, want)
	}
	if s.metrics["rmse"] != 0.5 || s.metrics["roc_auc"] != 0.1+0.2 {
		t.Errorf("metrics %v", s.metrics)
	}
	if s.params["training.backend"] != "classic" || s.params["training.cv_folds"] != "5" || s.params["preprocessing.encode_categorical"] != "true" {
		t.Errorf("parameters %v", s.params)
	}
	if s.tags["mlops.deployment"] != "deployment_20260301_123015" || s.tags["mlops.workflow_id"] != "flow" || s.tags["mlops.target"] != "y" {
		t.Errorf("tags %v", s.tags)
	}
	if got := s.files["0/run-1/artifacts/model/model.txt"]; !strings.Contains(got, "factor") || len(s.files) != len(p.Files) {
		t.Errorf("files %q", s.files)
	}
	if !slices.Equal(s.status, []string{"FINISHED"}) {
		t.Errorf("status %q", s.status)
	}
}

func TestAServerThatRecoversIsTriedAgain(t *testing.T) {
	for name, fault := range map[string]func(w http.ResponseWriter, endpoint string, before int) bool{
		"busy": func(w http.ResponseWriter, _ string, before int) bool {
			if before == 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return before == 0
		},
		"hanging up": func(_ http.ResponseWriter, endpoint string, before int) bool {
			if before < 2 && endpoint == "runs/log-batch" {
				panic(http.ErrAbortHandler)
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, address := newTrackingServer(t)
			s.fault = fault
			if _, err := deploy.Publish(t.Context(), candidate(t), tracked(t, t.TempDir(), address, "required", true)); err != nil {
				t.Fatal(err)
			}
			if s.runs != 1 || !slices.Equal(s.status, []string{"FINISHED"}) {
				t.Errorf("%d runs, status %q", s.runs, s.status)
			}
		})
	}
}

// lostReply lets the first creation of a run happen and drops its answer.
type lostReply struct {
	http.RoundTripper
	mu   sync.Mutex
	lost bool
}

func (l *lostReply) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && !l.lost && strings.HasSuffix(r.URL.Path, "runs/create") {
		l.lost = true
		response.Body.Close()
		return nil, errors.New("connection reset")
	}
	return response, err
}

func TestARunWhoseCreationWasNotHeardOfIsNotMadeTwice(t *testing.T) {
	s, address := newTrackingServer(t)
	o := tracked(t, t.TempDir(), address, "required", true)
	o.Environment.HTTP.Transport = &lostReply{RoundTripper: o.Environment.HTTP.Transport}
	if _, err := deploy.Publish(t.Context(), candidate(t), o); err != nil {
		t.Fatal(err)
	}
	if s.runs != 1 {
		t.Errorf("%d runs", s.runs)
	}
}

func TestATrackingServerThatFails(t *testing.T) {
	down := httptest.NewServer(nil)
	down.Close()
	always := func(status int, code string) func(http.ResponseWriter, string, int) bool {
		return func(w http.ResponseWriter, endpoint string, _ int) bool {
			if endpoint != "runs/log-batch" {
				return false
			}
			answer(w, status, map[string]any{"error_code": code, "message": "because"})
			return true
		}
	}
	for name, c := range map[string]struct {
		address string
		fault   func(http.ResponseWriter, string, int) bool
		uri     string
		want    string
		calls   int // of runs/log-batch
	}{
		"down":        {address: down.URL, want: "connect"},
		"broken":      {fault: always(http.StatusInternalServerError, "INTERNAL_ERROR"), want: "log parameters: the tracking server answers 500 Internal Server Error (INTERNAL_ERROR): because", calls: 3},
		"refusing":    {fault: always(http.StatusForbidden, "PERMISSION_DENIED"), want: "answers 403 Forbidden (PERMISSION_DENIED)", calls: 1},
		"no MLflow":   {fault: func(w http.ResponseWriter, _ string, _ int) bool { fmt.Fprint(w, "<html>"); return true }, want: "the tracking server's answer is not MLflow's"},
		"not a proxy": {uri: "s3://bucket/0/run-1/artifacts", want: `keeps files at "s3://bucket/0/run-1/artifacts" and not behind its artifact proxy`, calls: 2},
		"redirecting": {fault: func(w http.ResponseWriter, _ string, _ int) bool {
			w.Header().Set("Location", "http://169.254.169.254/latest")
			w.WriteHeader(http.StatusFound)
			return true
		}, want: "http://169.254.169.254/latest may not be contacted from here: another server"},
	} {
		t.Run(name, func(t *testing.T) {
			s, address := newTrackingServer(t)
			s.fault = c.fault
			if c.uri != "" {
				s.artifactURI = c.uri
			}
			if c.address != "" {
				address = c.address
			}
			parent := t.TempDir()
			_, err := deploy.Publish(t.Context(), candidate(t), tracked(t, parent, address, "required", true, "retries", 2))
			if err == nil || !strings.Contains(err.Error(), "deployment step mlflow: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("required: got %v, want %q", err, c.want)
			}
			wantNames(t, filepath.Join(parent, "models"))
			calls := 0
			for _, endpoint := range s.calls {
				if endpoint == "runs/log-batch" {
					calls++
				}
			}
			if calls != c.calls || c.calls > 0 && !slices.Equal(s.status, []string{"FAILED"}) {
				t.Errorf("%d calls, status %q", calls, s.status)
			}
			p, err := deploy.Publish(t.Context(), candidate(t), tracked(t, parent, address, "retries", 0))
			if err != nil || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], c.want) || p.Artifacts["mlflow"] != "" {
				t.Fatalf("not required: %+v, %v", p, err)
			}
			if _, err := deploy.Open(t.Context(), p.Dir); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestARunOfADeploymentThatWasNotPublishedIsMarked(t *testing.T) {
	s, address := newTrackingServer(t)
	o := tracked(t, t.TempDir(), address)
	asked := 0
	o.Permit = func(context.Context) error {
		if asked++; asked > 1 {
			return errors.New("the lease has run out")
		}
		return nil
	}
	if _, err := deploy.Publish(t.Context(), candidate(t), o); err == nil {
		t.Error("it was published")
	}
	if !slices.Equal(s.status, []string{"FINISHED", "FAILED"}) {
		t.Errorf("status %q", s.status)
	}
}

func TestACancelledRunIsNoWarning(t *testing.T) {
	s, address := newTrackingServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.fault = func(w http.ResponseWriter, endpoint string, _ int) bool {
		cancel()
		return false
	}
	if p, err := deploy.Publish(ctx, candidate(t), tracked(t, t.TempDir(), address)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestManyParametersAreSentInBatches(t *testing.T) {
	s, address := newTrackingServer(t)
	c := candidate(t)
	settings := config.Default()
	settings.Training.Params = map[string]any{"long": strings.Repeat("ü", 400)}
	for i := range 250 {
		settings.Training.Params[fmt.Sprintf("p%d", i)] = int64(i)
	}
	c.Config = string(settings.YAML())
	if _, err := deploy.Publish(t.Context(), c, tracked(t, t.TempDir(), address, "required", true, "log_files", false)); err != nil {
		t.Fatal(err)
	}
	if long := s.params["training.params.long"]; s.params["training.params.p249"] != "249" || len(long) > 500 || !strings.HasSuffix(long, "ü…") {
		t.Errorf("%d parameters, the long one has %d bytes", len(s.params), len(long))
	}
	if len(s.files) > 0 {
		t.Errorf("files %v", s.files)
	}
}
