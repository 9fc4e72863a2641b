package bolt

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// encodeWorkflow is a workflow's record. The workflow is put together again
// before it returns.
func encodeWorkflow(w *mlopsv1.Workflow) ([]byte, error) {
	id, spec, result := w.WorkflowId, w.Spec, w.Result
	w.WorkflowId, w.Spec, w.Result = "", nil, nil
	b, err := proto.Marshal(w)
	w.WorkflowId, w.Spec, w.Result = id, spec, result
	if err != nil {
		return nil, fmt.Errorf("encoding workflow %s: %w", id, err)
	}
	return b, nil
}

// encodeTask is a task's record. The task is put together again before it
// returns.
func encodeTask(t *mlopsv1.Task) ([]byte, error) {
	id, wid, ordinal := t.TaskId, t.WorkflowId, t.Ordinal
	spec, result, inputs, join := t.Spec, t.Result, t.Inputs, t.Join
	t.TaskId, t.WorkflowId, t.Ordinal = "", "", 0
	t.Spec, t.Result, t.Inputs, t.Join = nil, nil, nil, nil
	if join != nil {
		t.Join = &mlopsv1.Join{Succeeded: join.Succeeded, Size: join.Size, Continuation: join.Continuation}
	}
	b, err := proto.Marshal(t)
	t.TaskId, t.WorkflowId, t.Ordinal = id, wid, ordinal
	t.Spec, t.Result, t.Inputs, t.Join = spec, result, inputs, join
	if err != nil {
		return nil, fmt.Errorf("encoding task %s: %w", id, err)
	}
	return b, nil
}

// changesPerRow is how many events one row of the change bucket holds at most.
const changesPerRow = 256

// encodeChanges is a row of the change bucket: events numbered without a gap.
func encodeChanges(events []*mlopsv1.Event) ([]byte, error) {
	var buf bytes.Buffer
	for _, e := range events {
		if err := stripped(e, func() error {
			_, err := protodelim.MarshalTo(&buf, e)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), nil
}

// decodeChanges is the reverse of encodeChanges.
func decodeChanges(wid uuid.UUID, first uint64, b []byte) ([]*mlopsv1.Event, error) {
	var events []*mlopsv1.Event
	id := wid.String()
	for r := bytes.NewReader(b); r.Len() > 0; first++ {
		e := new(mlopsv1.Event)
		if err := protodelim.UnmarshalFrom(r, e); err != nil {
			return nil, fmt.Errorf("decoding event %d of workflow %s: %w", first, id, err)
		}
		events = append(events, dressed(e, id, first))
	}
	return events, nil
}

// encodeLine is a row of the line bucket.
func encodeLine(e *mlopsv1.Event) (b []byte, err error) {
	err = stripped(e, func() error {
		b, err = proto.Marshal(e)
		return err
	})
	return b, err
}

// decodeLine is the reverse of encodeLine.
func decodeLine(wid uuid.UUID, seq uint64, b []byte) (*mlopsv1.Event, error) {
	e := new(mlopsv1.Event)
	if err := proto.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("decoding event %d of workflow %s: %w", seq, wid, err)
	}
	return dressed(e, wid.String(), seq), nil
}

// stripped runs encode while the event lacks what its key says.
func stripped(e *mlopsv1.Event, encode func() error) error {
	seq, wid, tid := e.Seq, e.WorkflowId, e.TaskId
	e.Seq, e.WorkflowId = 0, ""
	e.TaskId = strings.TrimPrefix(tid, wid)
	err := encode()
	e.Seq, e.WorkflowId, e.TaskId = seq, wid, tid
	if err != nil {
		return fmt.Errorf("encoding event %d of workflow %s: %w", seq, wid, err)
	}
	return nil
}

// dressed gives an event back what its key says.
func dressed(e *mlopsv1.Event, wid string, seq uint64) *mlopsv1.Event {
	e.Seq, e.WorkflowId = seq, wid
	if strings.HasPrefix(e.TaskId, "/") {
		e.TaskId = wid + e.TaskId
	}
	return e
}

// view reads rows within one transaction.
type view struct{ tx *bbolt.Tx }

// workflowRecord returns a workflow without its spec and result.
func (v view) workflowRecord(wid uuid.UUID) (*mlopsv1.Workflow, error) {
	b := v.tx.Bucket(bucketWorkflow).Get(wid[:])
	if b == nil {
		return nil, fmt.Errorf("workflow %s: %w", wid, statestore.ErrNotFound)
	}
	return decodeWorkflow(wid, b)
}

func decodeWorkflow(wid uuid.UUID, b []byte) (*mlopsv1.Workflow, error) {
	w := new(mlopsv1.Workflow)
	if err := proto.Unmarshal(b, w); err != nil {
		return nil, fmt.Errorf("decoding workflow %s: %w", wid, err)
	}
	w.WorkflowId = wid.String()
	return w, nil
}

// workflow returns a complete workflow.
func (v view) workflow(wid uuid.UUID) (*mlopsv1.Workflow, error) {
	w, err := v.workflowRecord(wid)
	if err != nil {
		return nil, err
	}
	if w.Spec, err = v.spec(wid, 0); err != nil {
		return nil, err
	}
	if w.State == mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
		w.Result, err = v.lastResult(wid)
	}
	return w, err
}

// lastResult returns the result at the end of the line of task 0's continuations.
func (v view) lastResult(wid uuid.UUID) (*mlopsv1.Result, error) {
	ordinal := uint32(0)
	for {
		t, err := v.taskRecord(wid, ordinal)
		if err != nil {
			return nil, err
		}
		if t.GetJoin().GetContinuation() == 0 {
			return v.result(wid, ordinal)
		}
		ordinal = t.Join.Continuation - 1
	}
}

// taskRecord returns a task without its payloads.
func (v view) taskRecord(wid uuid.UUID, ordinal uint32) (*mlopsv1.Task, error) {
	b := v.tx.Bucket(bucketTask).Get(taskKey(wid, ordinal))
	if b == nil {
		return nil, fmt.Errorf("task %s: %w", statestore.TaskID(wid.String(), ordinal), statestore.ErrNotFound)
	}
	return decodeTask(wid, ordinal, b)
}

func decodeTask(wid uuid.UUID, ordinal uint32, b []byte) (*mlopsv1.Task, error) {
	t := new(mlopsv1.Task)
	id := wid.String()
	if err := proto.Unmarshal(b, t); err != nil {
		return nil, fmt.Errorf("decoding task %s: %w", statestore.TaskID(id, ordinal), err)
	}
	t.TaskId, t.WorkflowId, t.Ordinal = statestore.TaskID(id, ordinal), id, ordinal
	return t, nil
}

// task returns a complete task.
func (v view) task(wid uuid.UUID, ordinal uint32) (*mlopsv1.Task, error) {
	t, err := v.taskRecord(wid, ordinal)
	if err != nil {
		return nil, err
	}
	return t, v.complete(wid, t)
}

// complete adds its payloads to a task's record.
func (v view) complete(wid uuid.UUID, t *mlopsv1.Task) (err error) {
	if t.Spec, err = v.spec(wid, t.Ordinal); err != nil {
		return err
	}
	if t.State == mlopsv1.TaskState_TASK_STATE_SUCCEEDED {
		if t.Result, err = v.result(wid, t.Ordinal); err != nil {
			return err
		}
	}
	if t.Join != nil {
		if t.Join, err = v.join(wid, t.Ordinal, t.Join); err != nil {
			return err
		}
	}
	return v.inputs(wid, t)
}

// inputs adds a continuation's inputs to it.
func (v view) inputs(wid uuid.UUID, t *mlopsv1.Task) error {
	if v.tx.Bucket(bucketPayload).Get(payloadKey(wid, t.Ordinal, payloadInputs)) == nil {
		return nil // most have none, and a message costs more than a look
	}
	held := new(mlopsv1.Task)
	_, err := v.payload(wid, t.Ordinal, payloadInputs, held)
	t.Inputs = held.Inputs
	return err
}

// spec returns a task's spec.
func (v view) spec(wid uuid.UUID, ordinal uint32) (*mlopsv1.TaskSpec, error) {
	spec := new(mlopsv1.TaskSpec)
	found, err := v.payload(wid, ordinal, payloadSpec, spec)
	if err == nil && !found {
		err = fmt.Errorf("task %s has no spec", statestore.TaskID(wid.String(), ordinal))
	}
	return spec, err
}

// result returns a task's result, nil if it has none.
func (v view) result(wid uuid.UUID, ordinal uint32) (*mlopsv1.Result, error) {
	result := new(mlopsv1.Result)
	if found, err := v.payload(wid, ordinal, payloadResult, result); err != nil || !found {
		return nil, err
	}
	return result, nil
}

// join returns a whole join, given its counters.
func (v view) join(wid uuid.UUID, ordinal uint32, counters *mlopsv1.Join) (*mlopsv1.Join, error) {
	join := new(mlopsv1.Join)
	if _, err := v.payload(wid, ordinal, payloadJoin, join); err != nil {
		return nil, err
	}
	join.Succeeded, join.Size, join.Continuation = counters.Succeeded, counters.Size, counters.Continuation
	return join, nil
}

// payload decodes one of a task's payloads into m, if it is there.
func (v view) payload(wid uuid.UUID, ordinal uint32, kind byte, m proto.Message) (found bool, err error) {
	b := v.tx.Bucket(bucketPayload).Get(payloadKey(wid, ordinal, kind))
	if b == nil {
		return false, nil
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return false, fmt.Errorf("decoding payload %q of task %s: %w", kind, statestore.TaskID(wid.String(), ordinal), err)
	}
	return true, nil
}
