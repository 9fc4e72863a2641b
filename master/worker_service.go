package master

import (
	"context"
	"errors"
	"io"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Limits of workers' requests.
const (
	maxID           = 128
	maxSlots        = 4096
	maxHeld         = 20_000
	maxCapabilities = 256
	maxReports      = 1000
)

// workerService is the master's face to workers.
type workerService struct {
	mlopsv1.UnimplementedWorkerServiceServer
	m *Master
}

// Synchronize takes what a worker holds and answers what it should hold.
func (s *workerService) Synchronize(ctx context.Context, req *mlopsv1.SynchronizeRequest) (*mlopsv1.SynchronizeResponse, error) {
	if err := checkSynchronize(req); err != nil {
		return nil, err
	}
	resp, err := s.m.dispatcher.Synchronize(ctx, req)
	if err != nil {
		return nil, s.m.statusOf("synchronize", err)
	}
	return resp, nil
}

// ReportProgress takes in what attempts say until the worker ends the stream.
func (s *workerService) ReportProgress(stream mlopsv1.WorkerService_ReportProgressServer) error {
	received := make(chan error, 1)
	s.m.tasks.Go(func() { received <- s.receive(stream) })
	select {
	case err := <-received:
		if err != nil {
			return err
		}
		return stream.SendAndClose(&mlopsv1.ReportProgressResponse{})
	case <-s.m.stopping:
		// Returning ends the stream, and with it the goroutine's Recv.
		return errStopping()
	}
}

// receive takes reports in until the stream ends. It has a goroutine of its own,
// for whose panics nobody else would answer.
func (s *workerService) receive(stream mlopsv1.WorkerService_ReportProgressServer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.m.panicked(p)
		}
	}()
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(req.GetReports()) > maxReports {
			return invalid("reports", "at most %d, got %d", maxReports, len(req.GetReports()))
		}
		s.m.dispatcher.Report(req)
	}
}

func checkSynchronize(req *mlopsv1.SynchronizeRequest) error {
	switch {
	case req.GetWorkerId() == "" || len(req.GetWorkerId()) > maxID:
		return invalid("worker_id", "must have 1 to %d bytes, has %d", maxID, len(req.GetWorkerId()))
	case req.GetSessionId() == "" || len(req.GetSessionId()) > maxID:
		return invalid("session_id", "must have 1 to %d bytes, has %d", maxID, len(req.GetSessionId()))
	case req.GetSeq() == 0:
		return invalid("seq", "must grow from 1")
	case req.GetSlots() < 0 || req.GetSlots() > maxSlots:
		return invalid("slots", "must be between 0 and %d, is %d", maxSlots, req.GetSlots())
	case req.GetInteractiveSlots() < 0 || req.GetInteractiveSlots() > maxSlots:
		return invalid("interactive_slots", "must be between 0 and %d, is %d", maxSlots, req.GetInteractiveSlots())
	case len(req.GetCapabilities()) > maxCapabilities:
		return invalid("capabilities", "at most %d, got %d", maxCapabilities, len(req.GetCapabilities()))
	case len(req.GetHeld()) > maxHeld:
		return invalid("held", "at most %d, got %d", maxHeld, len(req.GetHeld()))
	case req.GetHoldFor().AsDuration() < 0:
		return invalid("hold_for", "must not be negative")
	}
	if err := checkLabels("labels", req.GetLabels()); err != nil {
		return err
	}
	type name struct {
		task, session string
		attempt       uint32
	}
	seen := make(map[name]bool, len(req.GetHeld()))
	for i, h := range req.GetHeld() {
		ref := h.GetRef()
		n := name{ref.GetTaskId(), ref.GetSessionId(), ref.GetAttempt()}
		switch {
		case n.task == "" || n.session == "" || n.attempt == 0:
			return invalid("held", "entry %d: ref must name a task, an attempt and a session", i)
		case seen[n]:
			return invalid("held", "entry %d: attempt %d of task %s is listed twice", i, n.attempt, n.task)
		case h.GetState() <= mlopsv1.AttemptState_ATTEMPT_STATE_UNSPECIFIED || h.GetState() > mlopsv1.AttemptState_ATTEMPT_STATE_ENDED:
			return invalid("held", "entry %d: state %d is not one", i, h.GetState())
		case h.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_ENDED && h.GetOutcome().GetKind() == nil:
			return invalid("held", "entry %d: an attempt that ended must have an outcome", i)
		}
		seen[n] = true
	}
	return nil
}
