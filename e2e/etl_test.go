package e2e_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mlops/e2e/harness"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/table"
)

// runDocument is what `mlops-cli run SECTION -o json` prints.
type runDocument struct {
	WorkflowID string `json:"workflow_id"`
	State      string `json:"state"`
	Result     struct {
		Done     int64 `json:"done"`
		Skipped  int64 `json:"skipped"`
		Failed   int64 `json:"failed"`
		Planned  int64 `json:"planned"`
		Rows     int64 `json:"rows"`
		Shards   int64 `json:"shards"`
		Outcomes []struct {
			Item   string `json:"item"`
			Status string `json:"status"`
			Reason string `json:"reason"`
		} `json:"outcomes"`
		Gathered struct {
			Status string `json:"status"`
		} `json:"gathered"`
		Timings      map[string]float64 `json:"timings"`
		PeakRSSBytes int64              `json:"peak_rss_bytes"`
	} `json:"result"`
}

func decodeRun(t *testing.T, r harness.Result) runDocument {
	t.Helper()
	var d runDocument
	if err := json.Unmarshal([]byte(mustSucceed(t, r).Stdout), &d); err != nil {
		t.Fatalf("%v\n%s", err, r.Stdout)
	}
	return d
}

// plant writes cases of a plant: times, pressure, flow and a leak.
func plant(t *testing.T, dir string, cases, rows int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range cases {
		writePlantCase(t, filepath.Join(dir, fmt.Sprintf("Case%04d.parquet", i)), uint64(i), rows)
	}
}

func writePlantCase(t *testing.T, path string, seed uint64, rows int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	times, leak := make([]float64, rows), make([]float64, rows)
	columns := []*table.Column{table.NewFloat64("TIME", times, nil)}
	for _, name := range []string{"PT_in", "PT_out", "GT_in", "GT_out", "TM_in", "TM_out", "SPEED", "GTLEAK"} {
		cells := make([]float64, rows)
		for i := range cells {
			cells[i] = 50 + random.NormFloat64()
		}
		columns = append(columns, table.NewFloat64(name, cells, nil))
	}
	for i := range rows {
		times[i] = 0.5 * float64(i)
		if times[i] >= 60 && times[i] < 60+10*float64(seed%100+1) {
			leak[i] = 1
		}
	}
	c, err := table.New(append(columns, table.NewFloat64("LEAK", leak, nil))...)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.WriteFile(path, c, table.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// windowsProject is a project whose windows go to a folder of their own.
func windowsProject(t *testing.T, cases, output string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "pipelines_config.yml"), fmt.Sprintf(`windows_pipeline:
  source_folder: %s
  output_folder: %s
  window_size: 40
  step_size: 2
  shard_size: 2
`, cases, output))
	return dir
}

// made returns what a run made, by path, without what is hidden: its notes.
func made(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".manifests":
			return fs.SkipDir
		case d.IsDir() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// halfWritten are the temporary files of killed workers.
func halfWritten(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".writing-") {
			left = append(left, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// age makes them older.
func age(t *testing.T, dir string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	for _, path := range halfWritten(t, dir) {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
}

func sameFiles(t *testing.T, want, got map[string]string) {
	t.Helper()
	if a, b := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(a, b) {
		t.Errorf("there are %q, want %q", b, a)
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s has %d other bytes, want %d", name, len(got[name]), len(text))
		}
	}
}

// disturb kills one of two workers, and starts another, each time that so many of a
// workflow's tasks are done and one runs, and waits for the workflow to succeed.
func disturb(t *testing.T, fleet *harness.Fleet, client mlopsv1.ClientServiceClient, id string, workers []*harness.Process, after ...int) *mlopsv1.GetWorkflowResponse {
	t.Helper()
	get := func() *mlopsv1.GetWorkflowResponse {
		var got *mlopsv1.GetWorkflowResponse
		harness.Eventually(t, 10*time.Second, "the master answers", func() (ok bool) {
			var err error
			got, err = client.GetWorkflow(bounded(t, 2*time.Second), &mlopsv1.GetWorkflowRequest{WorkflowId: id})
			return err == nil
		})
		return got
	}
	killed := 0
	for i, done := range after {
		harness.Eventually(t, 60*time.Second, fmt.Sprintf("%d tasks are done and one runs", done), func() bool {
			succeeded, runs := 0, 0
			for _, task := range get().Tasks {
				switch task.State {
				case mlopsv1.TaskState_TASK_STATE_SUCCEEDED:
					succeeded++
				case mlopsv1.TaskState_TASK_STATE_RUNNING:
					runs++
				}
			}
			return succeeded >= done && runs > 0 || isFinal(get().Workflow.State)
		})
		if isFinal(get().Workflow.State) {
			break
		}
		workers[i%2].Kill()
		workers[i%2] = fleet.StartWorker("--slots", "2")
		killed++
	}
	final := await(t, client, id, 90*time.Second)
	if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Fatalf("ended %v: %v", final.Workflow.State, final.Workflow.Failure)
	}
	losses := uint32(0)
	for _, task := range final.Tasks {
		losses += task.Losses
	}
	t.Logf("%d workers were killed, %d attempts lost", killed, losses)
	if killed < 3 || losses == 0 {
		t.Errorf("%d workers were killed and %d attempts lost: the run was hardly disturbed", killed, losses)
	}
	return final
}

// TestFaultWorkersKilledDuringAFanOut spreads the windows of 100 cases over
// workers that are killed while they work: the outputs are the bytes of a run
// that nobody disturbed, in one process. Run again, nothing is done, and no data
// read; after a change exactly what depends on it.
func TestFaultWorkersKilledDuringAFanOut(t *testing.T) {
	root := t.TempDir()
	cases := filepath.Join(root, "cases")
	plant(t, cases, 100, 3200)
	calm, disturbed := filepath.Join(root, "calm"), filepath.Join(root, "disturbed")
	alone := decodeRun(t, embedded(t, windowsProject(t, cases, calm), filepath.Join(root, "state"), "run", "windows_pipeline", "-o", "json"))
	if alone.Result.Done != 100 || alone.Result.Rows != 100*1581 || alone.Result.Shards != 0 {
		t.Fatalf("without a master: %+v", alone.Result)
	}

	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	workers := []*harness.Process{fleet.StartWorker("--slots", "2"), fleet.StartWorker("--slots", "2")}
	fleet.AwaitWorkers(client, 2)
	project := windowsProject(t, cases, disturbed)
	id := strings.TrimSpace(mustSucceed(t, fleet.CLI(project, "run", "windows_pipeline", "--detach")).Stdout)
	final := disturb(t, fleet, client, id, workers, 3, 12, 20, 30, 40)
	run := final.Workflow.GetResult().GetRun()
	if run.Done != 100 || run.Rows != 100*1581 || run.Shards != 50 {
		t.Errorf("%d items done with %d rows in %d tasks", run.Done, run.Rows, run.Shards)
	}
	sameFiles(t, made(t, calm), made(t, disturbed))

	// What killed workers left half-written is hidden, and goes when it is old.
	age(t, disturbed)
	again := decodeRun(t, fleet.CLI(project, "run", "windows_pipeline", "-o", "json"))
	if again.Result.Skipped != 100 || again.Result.Gathered.Status != "skipped" || again.Result.Timings["total"] >= 1 {
		t.Errorf("run again: %d skipped, gathered %s, in %v", again.Result.Skipped, again.Result.Gathered.Status, again.Result.Timings)
	}
	if left := halfWritten(t, disturbed); len(left) > 0 {
		t.Errorf("there are still %q", left)
	}
	writePlantCase(t, filepath.Join(cases, "Case0041.parquet"), 4100, 3200)
	one := decodeRun(t, fleet.CLI(project, "run", "windows_pipeline", "-o", "json"))
	if one.Result.Done != 1 || one.Result.Skipped != 99 || one.Result.Gathered.Status != "done" {
		t.Errorf("after a change of one case: %d done, %d skipped", one.Result.Done, one.Result.Skipped)
	}
	for _, o := range one.Result.Outcomes {
		if o.Status == "done" && (o.Item != "Case0041" || o.Reason != "input changed: Case0041.parquet") {
			t.Errorf("%s was done: %s", o.Item, o.Reason)
		}
	}
	key := decodeRun(t, fleet.CLI(project, "run", "windows_pipeline", "-o", "json", "--set", "step_size=4", "--dry-run"))
	if key.Result.Planned != 100 || key.Result.Outcomes[0].Reason != "config changed: step_size 2 → 4" {
		t.Errorf("after a change of one key: %d would be done: %+v", key.Result.Planned, key.Result.Outcomes[:1])
	}
}

// TestFaultWorkersKilledWhileFeaturesAreMade spreads the features of 100 cases over
// workers that are killed: the data set, the baselines and what is told of them are
// those of a run that nobody disturbed, in one process.
func TestFaultWorkersKilledWhileFeaturesAreMade(t *testing.T) {
	root := t.TempDir()
	cases := filepath.Join(root, "cases")
	plant(t, cases, 100, 1600)
	project := func(output string) string {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "pipelines_config.yml"), fmt.Sprintf(`
windows_pipeline: {source_folder: %s, output_folder: %s, window_size: 40, step_size: 4}
features_pipeline: {source_folder: %s, output_folder: %s, shard_size: 2}
`, cases, filepath.Join(root, "windows"), filepath.Join(root, "windows"), output))
		return dir
	}
	calm, disturbed := filepath.Join(root, "calm"), filepath.Join(root, "disturbed")
	state := filepath.Join(root, "state")
	decodeRun(t, embedded(t, project(calm), state, "run", "windows_pipeline", "-o", "json"))
	alone := decodeRun(t, embedded(t, project(calm), state, "run", "features_pipeline", "-o", "json"))
	if alone.Result.Done != 100 || alone.Result.Rows != 100*391 {
		t.Fatalf("without a master: %+v", alone.Result)
	}
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	workers := []*harness.Process{fleet.StartWorker("--slots", "2"), fleet.StartWorker("--slots", "2")}
	fleet.AwaitWorkers(client, 2)
	id := strings.TrimSpace(mustSucceed(t, fleet.CLI(project(disturbed), "run", "features_pipeline", "--detach")).Stdout)
	final := disturb(t, fleet, client, id, workers, 2, 10, 20, 30)
	if run := final.Workflow.GetResult().GetRun(); run.Done != 100 || run.Rows != 100*391 || run.Shards != 50 {
		t.Errorf("%d items done with %d rows in %d tasks", run.Done, run.Rows, run.Shards)
	}
	sameFiles(t, made(t, calm), made(t, disturbed))
}

// TestManyCasesNeedLittleMemory cuts a thousand cases of 3,200 rows, and makes features
// of them.
func TestManyCasesNeedLittleMemory(t *testing.T) {
	root := t.TempDir()
	cases := filepath.Join(root, "cases")
	plant(t, cases, 1, 3200)
	for i := range 999 { // the same content will do
		if err := os.Link(filepath.Join(cases, "Case0000.parquet"), filepath.Join(cases, fmt.Sprintf("Case%04d.parquet", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	d := decodeRun(t, embedded(t, windowsProject(t, cases, filepath.Join(root, "windows")), filepath.Join(root, "state"), "run", "windows_pipeline", "-o", "json"))
	t.Logf("%d windows in %.1f s, with %d MiB at most", d.Result.Rows, d.Result.Timings["total"], d.Result.PeakRSSBytes>>20)
	if d.Result.Done != 1000 || d.Result.Rows != 1000*1581 {
		t.Errorf("%d done, %d rows", d.Result.Done, d.Result.Rows)
	}
	frugal(t, d)
	// Windows that do not overlap: the others are ten gigabytes of features, and minutes.
	step, windows := 40, int64(80)
	if harness.Soak() {
		step, windows = 2, 1581
	}
	project := t.TempDir()
	writeFile(t, filepath.Join(project, "pipelines_config.yml"), fmt.Sprintf(`
windows_pipeline: {source_folder: %s, output_folder: windows, window_size: 40, step_size: %d}
features_pipeline: {source_folder: windows, output_folder: features}
`, cases, step))
	decodeRun(t, embedded(t, project, filepath.Join(root, "state"), "run", "windows_pipeline", "-o", "json"))
	d = decodeRun(t, embedded(t, project, filepath.Join(root, "state"), "run", "features_pipeline", "-o", "json"))
	t.Logf("features of %d windows in %.1f s, with %d MiB at most", d.Result.Rows, d.Result.Timings["total"], d.Result.PeakRSSBytes>>20)
	if d.Result.Done != 1000 || d.Result.Rows != 1000*windows {
		t.Errorf("%d done, %d rows", d.Result.Done, d.Result.Rows)
	}
	frugal(t, d)
}

// frugal checks that a run took no more than 300 MiB.
func frugal(t *testing.T, d runDocument) {
	t.Helper()
	if limit := int64(300 << 20); d.Result.PeakRSSBytes == 0 || d.Result.PeakRSSBytes > limit {
		t.Errorf("the run took %d MiB, more than %d", d.Result.PeakRSSBytes>>20, limit>>20)
	}
}
