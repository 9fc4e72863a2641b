package dispatch

import (
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
)

func start(ref *mlopsv1.AttemptRef, t *mlopsv1.Task) *mlopsv1.Directive {
	return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Start{Start: &mlopsv1.Start{
		Ref: ref, WorkflowId: t.GetWorkflowId(), Spec: t.GetSpec(), Inputs: t.GetInputs(),
	}}}
}

// taskRef names a task's current attempt.
func taskRef(t *mlopsv1.Task) *mlopsv1.AttemptRef {
	return &mlopsv1.AttemptRef{TaskId: t.GetTaskId(), Attempt: t.GetAttempt(), SessionId: t.GetSessionId()}
}

func (d *Dispatcher) cancelDirective(ref *mlopsv1.AttemptRef, reason string) *mlopsv1.Directive {
	return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Cancel{Cancel: &mlopsv1.Cancel{
		Ref: ref, Grace: durationpb.New(d.opts.CancelGrace), Reason: reason,
	}}}
}

func discard(ref *mlopsv1.AttemptRef, reason string) *mlopsv1.Directive {
	return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Discard{Discard: &mlopsv1.Discard{Ref: ref, Reason: reason}}}
}

func forget(ref *mlopsv1.AttemptRef) *mlopsv1.Directive {
	return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Forget{Forget: &mlopsv1.Forget{Ref: ref}}}
}

func permit(ref *mlopsv1.AttemptRef) *mlopsv1.Directive {
	return &mlopsv1.Directive{Kind: &mlopsv1.Directive_Publish{Publish: &mlopsv1.Publish{Ref: ref}}}
}

// key names what a directive says, for telling repeats.
func key(d *mlopsv1.Directive) string {
	var ref *mlopsv1.AttemptRef
	switch k := d.GetKind().(type) {
	case *mlopsv1.Directive_Start:
		ref = k.Start.GetRef()
	case *mlopsv1.Directive_Cancel:
		ref = k.Cancel.GetRef()
	case *mlopsv1.Directive_Discard:
		ref = k.Discard.GetRef()
	case *mlopsv1.Directive_Forget:
		ref = k.Forget.GetRef()
	case *mlopsv1.Directive_Publish:
		ref = k.Publish.GetRef()
	}
	return fmt.Sprintf("%T %s %d %s", d.GetKind(), ref.GetTaskId(), ref.GetAttempt(), ref.GetSessionId())
}
