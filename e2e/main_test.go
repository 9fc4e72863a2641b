package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"

	"mlops/e2e/harness"
)

var bin *harness.Binaries

func TestMain(m *testing.M) {
	var err error
	bin, err = harness.Build(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := bin.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// exampleCSV copies the example table into dir and returns its path.
func exampleCSV(t *testing.T, dir string) string {
	t.Helper()
	root, err := harness.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "examples", "churn.csv"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "churn.csv")
	writeFile(t, path, string(text))
	return path
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// document is what `mlops-cli … -o json` prints.
type document struct {
	WorkflowID string `json:"workflow_id"`
	State      string `json:"state"`
	Result     struct {
		ModelName   string             `json:"model_name"`
		ProblemType string             `json:"problem_type"`
		Metrics     map[string]float64 `json:"metrics"`
		Deployment  struct {
			Dir string `json:"dir"`
		} `json:"deployment"`
		Timings         map[string]float64 `json:"timings"`
		Rows            int64              `json:"rows"`
		Columns         int64              `json:"columns"`
		PeakRSSBytes    int64              `json:"peak_rss_bytes"`
		DataFingerprint string             `json:"data_fingerprint"`
		ConfigHash      string             `json:"config_hash"`
		Count           int64              `json:"count"`
		Head            []string           `json:"head"`
	} `json:"result"`
	Error struct {
		Message string `json:"message"`
		Reason  string `json:"reason"`
		Stage   string `json:"stage"`
	} `json:"error"`
}

// decode reads the one document on a command's standard output.
func decode(t *testing.T, r harness.Result) document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(r.Stdout), &d); err != nil {
		t.Fatalf("standard output is not one JSON document: %v\n%s\nstandard error:\n%s", err, r.Stdout, r.Stderr)
	}
	return d
}

// mustSucceed fails the test unless the command ended with code 0.
func mustSucceed(t *testing.T, r harness.Result) harness.Result {
	t.Helper()
	if r.Code != 0 {
		t.Fatalf("exit code %d\nstdout:\n%s\nstderr:\n%s", r.Code, r.Stdout, r.Stderr)
	}
	return r
}

// embedded runs mlops-cli without a master, with its own state directory.
func embedded(t *testing.T, dir, state string, args ...string) harness.Result {
	t.Helper()
	return harness.Run(t, dir, bin.Path("mlops-cli"), args, []string{"MLOPS_STATE=" + state, "NO_COLOR=1"})
}

func bounded(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func isFinal(s mlopsv1.WorkflowState) bool {
	return s >= mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED
}

// await polls a workflow until it is final.
func await(t *testing.T, client mlopsv1.ClientServiceClient, id string, within time.Duration) *mlopsv1.GetWorkflowResponse {
	t.Helper()
	var last *mlopsv1.GetWorkflowResponse
	harness.Eventually(t, within, "workflow "+id+" is final", func() bool {
		response, err := client.GetWorkflow(bounded(t, 2*time.Second), &mlopsv1.GetWorkflowRequest{WorkflowId: id})
		if err != nil {
			return false
		}
		last = response
		return isFinal(response.Workflow.State)
	})
	return last
}

// awaitTask polls a workflow's first task until it passes.
func awaitTask(t *testing.T, client mlopsv1.ClientServiceClient, id, what string, pass func(*mlopsv1.Task) bool) *mlopsv1.Task {
	t.Helper()
	var task *mlopsv1.Task
	harness.Eventually(t, 30*time.Second, what, func() bool {
		response, err := client.GetWorkflow(bounded(t, 2*time.Second), &mlopsv1.GetWorkflowRequest{WorkflowId: id})
		if err != nil || len(response.Tasks) == 0 {
			return false
		}
		task = response.Tasks[0]
		return pass(task)
	})
	return task
}

func running(task *mlopsv1.Task) bool { return task.State == mlopsv1.TaskState_TASK_STATE_RUNNING }

func submit(t *testing.T, client mlopsv1.ClientServiceClient, spec *mlopsv1.TaskSpec) string {
	t.Helper()
	response, err := client.SubmitWorkflow(bounded(t, 5*time.Second), &mlopsv1.SubmitWorkflowRequest{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	return response.Workflow.WorkflowId
}

func deployments(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// longTraining is a spec that trains for several seconds on the example table.
func longTraining(data, outputDir string) *mlopsv1.TaskSpec {
	return &mlopsv1.TaskSpec{
		Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{
			Data:   data,
			Target: "churned",
			ConfigYaml: strings.Join([]string{
				"training: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 4000, num_leaves: 31, learning_rate: 0.01, min_data_in_leaf: 1}}",
				"deployment: {output_dir: " + outputDir + "}",
			}, "\n"),
		}}},
	}
}

func probe(op *mlopsv1.ProbeOperation) *mlopsv1.TaskSpec {
	return &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: op}}}
}
