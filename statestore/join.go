package statestore

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

// MaxInputBytes bounds the encoded results that a continuation is given: they
// travel to its worker in one message.
const MaxInputBytes = 12 << 20

// fanOut queues the children of a task that has spawned.
func (s *settling) fanOut(t *mlopsv1.Task, children []*mlopsv1.TaskSpec) {
	if t.Join.Then != nil {
		t.Join.Then = inheriting(t.Join.Then, t.Spec)
	}
	for _, spec := range children {
		child := NewTask(s.w, s.w.TasksTotal, inheriting(spec, t.Spec), s.now)
		child.Parent = t.Ordinal + 1
		t.Join.Children = append(t.Join.Children, child.Ordinal)
		s.add(child)
	}
}

// inheriting is a copy of a spawned spec that, where it asks nothing of workers,
// asks what the spawning task did: what may run only on one host or in one
// session spawns work that may not run elsewhere either.
func inheriting(spawned, parent *mlopsv1.TaskSpec) *mlopsv1.TaskSpec {
	spec := proto.CloneOf(spawned)
	if spec.Requirements == nil {
		spec.Requirements = proto.CloneOf(parent.GetRequirements())
	}
	return spec
}

// complete follows a task that has succeeded upwards: through the tasks whose
// continuation it is, to the join that it counts for, or to the workflow's end.
func (s *settling) complete(t *mlopsv1.Task) error {
	result := t.Result
	for {
		if t.Parent == 0 {
			s.rootDone = true
			s.w.Result = proto.CloneOf(result)
			return nil
		}
		stored, err := s.siblings.Joining(t.Parent - 1)
		if err != nil {
			return err
		}
		parent := proto.CloneOf(stored)
		if parent.Join.Continuation == t.Ordinal+1 {
			t = parent
			continue
		}
		parent.Join.Succeeded++
		s.joins = append(s.joins, parent)
		if parent.Join.Succeeded < parent.Join.Size {
			return nil
		}
		if waits, err := s.goOn(parent); err != nil || waits {
			return err
		}
		t, result = parent, nil
	}
}

// goOn queues what follows a join whose children have all succeeded. waits says
// that the task which spawned is not complete by that: its continuation has yet
// to run, or never will because the workflow is ending.
func (s *settling) goOn(parent *mlopsv1.Task) (waits bool, err error) {
	join, err := s.siblings.Join(parent.Ordinal)
	if err != nil {
		return false, err
	}
	if join.Then == nil {
		return false, nil
	}
	if s.stopping() {
		return true, nil
	}
	next := NewTask(s.w, s.w.TasksTotal, proto.CloneOf(join.Then), s.now)
	next.Parent = parent.Ordinal + 1
	parent.Join.Continuation = next.Ordinal + 1
	size := 0
	for _, child := range join.Children {
		result, err := s.resultOf(child)
		if err != nil {
			return false, err
		}
		size += proto.Size(result)
		next.Inputs = append(next.Inputs, result)
	}
	s.add(next)
	if size > MaxInputBytes {
		return true, s.refuseInputs(next, size)
	}
	return true, nil
}

// resultOf returns what stands for a child's result: its own, or that of the
// last in the line of its continuations. Where there is none, an empty result
// keeps the order.
func (s *settling) resultOf(ordinal uint32) (*mlopsv1.Result, error) {
	for ordinal != s.ended.Ordinal {
		t, err := s.siblings.Joining(ordinal)
		if err != nil {
			return nil, err
		}
		if t.GetJoin().GetContinuation() == 0 {
			break
		}
		ordinal = t.Join.Continuation - 1
	}
	result := s.ended.Result
	if ordinal != s.ended.Ordinal {
		var err error
		if result, err = s.siblings.Result(ordinal); err != nil {
			return nil, err
		}
	}
	if result == nil {
		return &mlopsv1.Result{}, nil
	}
	return proto.CloneOf(result), nil
}

// refuseInputs fails a continuation that no worker could be sent.
func (s *settling) refuseInputs(t *mlopsv1.Task, size int) error {
	next := proto.CloneOf(t)
	finish(next, failed, &mlopsv1.Failure{
		Kind:   mlopsv1.FailureKind_FAILURE_KIND_PERMANENT,
		Reason: ReasonInputsTooLarge,
		Message: fmt.Sprintf("the results of the %d joined tasks take %d bytes; a continuation is given at most %d: return less from each",
			len(t.Inputs), size, MaxInputBytes),
	}, s.now)
	s.tasks = s.tasks[:len(s.tasks)-1]
	s.record(t, next)
	return s.stop(next, "task "+next.TaskId+" failed")
}
