package live_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/cmd/mlops-cli/live"
	mlopsv1 "mlops/proto/mlops/v1"
)

func runTask(ordinal int, run *mlopsv1.RunOperation, join *mlopsv1.Join) *mlopsv1.Task {
	return &mlopsv1.Task{
		TaskId: fmt.Sprintf("w/%d", ordinal), Join: join,
		Spec: &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Run{Run: run}}},
	}
}

func shardTask(ordinal, items int) *mlopsv1.Task {
	s := &mlopsv1.RunShard{}
	for range items {
		s.Items = append(s.Items, &mlopsv1.RunItem{})
	}
	return runTask(ordinal, &mlopsv1.RunOperation{Part: &mlopsv1.RunOperation_Shard{Shard: s}}, nil)
}

// fanOutTasks are a plan of 13 items, of which 3 were up to date and 10 are spread
// over so many shards of 4 at most.
func fanOutTasks(size int) []*mlopsv1.Task {
	gather := &mlopsv1.RunGather{Settled: []*mlopsv1.RunOutcome{{Status: "skipped"}, {Status: "skipped"}, {Status: "skipped"}}}
	then := runTask(0, &mlopsv1.RunOperation{Part: &mlopsv1.RunOperation_Gather{Gather: gather}}, nil).Spec
	return []*mlopsv1.Task{runTask(0, &mlopsv1.RunOperation{}, &mlopsv1.Join{Size: uint32(size), Then: then}), shardTask(1, 4), shardTask(2, 4), shardTask(3, 2)}
}

func taskEvent(ordinal, second int, state mlopsv1.TaskState) *mlopsv1.Event {
	return &mlopsv1.Event{
		TaskId: fmt.Sprintf("w/%d", ordinal), Attempt: 1, Time: timestamppb.New(time.Unix(int64(second), 0)),
		Kind: &mlopsv1.Event_TaskChanged{TaskChanged: &mlopsv1.TaskChange{State: state}},
	}
}

func shardProgress(ordinal, second int, figures map[string]float64) *mlopsv1.Event {
	e := taskEvent(ordinal, second, 0)
	e.Kind = &mlopsv1.Event_Progress{Progress: &mlopsv1.Progress{Stage: "windows", Fraction: figures["item"] / figures["items"], Metrics: figures}}
	return e
}

func TestProgressOfAFanOutIsThatOfTheWhole(t *testing.T) {
	f := live.NewFanOut(fanOutTasks(3))
	var b bytes.Buffer
	d := live.New(&b, live.Options{})
	const running, succeeded = mlopsv1.TaskState_TASK_STATE_RUNNING, mlopsv1.TaskState_TASK_STATE_SUCCEEDED
	gather := taskEvent(4, 60, 0)
	gather.Kind = &mlopsv1.Event_Progress{Progress: &mlopsv1.Progress{Stage: "windows: gather"}}
	lost := taskEvent(2, 31, mlopsv1.TaskState_TASK_STATE_QUEUED)
	lost.GetTaskChanged().Failure = &mlopsv1.Failure{Message: "the worker went away"}
	for _, e := range []*mlopsv1.Event{
		taskEvent(1, 0, running), taskEvent(2, 1, running),
		shardProgress(1, 10, map[string]float64{"item": 2, "items": 4, "rows": 200, "rows_per_second": 20}),
		shardProgress(2, 20, map[string]float64{"item": 2, "items": 4, "rows": 100, "failed": 1, "skipped": 1}),
		lost,
		shardProgress(2, 40, map[string]float64{"item": 1, "items": 4, "rows": 50}), // what was done is not undone
		taskEvent(1, 50, succeeded), // its last report was lost
		shardProgress(3, 52, map[string]float64{"item": 2, "items": 2, "rows": 70}),
		taskEvent(2, 53, succeeded), taskEvent(3, 53, succeeded),
		gather,
	} {
		d.Event(f.Sum(e))
	}
	want := `windows 20%: item 2/10, items_per_second 0.2000, rows 200, rows_per_second 20, skipped 3, 40 s left
windows 40%: item 4/10, failed 1, items_per_second 0.2000, rows 300, rows_per_second 15, skipped 4, 30 s left
warning: attempt 1 ended: the worker went away; the task is queued again
windows 40%: item 4/10, items_per_second 0.1000, rows 250, rows_per_second 6.2500, skipped 3, 1m0s left
windows 60%: item 6/10, items_per_second 0.1200, rows 250, rows_per_second 5, skipped 3, 34 s left
windows 80%: item 8/10, items_per_second 0.1538, rows 320, rows_per_second 6.1538, skipped 3, 13 s left
windows 100%: item 10/10, items_per_second 0.1887, rows 320, rows_per_second 6.0377, skipped 3
windows: gather
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// A master tells of the first thousand tasks; the others count as soon as they say
// something.
func TestAFanOutOfMoreTasksThanAreTold(t *testing.T) {
	f := live.NewFanOut(fanOutTasks(5))
	for _, c := range []struct {
		event *mlopsv1.Event
		want  map[string]float64
	}{
		{shardProgress(1, 1, map[string]float64{"item": 1, "items": 4}), map[string]float64{"item": 1, "items": 18, "skipped": 3}},
		{shardProgress(5, 2, map[string]float64{"item": 1, "items": 3}), map[string]float64{"item": 2, "items": 17, "skipped": 3}},
	} {
		if d := cmp.Diff(c.want, f.Sum(c.event).GetProgress().GetMetrics()); d != "" {
			t.Error(d)
		}
	}
}

func TestWhatIsNoFanOut(t *testing.T) {
	if live.NewFanOut([]*mlopsv1.Task{runTask(0, &mlopsv1.RunOperation{}, nil)}) != nil {
		t.Error("a run in one task is a fan-out")
	}
}
