package master

import (
	"context"
	"maps"
	"unicode/utf8"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/master/auth"
	"mlops/master/queue"
	mlopsv1 "mlops/proto/mlops/v1"
)

// Limits of submissions.
const (
	maxKey        = 128
	maxLabels     = 32
	maxLabel      = 256
	maxPriority   = 1000
	maxConfigYAML = 1 << 20
)

// SubmitWorkflow stores a workflow and answers once it is durable.
func (s *clientService) SubmitWorkflow(ctx context.Context, req *mlopsv1.SubmitWorkflowRequest) (*mlopsv1.SubmitWorkflowResponse, error) {
	if err := checkSubmit(req); err != nil {
		return nil, err
	}
	w, existed, err := s.submit(ctx, &mlopsv1.Workflow{
		Priority:       req.GetPriority(),
		Labels:         req.GetLabels(),
		IdempotencyKey: req.GetIdempotencyKey(),
		Spec:           req.GetSpec(),
	})
	if err != nil {
		return nil, s.m.statusOf("submit", err)
	}
	return &mlopsv1.SubmitWorkflowResponse{Workflow: w, Existed: existed}, nil
}

// RetryWorkflow submits a failed or cancelled workflow's operation anew.
func (s *clientService) RetryWorkflow(ctx context.Context, req *mlopsv1.RetryWorkflowRequest) (*mlopsv1.RetryWorkflowResponse, error) {
	if err := checkWorkflowID(req.GetWorkflowId()); err != nil {
		return nil, err
	}
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return nil, err
	}
	if err := checkLabels("require_labels", req.GetRequireLabels()); err != nil {
		return nil, err
	}
	doing := "retry workflow " + req.GetWorkflowId()
	old, err := s.m.store.Workflow(ctx, req.GetWorkflowId())
	if err != nil {
		return nil, s.m.statusOf(doing, err)
	}
	switch old.GetState() {
	case mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED, mlopsv1.WorkflowState_WORKFLOW_STATE_CANCELLED:
	default:
		return nil, status.Errorf(codes.FailedPrecondition, "%s: only a failed or cancelled workflow is retried, this one is %s", doing, old.GetState())
	}
	anew := &mlopsv1.Workflow{
		Priority:       old.GetPriority(),
		Labels:         old.GetLabels(),
		IdempotencyKey: req.GetIdempotencyKey(),
		Spec:           old.GetSpec(),
		RetryOf:        old.GetWorkflowId(),
	}
	if err := require(anew, req.GetRequireLabels()); err != nil {
		return nil, err
	}
	w, existed, err := s.submit(ctx, anew)
	if err != nil {
		return nil, s.m.statusOf(doing, err)
	}
	if existed && w.GetRetryOf() != old.GetWorkflowId() {
		return nil, status.Errorf(codes.AlreadyExists, "%s: idempotency_key was used for workflow %s", doing, w.GetWorkflowId())
	}
	return &mlopsv1.RetryWorkflowResponse{Workflow: w}, nil
}

// require sets labels on a workflow and on what it requires of workers.
func require(w *mlopsv1.Workflow, labels map[string]string) error {
	if len(labels) == 0 {
		return nil
	}
	over := func(old map[string]string) map[string]string {
		all := make(map[string]string, len(old)+len(labels))
		maps.Copy(all, old)
		maps.Copy(all, labels)
		return all
	}
	spec := proto.CloneOf(w.GetSpec())
	if spec.Requirements == nil {
		spec.Requirements = &mlopsv1.Requirements{}
	}
	spec.Requirements.Labels = over(spec.GetRequirements().GetLabels())
	w.Labels, w.Spec = over(w.GetLabels()), spec
	if err := checkLabels("require_labels with the workflow's own", w.GetLabels()); err != nil {
		return err
	}
	return checkLabels("require_labels with the task's own", spec.GetRequirements().GetLabels())
}

// submit fills in what the master decides and stores the workflow.
func (s *clientService) submit(ctx context.Context, w *mlopsv1.Workflow) (*mlopsv1.Workflow, bool, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, false, err
	}
	spec := proto.CloneOf(w.GetSpec())
	w.WorkflowId = id.String()
	w.Operation = queue.OperationName(spec.GetOperation())
	w.Owner = auth.From(ctx).Name
	w.CreatedAt = timestamppb.New(s.m.opts.Now())
	if spec.GetSlotClass() == mlopsv1.SlotClass_SLOT_CLASS_UNSPECIFIED {
		spec.SlotClass = usualClass(spec.GetOperation())
	}
	w.Spec = spec
	return s.m.dispatcher.Submit(ctx, w)
}

// usualClass keeps look-ups from waiting behind training.
func usualClass(op *mlopsv1.Operation) mlopsv1.SlotClass {
	if op.GetStatus() != nil || op.GetObserve() != nil {
		return mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE
	}
	return mlopsv1.SlotClass_SLOT_CLASS_BATCH
}

func checkSubmit(req *mlopsv1.SubmitWorkflowRequest) error {
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return err
	}
	if p := req.GetPriority(); p < -maxPriority || p > maxPriority {
		return invalid("priority", "must be between %d and %d, is %d", -maxPriority, maxPriority, p)
	}
	if err := checkLabels("labels", req.GetLabels()); err != nil {
		return err
	}
	return checkSpec(req.GetSpec())
}

func checkSpec(spec *mlopsv1.TaskSpec) error {
	switch {
	case queue.OperationName(spec.GetOperation()) == "":
		return invalid("spec.operation", "must be set to what is to be done")
	case len(spec.GetOperation().GetTrain().GetConfigYaml()) > maxConfigYAML:
		return invalid("spec.operation.train.config_yaml", "at most %d bytes", maxConfigYAML)
	case len(spec.GetOperation().GetRun().GetPipelinesYaml()) > maxConfigYAML:
		return invalid("spec.operation.run.pipelines_yaml", "at most %d bytes", maxConfigYAML)
	case len(spec.GetRequirements().GetCapabilities()) > maxLabels:
		return invalid("spec.requirements.capabilities", "at most %d, got %d", maxLabels, len(spec.GetRequirements().GetCapabilities()))
	case spec.GetSlotClass() < 0 || spec.GetSlotClass() > mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE:
		return invalid("spec.slot_class", "%d is not a class", spec.GetSlotClass())
	case spec.GetRetry().GetMaxErrors() < -1:
		return invalid("spec.retry.max_errors", "must be -1 or more, is %d", spec.GetRetry().GetMaxErrors())
	case spec.GetRetry().GetMaxLosses() < -1:
		return invalid("spec.retry.max_losses", "must be -1 or more, is %d", spec.GetRetry().GetMaxLosses())
	}
	for _, c := range spec.GetRequirements().GetCapabilities() {
		if c == "" || len(c) > maxLabel {
			return invalid("spec.requirements.capabilities", "each must have 1 to %d bytes", maxLabel)
		}
	}
	for _, d := range []struct {
		field string
		value *durationpb.Duration
	}{
		{"spec.timeout", spec.GetTimeout()},
		{"spec.retry.initial_backoff", spec.GetRetry().GetInitialBackoff()},
		{"spec.retry.max_backoff", spec.GetRetry().GetMaxBackoff()},
	} {
		if d.value == nil {
			continue
		}
		if err := d.value.CheckValid(); err != nil || d.value.AsDuration() < 0 {
			return invalid(d.field, "must be a duration that is not negative")
		}
	}
	return checkLabels("spec.requirements.labels", spec.GetRequirements().GetLabels())
}

func checkKey(key string) error {
	if len(key) > maxKey {
		return invalid("idempotency_key", "at most %d bytes, has %d", maxKey, len(key))
	}
	return nil
}

func checkLabels(field string, labels map[string]string) error {
	if len(labels) > maxLabels {
		return invalid(field, "at most %d labels, got %d", maxLabels, len(labels))
	}
	for k, v := range labels {
		if k == "" || len(k) > maxLabel || len(v) > maxLabel || !utf8.ValidString(k) {
			return invalid(field, "label %.40q: a key has 1 to %d bytes and a value at most %d", k, maxLabel, maxLabel)
		}
	}
	return nil
}
