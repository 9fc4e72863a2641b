package pipeline_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mlops/runner/deploy"
	"mlops/runner/observe/outbound"
	"mlops/runner/pipeline"
	"mlops/runner/profile"
	"mlops/runner/storage"
	"mlops/runner/table"
)

// watching is a configuration with every observability step.
const watching = `observability:
  steps:
    - metrics_logger
    - {type: predictions_logger, params: {rows: true, row_id: customer, proba: true}}
    - metric_threshold
    - drift
    - {type: performance, params: {row_id: customer, window: 1h}}
    - {type: prometheus, params: {textfile: figures.prom}}
    - {type: webhook, params: {url: 'https://hooks.example.org/a', retries: 1}}
`

// down is a network that is not there.
type down struct{ calls int }

func (d *down) RoundTrip(*http.Request) (*http.Response, error) {
	d.calls++
	return nil, errors.New("connection refused")
}

// withIDs adds the column customer to a file of customers, and leaves out its
// target.
func withIDs(t *testing.T, dir, from, to string, spoil func(i int, cells []string)) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, from))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	var b, labels strings.Builder
	labels.WriteString("customer,leaves\n")
	b.WriteString("customer,age,plan,spend,active\n")
	for i, line := range lines[1:] {
		cells := strings.Split(line, ",")
		fmt.Fprintf(&labels, "%05d,%s\n", i, cells[4])
		spoil(i, cells)
		fmt.Fprintf(&b, "%05d,%s\n", i, strings.Join(cells[:4], ","))
	}
	write(t, dir, to, b.String())
	write(t, dir, "labels.csv", labels.String())
}

func TestADeploymentIsWatchedFromProfileToAlert(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "train.csv", 1500)
	network := &down{}
	env.Sender = &outbound.Sender{Allowed: []string{"https://hooks.example.org/"}, Transport: network, Sleep: func(context.Context, time.Duration) error { return nil }}
	model := train(t, env, pipeline.TrainRequest{Data: "train.csv", Config: settings(t, watching)}).Deployment.Dir

	// The training profile is a part of the bundle, with its checksum.
	data, err := os.ReadFile(filepath.Join(model, deploy.ProfileFile))
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var columns []string
	for _, c := range p.Columns {
		columns = append(columns, c.Name+" "+c.Kind.String())
	}
	if want := []string{"age int64", "plan string", "spend float64", "active bool", "leaves string"}; p.Rows != 1500 || !slices.Equal(columns, want) || p.Predictions == nil {
		t.Errorf("the profile has %d rows of %q, predictions %v", p.Rows, columns, p.Predictions)
	}

	withIDs(t, dir, "train.csv", "new.csv", func(i int, cells []string) {
		if cells[2] = "99"; i%3 > 0 { // spend has another distribution
			cells[2] = "1"
		}
	})
	predicted, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "new.csv", Model: model, Output: "p.csv"}, env)
	if err != nil || len(predicted.Warnings) != 0 {
		t.Fatalf("%v, warnings %q", err, predicted.Warnings)
	}
	observed, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model, Labels: "labels.csv", HTML: true, Export: "log.parquet"}, env)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, c := range observed.Checks {
		if !c.OK && c.Source == "drift" {
			failed = append(failed, c.Metric)
		}
	}
	if !observed.Alert || !slices.Contains(failed, "drift.spend.psi") || slices.Contains(failed, "drift.age.psi") {
		t.Errorf("failed %q", failed)
	}
	if got := observed.Performance; got == nil || got.Labelled != 1500 || observed.Status.MetricHistory.Records != 2 {
		t.Errorf("performance %+v", got)
	}
	if !strings.Contains(observed.HTML, "</html>") || !strings.Contains(observed.Report, "Drift\n-----") {
		t.Errorf("the report is\n%s", observed.Report)
	}
	if notes := fmt.Sprint(observed.Notes); !strings.Contains(notes, "https://hooks.example.org was tried 2 times: connection refused") || network.calls != 2 {
		t.Errorf("notes %s after %d calls", notes, network.calls)
	}
	if _, err := os.Stat(filepath.Join(dir, "figures.prom")); err != nil {
		t.Error(err)
	}
	exported, err := table.ReadFile(t.Context(), filepath.Join(dir, "log.parquet"), table.ReadOptions{})
	if err != nil || exported.NumRows() != 1500 || observed.ExportedRows != 1500 || exported.Column("row_id").Text(7) != "00007" || !exported.Has("probability_yes") {
		t.Errorf("exported %v, %v", exported, err)
	}
	if _, err := json.Marshal(observed); err != nil {
		t.Error(err)
	}
}

func TestPredictionsAreDeliveredWithoutARowsIdentifier(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "train.csv", 300)
	model := train(t, env, pipeline.TrainRequest{Data: "train.csv", Config: settings(t, watching)}).Deployment.Dir
	r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "train.csv", Model: model, Output: "p.csv"}, env)
	if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], `no column "customer"`) {
		t.Errorf("got %+v, %v", r, err)
	}
	status, err := pipeline.Status(t.Context(), pipeline.StatusRequest{Model: model}, env)
	if err != nil || status.Predictions.Rows != 300 {
		t.Errorf("recorded %+v, %v", status, err)
	}
}

func TestPredictionsAreDeliveredWhenTheLogsDiskIsFull(t *testing.T) {
	dir, env := environment(t)
	disk := tinyDisk(t, "64k")
	env.Storage = storage.New(storage.Options{Base: dir})
	customers(t, dir, "train.csv", 400)
	model := train(t, env, pipeline.TrainRequest{Data: "train.csv", Config: settings(t, watching)}).Deployment.Dir
	predict := func(task string) *pipeline.PredictResult {
		t.Helper()
		env.TaskID = task
		r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "train.csv", Model: model, Output: "p.csv", Config: settings(t, `observability: {steps: [predictions_logger, drift, {type: predictions_logger, params: {rows: true}}]}`)}, env)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	// The logs move to the small disk.
	logs := filepath.Join(model, deploy.LogsDir)
	if err := os.CopyFS(filepath.Join(disk, "logs"), os.DirFS(logs)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(logs), os.Symlink(filepath.Join(disk, "logs"), logs)); err != nil {
		t.Fatal(err)
	}
	if r := predict("w/0"); len(r.Warnings) != 0 {
		t.Fatalf("with room: %q", r.Warnings)
	}
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o666); err == nil {
		t.Fatal("the disk is not full")
	}
	r := predict("w/1")
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "the predictions are complete, but the call could not be recorded") || !strings.Contains(r.Warnings[0], "no space left on device") {
		t.Errorf("warnings %q", r.Warnings)
	}
	written, err := table.ReadFile(t.Context(), filepath.Join(dir, "p.csv"), table.ReadOptions{})
	if err != nil || written.NumRows() != 400 {
		t.Errorf("delivered %v, %v", written, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if r := predict("w/2"); len(r.Warnings) != 0 {
		t.Errorf("with room again: %q", r.Warnings)
	}
	status, err := pipeline.Status(t.Context(), pipeline.StatusRequest{Model: model}, env)
	if err != nil || status.Predictions.Calls < 2 {
		t.Errorf("recorded %+v, %v", status.Predictions, err)
	}
}

func TestAWorkerSendsNowhereUnlessItIsAllowedTo(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "train.csv", 300)
	c := settings(t, "observability: {steps: [{type: metric_threshold, params: {metric_thresholds: {accuracy: 1.1}}}, {type: webhook, params: {url: 'https://127.0.0.1:1/x'}}]}")
	model := train(t, env, pipeline.TrainRequest{Data: "train.csv", Config: c}).Deployment.Dir
	r, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model}, env)
	if err != nil || !strings.Contains(fmt.Sprint(r.Notes), "https://127.0.0.1:1 is not allowed here; the operator allows it with --allow-url https://127.0.0.1:1/") {
		t.Errorf("notes %q, %v", r.Notes, err)
	}
}

func TestADeploymentWithoutAProfileIsWatchedAsFarAsItCan(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "train.csv", 300)
	trained := train(t, env, pipeline.TrainRequest{Data: "train.csv", Config: settings(t, watching)})
	// As deployments of earlier versions are: the profile is neither there nor listed.
	model := filepath.Join(dir, "older")
	if err := os.CopyFS(model, os.DirFS(trained.Deployment.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(model, deploy.ProfileFile)); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(filepath.Join(model, deploy.ChecksumsFile))
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for line := range strings.Lines(string(list)) {
		if !strings.HasPrefix(line, "#") && !strings.HasSuffix(line, "  "+deploy.ProfileFile+"\n") {
			kept.WriteString(line)
		}
	}
	write(t, model, deploy.ChecksumsFile, fmt.Sprintf("%s# sha256 of the lines above: %x\n", kept.String(), sha256.Sum256([]byte(kept.String()))))
	r, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model}, env)
	if err != nil || r.Drift != nil || !strings.Contains(fmt.Sprint(r.Notes), "no profile of its training data") {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestAChangedProfileIsNotUsed(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}).Deployment.Dir
	if err := os.WriteFile(filepath.Join(model, deploy.ProfileFile), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model}, env)
	wantError(t, err, "observe", pipeline.BadData, "profile.json does not match its checksum")
}

func TestWhatCannotBeExportedIsTold(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}).Deployment.Dir
	_, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model, Export: "log.xlsx"}, env)
	wantError(t, err, "config", pipeline.BadConfig, "log.xlsx", ".parquet")
	_, err = pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model, ExportArtifactFormat: "csv"}, env)
	wantError(t, err, "config", pipeline.BadConfig, "there is no artifact service here")
	_, err = pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model, Export: "log.csv"}, env)
	wantError(t, err, "write", pipeline.BadConfig, "nothing is recorded")

	env.Artifacts = &shelf{dir: t.TempDir()}
	if _, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model}, env); err != nil {
		t.Fatal(err)
	}
	r, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model, ExportArtifactFormat: "csv"}, env)
	if err != nil || !strings.HasPrefix(r.Exported, "artifact://") || !strings.HasSuffix(r.Exported, "/predictions_log.csv") || r.ExportedRows != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
}
