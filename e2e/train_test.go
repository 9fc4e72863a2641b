package e2e_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"mlops/e2e/harness"
	"mlops/needs"
	"mlops/runner/table"
)

// lightgbmAUC is what LightGBM 4.7 itself reaches on higgs_small with 100
// trees, 31 leaves and rate 0.1, trained on the 7,000 rows and scored on the
// 500 (tools/reference/gbdt.py).
const lightgbmAUC = 0.8321

func TestRealDataThroughMasterAndTwoWorkers(t *testing.T) {
	shared := needs.RealData(t)
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	fleet.StartWorker("--slots", "1")
	fleet.StartWorker("--slots", "1")
	fleet.AwaitWorkers(client, 2)
	work := t.TempDir()
	config := filepath.Join(work, "higgs.yaml")
	writeFile(t, config, `
training:
  backend: lightgbm
  cv_folds: 0
  test_size: 0.0
  params: {num_iterations: 100, num_leaves: 31, learning_rate: 0.1}
`)
	train := filepath.Join(shared, "tabular", "higgs_small_train.csv")
	test := filepath.Join(shared, "tabular", "higgs_small_test.csv")
	trained := decode(t, mustSucceed(t, fleet.CLI(work, "train", train, "--target", "label", "--config", config, "-o", "json")))
	if trained.Result.Rows != 7000 || trained.Result.Columns != 29 || trained.Result.ProblemType != "binary_classification" {
		t.Errorf("trained on %d rows × %d columns as %s", trained.Result.Rows, trained.Result.Columns, trained.Result.ProblemType)
	}
	model := trained.Result.Deployment.Dir
	scores := filepath.Join(work, "scores.csv")
	predicted := decode(t, mustSucceed(t, fleet.CLI(work, "predict", test, model, "--proba", "--output", scores, "-o", "json")))
	if predicted.Result.Count != 500 {
		t.Errorf("%d predictions, want 500", predicted.Result.Count)
	}
	if got := auc(t, test, scores); got < lightgbmAUC-0.01 {
		t.Errorf("AUC %.4f, LightGBM reaches %.4f", got, lightgbmAUC)
	}
	status := mustSucceed(t, fleet.CLI(work, "status", model))
	if !strings.Contains(status.Stdout, "lightgbm") || !strings.Contains(status.Stdout, "500") {
		t.Errorf("status does not tell the model and the rows scored:\n%s", status.Stdout)
	}
	observed := mustSucceed(t, fleet.CLI(work, "observe", model))
	if strings.TrimSpace(observed.Stdout) == "" {
		t.Error("observe printed no report")
	}
}

// auc is the area under the ROC curve of the probability of class 1 in the
// scores file against the labels of the data file.
func auc(t *testing.T, data, scores string) float64 {
	t.Helper()
	labels := columnOf(t, data, "label")
	proba := columnOf(t, scores, "probability_1")
	order := make([]int, len(proba))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return proba[order[a]] < proba[order[b]] })
	var rankSum, positives float64
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && proba[order[j]] == proba[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			if labels[k] == 1 {
				rankSum += float64(i+j+1) / 2
				positives++
			}
		}
		i = j
	}
	negatives := float64(len(order)) - positives
	area := (rankSum - positives*(positives+1)/2) / (positives * negatives)
	if math.IsNaN(area) {
		t.Fatal("the scores have one class only")
	}
	return area
}

func columnOf(t *testing.T, path, name string) []float64 {
	t.Helper()
	tbl, err := table.ReadFile(t.Context(), path, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	column := tbl.Column(name)
	if column == nil {
		t.Fatalf("%s has no column %q; it has %q", path, name, tbl.Names())
	}
	values, err := column.AsFloats()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestJSONContractOfTrain(t *testing.T) {
	work := t.TempDir()
	r := mustSucceed(t, embedded(t, work, filepath.Join(work, "state"), "train", exampleCSV(t, work), "--target", "churned", "-o", "json"))
	var raw struct {
		Result map[string]json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal([]byte(r.Stdout), &raw); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"model_name", "problem_type", "metrics", "deployment", "timings", "rows", "columns", "peak_rss_bytes", "data_fingerprint", "config_hash"} {
		if _, ok := raw.Result[key]; !ok {
			t.Errorf("result lacks %q", key)
		}
	}
	d := decode(t, r)
	if d.WorkflowID == "" || d.State != "SUCCEEDED" {
		t.Errorf("workflow_id %q, state %q", d.WorkflowID, d.State)
	}
	if d.Result.ModelName != "random_forest_classifier" || d.Result.Rows != 2000 || d.Result.Columns != 10 {
		t.Errorf("%s on %d × %d", d.Result.ModelName, d.Result.Rows, d.Result.Columns)
	}
	for _, name := range []string{"accuracy", "f1_score", "cv_mean", "cv_std"} {
		if v, ok := d.Result.Metrics[name]; !ok || v < 0 || v > 1 {
			t.Errorf("metric %s is %v", name, v)
		}
	}
	if d.Result.PeakRSSBytes <= 0 || d.Result.Timings["total"] <= 0 {
		t.Errorf("peak_rss_bytes %d, timings %v", d.Result.PeakRSSBytes, d.Result.Timings)
	}
	if _, err := os.Stat(filepath.Join(d.Result.Deployment.Dir, "model.txt")); err != nil {
		t.Error(err)
	}
}

func TestSameTableInEveryFormatGivesTheSameModel(t *testing.T) {
	work := t.TempDir()
	csv := exampleCSV(t, work)
	tbl, err := table.ReadFile(t.Context(), csv, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for _, name := range []string{"churn.csv", "churn.tsv", "churn.json", "churn.jsonl", "churn.parquet"} {
		path := filepath.Join(work, name)
		if name != "churn.csv" {
			if err := table.WriteFile(path, tbl, table.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		d := decode(t, mustSucceed(t, embedded(t, work, filepath.Join(work, "state"), "train", path, "--target", "churned", "-o", "json")))
		model, err := os.ReadFile(filepath.Join(d.Result.Deployment.Dir, "model.txt"))
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = model
		} else if string(model) != string(want) {
			t.Errorf("%s gives another model than churn.csv", name)
		}
	}
}

func TestTwoCommandLinesAtOnceWithoutAMaster(t *testing.T) {
	work := t.TempDir()
	csv := exampleCSV(t, work)
	state := filepath.Join(work, "state")
	results := make([]harness.Result, 3)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			results[i] = embedded(t, work, state, "train", csv, "--target", "churned", "-o", "json")
		})
	}
	all.Wait()
	dirs := make(map[string]bool)
	for _, r := range results {
		dirs[decode(t, mustSucceed(t, r)).Result.Deployment.Dir] = true
	}
	if len(dirs) != len(results) {
		t.Errorf("%d command lines made deployments %v", len(results), dirs)
	}
	listed := mustSucceed(t, embedded(t, work, state, "list", "-o", "name"))
	if got := len(strings.Fields(listed.Stdout)); got != len(results) {
		t.Errorf("list names %d workflows, want %d:\n%s", got, len(results), listed.Stdout)
	}
}
