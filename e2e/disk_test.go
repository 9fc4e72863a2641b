package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/e2e/harness"
	"mlops/needs"
	mlopsv1 "mlops/proto/mlops/v1"
)

// TestFullDiskWhileDeploying deploys onto a file system that is too small for the
// model, then makes room: nothing half-written stays, and the same command works.
func TestFullDiskWhileDeploying(t *testing.T) {
	disk := t.TempDir()
	needs.SmallDisk(t, disk, "64k")
	work := t.TempDir()
	csv := exampleCSV(t, work)
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	fleet.StartWorker("--slots", "1")
	fleet.AwaitWorkers(client, 1)
	spec := &mlopsv1.TaskSpec{
		Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{
			Data: csv, Target: "churned", ConfigYaml: "training: {cv_folds: 0}\ndeployment: {output_dir: " + filepath.Join(disk, "models") + "}\n",
		}}},
		Retry: &mlopsv1.RetryPolicy{MaxErrors: 1, InitialBackoff: durationpb.New(10 * time.Millisecond)},
	}
	final := await(t, client, submit(t, client, spec), 60*time.Second)
	task := final.Tasks[0]
	if task.State != mlopsv1.TaskState_TASK_STATE_FAILED || task.Errors != 2 || !strings.Contains(task.Failure.Message, "no space left") {
		t.Fatalf("ended %v with %d errors: %v", task.State, task.Errors, task.Failure)
	}
	if names := deployments(t, filepath.Join(disk, "models")); len(names) != 0 {
		t.Errorf("the full disk holds %q, want nothing", names)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=64m", disk).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
	if final := await(t, client, submit(t, client, spec), 60*time.Second); final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Errorf("with room it ended %v: %v", final.Workflow.State, final.Workflow.Failure)
	}
	if names := deployments(t, filepath.Join(disk, "models")); len(names) != 1 {
		t.Errorf("the disk holds %q, want one deployment", names)
	}
}

// TestStatusNeverWaitsBehindTraining asks for status and observe while the only
// batch slot of the only worker trains and another training waits.
func TestStatusNeverWaitsBehindTraining(t *testing.T) {
	work := t.TempDir()
	csv := exampleCSV(t, work)
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	fleet.StartWorker("--slots", "1")
	fleet.AwaitWorkers(client, 1)
	trained := decode(t, mustSucceed(t, fleet.CLI(work, "train", csv, "-t", "churned", "--set", "training.cv_folds=0", "-o", "json")))
	busy := submit(t, client, longTraining(csv, filepath.Join(work, "other")))
	submit(t, client, longTraining(csv, filepath.Join(work, "other")))
	awaitTask(t, client, busy, "the training runs", running)
	for _, command := range []string{"status", "observe"} {
		r := mustSucceed(t, fleet.CLI(work, command, trained.Result.Deployment.Dir))
		if !strings.Contains(r.Stdout, "random_forest_classifier") {
			t.Errorf("%s does not name the model:\n%s", command, r.Stdout)
		}
	}
	response, err := client.GetWorkflow(bounded(t, 5*time.Second), &mlopsv1.GetWorkflowRequest{WorkflowId: busy})
	if err != nil {
		t.Fatal(err)
	}
	if !running(response.Tasks[0]) {
		t.Errorf("the training was over before it was asked: it is %v; nothing is shown", response.Tasks[0].State)
	}
}
