package dispatch

import (
	"context"
	"errors"
	"testing"
	"time"

	"mlops/master/fleet"
	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
)

// Work that was handed to a waiting call goes back to the queue, or to the next
// who waits, if the call breaks off before it has granted it. Which of the two
// comes first is the scheduler's choice, so the moment is made by hand here.
func TestWorkHandedToACallThatBreaksOffIsNotLost(t *testing.T) {
	cancelled, leave := context.WithCancel(t.Context())
	leave()
	for _, c := range []struct {
		name  string
		ctx   context.Context
		ends  func(d *Dispatcher, c *call)
		error error
	}{
		{"the caller left", cancelled, func(*Dispatcher, *call) {}, context.Canceled},
		{"the master stops", t.Context(), func(d *Dispatcher, _ *call) { d.stopped = true; close(d.stopping) }, nil},
		{"a newer call took over", t.Context(), func(d *Dispatcher, c *call) {
			d.fleet.Arrive(&mlopsv1.SynchronizeRequest{WorkerId: c.w.ID, SessionId: "s", Seq: 2}, time.Now())
			c.seat.parked.wake()
		}, nil},
	} {
		for _, another := range []bool{false, true} {
			name := c.name
			if another {
				name += " and another waits"
			}
			t.Run(name, func(t *testing.T) {
				d := &Dispatcher{
					opts: Options{Now: time.Now}, queue: queue.New(), fleet: fleet.New(), seats: map[string]*seat{}, stopping: make(chan struct{}),
				}
				first := waits(t, d, "first")
				d.queue.Put(queue.Item{TaskID: "t", Need: queue.Need{Class: mlopsv1.SlotClass_SLOT_CLASS_BATCH}})
				d.kick()
				if len(first.items) != 1 || d.queue.Len() != 0 {
					t.Fatalf("%d tasks were handed over, %d wait", len(first.items), d.queue.Len())
				}
				<-first.woken // so that only its end is left to wake it
				var second *parked
				if another {
					second = waits(t, d, "second")
				}
				c.ends(d, first.call)
				if err := first.call.wait(c.ctx, first, time.Now().Add(time.Hour)); !errors.Is(err, c.error) {
					t.Errorf("the call ended with %v, want %v", err, c.error)
				}
				switch {
				case another && !d.stopped && (len(second.items) != 1 || d.queue.Len() != 0):
					t.Errorf("the other was handed %d tasks, %d wait", len(second.items), d.queue.Len())
				case (!another || d.stopped) && d.queue.Ready() != 1:
					t.Errorf("%d tasks are ready, want 1", d.queue.Ready())
				}
			})
		}
	}
}

// waits parks a call of a worker with one slot.
func waits(t *testing.T, d *Dispatcher, worker string) *parked {
	t.Helper()
	c, err := d.arrive(&mlopsv1.SynchronizeRequest{WorkerId: worker, SessionId: "s", Seq: 1, Slots: 1})
	if err != nil || c == nil {
		t.Fatalf("arrive: %v, %v", c, err)
	}
	c.plan = &plan{req: c.req, w: c.w, seat: c.seat}
	return d.park(c)
}
