package master_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/master"
	mlopsv1 "mlops/proto/mlops/v1"
)

func TestBadRequestsNameTheirField(t *testing.T) {
	s := serve(t, t.TempDir())
	many := map[string]string{}
	for i := range 33 {
		many[strings.Repeat("k", i+1)] = ""
	}
	spec := func(change func(*mlopsv1.TaskSpec)) *mlopsv1.SubmitWorkflowRequest {
		sp := probe()
		change(sp)
		return &mlopsv1.SubmitWorkflowRequest{Spec: sp}
	}
	submits := map[string]*mlopsv1.SubmitWorkflowRequest{
		"spec.operation":                   {},
		"idempotency_key":                  {Spec: probe(), IdempotencyKey: strings.Repeat("k", 129)},
		"priority":                         {Spec: probe(), Priority: 1001},
		"labels":                           {Spec: probe(), Labels: many},
		"labels: label":                    {Spec: probe(), Labels: map[string]string{"k": strings.Repeat("v", 257)}},
		"spec.slot_class":                  spec(func(s *mlopsv1.TaskSpec) { s.SlotClass = 9 }),
		"spec.timeout":                     spec(func(s *mlopsv1.TaskSpec) { s.Timeout = durationpb.New(-1) }),
		"spec.retry.max_errors":            spec(func(s *mlopsv1.TaskSpec) { s.Retry = &mlopsv1.RetryPolicy{MaxErrors: -2} }),
		"spec.retry.initial_backoff":       spec(func(s *mlopsv1.TaskSpec) { s.Retry = &mlopsv1.RetryPolicy{InitialBackoff: durationpb.New(-1)} }),
		"spec.requirements.labels":         spec(func(s *mlopsv1.TaskSpec) { s.Requirements = &mlopsv1.Requirements{Labels: many} }),
		"spec.requirements.capabilities":   spec(func(s *mlopsv1.TaskSpec) { s.Requirements = &mlopsv1.Requirements{Capabilities: []string{""}} }),
		"spec.operation.train.config_yaml": {Spec: &mlopsv1.TaskSpec{Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{ConfigYaml: strings.Repeat(" ", 1<<20+1)}}}}},
	}
	calls := map[string]func() error{}
	for field, req := range submits {
		calls[field] = func() error { _, err := s.clients.SubmitWorkflow(t.Context(), req); return err }
	}
	calls["page_size"] = func() error {
		_, err := s.clients.ListWorkflows(t.Context(), &mlopsv1.ListWorkflowsRequest{PageSize: 1001})
		return err
	}
	calls["states"] = func() error {
		_, err := s.clients.ListWorkflows(t.Context(), &mlopsv1.ListWorkflowsRequest{States: []mlopsv1.WorkflowState{7}})
		return err
	}
	calls["workflow_id"] = func() error {
		_, err := s.clients.GetWorkflow(t.Context(), &mlopsv1.GetWorkflowRequest{})
		return err
	}
	calls["reason"] = func() error {
		_, err := s.clients.CancelWorkflow(t.Context(), &mlopsv1.CancelWorkflowRequest{WorkflowId: "x", Reason: strings.Repeat("r", 1025)})
		return err
	}
	calls["worker_id"] = func() error {
		_, err := s.workers.Synchronize(t.Context(), &mlopsv1.SynchronizeRequest{})
		return err
	}
	calls["seq"] = func() error {
		_, err := s.workers.Synchronize(t.Context(), &mlopsv1.SynchronizeRequest{WorkerId: "a", SessionId: "s"})
		return err
	}
	calls["held"] = func() error {
		_, err := s.workers.Synchronize(t.Context(), &mlopsv1.SynchronizeRequest{WorkerId: "a", SessionId: "s", Seq: 1, Held: []*mlopsv1.HeldAttempt{{}}})
		return err
	}
	for field, call := range calls {
		err := call()
		if status.Code(err) != codes.InvalidArgument || !strings.HasPrefix(status.Convert(err).Message(), field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

func TestAKeyIsGoodForOneSubmission(t *testing.T) {
	s := serve(t, t.TempDir())
	req := &mlopsv1.SubmitWorkflowRequest{IdempotencyKey: "once", Spec: probe()}
	first, err := s.clients.SubmitWorkflow(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.clients.SubmitWorkflow(t.Context(), req)
	if err != nil || !again.GetExisted() || again.GetWorkflow().GetWorkflowId() != first.GetWorkflow().GetWorkflowId() {
		t.Errorf("again: %v, %v", again, err)
	}
	req.Spec.Timeout = durationpb.New(time.Second)
	if _, err := s.clients.SubmitWorkflow(t.Context(), req); status.Code(err) != codes.AlreadyExists {
		t.Errorf("with another spec: %v", err)
	}
}

func TestWorkflowsAreFoundListedCancelledAndRetried(t *testing.T) {
	s := serve(t, t.TempDir())
	w := s.submit(t, probe())
	got, err := s.clients.GetWorkflow(t.Context(), &mlopsv1.GetWorkflowRequest{WorkflowId: w.GetWorkflowId()[:30]})
	if err != nil || !proto.Equal(got.GetWorkflow(), w) || len(got.GetTasks()) != 1 {
		t.Fatalf("get: %v, %v", got, err)
	}
	if _, err := s.clients.RetryWorkflow(t.Context(), &mlopsv1.RetryWorkflowRequest{WorkflowId: w.GetWorkflowId()}); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("retry of a waiting workflow: %v", err)
	}
	for range 2 {
		cancelled, err := s.clients.CancelWorkflow(t.Context(), &mlopsv1.CancelWorkflowRequest{WorkflowId: w.GetWorkflowId(), Reason: "enough"})
		if err != nil || cancelled.GetWorkflow().GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED {
			t.Errorf("cancel: %v, %v", cancelled, err)
		}
	}
	retry := &mlopsv1.RetryWorkflowRequest{WorkflowId: w.GetWorkflowId(), IdempotencyKey: "again"}
	first, err := s.clients.RetryWorkflow(t.Context(), retry)
	if err != nil || first.GetWorkflow().GetRetryOf() != w.GetWorkflowId() || !proto.Equal(first.GetWorkflow().GetSpec(), w.GetSpec()) {
		t.Fatalf("retry: %v, %v", first, err)
	}
	second, err := s.clients.RetryWorkflow(t.Context(), retry)
	if err != nil || second.GetWorkflow().GetWorkflowId() != first.GetWorkflow().GetWorkflowId() {
		t.Errorf("the same retry: %v, %v", second, err)
	}
	list, err := s.clients.ListWorkflows(t.Context(), &mlopsv1.ListWorkflowsRequest{PageSize: 1})
	if err != nil || len(list.GetWorkflows()) != 1 || list.GetWorkflows()[0].GetWorkflowId() != first.GetWorkflow().GetWorkflowId() {
		t.Fatalf("list: %v, %v", list, err)
	}
	if list.GetWorkflows()[0].GetSpec() != nil {
		t.Error("a listed workflow carries its spec")
	}
	list, err = s.clients.ListWorkflows(t.Context(), &mlopsv1.ListWorkflowsRequest{PageToken: list.GetNextPageToken()})
	if err != nil || len(list.GetWorkflows()) != 1 || list.GetNextPageToken() != "" {
		t.Errorf("second page: %v, %v", list, err)
	}
	if _, err := s.clients.GetWorkflow(t.Context(), &mlopsv1.GetWorkflowRequest{WorkflowId: "ffffffff"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown workflow: %v", err)
	}
}

func TestARetryMayRequireOtherLabels(t *testing.T) {
	s := serve(t, t.TempDir())
	spec := probe()
	spec.Requirements = &mlopsv1.Requirements{Labels: map[string]string{"session": "old", "zone": "a"}}
	resp, err := s.clients.SubmitWorkflow(t.Context(), &mlopsv1.SubmitWorkflowRequest{Spec: spec, Labels: map[string]string{"session": "old", "team": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	old := resp.GetWorkflow()
	if _, err := s.clients.CancelWorkflow(t.Context(), &mlopsv1.CancelWorkflowRequest{WorkflowId: old.GetWorkflowId()}); err != nil {
		t.Fatal(err)
	}
	retry := func(labels map[string]string) (*mlopsv1.Workflow, error) {
		r, err := s.clients.RetryWorkflow(t.Context(), &mlopsv1.RetryWorkflowRequest{WorkflowId: old.GetWorkflowId(), RequireLabels: labels})
		return r.GetWorkflow(), err
	}
	w, err := retry(map[string]string{"session": "new"})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"session": "new", "team": "b"}; !maps.Equal(w.GetLabels(), want) {
		t.Errorf("labels are %v, want %v", w.GetLabels(), want)
	}
	if got, want := w.GetSpec().GetRequirements().GetLabels(), map[string]string{"session": "new", "zone": "a"}; !maps.Equal(got, want) {
		t.Errorf("requirements are %v, want %v", got, want)
	}
	if w.GetRetryOf() != old.GetWorkflowId() {
		t.Errorf("it is a retry of %q", w.GetRetryOf())
	}
	if w, err := retry(map[string]string{"": "x"}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a label without a key: %v, %v", w, err)
	}
	many := map[string]string{}
	for i := range 31 {
		many[fmt.Sprint(i)] = "x"
	}
	if w, err := retry(many); status.Code(err) != codes.InvalidArgument {
		t.Errorf("33 labels in all: %v, %v", w, err)
	}
}

func TestAFullQueueIsSaidSo(t *testing.T) {
	s := serve(t, t.TempDir(), func(o *master.Options) { o.MaxQueued = 2 })
	s.submit(t, probe())
	s.submit(t, probe())
	_, err := s.clients.SubmitWorkflow(t.Context(), &mlopsv1.SubmitWorkflowRequest{Spec: probe()})
	if status.Code(err) != codes.ResourceExhausted || status.Convert(err).Message() != "queue is full: 2 waiting" {
		t.Errorf("got %v", err)
	}
}

func TestAWatchIsLiveAndEndsWithTheMaster(t *testing.T) {
	s := serve(t, t.TempDir())
	w := s.submit(t, probe())
	stream, err := s.clients.WatchWorkflow(t.Context(), &mlopsv1.WatchWorkflowRequest{WorkflowId: w.GetWorkflowId(), FromSeq: w.GetLastSeq() + 1})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if err != nil || first.GetWorkflow().GetWorkflowId() != w.GetWorkflowId() {
		t.Fatalf("first message %v, %v", first, err)
	}
	granted := s.worker("a", 1, func(*mlopsv1.Start) *mlopsv1.Outcome { return succeeded() })
	granted.req.Seq, granted.req.HoldFor = 1, nil
	resp, err := s.workers.Synchronize(t.Context(), granted.req)
	if err != nil || len(resp.GetDirectives()) != 1 {
		t.Fatalf("granted %v, %v", resp, err)
	}
	next, err := stream.Recv()
	if err != nil || next.GetEvent().GetTaskChanged().GetState() != mlopsv1.TaskState_TASK_STATE_LEASED {
		t.Errorf("then %v, %v", next, err)
	}
	reports, err := s.workers.ReportProgress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("the watch ended with %v", err)
	}
	if err := reports.RecvMsg(&mlopsv1.ReportProgressResponse{}); status.Code(err) != codes.Unavailable {
		t.Errorf("the progress stream ended with %v", err)
	}
}

func TestProgressIsReportedAndRead(t *testing.T) {
	s := serve(t, t.TempDir())
	w := s.submit(t, probe())
	a := s.worker("a", 1, func(*mlopsv1.Start) *mlopsv1.Outcome { return succeeded() })
	a.req.Seq, a.req.HoldFor = 1, nil
	resp, err := s.workers.Synchronize(t.Context(), a.req)
	if err != nil {
		t.Fatal(err)
	}
	ref := resp.GetDirectives()[0].GetStart().GetRef()
	stream, err := s.workers.ReportProgress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&mlopsv1.ReportProgressRequest{WorkerId: "a", SessionId: ref.GetSessionId(), Reports: []*mlopsv1.AttemptReport{
		{Ref: ref, Seq: 1, Progress: &mlopsv1.Progress{Stage: "train"}, Log: []*mlopsv1.LogLine{{Text: "hello"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		t.Fatal(err)
	}
	got, err := s.clients.GetWorkflow(t.Context(), &mlopsv1.GetWorkflowRequest{WorkflowId: w.GetWorkflowId(), OmitTasks: true})
	if err != nil || got.GetProgress()[ref.GetTaskId()].GetStage() != "train" || len(got.GetTasks()) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	a.obey(resp)
	a.req.Seq = 2
	if _, err := s.workers.Synchronize(t.Context(), a.req); err != nil {
		t.Fatal(err)
	}
	events, last := s.story(t, w.GetWorkflowId(), 0)
	if last.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		t.Errorf("ended %s", last.GetState())
	}
	hello := false
	for _, e := range events {
		hello = hello || e.GetLog().GetText() == "hello"
	}
	if !hello {
		t.Errorf("the log line is not in the story: %v", events)
	}
}

// TestSeveralWatchersSeeTheSameStory lets slow and quick watchers follow a fan-out.
func TestSeveralWatchersSeeTheSameStory(t *testing.T) {
	s := serve(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	worker := s.worker("a", 4, func(st *mlopsv1.Start) *mlopsv1.Outcome {
		if !strings.HasSuffix(st.GetRef().GetTaskId(), "/0") {
			return succeeded()
		}
		spawn := &mlopsv1.Spawn{Then: probe()}
		for range 50 {
			spawn.Children = append(spawn.Children, probe())
		}
		return &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Spawn{Spawn: spawn}}
	})
	w := s.submit(t, probe())
	var watching sync.WaitGroup
	for range 4 {
		watching.Go(func() {
			stream, err := s.clients.WatchWorkflow(t.Context(), &mlopsv1.WatchWorkflowRequest{WorkflowId: w.GetWorkflowId()})
			if err != nil {
				t.Error(err)
				return
			}
			next := uint64(1)
			for {
				resp, err := stream.Recv()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Error(err)
					return
				}
				if e := resp.GetEvent(); e != nil {
					if e.GetSeq() != next {
						t.Errorf("event %d came where %d was due", e.GetSeq(), next)
					}
					next = e.GetSeq() + 1
				}
			}
			if next < 150 {
				t.Errorf("the story has only %d events", next)
			}
		})
	}
	working.Go(func() { worker.run(ctx) })
	watching.Wait()
}
