// Package watch tells watchers that a workflow has new events.
//
// The hub carries no events, only the news that there are some: a watcher reads
// them from the state store from where it stands. So nothing can be missed or
// doubled between what was recorded and what is live, a slow watcher holds nobody
// up and costs no memory, and many events that come while one is being sent are
// read at once.
package watch

import "sync"

// Hub connects publishers of events with watchers. Its zero value is ready.
type Hub struct {
	mu       sync.Mutex
	watchers map[string]map[*Watcher]struct{} // by workflow
}

// Watcher waits for one workflow's events.
type Watcher struct {
	hub        *Hub
	workflowID string
	news       chan struct{}
}

// Watch starts watching a workflow. Events that are durable after Watch returned
// are announced on News; what was there before is for the watcher to read. Close
// ends it.
func (h *Hub) Watch(workflowID string) *Watcher {
	w := &Watcher{hub: h, workflowID: workflowID, news: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = map[string]map[*Watcher]struct{}{}
	}
	if h.watchers[workflowID] == nil {
		h.watchers[workflowID] = map[*Watcher]struct{}{}
	}
	h.watchers[workflowID][w] = struct{}{}
	return w
}

// News receives after events have been published; several publications may be
// told as one.
func (w *Watcher) News() <-chan struct{} { return w.news }

// Close stops watching.
func (w *Watcher) Close() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	delete(w.hub.watchers[w.workflowID], w)
	if len(w.hub.watchers[w.workflowID]) == 0 {
		delete(w.hub.watchers, w.workflowID)
	}
}

// Publish announces that a workflow has new events. It never blocks.
func (h *Hub) Publish(workflowID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers[workflowID] {
		select {
		case w.news <- struct{}{}:
		default:
		}
	}
}
