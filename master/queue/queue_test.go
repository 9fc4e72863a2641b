package queue_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
)

const (
	batch       = mlopsv1.SlotClass_SLOT_CLASS_BATCH
	interactive = mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// naive is the queue as its definition says it: a list, sorted on each use.
type naive struct {
	items []queue.Item
	now   time.Time
}

func (n *naive) put(item queue.Item) {
	n.remove(item.TaskID)
	n.items = append(n.items, item)
}

func (n *naive) remove(id string) bool {
	i := slices.IndexFunc(n.items, func(it queue.Item) bool { return it.TaskID == id })
	if i >= 0 {
		n.items = slices.Delete(n.items, i, i+1)
	}
	return i >= 0
}

func (n *naive) take(p *queue.Profile, class mlopsv1.SlotClass, limit int) []string {
	slices.SortFunc(n.items, func(a, b queue.Item) int {
		switch {
		case a.Priority != b.Priority:
			return int(b.Priority) - int(a.Priority)
		case !a.Created.Equal(b.Created):
			return a.Created.Compare(b.Created)
		case a.WorkflowID != b.WorkflowID:
			return slices.Compare([]byte(a.WorkflowID), []byte(b.WorkflowID))
		default:
			return int(a.Ordinal) - int(b.Ordinal)
		}
	})
	var taken []string
	for _, it := range slices.Clone(n.items) {
		due := it.NotBefore.IsZero() || !it.NotBefore.After(n.now)
		if len(taken) < limit && due && it.Need.Class == class && p.Fits(it.Need) {
			taken = append(taken, it.TaskID)
			n.remove(it.TaskID)
		}
	}
	return taken
}

func TestQueueBehavesLikeASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, model := queue.New(), &naive{now: epoch}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				item := drawItem(t)
				q.Put(item)
				model.put(item)
			},
			"remove": func(t *rapid.T) {
				id := taskID(rapid.IntRange(0, 30).Draw(t, "task"))
				if got, want := q.Remove(id), model.remove(id); got != want {
					t.Fatalf("remove %s: got %v, want %v", id, got, want)
				}
			},
			"advance": func(t *rapid.T) {
				model.now = model.now.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "seconds")) * time.Second)
				q.Advance(model.now)
			},
			"take": func(t *rapid.T) {
				q.Advance(model.now)
				p := drawProfile(t)
				class := rapid.SampledFrom([]mlopsv1.SlotClass{batch, interactive}).Draw(t, "class")
				limit := rapid.IntRange(0, 5).Draw(t, "limit")
				var got []string
				for _, it := range q.Take(p, class, limit) {
					got = append(got, it.TaskID)
				}
				if want := model.take(p, class, limit); !slices.Equal(got, want) {
					t.Fatalf("%+v took %v, want %v", p, got, want)
				}
			},
			"": func(t *rapid.T) {
				if q.Len() != len(model.items) {
					t.Fatalf("length %d, want %d", q.Len(), len(model.items))
				}
			},
		})
	})
}

func taskID(i int) string { return fmt.Sprintf("w%d/%d", i/3, i%3) }

func drawItem(t *rapid.T) queue.Item {
	i := rapid.IntRange(0, 30).Draw(t, "task")
	item := queue.Item{
		TaskID: taskID(i), WorkflowID: fmt.Sprintf("w%d", i/3), Ordinal: uint32(i % 3),
		Priority: int32(rapid.IntRange(-1, 1).Draw(t, "priority")),
		Created:  epoch.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "age")) * time.Second),
		Need: queue.Need{
			Capabilities: rapid.SampledFrom([][]string{nil, {"train"}, {"gpu", "train"}}).Draw(t, "capabilities"),
			Class:        rapid.SampledFrom([]mlopsv1.SlotClass{batch, interactive}).Draw(t, "class"),
			Labels:       rapid.SampledFrom([]map[string]string{nil, {"zone": "a"}, {"zone": "b"}}).Draw(t, "labels"),
			Excluded:     rapid.SampledFrom([][]string{nil, {"one"}, {"one", "two"}}).Draw(t, "excluded"),
		},
	}
	if s := rapid.IntRange(-5, 10).Draw(t, "not before"); s > 0 {
		item.NotBefore = epoch.Add(time.Duration(s) * time.Second)
	}
	return item
}

func drawProfile(t *rapid.T) *queue.Profile {
	return &queue.Profile{
		WorkerID:     rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "worker"),
		Capabilities: rapid.SampledFrom([]map[string]bool{nil, {"train": true}, {"train": true, "gpu": true}}).Draw(t, "offers"),
		Labels:       rapid.SampledFrom([]map[string]string{nil, {"zone": "a"}, {"zone": "b", "x": "y"}}).Draw(t, "carries"),
	}
}

func TestManyTasksTakenFromTheMiddleLeaveTheRestInOrder(t *testing.T) {
	q := queue.New()
	for i := range 1000 {
		q.Put(queue.Item{TaskID: fmt.Sprint(i), Ordinal: uint32(i), Need: queue.Need{Class: batch}})
	}
	for i := range 1000 {
		if i%10 != 0 {
			q.Remove(fmt.Sprint(i))
		}
	}
	taken := q.Take(&queue.Profile{}, batch, 1000)
	if len(taken) != 100 {
		t.Fatalf("took %d tasks", len(taken))
	}
	for i, it := range taken {
		if it.TaskID != fmt.Sprint(i*10) {
			t.Fatalf("task %d is %s", i, it.TaskID)
		}
	}
}

func TestAWorkerIsNotGivenWhatItRefused(t *testing.T) {
	q := queue.New()
	for id, excluded := range map[string][]string{"anybody's": nil, "refused": {"one"}, "refused twice": {"one", "two"}} {
		q.Put(queue.Item{TaskID: id, Need: queue.Need{Class: batch, Excluded: excluded}})
	}
	for _, c := range []struct {
		worker string
		want   []string
	}{
		{"one", []string{"anybody's"}},
		{"two", []string{"refused"}},
		{"three", []string{"refused twice"}},
	} {
		var got []string
		for _, it := range q.Take(&queue.Profile{WorkerID: c.worker}, batch, 10) {
			got = append(got, it.TaskID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("worker %s took %q, want %q", c.worker, got, c.want)
		}
	}
}

func TestNextDueIsTheEarliestBackoff(t *testing.T) {
	q := queue.New()
	if _, ok := q.NextDue(); ok {
		t.Error("an empty queue has something due")
	}
	for _, s := range []int{7, 3, 5} {
		q.Put(queue.Item{TaskID: fmt.Sprint(s), NotBefore: epoch.Add(time.Duration(s) * time.Second)})
	}
	if due, ok := q.NextDue(); !ok || !due.Equal(epoch.Add(3*time.Second)) {
		t.Errorf("due at %v", due)
	}
	if n := q.Advance(epoch.Add(5 * time.Second)); n != 2 || q.Ready() != 2 || q.Len() != 3 {
		t.Errorf("advanced %d, ready %d of %d", n, q.Ready(), q.Len())
	}
}

func TestNeedOfATask(t *testing.T) {
	task := &mlopsv1.Task{
		ExcludedWorkers: []string{"z", "a"},
		Spec: &mlopsv1.TaskSpec{
			Operation:    &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: &mlopsv1.TrainOperation{}}},
			Requirements: &mlopsv1.Requirements{Capabilities: []string{"train", "gpu"}},
		},
	}
	need := queue.NeedOf(task)
	if !slices.Equal(need.Capabilities, []string{"gpu", "train"}) || need.Class != batch || !slices.Equal(need.Excluded, []string{"a", "z"}) {
		t.Errorf("got %+v", need)
	}
	p := &queue.Profile{WorkerID: "z", Capabilities: map[string]bool{"gpu": true, "train": true}}
	if p.Fits(need) {
		t.Error("a worker that refused the task fits")
	}
	p.WorkerID = "b"
	if !p.Fits(need) {
		t.Error("a worker with all capabilities does not fit")
	}
}
