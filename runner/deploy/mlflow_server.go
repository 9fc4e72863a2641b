package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// mlflowServer speaks the REST API of an MLflow tracking server, version 2.0:
// https://mlflow.org/docs/latest/api_reference/rest-api.html.
type mlflowServer struct {
	base    *url.URL
	client  *http.Client
	tries   int
	timeout time.Duration // of one request
	pauses  func() backoff.BackOff
	// authorization is the header of the name; "" for a server that asks for none.
	authorization string
}

type (
	mlflowEntry struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	mlflowMetric struct {
		Key       string  `json:"key"`
		Value     float64 `json:"value"`
		Timestamp int64   `json:"timestamp"` // milliseconds
		Step      int64   `json:"step"`
	}
	mlflowBatch struct {
		RunID   string         `json:"run_id"`
		Metrics []mlflowMetric `json:"metrics,omitempty"`
		Params  []mlflowEntry  `json:"params,omitempty"`
	}
	mlflowRun struct {
		Experiment, Name string
		Start            int64 // milliseconds
		Tags             []mlflowEntry
		Key              string // finds the run when the answer to its creation is lost
	}
	mlflowRunInfo struct {
		ID          string `json:"run_id"`
		ArtifactURI string `json:"artifact_uri"`
	}
	mlflowRunReply struct {
		Info mlflowRunInfo `json:"info"`
	}
)

// mlflowError is an answer that is no success.
type mlflowError struct {
	Status  int
	Code    string `json:"error_code"`
	Message string `json:"message"`
}

func (e *mlflowError) Error() string {
	text := fmt.Sprintf("the tracking server answers %d %s", e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

const (
	mlflowAPI       = "/api/2.0/mlflow/"
	mlflowArtifacts = "/api/2.0/mlflow-artifacts/artifacts/"
	mlflowRunKey    = "mlops.run_key"
	maxReplyBytes   = 1 << 20
)

// experiment returns the id of an experiment, which is made where it is missing.
func (s *mlflowServer) experiment(ctx context.Context, name string) (string, error) {
	var found struct {
		Experiment struct {
			ID string `json:"experiment_id"`
		} `json:"experiment"`
	}
	var made struct {
		ID string `json:"experiment_id"`
	}
	look := func() error {
		return s.call(ctx, http.MethodGet, "experiments/get-by-name?experiment_name="+url.QueryEscape(name), nil, &found)
	}
	var answer *mlflowError
	err := look()
	if errors.As(err, &answer) && answer.Code == "RESOURCE_DOES_NOT_EXIST" {
		err = s.call(ctx, http.MethodPost, "experiments/create", map[string]string{"name": name}, &made)
		if errors.As(err, &answer) && answer.Code == "RESOURCE_ALREADY_EXISTS" { // another run was quicker
			err = look()
		}
	}
	id := found.Experiment.ID + made.ID // one of the two
	if err == nil && id == "" {
		err = errors.New("the tracking server names no experiment_id")
	}
	return id, err
}

// createRun creates a run. Before it tries again it looks whether the try before
// succeeded, though its answer was lost.
func (s *mlflowServer) createRun(ctx context.Context, r mlflowRun) (mlflowRunInfo, error) {
	var created struct {
		Run mlflowRunReply `json:"run"`
	}
	var found struct {
		Runs []mlflowRunReply `json:"runs"`
	}
	err := s.retry(ctx, func(try int) error {
		if try > 1 {
			err := s.once(ctx, http.MethodPost, mlflowAPI+"runs/search", jsonBody(map[string]any{
				"experiment_ids": []string{r.Experiment}, "max_results": 1, "filter": "tags.`" + mlflowRunKey + "` = '" + r.Key + "'",
			}), &found)
			if err != nil || len(found.Runs) > 0 {
				return err
			}
		}
		return s.once(ctx, http.MethodPost, mlflowAPI+"runs/create", jsonBody(map[string]any{
			"experiment_id": r.Experiment, "run_name": r.Name, "start_time": r.Start,
			"tags": append(r.Tags, mlflowEntry{Key: mlflowRunKey, Value: r.Key}),
		}), &created)
	})
	info := created.Run.Info
	if len(found.Runs) > 0 {
		info = found.Runs[0].Info
	}
	if err == nil && info.ID == "" {
		err = errors.New("the tracking server names no run_id")
	}
	return info, err
}

func (s *mlflowServer) logBatch(ctx context.Context, b mlflowBatch) error {
	return s.call(ctx, http.MethodPost, "runs/log-batch", b, nil)
}

func (s *mlflowServer) endRun(ctx context.Context, id, status string, end int64) error {
	return s.call(ctx, http.MethodPost, "runs/update", map[string]any{"run_id": id, "status": status, "end_time": end}, nil)
}

// putFile sends a file through the server's artifact proxy.
func (s *mlflowServer) putFile(ctx context.Context, run mlflowRunInfo, name, file string, size int64) error {
	root, err := s.proxied(run.ArtifactURI)
	if err != nil {
		return err
	}
	segments := strings.Split(path.Join(root, name), "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return s.retry(ctx, func(int) error {
		return s.once(ctx, http.MethodPut, mlflowArtifacts+strings.Join(segments, "/"), func() (io.ReadCloser, int64, string, error) {
			if size == 0 {
				return http.NoBody, 0, "", nil // else a length of 0 means one that is not known
			}
			f, err := os.Open(file)
			return f, size, "application/octet-stream", err
		}, nil)
	})
}

// proxied returns the path of a run's artifacts behind the proxy.
func (s *mlflowServer) proxied(artifactURI string) (string, error) {
	u, err := url.Parse(artifactURI)
	if err != nil || u.Scheme != "mlflow-artifacts" {
		return "", fmt.Errorf("the tracking server keeps files at %q and not behind its artifact proxy; start it with --serve-artifacts, or set log_files: false", artifactURI)
	}
	if u.Host != "" && u.Host != s.base.Host {
		return "", fmt.Errorf("the tracking server keeps files on another host, %s; set log_files: false", u.Host)
	}
	root := strings.Trim(path.Clean("/"+u.Path), "/")
	if root == "" {
		return "", fmt.Errorf("the tracking server names no place for files in %q", artifactURI)
	}
	return root, nil
}

// call sends a request with a JSON body and reads a JSON answer, with retries.
func (s *mlflowServer) call(ctx context.Context, method, endpoint string, body, reply any) error {
	return s.retry(ctx, func(int) error { return s.once(ctx, method, mlflowAPI+endpoint, jsonBody(body), reply) })
}

// retry tries as often as may be while the failures may pass. Tries count from 1.
func (s *mlflowServer) retry(ctx context.Context, try func(n int) error) error {
	pauses := s.pauses()
	for n := 1; ; n++ {
		err := try(n)
		if err == nil || n == s.tries || !mayPass(err) || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(max(pauses.NextBackOff(), 0))
		select {
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(context.Cause(ctx), err)
		case <-timer.C:
		}
	}
}

// mayPass tells a busy or broken server, or network, from a request that never
// will succeed.
func mayPass(err error) bool {
	var answer *mlflowError
	if errors.As(err, &answer) {
		return answer.Status >= 500 || answer.Status == http.StatusTooManyRequests || answer.Status == http.StatusRequestTimeout
	}
	var forbidden *ForbiddenURLError
	var transport *url.Error
	return errors.As(err, &transport) && !errors.As(err, &forbidden)
}

// requestBody opens a body for one try, with its length and type.
type requestBody func() (body io.ReadCloser, size int64, contentType string, err error)

func jsonBody(v any) requestBody {
	return func() (io.ReadCloser, int64, string, error) {
		if v == nil {
			return http.NoBody, 0, "", nil
		}
		data, err := json.Marshal(v)
		return io.NopCloser(bytes.NewReader(data)), int64(len(data)), "application/json", err
	}
}

// once sends one request.
func (s *mlflowServer) once(ctx context.Context, method, endpoint string, open requestBody, reply any) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body, size, contentType, err := open()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base.String()+endpoint, body)
	if err != nil {
		return errors.Join(err, body.Close())
	}
	request.ContentLength = size
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if s.authorization != "" {
		request.Header.Set("Authorization", s.authorization) // which no redirect to another host gets
	}
	response, err := s.client.Do(request) // closes the body
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxReplyBytes))
	if err != nil {
		return &url.Error{Op: method, URL: request.URL.String(), Err: err}
	}
	if response.StatusCode/100 != 2 {
		failed := &mlflowError{}
		_ = json.Unmarshal(data, failed) // a proxy's answer may be anything
		failed.Status = response.StatusCode
		failed.Message = cut(failed.Message, mlflowMaxValue)
		return failed
	}
	if reply == nil {
		return nil
	}
	if err := json.Unmarshal(data, reply); err != nil {
		return fmt.Errorf("the tracking server's answer is not MLflow's: %w", err)
	}
	return nil
}
