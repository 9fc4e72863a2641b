package dispatch

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

const (
	// flushEvery is how long log lines gather before they are stored.
	flushEvery = 100 * time.Millisecond
	// progressEvery is how often an attempt's progress is stored at most.
	progressEvery = 500 * time.Millisecond
	// maxPendingLines bounds an attempt's log lines that wait to be stored.
	maxPendingLines = 1000
)

// recorder keeps what running attempts say about themselves: the newest in memory,
// and a thinned-out record in the store. It is lossy and changes no task.
type recorder struct {
	store statestore.Store
	opts  Options
	woken chan struct{}

	mu    sync.Mutex
	notes map[string]*note // by task

	// writing is held while events are being stored, so that they keep their order.
	writing sync.Mutex
}

// note is what one attempt has said.
type note struct {
	ref        *mlopsv1.AttemptRef
	workflowID string
	seq        uint64
	newest     *mlopsv1.Progress
	unstored   bool      // newest is not in the store
	stored     time.Time // when progress was stored last
	lines      []*mlopsv1.LogLine
	dropped    uint32 // lines that there was no room for
	writing    bool   // lines of it are being stored
	gone       bool   // the attempt has ended
}

func newRecorder(store statestore.Store, opts Options) *recorder {
	return &recorder{store: store, opts: opts, woken: make(chan struct{}, 1), notes: map[string]*note{}}
}

// take notes a report of a current attempt.
func (r *recorder) take(workflowID string, rep *mlopsv1.AttemptReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ref := rep.GetRef()
	n := r.notes[ref.GetTaskId()]
	if n == nil || n.ref.GetAttempt() != ref.GetAttempt() || n.ref.GetSessionId() != ref.GetSessionId() {
		n = &note{ref: ref, workflowID: workflowID}
		r.notes[ref.GetTaskId()] = n
	}
	if rep.GetSeq() <= n.seq {
		return
	}
	n.seq = rep.GetSeq()
	if rep.GetProgress() != nil {
		n.newest, n.unstored = rep.GetProgress(), true
	}
	n.dropped += rep.GetDropped()
	for _, line := range rep.GetLog() {
		if len(n.lines) >= maxPendingLines {
			n.dropped++
			continue
		}
		line.Text = cut(line.GetText(), r.opts.MaxLogLine)
		n.lines = append(n.lines, line)
	}
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// cut shortens a text to at most limit bytes, between characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// newest returns the latest progress of a workflow's attempts, by task.
func (r *recorder) newest(workflowID string) map[string]*mlopsv1.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	progress := map[string]*mlopsv1.Progress{}
	for id, n := range r.notes {
		if n.workflowID == workflowID && n.newest != nil && !n.gone {
			progress[id] = n.newest
		}
	}
	return progress
}

// drop forgets an attempt that has ended, once its last lines are stored.
func (r *recorder) drop(taskID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.notes[taskID]
	switch {
	case n == nil:
	case len(n.lines) == 0 && n.dropped == 0:
		delete(r.notes, taskID)
	default:
		n.gone, n.unstored = true, false
	}
}

// run stores what attempts said until ctx ends, and then what is left.
func (r *recorder) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		select {
		case <-r.woken:
			timer.Reset(flushEvery)
		case <-ctx.Done():
			r.flush(ctx, nil)
			return
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		if r.flush(ctx, nil) {
			select {
			case r.woken <- struct{}{}:
			default:
			}
		}
	}
}

// flushTasks stores what these tasks' attempts said before their ends are stored.
func (r *recorder) flushTasks(ctx context.Context, tasks []string) {
	r.mu.Lock()
	only := map[string]bool{}
	for _, id := range tasks {
		if n := r.notes[id]; n != nil && (n.unstored || len(n.lines) > 0 || n.dropped > 0 || n.writing) {
			only[id] = true
		}
	}
	r.mu.Unlock()
	if len(only) > 0 {
		r.flush(ctx, only)
	}
}

// flush stores what is due, or all that the tasks in only have, and tells whether
// something was left for later.
func (r *recorder) flush(ctx context.Context, only map[string]bool) (left bool) {
	r.writing.Lock()
	defer r.writing.Unlock()
	events, left := r.collect(only)
	if len(events) == 0 {
		return left
	}
	stored, err := r.store.Append(context.WithoutCancel(ctx), events)
	if err != nil {
		r.opts.Logger.Warn("progress was not stored", "events", len(events), "error", err)
	}
	r.mu.Lock()
	for _, n := range r.notes {
		n.writing = false
	}
	r.mu.Unlock()
	published := map[string]bool{}
	for _, e := range stored {
		if id := e.GetWorkflowId(); !published[id] {
			published[id] = true
			r.opts.Publisher.Publish(id)
		}
	}
	return left
}

// collect turns what is due into events.
func (r *recorder) collect(only map[string]bool) (events []*mlopsv1.Event, left bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.opts.Now()
	for id, n := range r.notes {
		if only != nil && !only[id] {
			continue
		}
		event := func() *mlopsv1.Event {
			e := &mlopsv1.Event{
				WorkflowId: n.workflowID, TaskId: id, Attempt: n.ref.GetAttempt(), Time: timestamppb.New(now),
			}
			events = append(events, e)
			n.writing = true
			return e
		}
		if n.dropped > 0 {
			n.lines = append(n.lines, &mlopsv1.LogLine{
				Level: mlopsv1.LogLevel_LOG_LEVEL_WARNING,
				Text:  fmt.Sprintf("%d log lines were dropped: there were too many at once", n.dropped),
			})
		}
		for _, line := range n.lines {
			event().Kind = &mlopsv1.Event_Log{Log: line}
		}
		n.lines, n.dropped = nil, 0
		switch due := only != nil || now.Sub(n.stored) >= progressEvery; {
		case n.unstored && due:
			event().Kind = &mlopsv1.Event_Progress{Progress: n.newest}
			n.unstored, n.stored = false, now
		case n.unstored:
			left = true
		}
		if n.gone {
			delete(r.notes, id)
		}
	}
	return events, left
}
