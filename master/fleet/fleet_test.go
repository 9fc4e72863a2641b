package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"mlops/master/fleet"
	mlopsv1 "mlops/proto/mlops/v1"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func call(session string, seq uint64) *mlopsv1.SynchronizeRequest {
	return &mlopsv1.SynchronizeRequest{WorkerId: "a", SessionId: session, Seq: seq}
}

func TestTheNewestSessionWinsAndOlderCallsAreLate(t *testing.T) {
	f := fleet.New()
	for i, c := range []struct {
		session string
		seq     uint64
		want    fleet.Arrival
	}{
		{"one", 1, fleet.Newest},
		{"one", 3, fleet.Newest},
		{"one", 2, fleet.Late},
		{"one", 3, fleet.Late},
		{"two", 1, fleet.Newest},
		{"one", 4, fleet.Superseded},
		{"two", 2, fleet.Newest},
		{"three", 1, fleet.Newest},
		{"one", 5, fleet.Superseded},
		{"two", 3, fleet.Superseded},
	} {
		w, got := f.Arrive(call(c.session, c.seq), epoch)
		if got != c.want {
			t.Errorf("call %d (%s, %d): got %d, want %d", i, c.session, c.seq, got, c.want)
		}
		if got == fleet.Newest && !w.Current(call(c.session, c.seq)) {
			t.Errorf("call %d is not current", i)
		}
	}
}

func TestOnlySoManyFormerSessionsAreRemembered(t *testing.T) {
	f := fleet.New()
	for i := range 20 {
		f.Arrive(call(fmt.Sprint(i), 1), epoch)
	}
	if _, got := f.Arrive(call("18", 2), epoch); got != fleet.Superseded {
		t.Errorf("the session before: %d", got)
	}
	if _, got := f.Arrive(call("0", 2), epoch); got != fleet.Newest {
		t.Errorf("one that is long forgotten: %d", got)
	}
}

func task(id string, attempt uint32, session string, state mlopsv1.TaskState) *mlopsv1.Task {
	return &mlopsv1.Task{TaskId: id, Attempt: attempt, WorkerId: "a", SessionId: session, State: state}
}

func TestLeasesBelongToAttempts(t *testing.T) {
	const leased, running = mlopsv1.TaskState_TASK_STATE_LEASED, mlopsv1.TaskState_TASK_STATE_RUNNING
	f := fleet.New()
	if _, ok := f.NextExpiry(); ok {
		t.Error("an empty fleet has a lease")
	}
	f.Hold(task("x", 1, "one", leased), epoch.Add(3*time.Second))
	f.Hold(task("y", 1, "one", leased), epoch.Add(2*time.Second))
	if x := f.Hold(task("x", 1, "one", running), epoch.Add(9*time.Second)); !x.Running || !x.Expires.Equal(epoch.Add(3*time.Second)) {
		t.Errorf("a change of state moved the lease: %+v", x)
	}
	if next, _ := f.NextExpiry(); !next.Equal(epoch.Add(2 * time.Second)) {
		t.Errorf("next expiry %v", next)
	}
	expired := f.Expired(epoch.Add(3 * time.Second))
	if len(expired) != 2 || expired[0].TaskID != "y" || expired[1].TaskID != "x" {
		t.Fatalf("expired %v", expired)
	}
	expired[0].Losing = true
	if again := f.Expired(epoch.Add(3 * time.Second)); len(again) != 1 {
		t.Errorf("an attempt that is being lost expired again: %v", again)
	}
	if x := f.Hold(task("x", 2, "one", leased), epoch.Add(9*time.Second)); x.Number != 2 || x.Running || !x.Expires.Equal(epoch.Add(9*time.Second)) {
		t.Errorf("a new attempt took the old one's lease: %+v", x)
	}
	f.Drop("y")
	if f.Attempt("y") != nil || f.Attempts() != 1 || len(f.Find("a").Attempts()) != 1 {
		t.Error("a dropped attempt is still there")
	}
}

func TestSilentWorkersAreForgottenUnlessTheyMatter(t *testing.T) {
	f := fleet.New()
	for _, id := range []string{"silent", "drained", "holding", "heard"} {
		f.Arrive(&mlopsv1.SynchronizeRequest{WorkerId: id, SessionId: "s", Seq: 1}, epoch)
	}
	f.Drain("drained", true)
	held := task("x", 1, "s", mlopsv1.TaskState_TASK_STATE_RUNNING)
	held.WorkerId = "holding"
	f.Hold(held, epoch)
	f.Seen("heard", epoch.Add(2*time.Hour))
	f.Forget(epoch.Add(time.Hour))
	var left []string
	for _, w := range f.Workers() {
		left = append(left, w.ID)
	}
	if fmt.Sprint(left) != "[drained heard holding]" {
		t.Errorf("left %v", left)
	}
}
