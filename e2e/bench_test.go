package e2e_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/e2e/harness"
	"mlops/needs"
	mlopsv1 "mlops/proto/mlops/v1"
)

// BenchmarkSubmitToRunning measures from the call of SubmitWorkflow to the event
// that a worker runs the task: loopback, fsync on, one idle worker with
// in-process tasks. Three commits lie between.
func BenchmarkSubmitToRunning(b *testing.B) {
	fleet := harness.NewFleet(b, bin)
	fleet.StartWorker("--slots", "2", "--allow-probes", "--isolation", "none")
	client := fleet.Client()
	fleet.AwaitWorkers(client, 1)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		start := time.Now()
		id := submitProbe(b, client, "")
		stream, err := client.WatchWorkflow(b.Context(), &mlopsv1.WatchWorkflowRequest{WorkflowId: id})
		if err != nil {
			b.Fatal(err)
		}
		for {
			message, err := stream.Recv()
			if err != nil {
				b.Fatal(err)
			}
			state := message.GetEvent().GetTaskChanged().GetState()
			if state == mlopsv1.TaskState_TASK_STATE_RUNNING || state == mlopsv1.TaskState_TASK_STATE_SUCCEEDED {
				took = append(took, time.Since(start))
				break
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
	b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
}

// BenchmarkNoOpTasks measures how many no-op tasks a second are granted, run and
// durably finished by 4 workers with 8 slots each: the children of one workflow.
func BenchmarkNoOpTasks(b *testing.B) {
	benchmarkNoOps(b, func(client mlopsv1.ClientServiceClient, tasks int) {
		response, err := client.SubmitWorkflow(b.Context(), &mlopsv1.SubmitWorkflowRequest{Spec: probe(&mlopsv1.ProbeOperation{Children: uint32(tasks)})})
		if err != nil {
			b.Fatal(err)
		}
		id := response.Workflow.WorkflowId
		awaitFinal(b, client, id)
		final, err := client.GetWorkflow(b.Context(), &mlopsv1.GetWorkflowRequest{WorkflowId: id, OmitTasks: true})
		if err != nil {
			b.Fatal(err)
		}
		if got := final.Workflow.Result.GetProbe().GetInputs(); int(got) != tasks {
			b.Fatalf("%d tasks were joined, want %d: %v", got, tasks, final.Workflow.Failure)
		}
	})
}

// BenchmarkNoOpWorkflows measures the same with a workflow of its own for each
// task, submitted one by one from sixteen goroutines.
func BenchmarkNoOpWorkflows(b *testing.B) {
	benchmarkNoOps(b, func(client mlopsv1.ClientServiceClient, tasks int) {
		submitMany(b, client, tasks, nil)
		awaitNoneUnfinished(b, client)
	})
}

// benchmarkNoOps reports the rate, and the processor time that a task costs each
// side: unlike the rate, it hardly depends on what else the machine does.
func benchmarkNoOps(b *testing.B, run func(mlopsv1.ClientServiceClient, int)) {
	fleet := harness.NewFleet(b, bin)
	var workers []*harness.Process
	for range 4 {
		workers = append(workers, fleet.StartWorker("--slots", "8", "--allow-probes", "--isolation", "none"))
	}
	client := fleet.Client()
	fleet.AwaitWorkers(client, 4)
	for b.Loop() {
		const tasks = 10000 // as many as a probe may spawn
		start := time.Now()
		before := processorTime(b, fleet.Master)
		workersBefore := processorTime(b, workers...)
		run(client, tasks)
		b.ReportMetric(tasks/time.Since(start).Seconds(), "tasks/s")
		b.ReportMetric(float64((processorTime(b, fleet.Master)-before).Microseconds())/tasks, "master-cpu-µs/task")
		b.ReportMetric(float64((processorTime(b, workers...)-workersBefore).Microseconds())/tasks, "workers-cpu-µs/task")
	}
}

// BenchmarkGrantWithDeepQueue compares submit-to-finished of an urgent task when
// 1,000 and when 100,000 tasks wait that no worker may take.
func BenchmarkGrantWithDeepQueue(b *testing.B) {
	median := func(queued int) time.Duration {
		fleet := harness.NewFleet(b, bin, "--max-queued", "200000")
		client := fleet.Client()
		submitMany(b, client, queued, func(spec *mlopsv1.TaskSpec) {
			spec.Requirements = &mlopsv1.Requirements{Labels: map[string]string{"site": "elsewhere"}}
		})
		fleet.StartWorker("--slots", "2", "--allow-probes", "--isolation", "none")
		fleet.AwaitWorkers(client, 1)
		took := make([]time.Duration, 300)
		for i := range took {
			start := time.Now()
			id := submitProbe(b, client, "")
			awaitFinal(b, client, id)
			took[i] = time.Since(start)
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	for b.Loop() {
		shallow, deep := median(1000), median(100000)
		b.ReportMetric(float64(deep)/float64(shallow), "deep/shallow")
	}
}

// BenchmarkMasterWith100kFinished reports the master's memory with 100,000
// finished workflows, and how long it takes to start with them.
func BenchmarkMasterWith100kFinished(b *testing.B) {
	for b.Loop() {
		fleet := harness.NewFleet(b, bin)
		for range 4 {
			fleet.StartWorker("--slots", "8", "--allow-probes", "--isolation", "none")
		}
		client := fleet.Client()
		fleet.AwaitWorkers(client, 4)
		submitMany(b, client, 100000, nil)
		awaitNoneUnfinished(b, client)
		b.ReportMetric(megabytes(b, fleet.Master.Pid(), "VmRSS"), "rss-MB")
		fleet.Master.Kill()
		start := time.Now()
		fleet.StartMaster()
		if _, err := client.ListWorkflows(b.Context(), &mlopsv1.ListWorkflowsRequest{}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "restart-s")
		b.ReportMetric(megabytes(b, fleet.Master.Pid(), "VmRSS"), "rss-restarted-MB")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func submitProbe(b *testing.B, client mlopsv1.ClientServiceClient, key string) string {
	b.Helper()
	response, err := client.SubmitWorkflow(b.Context(), &mlopsv1.SubmitWorkflowRequest{
		IdempotencyKey: key, Spec: probe(&mlopsv1.ProbeOperation{}),
	})
	if err != nil {
		b.Fatal(err)
	}
	return response.Workflow.WorkflowId
}

// submitMany submits n probes from sixteen goroutines.
func submitMany(b *testing.B, client mlopsv1.ClientServiceClient, n int, adapt func(*mlopsv1.TaskSpec)) {
	b.Helper()
	var all sync.WaitGroup
	errs := make(chan error, 16)
	for g := range 16 {
		all.Go(func() {
			for i := g; i < n; i += 16 {
				spec := probe(&mlopsv1.ProbeOperation{Duration: durationpb.New(0)})
				if adapt != nil {
					adapt(spec)
				}
				if _, err := client.SubmitWorkflow(b.Context(), &mlopsv1.SubmitWorkflowRequest{Spec: spec}); err != nil {
					errs <- fmt.Errorf("submission %d: %w", i, err)
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		b.Fatal(err)
	default:
	}
}

// awaitNoneUnfinished waits until no workflow is queued or running.
func awaitNoneUnfinished(b *testing.B, client mlopsv1.ClientServiceClient) {
	b.Helper()
	harness.Eventually(b, 5*time.Minute, "every workflow is final", func() bool {
		response, err := client.ListWorkflows(b.Context(), &mlopsv1.ListWorkflowsRequest{
			States:   []mlopsv1.WorkflowState{mlopsv1.WorkflowState_WORKFLOW_STATE_QUEUED, mlopsv1.WorkflowState_WORKFLOW_STATE_RUNNING},
			PageSize: 1,
		})
		return err == nil && len(response.Workflows) == 0
	})
}

func awaitFinal(b *testing.B, client mlopsv1.ClientServiceClient, id string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
	defer cancel()
	stream, err := client.WatchWorkflow(ctx, &mlopsv1.WatchWorkflowRequest{WorkflowId: id})
	if err != nil {
		b.Fatal(err)
	}
	for {
		message, err := stream.Recv()
		if err != nil {
			b.Fatal(err)
		}
		if isFinal(message.GetEvent().GetWorkflowChanged().GetState()) {
			return
		}
	}
}

// processorTime is how long processes have computed so far, from /proc.
func processorTime(b *testing.B, processes ...*harness.Process) time.Duration {
	b.Helper()
	needs.Proc(b)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux of today
	var total time.Duration
	for _, p := range processes {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
		if err != nil {
			b.Fatal(err)
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		for _, field := range fields[11:13] { // utime and stime
			ticks, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			total += time.Duration(ticks) * tick
		}
	}
	return total
}

// megabytes reads a figure of a process's memory from /proc.
func megabytes(b *testing.B, pid int, field string) float64 {
	b.Helper()
	needs.Proc(b)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kilobytes / 1024
		}
	}
	b.Fatalf("/proc has no %s", field)
	return 0
}
