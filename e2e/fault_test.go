package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/e2e/harness"
	mlopsv1 "mlops/proto/mlops/v1"
)

func TestFaultKilledWorkerLosesItsTrainingToAnother(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	work := t.TempDir()
	first := fleet.StartWorker("--slots", "1")
	fleet.AwaitWorkers(client, 1)
	out := filepath.Join(work, "models")
	id := submit(t, client, longTraining(exampleCSV(t, work), out))
	awaitTask(t, client, id, "the training runs", running)
	fleet.StartWorker("--slots", "1")
	fleet.AwaitWorkers(client, 2)

	first.Kill()
	killed := time.Now()
	task := awaitTask(t, client, id, "the training is granted again", func(task *mlopsv1.Task) bool { return task.Attempt == 2 })
	if took := time.Since(killed); took > 3*harness.Heartbeat+2*time.Second {
		t.Errorf("granted again after %v, more than three heartbeats of %v", took, harness.Heartbeat)
	}
	if task.Losses != 1 || task.Errors != 0 {
		t.Errorf("losses %d, errors %d; a dead worker costs one loss and no error", task.Losses, task.Errors)
	}
	lost := task.Attempts[0]
	if after := lost.EndedAt.AsTime().Sub(killed); after > 3*harness.Heartbeat+200*time.Millisecond {
		t.Errorf("queued again %v after the kill, more than three heartbeats of %v", after, harness.Heartbeat)
	}
	final := await(t, client, id, 60*time.Second)
	if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Fatalf("ended %v: %v", final.Workflow.State, final.Workflow.Failure)
	}
	if got := final.Tasks[0].WorkerId; got != "worker-2" {
		t.Errorf("finished by %s, want worker-2", got)
	}
	if names := deployments(t, out); len(names) != 1 {
		t.Errorf("models/ holds %q, want one deployment and nothing half-written", names)
	}
}

func TestFaultMasterKilledWhileWorkflowsFlow(t *testing.T) {
	workflows, kills := 200, 20
	if harness.Soak() {
		workflows, kills = 5000, 500
	}
	fleet := harness.NewFleet(t, bin)
	for range 2 {
		fleet.StartWorker("--slots", "4", "--allow-probes", "--isolation", "none")
	}
	client := fleet.Client()
	fleet.AwaitWorkers(client, 2)
	published := t.TempDir()

	// Submitters repeat each submission under its key until it is acknowledged.
	var submitters sync.WaitGroup
	ids := make([]string, workflows)
	next := make(chan int)
	for range 4 {
		submitters.Go(func() {
			for i := range next {
				spec := probe(&mlopsv1.ProbeOperation{
					Duration: durationpb.New(20 * time.Millisecond), Echo: fmt.Sprint(i),
					PublishPath: filepath.Join(published, fmt.Sprint(i)),
				})
				spec.Retry = &mlopsv1.RetryPolicy{MaxLosses: 1000}
				harness.Eventually(t, 60*time.Second, "a submission is acknowledged", func() bool {
					response, err := client.SubmitWorkflow(bounded(t, 2*time.Second), &mlopsv1.SubmitWorkflowRequest{
						IdempotencyKey: fmt.Sprintf("key-%d", i), Spec: spec,
					})
					if err != nil {
						return false
					}
					ids[i] = response.Workflow.WorkflowId
					return true
				})
			}
		})
	}
	random := rand.New(rand.NewPCG(7, 7))
	sent := 0
	for kill := range kills {
		for ; sent < workflows*(kill+1)/kills; sent++ {
			next <- sent
		}
		<-time.After(time.Duration(random.IntN(250)) * time.Millisecond)
		fleet.Master.Kill()
		fleet.StartMaster()
	}
	close(next)
	submitters.Wait()

	seen := make(map[string]bool)
	for i, id := range ids {
		if seen[id] {
			t.Errorf("submission %d shares workflow %s with another", i, id)
		}
		seen[id] = true
		final := await(t, client, id, 60*time.Second)
		if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
			t.Errorf("submission %d ended %v: %v", i, final.Workflow.State, final.Workflow.Failure)
		}
		if got := final.Workflow.Result.GetProbe().GetEcho(); got != fmt.Sprint(i) {
			t.Errorf("submission %d got the result of %q", i, got)
		}
		if _, err := os.Stat(filepath.Join(published, fmt.Sprint(i))); err != nil {
			t.Errorf("submission %d published nothing: %v", i, err)
		}
	}
	count, token := 0, ""
	for {
		page, err := client.ListWorkflows(bounded(t, 10*time.Second), &mlopsv1.ListWorkflowsRequest{PageSize: 100, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		count += len(page.Workflows)
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	if count != workflows {
		t.Errorf("the master knows %d workflows, %d were submitted", count, workflows)
	}
}

func TestFaultCutOffWorkerReattachesWithItsTraining(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	proxy := harness.NewProxy(t, fleet.Address)
	client := fleet.Client()
	work := t.TempDir()
	fleet.StartWorker("--master", proxy.Address(), "--slots", "1")
	fleet.AwaitWorkers(client, 1)
	id := submit(t, client, longTraining(exampleCSV(t, work), filepath.Join(work, "models")))
	awaitTask(t, client, id, "the training runs", running)
	for range 2 {
		proxy.Cut()
		<-time.After(harness.Heartbeat)
		proxy.Heal()
		<-time.After(2 * harness.Heartbeat)
	}
	final := await(t, client, id, 60*time.Second)
	task := final.Tasks[0]
	if task.State != mlopsv1.TaskState_TASK_STATE_SUCCEEDED || task.Attempt != 1 || task.Losses != 0 {
		t.Errorf("ended %v after %d attempts with %d losses (%v), want success at the first", task.State, task.Attempt, task.Losses, task.Failure)
	}
}

func TestFaultLateResultOfAStaleAttemptIsRefusedAndNotPublished(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	proxy := harness.NewProxy(t, fleet.Address)
	client := fleet.Client()
	work := t.TempDir()
	out := filepath.Join(work, "models")
	cutOff := fleet.StartWorker("--master", proxy.Address(), "--slots", "1")
	fleet.AwaitWorkers(client, 1)
	id := submit(t, client, longTraining(exampleCSV(t, work), out))
	awaitTask(t, client, id, "the training runs", running)
	proxy.Cut()
	fleet.StartWorker("--slots", "1")
	final := await(t, client, id, 90*time.Second)
	if task := final.Tasks[0]; task.State != mlopsv1.TaskState_TASK_STATE_SUCCEEDED || task.WorkerId != "worker-2" || task.Attempt < 2 {
		t.Fatalf("ended %v at %s as attempt %d, want success at worker-2 as attempt 2 or later", task.State, task.WorkerId, task.Attempt)
	}
	// The cut-off worker's staging directory may still be there; it is hidden.
	want := slices.DeleteFunc(deployments(t, out), func(name string) bool { return strings.HasPrefix(name, ".") })
	proxy.Heal()
	fleet.AwaitWorkers(client, 2)
	harness.Eventually(t, 30*time.Second, "the healed worker holds nothing", func() bool {
		response, err := client.ListWorkers(bounded(t, 2*time.Second), &mlopsv1.ListWorkersRequest{})
		if err != nil {
			return false
		}
		for _, w := range response.Workers {
			if w.WorkerId == "worker-1" {
				return w.State == "ready" && len(w.Tasks) == 0
			}
		}
		return false
	})
	cutOff.Signal(syscall.SIGTERM)
	if code := cutOff.WaitExit(20 * time.Second); code != 0 {
		t.Errorf("the healed worker left with code %d", code)
	}
	got := deployments(t, out)
	if len(want) != 1 || !slices.Equal(got, want) {
		t.Errorf("models/ holds %q, want only %q", got, want)
	}
	after := await(t, client, id, 5*time.Second)
	if after.Tasks[0].WorkerId != "worker-2" {
		t.Errorf("the late result of worker-1 was taken")
	}
}

func TestFaultTerminatedWorkerDrains(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	leaving := fleet.StartWorker("--slots", "1", "--allow-probes")
	fleet.AwaitWorkers(client, 1)
	id := submit(t, client, probe(&mlopsv1.ProbeOperation{Duration: durationpb.New(1500 * time.Millisecond), Echo: "finished"}))
	awaitTask(t, client, id, "the probe runs", running)
	leaving.Signal(syscall.SIGTERM)
	second := submit(t, client, probe(&mlopsv1.ProbeOperation{Echo: "later"}))
	if code := leaving.WaitExit(30 * time.Second); code != 0 {
		t.Errorf("the drained worker left with code %d", code)
	}
	final := await(t, client, id, 10*time.Second)
	if task := final.Tasks[0]; task.State != mlopsv1.TaskState_TASK_STATE_SUCCEEDED || task.Attempt != 1 {
		t.Errorf("what the worker held ended %v after %d attempts", task.State, task.Attempt)
	}
	response, err := client.GetWorkflow(bounded(t, 5*time.Second), &mlopsv1.GetWorkflowRequest{WorkflowId: second})
	if err != nil {
		t.Fatal(err)
	}
	if state := response.Tasks[0].State; state != mlopsv1.TaskState_TASK_STATE_QUEUED {
		t.Errorf("a draining worker was given new work: it is %v", state)
	}
}

func TestFaultDrainBeyondItsDeadlineReleasesAtNoCost(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	leaving := fleet.StartWorker("--slots", "1", "--allow-probes", "--drain-timeout", "300ms")
	fleet.AwaitWorkers(client, 1)
	id := submit(t, client, probe(&mlopsv1.ProbeOperation{Duration: durationpb.New(4 * time.Second)}))
	awaitTask(t, client, id, "the probe runs", running)
	leaving.Signal(syscall.SIGTERM)
	if code := leaving.WaitExit(30 * time.Second); code != 0 {
		t.Errorf("the drained worker left with code %d", code)
	}
	task := awaitTask(t, client, id, "the probe is queued again", func(task *mlopsv1.Task) bool {
		return task.State == mlopsv1.TaskState_TASK_STATE_QUEUED
	})
	if task.Losses != 0 || task.Errors != 0 {
		t.Errorf("the release cost %d losses and %d errors", task.Losses, task.Errors)
	}
}

func TestFaultCancelReachesABusyTraining(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	fleet.StartWorker("--slots", "1", "--allow-probes")
	fleet.AwaitWorkers(client, 1)
	work := t.TempDir()
	out := filepath.Join(work, "models")
	id := submit(t, client, longTraining(exampleCSV(t, work), out))
	awaitTask(t, client, id, "the training runs", running)
	cancelled := time.Now()
	if r := fleet.CLI(work, "cancel", id); r.Code != 0 {
		t.Fatalf("cancel: exit code %d\n%s", r.Code, r.Stderr)
	}
	final := await(t, client, id, 10*time.Second)
	if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED {
		t.Fatalf("ended %v", final.Workflow.State)
	}
	if took := final.Workflow.FinishedAt.AsTime().Sub(cancelled); took > 2*time.Second {
		t.Errorf("CANCELLED after %v, more than 2 s", took)
	}
	next := submit(t, client, probe(&mlopsv1.ProbeOperation{Echo: "the slot is free"}))
	if final := await(t, client, next, 10*time.Second); final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Errorf("the next task ended %v", final.Workflow.State)
	}
	if names := deployments(t, out); len(names) != 0 {
		t.Errorf("a cancelled training left %q", names)
	}
}

func TestFaultTaskThatKillsItsProcessFailsAfterItsLosses(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	fleet.StartWorker("--slots", "2", "--allow-probes")
	fleet.AwaitWorkers(client, 1)
	bystander := submit(t, client, probe(&mlopsv1.ProbeOperation{Duration: durationpb.New(2 * time.Second), Echo: "unharmed"}))
	spec := probe(&mlopsv1.ProbeOperation{Ending: mlopsv1.ProbeEnding_PROBE_ENDING_KILL})
	spec.Retry = &mlopsv1.RetryPolicy{MaxLosses: 2, InitialBackoff: durationpb.New(10 * time.Millisecond)}
	id := submit(t, client, spec)
	final := await(t, client, id, 30*time.Second)
	if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED {
		t.Fatalf("ended %v", final.Workflow.State)
	}
	task := final.Tasks[0]
	if task.Losses != 3 || len(task.Attempts) != 3 {
		t.Errorf("%d losses in %d attempts, want 3 in 3", task.Losses, len(task.Attempts))
	}
	if f := task.Failure; f.Reason != "loss_budget" || !strings.Contains(f.Message, "killed by signal 9") {
		t.Errorf("failed with %q: %s", f.Reason, f.Message)
	}
	if final := await(t, client, bystander, 20*time.Second); final.Tasks[0].Attempt != 1 || final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Errorf("the other task of the worker ended %v after %d attempts", final.Workflow.State, final.Tasks[0].Attempt)
	}
}

func TestFaultPanicCostsALossOnly(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	worker := fleet.StartWorker("--slots", "1", "--allow-probes")
	fleet.AwaitWorkers(client, 1)
	spec := probe(&mlopsv1.ProbeOperation{Ending: mlopsv1.ProbeEnding_PROBE_ENDING_PANIC})
	spec.Retry = &mlopsv1.RetryPolicy{MaxLosses: -1}
	final := await(t, client, submit(t, client, spec), 20*time.Second)
	if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED || !strings.Contains(final.Tasks[0].Failure.Message, "panic") {
		t.Errorf("ended %v: %v", final.Workflow.State, final.Tasks[0].Failure)
	}
	select {
	case <-worker.Done():
		t.Error("the panic took the worker with it")
	default:
	}
}

func TestFanOutUsesTheFleetAndJoins(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	fleet.StartWorker("--slots", "2", "--allow-probes", "--isolation", "none")
	fleet.StartWorker("--slots", "2", "--allow-probes", "--isolation", "none")
	fleet.AwaitWorkers(client, 2)
	id := submit(t, client, probe(&mlopsv1.ProbeOperation{Children: 20, Duration: durationpb.New(50 * time.Millisecond), Echo: "joined"}))
	final := await(t, client, id, 60*time.Second)
	if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Fatalf("ended %v: %v", final.Workflow.State, final.Workflow.Failure)
	}
	if got := final.Workflow.Result.GetProbe().GetInputs(); got != 20 {
		t.Errorf("the continuation got %d results, want 20", got)
	}
	workers := make(map[string]int)
	for _, task := range final.Tasks {
		workers[task.WorkerId]++
	}
	if len(workers) != 2 {
		t.Errorf("the tasks ran at %v, want both workers", workers)
	}
}
