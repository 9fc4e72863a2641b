package dispatch

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"mlops/master/fleet"
	mlopsv1 "mlops/proto/mlops/v1"
)

// lastingRefusals are reasons for which a worker would refuse the task each time
// it was offered, unlike a want of free slots.
var lastingRefusals = []string{"forbidden_path", "in_process", "capability"}

// judgeRefusal makes a worker's lasting refusal the task's end when no other
// live worker could take the task: it would wait for ever, and its user with it.
// The caller holds the lock.
func (d *Dispatcher) judgeRefusal(a *fleet.Attempt, o *mlopsv1.Outcome) *mlopsv1.Outcome {
	f := o.GetFailure()
	if f.GetKind() != mlopsv1.FailureKind_FAILURE_KIND_REFUSED || !slices.Contains(lastingRefusals, f.GetReason()) {
		return o
	}
	if d.otherTaker(a) {
		return o
	}
	judged := proto.CloneOf(o)
	judged.GetFailure().Kind = mlopsv1.FailureKind_FAILURE_KIND_PERMANENT
	return judged
}

// otherTaker tells whether a live worker other than the attempt's may be granted
// its task.
func (d *Dispatcher) otherTaker(a *fleet.Attempt) bool {
	return slices.ContainsFunc(d.fleet.Workers(), func(w *fleet.Worker) bool {
		return w.ID != a.WorkerID && w.SessionID != "" && w.Profile.Fits(a.Need) && d.silent(w) <= d.opts.LeaseTTL
	})
}
