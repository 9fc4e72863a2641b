package statestore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

const (
	queued    = mlopsv1.TaskState_TASK_STATE_QUEUED
	leased    = mlopsv1.TaskState_TASK_STATE_LEASED
	running   = mlopsv1.TaskState_TASK_STATE_RUNNING
	succeeded = mlopsv1.TaskState_TASK_STATE_SUCCEEDED
	failed    = mlopsv1.TaskState_TASK_STATE_FAILED
	cancelled = mlopsv1.TaskState_TASK_STATE_CANCELLED
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const workflowID = "019a0000-0000-7000-8000-000000000001"

// at returns a task of the second attempt in a state, the first attempt having
// been released.
func at(state mlopsv1.TaskState, change ...func(*mlopsv1.Task)) *mlopsv1.Task {
	t := &mlopsv1.Task{
		TaskId: workflowID + "/0", WorkflowId: workflowID, State: state, Attempt: 2, WorkerId: "w2", SessionId: "s2",
		Spec:      &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}}},
		CreatedAt: timestamppb.New(start),
		Attempts: []*mlopsv1.Attempt{{
			Number: 1, WorkerId: "w1", SessionId: "s1",
			Failure: &mlopsv1.Failure{Reason: statestore.ReasonReleased, Message: "rollout"},
		}},
	}
	switch state {
	case leased:
		t.LeasedAt = timestamppb.New(start)
	case running:
		t.LeasedAt, t.StartedAt = timestamppb.New(start), timestamppb.New(start)
	}
	for _, f := range change {
		f(t)
	}
	return t
}

func pending(t *mlopsv1.Task)    { t.CancelRequested, t.CancelReason = true, "no longer wanted" }
func spentErrs(t *mlopsv1.Task)  { t.Errors = statestore.DefaultMaxErrors }
func spentLoss(t *mlopsv1.Task)  { t.Losses = statestore.DefaultMaxLosses }
func lastOffer(t *mlopsv1.Task)  { t.Offers = statestore.MaxOffers }
func backingOff(t *mlopsv1.Task) { t.NotBefore = timestamppb.New(start.Add(time.Minute)) }

func failure(kind mlopsv1.FailureKind) *mlopsv1.Failure {
	return &mlopsv1.Failure{Kind: kind, Message: "why", Reason: "because"}
}

var (
	current = statestore.Ref{Attempt: 2, SessionID: "s2"}
	refs    = map[string]statestore.Ref{
		"current":       current,
		"older attempt": {Attempt: 1, SessionID: "s1"},
		"newer attempt": {Attempt: 3, SessionID: "s2"},
		"other session": {Attempt: 2, SessionID: "s1"},
		"none":          {},
	}
	children = []*mlopsv1.TaskSpec{{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}}}}
)

// refEvents are the events about an attempt, by name.
func refEvents(r statestore.Ref) map[string]statestore.Event {
	return map[string]statestore.Event{
		"reoffer":   statestore.Reoffer{Ref: r},
		"running":   statestore.Running{Ref: r},
		"succeed":   statestore.Succeed{Ref: r, Result: &mlopsv1.Result{}},
		"spawn":     statestore.SpawnTasks{Ref: r, Spawn: &mlopsv1.Spawn{Children: children}},
		"permanent": statestore.Fail{Ref: r, Failure: failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT)},
		"retryable": statestore.Fail{Ref: r, Failure: failure(mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE)},
		"lost":      statestore.Fail{Ref: r, Failure: failure(mlopsv1.FailureKind_FAILURE_KIND_LOST)},
		"refused":   statestore.Fail{Ref: r, Failure: failure(mlopsv1.FailureKind_FAILURE_KIND_REFUSED)},
		"cancelled": statestore.Fail{Ref: r, Failure: failure(mlopsv1.FailureKind_FAILURE_KIND_CANCELLED)},
		"release":   statestore.Release{Ref: r, Reason: "drained"},
		"lose":      statestore.Lose{Ref: r, Reason: "lease_expired", Message: "gone"},
	}
}

// TestHeldTransitions is the whole table of what moves a task that a worker
// holds: state × event × cancel pending × budget. Every cell is written down.
func TestHeldTransitions(t *testing.T) {
	type cell struct {
		plain, spent, pending mlopsv1.TaskState // state afterwards; 0: refused
	}
	const refused = mlopsv1.TaskState_TASK_STATE_UNSPECIFIED
	type row struct {
		event           string
		leased, running cell
	}
	for _, r := range []row{
		{"reoffer", cell{leased, failed, cancelled}, cell{refused, refused, refused}},
		{"running", cell{running, running, running}, cell{refused, refused, refused}},
		{"succeed", cell{succeeded, succeeded, succeeded}, cell{succeeded, succeeded, succeeded}},
		{"spawn", cell{succeeded, succeeded, cancelled}, cell{succeeded, succeeded, cancelled}},
		{"permanent", cell{failed, failed, cancelled}, cell{failed, failed, cancelled}},
		{"retryable", cell{queued, failed, cancelled}, cell{queued, failed, cancelled}},
		{"lost", cell{queued, failed, cancelled}, cell{queued, failed, cancelled}},
		{"refused", cell{queued, failed, cancelled}, cell{queued, failed, cancelled}},
		{"cancelled", cell{queued, failed, cancelled}, cell{queued, failed, cancelled}},
		{"release", cell{queued, queued, cancelled}, cell{queued, queued, cancelled}},
		{"lose", cell{queued, failed, cancelled}, cell{queued, failed, cancelled}},
	} {
		for state, c := range map[mlopsv1.TaskState]cell{leased: r.leased, running: r.running} {
			for _, v := range []struct {
				name string
				task *mlopsv1.Task
				want mlopsv1.TaskState
			}{
				{"plain", at(state), c.plain},
				{"budget spent", at(state, spentErrs, spentLoss, lastOffer), c.spent},
				{"cancel pending", at(state, pending), c.pending},
				{"cancel pending, budget spent", at(state, pending, spentErrs, spentLoss, lastOffer), c.pending},
			} {
				t.Run(fmt.Sprintf("%s/%s/%s", state, r.event, v.name), func(t *testing.T) {
					got, err := statestore.Transition(v.task, refEvents(current)[r.event], start)
					if v.want == refused {
						wantRefused(t, err, false, r.event == "running")
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					if got.State != v.want {
						t.Errorf("state is %s, want %s", got.State, v.want)
					}
					checkShape(t, v.task, got)
				})
			}
		}
	}
}

// checkShape checks what holds of each task after an event about its attempt.
func checkShape(t *testing.T, before, after *mlopsv1.Task) {
	t.Helper()
	if ended := after.State != leased && after.State != running; ended != (len(after.Attempts) == len(before.Attempts)+1) {
		t.Errorf("%d attempts on record after %d", len(after.Attempts), len(before.Attempts))
	}
	if final := statestore.Final(after.State); final != (after.FinishedAt != nil) {
		t.Errorf("finished_at is %v in %s", after.FinishedAt, after.State)
	}
	switch after.State {
	case failed:
		if after.Failure.GetMessage() == "" {
			t.Error("failed without a message")
		}
	case cancelled:
		want := &mlopsv1.Failure{Kind: mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, Reason: "cancelled", Message: "no longer wanted"}
		if d := cmp.Diff(want, after.Failure, protocmp.Transform()); d != "" {
			t.Error(d)
		}
	case succeeded:
		if after.Failure != nil {
			t.Errorf("succeeded with failure %v", after.Failure)
		}
	case queued:
		if after.LeasedAt != nil || after.StartedAt != nil {
			t.Error("waits with the times of its last attempt")
		}
	}
}

// TestStaleRefused walks every event about an attempt with every wrong reference
// through every state: each is refused, and as stale.
func TestStaleRefused(t *testing.T) {
	for state := range mlopsv1.TaskState_name {
		for refName, ref := range refs {
			if refName == "current" || state == 0 {
				continue
			}
			for name, e := range refEvents(ref) {
				t.Run(fmt.Sprintf("%s/%s/%s", mlopsv1.TaskState(state), refName, name), func(t *testing.T) {
					_, err := statestore.Transition(at(mlopsv1.TaskState(state)), e, start)
					wantRefused(t, err, true, false)
				})
			}
		}
	}
}

// TestEndedRefused walks every event about the current attempt through the
// states in which no worker holds the task.
func TestEndedRefused(t *testing.T) {
	for _, state := range []mlopsv1.TaskState{queued, succeeded, failed, cancelled} {
		for name, e := range refEvents(current) {
			t.Run(fmt.Sprintf("%s/%s", state, name), func(t *testing.T) {
				_, err := statestore.Transition(at(state), e, start)
				wantRefused(t, err, state == queued, false)
			})
		}
	}
}

// TestRepeats sends each event that ends an attempt again: straight away, and
// when the task has been granted anew.
func TestRepeats(t *testing.T) {
	for name, e := range refEvents(current) {
		if name == "reoffer" || name == "running" {
			continue
		}
		for _, variant := range []struct {
			name   string
			change func(*mlopsv1.Task)
		}{{"plain", func(*mlopsv1.Task) {}}, {"cancel pending", pending}, {"budget spent", func(t *mlopsv1.Task) { spentErrs(t); spentLoss(t) }}} {
			t.Run(name+"/"+variant.name, func(t *testing.T) {
				ended, err := statestore.Transition(at(running, variant.change), e, start)
				if err != nil {
					t.Fatal(err)
				}
				_, err = statestore.Transition(ended, e, start)
				wantRefused(t, err, false, true)
				for other, o := range refEvents(current) {
					if other == name || name == "succeed" && other == "spawn" || name == "spawn" && (other == "succeed" || variant.name == "cancel pending") ||
						other == "spawn" && variant.name == "cancel pending" {
						continue
					}
					var refusal *statestore.RefusedError
					if _, err := statestore.Transition(ended, o, start); !errors.As(err, &refusal) || refusal.Done {
						t.Errorf("%s after it: %v", other, err)
					}
				}
				if ended.State != queued {
					return
				}
				anew, err := statestore.Transition(ended, statestore.Grant{WorkerID: "w3", SessionID: "s3"}, start.Add(time.Hour))
				if err != nil {
					t.Fatal(err)
				}
				_, err = statestore.Transition(anew, e, start)
				wantRefused(t, err, false, true)
			})
		}
	}
}

func TestGrant(t *testing.T) {
	grant := statestore.Grant{WorkerID: "w3", SessionID: "s3"}
	for _, c := range []struct {
		name  string
		task  *mlopsv1.Task
		grant statestore.Grant
		ok    bool
	}{
		{"queued", at(queued), grant, true},
		{"backing off", at(queued, backingOff), grant, false},
		{"excluded", at(queued, func(t *mlopsv1.Task) { t.ExcludedWorkers = []string{"w3"} }), grant, false},
		{"no worker", at(queued), statestore.Grant{SessionID: "s3"}, false},
		{"no session", at(queued), statestore.Grant{WorkerID: "w3"}, false},
		{"leased", at(leased), grant, false},
		{"running", at(running), grant, false},
		{"succeeded", at(succeeded), grant, false},
		{"failed", at(failed), grant, false},
		{"cancelled", at(cancelled), grant, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := statestore.Transition(c.task, c.grant, start)
			if !c.ok {
				wantRefused(t, err, false, false)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.State != leased || got.Attempt != 3 || got.WorkerId != "w3" || got.SessionId != "s3" || !got.LeasedAt.AsTime().Equal(start) {
				t.Errorf("granted as %v", got)
			}
		})
	}
}

func TestRequestCancel(t *testing.T) {
	for _, c := range []struct {
		name string
		task *mlopsv1.Task
		want mlopsv1.TaskState // 0: refused
		done bool
	}{
		{"queued", at(queued), cancelled, false},
		{"backing off", at(queued, backingOff), cancelled, false},
		{"leased", at(leased), leased, false},
		{"running", at(running), running, false},
		{"leased, pending", at(leased, pending), 0, true},
		{"running, pending", at(running, pending), 0, true},
		{"succeeded", at(succeeded), 0, false},
		{"failed", at(failed), 0, false},
		{"cancelled", at(cancelled), 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := statestore.Transition(c.task, statestore.RequestCancel{Reason: "no longer wanted"}, start)
			if c.want == 0 {
				wantRefused(t, err, false, c.done)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.State != c.want || !got.CancelRequested || got.CancelReason != "no longer wanted" {
				t.Errorf("became %v", got)
			}
		})
	}
}

func wantRefused(t *testing.T, err error, stale, done bool) {
	t.Helper()
	var refusal *statestore.RefusedError
	if !errors.As(err, &refusal) {
		t.Fatalf("error is %v, want a refusal", err)
	}
	if refusal.Stale != stale || refusal.Done != done || refusal.Reason == "" {
		t.Errorf("refused with stale %v, done %v: %v", refusal.Stale, refusal.Done, refusal)
	}
}

func TestBackoffDoublesUpToItsBound(t *testing.T) {
	retry := func(initial, most time.Duration, errs int32) *mlopsv1.RetryPolicy {
		p := &mlopsv1.RetryPolicy{MaxErrors: errs}
		if initial > 0 {
			p.InitialBackoff = durationpb.New(initial)
		}
		if most > 0 {
			p.MaxBackoff = durationpb.New(most)
		}
		return p
	}
	for _, c := range []struct {
		name   string
		policy *mlopsv1.RetryPolicy
		want   []time.Duration
	}{
		{"defaults", nil, []time.Duration{2 * time.Second, 4 * time.Second}},
		{"no errors allowed", retry(0, 0, -1), nil},
		{"bounded", retry(time.Second, 5*time.Second, 5), []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}},
		{"longer than the default bound", retry(time.Hour, 0, 2), []time.Duration{time.Hour, time.Hour}},
		{"no overflow", retry(1<<62, 1<<63-1, 3), []time.Duration{1 << 62, 1<<63 - 1, 1<<63 - 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			task := at(running, func(t *mlopsv1.Task) { t.Spec.Retry = c.policy })
			now := start
			for i, want := range c.want {
				task.State = running
				var err error
				task, err = statestore.Transition(task, refEvents(current)["retryable"], now)
				if err != nil {
					t.Fatal(err)
				}
				if got := task.NotBefore.AsTime().Sub(now); got != want && want < 1<<62 {
					t.Errorf("pause %d is %v, want %v", i+1, got, want)
				}
				task.Attempts = nil // so that the same report is not a repeat
			}
			task.State = running
			task, err := statestore.Transition(task, refEvents(current)["retryable"], now)
			if err != nil || task.State != failed || task.Failure.Reason != statestore.ReasonErrorBudget {
				t.Errorf("beyond the budget it is %v, %v", task, err)
			}
		})
	}
}

func TestExhaustedBudgetNamesTheLastCause(t *testing.T) {
	task := at(running, spentLoss)
	got, err := statestore.Transition(task, statestore.Fail{Ref: current, Failure: &mlopsv1.Failure{
		Kind: mlopsv1.FailureKind_FAILURE_KIND_LOST, Reason: "oom", Stage: "train", Message: "killed by signal 9, likely out of memory at 3.1 GiB",
	}}, start)
	if err != nil {
		t.Fatal(err)
	}
	want := &mlopsv1.Failure{
		Kind: mlopsv1.FailureKind_FAILURE_KIND_LOST, Reason: "loss_budget", Stage: "train",
		Message: "gave up after 4 losses; last: killed by signal 9, likely out of memory at 3.1 GiB",
	}
	if d := cmp.Diff(want, got.Failure, protocmp.Transform()); d != "" {
		t.Error(d)
	}
}

func TestRefusalExcludesTheWorkerOnce(t *testing.T) {
	task := at(leased, func(t *mlopsv1.Task) { t.ExcludedWorkers = []string{"w1"} })
	got, err := statestore.Transition(task, refEvents(current)["refused"], start)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"w1", "w2"}, got.ExcludedWorkers); d != "" {
		t.Error(d)
	}
}

func TestAttemptHistoryIsBounded(t *testing.T) {
	task := at(queued)
	task.Spec.Retry = &mlopsv1.RetryPolicy{MaxLosses: 1000}
	for i := range 40 {
		session := fmt.Sprint("s", i)
		var err error
		if task, err = statestore.Transition(task, statestore.Grant{WorkerID: "w", SessionID: session}, start); err != nil {
			t.Fatal(err)
		}
		if task, err = statestore.Transition(task, statestore.Lose{Ref: statestore.Ref{Attempt: task.Attempt, SessionID: session}}, start); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(task.Attempts); n != statestore.MaxAttemptHistory || task.Attempts[n-1].Number != task.Attempt {
		t.Errorf("%d attempts on record, the last is %v", n, task.Attempts[n-1])
	}
}

func TestTransitionLeavesItsInputAlone(t *testing.T) {
	for name, e := range refEvents(current) {
		task := at(leased, pending)
		before := proto.CloneOf(task)
		if _, err := statestore.Transition(task, e, start); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !proto.Equal(before, task) {
			t.Errorf("%s changed the task it was given", name)
		}
	}
}

func TestRefusalReadsWell(t *testing.T) {
	_, err := statestore.Transition(at(running), statestore.Grant{WorkerID: "w", SessionID: "s"}, start)
	if want := "task " + workflowID + "/0 is TASK_STATE_RUNNING: grant refused: only a queued task is granted"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
