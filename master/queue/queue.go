package queue

import (
	"container/heap"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Item is one waiting task.
type Item struct {
	// TaskID names the task.
	TaskID string
	// WorkflowID and Ordinal break ties between tasks of the same age.
	WorkflowID string
	Ordinal    uint32
	// Priority: larger goes first.
	Priority int32
	// Created is when the task was queued first: older goes first.
	Created time.Time
	// NotBefore keeps the task back until then; zero: at once.
	NotBefore time.Time
	// Need is what it asks of a worker.
	Need Need
}

// ItemOf makes the entry of a queued task.
func ItemOf(t *mlopsv1.Task) Item {
	item := Item{
		TaskID:     t.GetTaskId(),
		WorkflowID: t.GetWorkflowId(),
		Ordinal:    t.GetOrdinal(),
		Priority:   t.GetPriority(),
		Created:    t.GetCreatedAt().AsTime(),
		Need:       NeedOf(t),
	}
	if t.GetNotBefore() != nil {
		item.NotBefore = t.GetNotBefore().AsTime()
	}
	return item
}

// before orders items: priority, then age, then workflow and ordinal.
func (i *Item) before(o *Item) bool {
	switch {
	case i.Priority != o.Priority:
		return i.Priority > o.Priority
	case !i.Created.Equal(o.Created):
		return i.Created.Before(o.Created)
	case i.WorkflowID != o.WorkflowID:
		return i.WorkflowID < o.WorkflowID
	default:
		return i.Ordinal < o.Ordinal
	}
}

// Queue holds waiting tasks. It is not safe for concurrent use.
type Queue struct {
	entries map[string]*entry
	buckets map[string]*bucket
	delayed delayedHeap
}

// New returns an empty queue.
func New() *Queue {
	return &Queue{entries: map[string]*entry{}, buckets: map[string]*bucket{}}
}

// Len is how many tasks wait, those in backoff included.
func (q *Queue) Len() int { return len(q.entries) }

// Ready is how many tasks could be taken at once.
func (q *Queue) Ready() int { return len(q.entries) - len(q.delayed) }

// Put adds an item, in place of an earlier one of the same task. An item whose
// NotBefore is set is not taken before Advance has reached that time.
func (q *Queue) Put(item Item) {
	q.Remove(item.TaskID)
	e := &entry{Item: item, index: -1}
	q.entries[item.TaskID] = e
	if !item.NotBefore.IsZero() {
		heap.Push(&q.delayed, e)
		return
	}
	q.makeReady(e)
}

// Remove drops a task and tells whether it was there.
func (q *Queue) Remove(taskID string) bool {
	e, ok := q.entries[taskID]
	if !ok {
		return false
	}
	delete(q.entries, taskID)
	if e.bucket == nil {
		heap.Remove(&q.delayed, e.index)
		return true
	}
	e.bucket.remove(e)
	q.dropIfEmpty(e.bucket)
	return true
}

// Advance makes the tasks ready whose backoff is over, and returns how many.
func (q *Queue) Advance(now time.Time) int {
	n := 0
	for len(q.delayed) > 0 && !q.delayed[0].NotBefore.After(now) {
		e := heap.Pop(&q.delayed).(*entry)
		q.makeReady(e)
		n++
	}
	return n
}

// NextDue is when the next task in backoff becomes ready; false if there is none.
func (q *Queue) NextDue() (time.Time, bool) {
	if len(q.delayed) == 0 {
		return time.Time{}, false
	}
	return q.delayed[0].NotBefore, true
}

// Take removes and returns the first n ready tasks of a slot class that fit the
// worker, in order. Its cost grows with n and the number of distinct needs, not
// with the number of tasks.
func (q *Queue) Take(p *Profile, class mlopsv1.SlotClass, n int) []Item {
	if n <= 0 || len(q.buckets) == 0 {
		return nil
	}
	var fitting headHeap
	for _, b := range q.buckets {
		if b.need.Class == class && p.Fits(b.need) {
			fitting = append(fitting, b)
		}
	}
	heap.Init(&fitting)
	var taken []Item
	for len(taken) < n && len(fitting) > 0 {
		b := fitting[0]
		e := b.pop()
		delete(q.entries, e.TaskID)
		taken = append(taken, e.Item)
		if !b.empty() {
			heap.Fix(&fitting, 0)
			continue
		}
		heap.Pop(&fitting)
		q.dropIfEmpty(b)
	}
	return taken
}

func (q *Queue) makeReady(e *entry) {
	signature := e.Need.signature()
	b := q.buckets[signature]
	if b == nil {
		b = &bucket{signature: signature, need: e.Need}
		q.buckets[signature] = b
	}
	e.Need = b.need // shared, so that many tasks cost one need
	b.push(e)
}

func (q *Queue) dropIfEmpty(b *bucket) {
	if b.empty() {
		delete(q.buckets, b.signature)
	}
}
