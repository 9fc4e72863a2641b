package etl

import "context"

// fanOutTasks is how many tasks a fan-out makes where shard_size says nothing.
// It does not depend on the number of workers, so that nothing else does.
const fanOutTasks = 64

// Shard is the part of a plan that one task does.
type Shard struct {
	Items   []Item
	Reasons []string // why each is done
}

// Shards cuts what a plan has to do into runs of items, in order.
func (j *Job) Shards(p *Plan) []Shard {
	items, reasons := p.Todo()
	size := j.common.ShardSize
	if size == 0 {
		size = max(1, (len(items)+fanOutTasks-1)/fanOutTasks)
	}
	var shards []Shard
	for lo := 0; lo < len(items); lo += size {
		hi := min(lo+size, len(items))
		shards = append(shards, Shard{Items: items[lo:hi], Reasons: reasons[lo:hi]})
	}
	return shards
}

// RunShard processes a shard. What an attempt before this one has done already is
// not done again, and counts as done by this one. Where another run has claimed the
// output folder since the plan was made it gives a [*TakenError], and a [*BusyError]
// where one is at work in it on this machine.
func (j *Job) RunShard(ctx context.Context, s Shard, options Options) (*Result, error) {
	began := j.env.Now()
	release, err := j.join(ctx)
	if err != nil {
		return nil, j.wrap(ctx, "process", err)
	}
	defer release()
	outcomes, err := j.decide(ctx, s.Items, options)
	if err != nil {
		return nil, j.wrap(ctx, "plan", err)
	}
	left := &Plan{Items: s.Items, Outcomes: outcomes}
	items, _ := left.Todo()
	for i := range outcomes {
		if outcomes[i].Status == Skipped && outcomes[i].Reason == UpToDate {
			outcomes[i].Status = Done
		}
	}
	done, err := j.process(ctx, items, nil, before{done: len(s.Items) - len(items)})
	if err != nil {
		return nil, err
	}
	outcomes = merge(outcomes, done)
	for i := range outcomes {
		if outcomes[i].Status == Done {
			outcomes[i].Reason = s.Reasons[i]
		}
	}
	return j.result(outcomes, map[string]float64{"process": j.since(began)}), nil
}
