package queue_test

import (
	"fmt"
	"testing"
	"time"

	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
)

// BenchmarkTake takes one task and puts a new one with so many waiting: the cost
// of a grant must not grow with the queue.
func BenchmarkTake(b *testing.B) {
	for _, waiting := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			q := queue.New()
			need := queue.Need{Capabilities: []string{"train"}, Class: mlopsv1.SlotClass_SLOT_CLASS_BATCH}
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			put := func(i int) {
				q.Put(queue.Item{
					TaskID: fmt.Sprintf("w%08d/0", i), WorkflowID: fmt.Sprintf("w%08d", i),
					Created: start.Add(time.Duration(i) * time.Millisecond), Need: need,
				})
			}
			for i := range waiting {
				put(i)
			}
			worker := &queue.Profile{WorkerID: "a", Capabilities: map[string]bool{"train": true}}
			next := waiting
			for b.Loop() {
				if got := q.Take(worker, mlopsv1.SlotClass_SLOT_CLASS_BATCH, 1); len(got) != 1 {
					b.Fatalf("took %d tasks", len(got))
				}
				put(next)
				next++
			}
		})
	}
}
