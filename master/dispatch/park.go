package dispatch

import (
	"container/list"

	"mlops/master/queue"
)

// parked is a call that waits for something to say.
type parked struct {
	call  *call
	place *list.Element
	woken chan struct{}
	// items were taken from the queue for this call; it grants them or gives them
	// back.
	items []queue.Item
}

// park lets a call wait. The caller holds the lock, has found nothing to say and
// no work in the queue, and holds its worker's turn.
func (d *Dispatcher) park(c *call) *parked {
	p := &parked{call: c, woken: make(chan struct{}, 1)}
	p.place = d.parked.PushBack(p)
	c.seat.parked = p
	return p
}

// unpark takes a call out of the waiting ones. The caller holds the lock.
func (d *Dispatcher) unpark(p *parked) {
	d.parked.Remove(p.place)
	p.call.seat.parked = nil
}

// giveBack returns tasks that were taken for a call that cannot grant them.
func (d *Dispatcher) giveBack(items []queue.Item) {
	if len(items) == 0 {
		return
	}
	for _, item := range items {
		d.queue.Put(item)
	}
	d.kick()
}

// wake lets a worker's waiting call look again. The caller holds the lock.
func (d *Dispatcher) wake(workerID string) {
	if s := d.seats[workerID]; s != nil && s.parked != nil {
		s.parked.wake()
	}
}

func (p *parked) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// kick hands ready tasks to waiting calls, the longest-waiting first. Each task
// goes to one call only, so that a task wakes one worker and not the whole fleet.
// The caller holds the lock.
func (d *Dispatcher) kick() {
	for e := d.parked.Front(); e != nil && d.queue.Ready() > 0; e = e.Next() {
		p := e.Value.(*parked)
		for _, class := range classes {
			free := p.call.free(d, class)
			for _, item := range p.items {
				if item.Need.Class == class {
					free--
				}
			}
			taken := d.queue.Take(&p.call.w.Profile, class, free)
			if len(taken) > 0 {
				p.items = append(p.items, taken...)
				p.wake()
			}
		}
	}
}
