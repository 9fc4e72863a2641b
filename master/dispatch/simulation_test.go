package dispatch_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
	"mlops/statestore/bolt"
)

// simulated is a worker in a world where requests and replies get lost and
// processes die. Its journal survives its process.
type simulated struct {
	*hand
	process int
	held    map[string]*mlopsv1.HeldAttempt              // by ref
	journal map[string]*mlopsv1.HeldAttempt              // outcomes that were not forgotten
	parked  func() (*mlopsv1.SynchronizeResponse, error) // a call that waits
	leave   context.CancelFunc                           // breaks it off
}

// park makes a call that may wait; its answer is read before the worker does
// anything else.
func (w *simulated) park() {
	if w.parked != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	req, d := w.request(heartbeat, w.all()...), w.s.d
	w.leave = cancel
	w.parked = later(func() (*mlopsv1.SynchronizeResponse, error) { return d.Synchronize(ctx, req) })
	synctest.Wait()
}

// awake reads the answer of a call that waits.
func (w *simulated) awake(t *rapid.T) {
	if w.parked == nil {
		return
	}
	resp, err := w.parked()
	w.leave()
	w.parked = nil
	if err != nil {
		t.Fatalf("the call that waited: %v", err)
	}
	w.obey(t, resp)
}

func (w *simulated) restart() {
	if w.parked != nil {
		w.leave()
		w.parked()
		w.parked = nil
	}
	w.process++
	w.req.SessionId = fmt.Sprintf("%s-%d", w.req.WorkerId, w.process)
	w.req.Seq = 0
	w.held = map[string]*mlopsv1.HeldAttempt{}
}

// all is what the worker lists: its journal, and what it holds.
func (w *simulated) all() []*mlopsv1.HeldAttempt {
	var held []*mlopsv1.HeldAttempt
	for _, m := range []map[string]*mlopsv1.HeldAttempt{w.journal, w.held} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			held = append(held, m[k])
		}
	}
	return held
}

// step makes one call; its request or its reply may get lost.
func (w *simulated) step(t *rapid.T, loseRequest, loseReply bool) {
	w.awake(t)
	if loseRequest {
		w.req.Seq++
		return
	}
	resp, err := w.try(0, w.all()...)
	if err != nil {
		t.Fatalf("synchronize: %v", err)
	}
	if !loseReply {
		w.obey(t, resp)
	}
}

// obey does what the master says.
func (w *simulated) obey(t *rapid.T, resp *mlopsv1.SynchronizeResponse) {
	if resp.GetSuperseded() {
		t.Fatal("the newest process was superseded")
	}
	for _, d := range resp.GetDirectives() {
		switch k := d.GetKind().(type) {
		case *mlopsv1.Directive_Start:
			ref := k.Start.GetRef()
			if _, twice := w.held[ref.String()]; twice {
				t.Fatalf("told to start %v, which it listed", ref)
			}
			w.held[ref.String()] = holds(ref, accepted)
		case *mlopsv1.Directive_Discard:
			delete(w.held, k.Discard.GetRef().String())
			delete(w.journal, k.Discard.GetRef().String())
		case *mlopsv1.Directive_Forget:
			delete(w.journal, k.Forget.GetRef().String())
		case *mlopsv1.Directive_Cancel:
			w.end(k.Cancel.GetRef(), mlopsv1.FailureKind_FAILURE_KIND_CANCELLED)
		}
	}
}

// end journals an attempt's outcome: success, or a failure of a kind.
func (w *simulated) end(ref *mlopsv1.AttemptRef, kind mlopsv1.FailureKind) {
	delete(w.held, ref.String())
	if kind == mlopsv1.FailureKind_FAILURE_KIND_UNSPECIFIED {
		w.journal[ref.String()] = succeeds(ref)
		return
	}
	w.journal[ref.String()] = fails(ref, kind)
}

// work moves one held attempt on.
func (w *simulated) work(t *rapid.T) {
	w.awake(t)
	keys := slices.Sorted(maps.Keys(w.held))
	if len(keys) == 0 {
		return
	}
	h := w.held[rapid.SampledFrom(keys).Draw(t, "attempt")]
	if h.GetState() == accepted {
		w.held[h.GetRef().String()] = holds(h.GetRef(), running)
		return
	}
	kinds := []mlopsv1.FailureKind{0, 0, 0, mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, mlopsv1.FailureKind_FAILURE_KIND_LOST}
	w.end(h.GetRef(), rapid.SampledFrom(kinds).Draw(t, "end"))
}

// stubborn is a task whose budgets never run out.
func stubborn() *mlopsv1.TaskSpec {
	spec := probe()
	spec.Retry = &mlopsv1.RetryPolicy{MaxErrors: 1000, MaxLosses: 1000}
	return spec
}

// TestEveryAcknowledgedSubmissionEndsExactlyOnce lets requests and replies get
// lost, workers die and the master restart on its reopened store, and then heals
// everything.
func TestEveryAcknowledgedSubmissionEndsExactlyOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Without t's Deadline, which may not be asked for in a bubble.
		rapid.Check(struct{ testing.TB }{t}, func(r *rapid.T) { simulate(t, r) })
	})
}

func simulate(t *testing.T, r *rapid.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	open := func() *fallible {
		store, err := bolt.Open(path, bolt.Options{NoSync: true})
		if err != nil {
			r.Fatal(err)
		}
		return &fallible{Store: store}
	}
	s := &scene{t: t, store: open()}
	s.start()
	var workers []*simulated
	defer func() {
		for _, w := range workers {
			w.restart()
		}
		s.d.Stop()
		s.store.Close()
	}()
	for _, id := range []string{"a", "b", "c"} {
		w := &simulated{hand: s.worker(id, "", 2), journal: map[string]*mlopsv1.HeldAttempt{}}
		w.restart()
		workers = append(workers, w)
	}
	var workflows []string
	cancelled := map[string]bool{}
	pick := func(r *rapid.T) *simulated { return rapid.SampledFrom(workers).Draw(r, "worker") }

	r.Repeat(map[string]func(*rapid.T){
		"submit": func(r *rapid.T) {
			if len(workflows) < 20 {
				w, _ := s.submit(stubborn())
				workflows = append(workflows, w)
			}
		},
		"step":  func(r *rapid.T) { pick(r).step(r, false, false) },
		"lossy": func(r *rapid.T) { request := rapid.Bool().Draw(r, "request"); pick(r).step(r, request, !request) },
		"park":  func(r *rapid.T) { pick(r).park() },
		"work":  func(r *rapid.T) { pick(r).work(r) },
		"wait": func(r *rapid.T) {
			time.Sleep(time.Duration(rapid.IntRange(1, 20).Draw(r, "seconds")) * time.Second)
			synctest.Wait()
		},
		"worker dies": func(r *rapid.T) { pick(r).restart() },
		"master dies": func(r *rapid.T) {
			s.d.Stop()
			if err := s.store.Close(); err != nil {
				r.Fatal(err)
			}
			s.store = open()
			s.start()
		},
		"cancel": func(r *rapid.T) {
			if len(workflows) > 0 && rapid.IntRange(0, 3).Draw(r, "seldom") == 0 {
				w := rapid.SampledFrom(workflows).Draw(r, "workflow")
				s.cancel(w)
				cancelled[w] = true
			}
		},
		"": func(r *rapid.T) {
			for _, w := range workers {
				if len(w.held) > 2+len(w.journal) {
					r.Fatalf("worker %s holds %d tasks in 2 slots", w.req.WorkerId, len(w.held))
				}
			}
		},
	})
	heal(r, s, workers)
	for _, id := range workflows {
		checkEnd(r, s, id, cancelled[id])
	}
}

// heal lets everything go well until all must have ended.
func heal(r *rapid.T, s *scene, workers []*simulated) {
	for range 60 {
		time.Sleep(heartbeat)
		synctest.Wait()
		for _, w := range workers {
			w.step(r, false, false)
			for _, k := range slices.Sorted(maps.Keys(w.held)) {
				w.end(w.held[k].GetRef(), 0)
			}
		}
	}
}

func checkEnd(r *rapid.T, s *scene, id string, cancelled bool) {
	w, err := s.store.Workflow(context.Background(), id)
	if err != nil {
		r.Fatal(err)
	}
	if !statestore.FinalWorkflow(w.GetState()) {
		tasks, _ := s.store.Tasks(context.Background(), id, 0)
		r.Fatalf("workflow %s is stuck: %v %v", id, w, tasks)
	}
	if w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED && !cancelled {
		r.Fatalf("workflow %s ended %s: %v", id, w.GetState(), w.GetFailure())
	}
	events, err := s.store.Events(context.Background(), id, 1, 0)
	if err != nil {
		r.Fatal(err)
	}
	ends := 0
	for i, e := range events {
		if e.GetSeq() != uint64(i+1) {
			r.Fatalf("workflow %s: event %d has number %d", id, i, e.GetSeq())
		}
		if statestore.FinalWorkflow(e.GetWorkflowChanged().GetState()) || statestore.Final(e.GetTaskChanged().GetState()) {
			ends++
		}
	}
	if ends != 2 {
		r.Fatalf("workflow %s and its task ended %d times, not once each: %v", id, ends, events)
	}
}
