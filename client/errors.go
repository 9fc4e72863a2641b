package client

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mlops/proto/transport"
)

// Kinds of errors, for errors.Is.
var (
	// ErrUnreachable says that no master answered for as long as patience lasted.
	ErrUnreachable = errors.New("master unreachable")
	// ErrNotFound says that there is no such workflow or worker.
	ErrNotFound = errors.New("not found")
	// ErrDenied says that the credentials are missing or do not allow the call.
	ErrDenied = errors.New("denied")
	// ErrInvalid says that the request itself is wrong.
	ErrInvalid = errors.New("invalid request")
	// ErrState says that the request does not fit the workflow as it stands, e.g.
	// a retry of one that runs.
	ErrState = errors.New("not possible in this state")
	// ErrKeyReused says that an idempotency key was used for another operation.
	ErrKeyReused = errors.New("idempotency key was used before")
	// ErrLimit says that a limit of the master's was met.
	ErrLimit = errors.New("limit reached")
	// ErrUnsupported says that the master does not know the call: it is older.
	ErrUnsupported = errors.New("not supported by this master")
	// ErrInternal says that the master failed for a reason of its own.
	ErrInternal = errors.New("internal error of the master")
)

// kinds maps the codes of the protocol.
var kinds = map[codes.Code]error{
	codes.Unavailable:        ErrUnreachable,
	codes.DeadlineExceeded:   ErrUnreachable,
	codes.NotFound:           ErrNotFound,
	codes.Unauthenticated:    ErrDenied,
	codes.PermissionDenied:   ErrDenied,
	codes.InvalidArgument:    ErrInvalid,
	codes.OutOfRange:         ErrInvalid,
	codes.FailedPrecondition: ErrState,
	codes.Aborted:            ErrState,
	codes.AlreadyExists:      ErrKeyReused,
	codes.ResourceExhausted:  ErrLimit,
	codes.Unimplemented:      ErrUnsupported,
}

// Error is a call that did not succeed.
type Error struct {
	Doing   string // what was being done, e.g. "submit workflow"
	Kind    error  // one of the errors above
	Message string // what the master said, or why it was not reached
	Hint    string // what a user can do about it; may be empty
	cause   error
}

// Error says what was being done and what the master said.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s", e.Doing, e.Message)
	if errors.Is(e.Kind, ErrUnreachable) {
		text = fmt.Sprintf("%s: %v: %s", e.Doing, e.Kind, e.Message)
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Unwrap returns the kind and the error of the call.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.cause} }

// wrap makes a call's error an *Error.
func wrap(doing string, err error) error {
	s, ok := status.FromError(err)
	if !ok {
		return fmt.Errorf("%s: %w", doing, err)
	}
	kind, ok := kinds[s.Code()]
	if !ok {
		kind = ErrInternal
	}
	return &Error{Doing: doing, Kind: kind, Message: said(doing, transport.Reason(err)), Hint: transport.Hint(err), cause: err}
}

// said is the master's message without what doing says as well.
func said(doing, message string) string {
	subject, rest, ok := strings.Cut(message, ": ")
	if ok && (doing == subject || strings.HasSuffix(doing, " "+subject)) {
		return rest
	}
	return message
}
