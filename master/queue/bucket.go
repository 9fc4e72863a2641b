package queue

import "slices"

// entry is an item with its place: in a bucket's lane, or, without a bucket, in
// the heap of delayed tasks.
type entry struct {
	Item
	bucket *bucket
	index  int  // in the heap of delayed tasks
	gone   bool // removed while it stood in a lane
}

// bucket holds the ready tasks of one need, in a lane for each priority, the
// largest first. It keeps no empty lanes.
type bucket struct {
	signature string
	need      Need
	lanes     []*lane
}

// lane holds the tasks of one priority by age. Tasks nearly always arrive in that
// order, so that a slice taken from the front makes adding and taking cost the
// same at any length, which a heap does not.
type lane struct {
	priority int32
	entries  []*entry
	first    int // index of the first task that is still there
	gone     int // removed entries behind first
}

func (b *bucket) empty() bool { return len(b.lanes) == 0 }

// head is the bucket's first task; the bucket must not be empty.
func (b *bucket) head() *entry { return b.lanes[0].entries[b.lanes[0].first] }

func (b *bucket) push(e *entry) {
	i, found := slices.BinarySearchFunc(b.lanes, e.Priority, func(l *lane, p int32) int {
		return int(p) - int(l.priority)
	})
	if !found {
		b.lanes = slices.Insert(b.lanes, i, &lane{priority: e.Priority})
	}
	b.lanes[i].push(e)
	e.bucket = b
}

// pop takes the bucket's first task; the bucket must not be empty.
func (b *bucket) pop() *entry {
	l := b.lanes[0]
	e := l.entries[l.first]
	l.entries[l.first] = nil
	l.first++
	b.settle(0)
	return e
}

// remove takes a task out of the middle.
func (b *bucket) remove(e *entry) {
	e.gone = true
	i := slices.IndexFunc(b.lanes, func(l *lane) bool { return l.priority == e.Priority })
	b.lanes[i].gone++
	b.settle(i)
}

// settle restores what head relies on: no empty lanes, and no removed task at a
// lane's front.
func (b *bucket) settle(i int) {
	l := b.lanes[i]
	for l.first < len(l.entries) && l.entries[l.first].gone {
		l.entries[l.first] = nil
		l.first++
		l.gone--
	}
	switch {
	case l.first == len(l.entries):
		b.lanes = slices.Delete(b.lanes, i, i+1)
	case l.first+l.gone > len(l.entries)/2 && l.first+l.gone >= 64:
		l.compact()
	}
}

func (l *lane) push(e *entry) {
	n := len(l.entries)
	switch {
	case n == l.first || l.entries[n-1].before(&e.Item):
		l.entries = append(l.entries, e)
	case l.first > 0 && e.before(&l.entries[l.first].Item):
		l.first--
		l.entries[l.first] = e
	default:
		i, _ := slices.BinarySearchFunc(l.entries[l.first:], e, func(a, b *entry) int {
			if a.before(&b.Item) {
				return -1
			}
			return 1
		})
		l.entries = slices.Insert(l.entries, l.first+i, e)
	}
}

// compact drops the room that taken and removed tasks leave behind.
func (l *lane) compact() {
	kept := make([]*entry, 0, len(l.entries)-l.first-l.gone)
	for _, e := range l.entries[l.first:] {
		if !e.gone {
			kept = append(kept, e)
		}
	}
	l.entries, l.first, l.gone = kept, 0, 0
}
