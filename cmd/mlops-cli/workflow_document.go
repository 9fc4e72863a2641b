package main

import (
	"strings"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

// workflowDocument is what a task command prints for programs: workflow_id and
// state, and either result or error.
func workflowDocument(w *mlopsv1.Workflow) output.Document {
	d := output.Document{
		{Key: "workflow_id", Value: w.GetWorkflowId()},
		{Key: "state", Value: stateName(w.GetState())},
	}
	if w.GetResult() != nil {
		d = append(d, output.Field{Key: "result", Value: resultDocument(w.GetResult())})
	}
	if w.GetFailure() != nil {
		d = append(d, output.Field{Key: "error", Value: failureDocument(w.GetFailure())})
	}
	return d
}

// resultDocument is the result itself, without the word for its kind.
func resultDocument(r *mlopsv1.Result) any {
	whole := output.Of(r)
	if len(whole) == 0 {
		return nil
	}
	return whole[0].Value
}

func failureDocument(f *mlopsv1.Failure) output.Document {
	whole := output.Of(f)
	return output.Document{
		{Key: "message", Value: whole.Get("message")}, {Key: "reason", Value: whole.Get("reason")},
		{Key: "stage", Value: whole.Get("stage")}, {Key: "kind", Value: whole.Get("kind")},
	}
}

func stateName(s mlopsv1.WorkflowState) string {
	return strings.TrimPrefix(s.String(), "WORKFLOW_STATE_")
}

func taskStateName(s mlopsv1.TaskState) string {
	return strings.TrimPrefix(s.String(), "TASK_STATE_")
}
