package live

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
)

// FanOut sums up what the shards of a run say about themselves, so that the progress
// of the whole is shown and not of now this one, now that one. It is for one
// goroutine.
type FanOut struct {
	shards  map[string]*shard // by task
	typical int               // items of a shard of which nothing is known
	unknown int               // how many there are of those
	skipped float64           // items that no shard has
	began   time.Time         // when the first of them ran
	stage   string            // what they do
}

// shard is what is known of one.
type shard struct {
	items  float64 // that it has
	done   float64 // in whatever way
	figure map[string]float64
}

// summed are the figures that add up over shards.
var summed = []string{"rows", "failed", "skipped"}

// NewFanOut returns the fan-out of a run's tasks; nil where there is none.
func NewFanOut(tasks []*mlopsv1.Task) *FanOut {
	f := &FanOut{shards: map[string]*shard{}}
	size := 0
	for _, t := range tasks {
		if items := t.GetSpec().GetOperation().GetRun().GetShard().GetItems(); len(items) > 0 {
			f.shards[t.GetTaskId()] = &shard{items: float64(len(items))}
			f.typical = max(f.typical, len(items))
		}
		join := t.GetJoin()
		size = max(size, int(join.GetSize()))
		for _, o := range join.GetThen().GetOperation().GetRun().GetGather().GetSettled() {
			if o.GetStatus() == "skipped" {
				f.skipped++
			}
		}
	}
	if len(f.shards) == 0 {
		return nil
	}
	f.unknown = max(0, size-len(f.shards)) // more than a master tells of
	return f
}

// Sum returns what is to be shown of an event: the progress of all shards in the
// place of one's, else the event itself.
func (f *FanOut) Sum(e *mlopsv1.Event) *mlopsv1.Event {
	s := f.shards[e.GetTaskId()]
	if n := e.GetProgress().GetMetrics()["items"]; s == nil && n > 0 && f.unknown > 0 {
		s = &shard{items: n}
		f.shards[e.GetTaskId()] = s
		f.unknown--
	}
	if s == nil {
		return e
	}
	shown := &mlopsv1.Progress{}
	switch kind := e.GetKind().(type) {
	case *mlopsv1.Event_Progress:
		f.stage, shown.Message = kind.Progress.GetStage(), kind.Progress.GetMessage()
		if figure := kind.Progress.GetMetrics(); figure["items"] > 0 {
			s.done, s.figure = min(max(s.done, figure["item"]), s.items), figure
		}
	case *mlopsv1.Event_TaskChanged:
		switch kind.TaskChanged.GetState() {
		case mlopsv1.TaskState_TASK_STATE_RUNNING:
			if f.began.IsZero() {
				f.began = e.GetTime().AsTime()
			}
			return e
		case mlopsv1.TaskState_TASK_STATE_SUCCEEDED:
			s.done = s.items
		default:
			return e
		}
	default:
		return e
	}
	if f.stage == "" {
		return e
	}
	shown.Stage = f.stage
	f.fill(shown, e.GetTime().AsTime())
	e = proto.CloneOf(e)
	e.Kind = &mlopsv1.Event_Progress{Progress: shown}
	return e
}

// fill tells how far the whole is.
func (f *FanOut) fill(p *mlopsv1.Progress, now time.Time) {
	items, done := float64(f.unknown*f.typical), 0.0
	p.Metrics = map[string]float64{"skipped": f.skipped}
	for _, s := range f.shards {
		items += s.items
		done += s.done
		for _, name := range summed {
			p.Metrics[name] += s.figure[name]
		}
	}
	for _, name := range summed {
		if p.Metrics[name] == 0 {
			delete(p.Metrics, name)
		}
	}
	p.Metrics["item"], p.Metrics["items"] = done, items
	p.Fraction = done / items
	if passed := now.Sub(f.began).Seconds(); !f.began.IsZero() && passed > 0 && done > 0 {
		p.Metrics["items_per_second"] = done / passed
		p.Left = durationpb.New(time.Duration(passed / done * (items - done) * float64(time.Second)))
		if rows := p.Metrics["rows"]; rows > 0 {
			p.Metrics["rows_per_second"] = rows / passed
		}
	}
}
