package master

import (
	"context"
	"errors"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mlops/master/dispatch"
	"mlops/statestore"
)

// statusOf is what a caller is told of an error.
func (m *Master) statusOf(doing string, err error) error {
	var full *dispatch.QueueFullError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &full):
		return status.Error(codes.ResourceExhausted, full.Error())
	case errors.Is(err, statestore.ErrNotFound):
		return status.Errorf(codes.NotFound, "%s: not found", doing)
	case errors.Is(err, statestore.ErrAmbiguous):
		return status.Errorf(codes.InvalidArgument, "%s: more than one workflow begins so; give more of the id", doing)
	case errors.Is(err, statestore.ErrKeyReused):
		return status.Errorf(codes.AlreadyExists, "%s: idempotency_key was used for another operation", doing)
	case errors.Is(err, dispatch.ErrOvertaken):
		return status.Errorf(codes.Aborted, "%s: %v", doing, err)
	case errors.Is(err, dispatch.ErrStopping), errors.Is(err, statestore.ErrClosed):
		return status.Error(codes.Unavailable, dispatch.ErrStopping.Error())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return status.Errorf(codes.ResourceExhausted, "%s: the master's disk is full", doing)
	}
	if _, isStatus := status.FromError(err); isStatus {
		return err
	}
	m.opts.Logger.Error("call failed", "doing", doing, "error", err)
	return status.Errorf(codes.Unavailable, "%s: the state store failed: %v", doing, err)
}

// invalid says which field of a request is wrong.
func invalid(field, format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, field+": "+format, args...)
}
