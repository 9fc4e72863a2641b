package e2e_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/e2e/harness"
	"mlops/needs"
	mlopsv1 "mlops/proto/mlops/v1"
)

// TestFaultOutOfMemoryTakesOneAttemptOnly lets the kernel kill an attempt that
// wants more memory than its host has, played by a control group around the
// worker. The worker's other task goes on.
func TestFaultOutOfMemoryTakesOneAttemptOnly(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	client := fleet.Client()
	worker := fleet.StartWorker("--slots", "2", "--allow-probes")
	limitMemory(t, worker, 256<<20)
	fleet.AwaitWorkers(client, 1)
	bystander := submit(t, client, probe(&mlopsv1.ProbeOperation{Duration: durationpb.New(3 * time.Second), Echo: "unharmed"}))
	awaitTask(t, client, bystander, "the other task runs", running)
	spec := probe(&mlopsv1.ProbeOperation{AllocateBytes: 1 << 30, Duration: durationpb.New(time.Minute)})
	spec.Retry = &mlopsv1.RetryPolicy{MaxLosses: -1}
	final := await(t, client, submit(t, client, spec), 30*time.Second)
	failure := final.Tasks[0].GetFailure()
	if final.Workflow.State != mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED ||
		!strings.Contains(failure.GetMessage(), "killed by signal 9, likely out of memory at ") {
		t.Errorf("ended %v: %v", final.Workflow.State, failure)
	}
	if peak := final.Tasks[0].Attempts[0].PeakRssBytes; peak < 128<<20 || peak > 384<<20 { // pages of the program's file are not the group's
		t.Errorf("its peak is said to be %d bytes, in a group with 256 MiB", peak)
	}
	other := await(t, client, bystander, 30*time.Second)
	if task := other.Tasks[0]; task.State != mlopsv1.TaskState_TASK_STATE_SUCCEEDED || task.Attempt != 1 {
		t.Errorf("the worker's other task ended %v after %d attempts: %v", task.State, task.Attempt, task.Failure)
	}
}

// limitMemory puts a process, and what it starts from now on, into a control
// group of its own with so much memory.
func limitMemory(t *testing.T, p *harness.Process, limit int64) {
	t.Helper()
	pid := strconv.Itoa(p.Pid())
	root, file := "/sys/fs/cgroup/memory", "memory.limit_in_bytes" // version 1
	if _, err := os.Stat(filepath.Join(root, file)); err != nil {
		root, file = "/sys/fs/cgroup", "memory.max" // version 2
	}
	group := filepath.Join(root, "mlops-e2e-"+pid)
	needs.Granted(t, os.Mkdir(group, 0o755), "a control group")
	t.Cleanup(func() {
		p.Kill() // a group goes only when it is empty
		harness.Eventually(t, 10*time.Second, "the control group is empty and goes", func() bool {
			return os.Remove(group) == nil
		})
	})
	for name, text := range map[string]string{file: strconv.FormatInt(limit, 10), "cgroup.procs": pid} {
		needs.Granted(t, os.WriteFile(filepath.Join(group, name), []byte(text), 0o644), "a control group for memory")
	}
}
