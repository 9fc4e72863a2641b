package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mlops/client"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
)

func TestAnErrorSaysEachThingOnce(t *testing.T) {
	for _, c := range []struct{ said, want string }{
		{"workflow w1: not found", "get workflow w1: not found"},
		{"get workflow w1: not found", "get workflow w1: not found"},
		{"no such thing: not found", "get workflow w1: no such thing: not found"},
		{"workflow w10: not found", "get workflow w1: workflow w10: not found"},
	} {
		m := newMaster(1)
		m.missing = c.said
		if _, err := start(t, m).Get(t.Context(), "w1"); err == nil || err.Error() != c.want {
			t.Errorf("%q becomes %q, want %q", c.said, err, c.want)
		}
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func probe() *mlopsv1.TaskSpec {
	return &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{Echo: "hello"}}}}
}

func TestASubmitWhoseReplyIsLostDoesNotDouble(t *testing.T) {
	m := newMaster(1)
	m.loseReplies = 3
	c := start(t, m)
	w, err := c.Submit(t.Context(), client.Submission{Spec: probe(), Priority: 5, Labels: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.workflows) != 1 || w.GetWorkflowId() != "w1" || w.GetPriority() != 5 || w.GetLabels()["a"] != "b" {
		t.Errorf("%d workflows; got %v", len(m.workflows), w)
	}
}

func TestTwoSubmitsAreTwoWorkflowsUnlessTheirKeyIsOne(t *testing.T) {
	m := newMaster(1)
	c := start(t, m)
	for _, key := range []string{"", "", "same", "same"} {
		if _, err := c.Submit(t.Context(), client.Submission{Spec: probe(), Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.workflows) != 3 {
		t.Errorf("%d workflows, want 3", len(m.workflows))
	}
}

func TestARetryWhoseReplyIsLostDoesNotDouble(t *testing.T) {
	m := newMaster(1)
	m.loseReplies = 2
	w, err := start(t, m).Retry(t.Context(), "w0", nil)
	if err != nil || w.GetWorkflowId() != "w1" || len(m.workflows) != 1 {
		t.Errorf("%d workflows; got %v, %v", len(m.workflows), w, err)
	}
}

func TestListGoesThroughAllPages(t *testing.T) {
	m := newMaster(1)
	c := start(t, m)
	for range 5 {
		if _, err := c.Submit(t.Context(), client.Submission{Spec: probe()}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for w, err := range c.List(t.Context(), client.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, w.GetWorkflowId())
	}
	if d := cmp.Diff([]string{"w5", "w4", "w3", "w2", "w1"}, got); d != "" {
		t.Error(d)
	}
}

func TestWorkersAndDrain(t *testing.T) {
	c := start(t, newMaster(1))
	workers, err := c.Workers(t.Context())
	if err != nil || len(workers) != 2 {
		t.Errorf("%v, %v", workers, err)
	}
	for resume, state := range map[bool]string{false: "draining", true: "ready"} {
		if w, err := c.Drain(t.Context(), "a", resume); err != nil || w.GetState() != state || w.GetWorkerId() != "a" {
			t.Errorf("resume %v: %v, %v", resume, w, err)
		}
	}
}

func TestErrorsHaveKinds(t *testing.T) {
	c := start(t, newMaster(1))
	_, err := c.Get(t.Context(), "nowhere")
	if !errors.Is(err, client.ErrNotFound) || err.Error() != `get workflow nowhere: no workflow "nowhere"` {
		t.Errorf("error is %v", err)
	}
	_, err = c.Cancel(t.Context(), "w1", "because")
	if !errors.Is(err, client.ErrState) || !strings.Contains(err.Error(), "w1: because") {
		t.Errorf("error is %v", err)
	}
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("the code was lost: %v", status.Code(err))
	}
}

func TestDeniedIsToldAtOnce(t *testing.T) {
	m := newMaster(1)
	m.deny = status.Error(codes.Unauthenticated, "a token is needed")
	if _, err := start(t, m).ServerInfo(t.Context()); !errors.Is(err, client.ErrDenied) {
		t.Errorf("error is %v", err)
	}
}

// absent is a connection to a master that is never there.
type absent struct{ calls int }

func (a *absent) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	a.calls++
	return status.Error(codes.Unavailable, "connection refused")
}

func (a *absent) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	a.calls++
	return nil, status.Error(codes.Unavailable, "connection refused")
}

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := &absent{}
		begun := time.Now()
		_, err := client.New(conn, client.Tuning{Patience: 10 * time.Second}).ServerInfo(t.Context())
		if !errors.Is(err, client.ErrUnreachable) || !strings.Contains(err.Error(), "master unreachable: connection refused") {
			t.Errorf("error is %v", err)
		}
		if took := time.Since(begun); took < 4*time.Second || took > 10*time.Second || conn.calls < 5 || conn.calls > 10 {
			t.Errorf("%d calls in %v", conn.calls, took)
		}
	})
}

func TestAWatchIsMorePatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := &absent{}
		begun := time.Now()
		var last error
		for _, err := range client.New(conn, client.Tuning{WatchPatience: time.Minute}).Watch(t.Context(), "w1", 0) {
			last = err
		}
		if took := time.Since(begun); !errors.Is(last, client.ErrUnreachable) || took < 50*time.Second || took > time.Minute {
			t.Errorf("%v after %v", last, took)
		}
	})
}

func TestNoPatienceIsOneTry(t *testing.T) {
	conn := &absent{}
	if _, err := client.New(conn, client.Tuning{Patience: -1}).ServerInfo(t.Context()); !errors.Is(err, client.ErrUnreachable) || conn.calls != 1 {
		t.Errorf("%d calls: %v", conn.calls, err)
	}
}

func TestACancelledCallEndsWithItsCause(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := client.New(&absent{}, client.Tuning{}).ServerInfo(ctx); !errors.Is(err, cause) {
		t.Errorf("error is %v", err)
	}
}

func TestDialSaysWhatIsWrong(t *testing.T) {
	for address, kind := range map[string]error{"nonsense": client.ErrInvalid, "127.0.0.1:1": client.ErrUnreachable} {
		_, err := client.Dial(t.Context(), client.Options{
			ClientOptions: transport.ClientOptions{Address: address}, Tuning: client.Tuning{Patience: -1},
		})
		if !errors.Is(err, kind) || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: error is %v", address, err)
		}
	}
}

// missing is a connection to a master that knows no workflow.
type missing struct{ absent }

func (*missing) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.NotFound, "no such workflow")
}
