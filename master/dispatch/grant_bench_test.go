package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"mlops/master/dispatch"
	"mlops/master/watch"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore/bolt"
)

// BenchmarkGrant measures one call that ends a task, which queues another, and is
// granted the next, with so many more waiting: the cost must not grow with the
// queue. The store does not sync, so that the disk does not hide a difference.
func BenchmarkGrant(b *testing.B) {
	for _, waiting := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			store, err := bolt.Open(filepath.Join(b.TempDir(), "state.db"), bolt.Options{NoSync: true})
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			d, err := dispatch.New(context.Background(), store, dispatch.Options{
				Now: time.Now, Heartbeat: time.Minute, LeaseTTL: time.Hour, MaxQueued: 1 << 20, MaxLogLine: 4096,
				Publisher: &watch.Hub{}, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Stop()
			s := &scene{t: b, store: &fallible{Store: store}, d: d}
			a := s.worker("a", "s1", 1)
			ref := fill(s, a, waiting)
			one := &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Spawn{Spawn: &mlopsv1.Spawn{Children: []*mlopsv1.TaskSpec{probe()}}}}
			for b.Loop() {
				ref = a.call(ends(ref, one)).expect(b, 1, 0, 0, 1, 0).start[0].GetRef()
			}
		})
	}
}

// fill queues so many tasks by fan-outs of at most a thousand, and returns the
// attempt that the worker holds.
func fill(s *scene, a *hand, waiting int) *mlopsv1.AttemptRef {
	const children = 1000
	for range waiting / children {
		s.submit(probe())
	}
	spawn := &mlopsv1.Spawn{}
	for range children {
		spawn.Children = append(spawn.Children, probe())
	}
	for range waiting / children {
		a.call(ends(a.call().one(s.t), &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Spawn{Spawn: spawn}}))
	}
	return a.call().one(s.t)
}
