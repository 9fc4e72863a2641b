package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/worker/isolation"
)

// Client is the part of the master that a worker speaks to;
// [mlopsv1.WorkerServiceClient] has it.
type Client interface {
	Synchronize(ctx context.Context, in *mlopsv1.SynchronizeRequest, opts ...grpc.CallOption) (*mlopsv1.SynchronizeResponse, error)
	ReportProgress(ctx context.Context, opts ...grpc.CallOption) (grpc.ClientStreamingClient[mlopsv1.ReportProgressRequest, mlopsv1.ReportProgressResponse], error)
}

// Executor runs attempts; package isolation has two.
type Executor interface {
	// Execute runs one attempt to its end and always says how it ended. When ctx
	// ends it stops the attempt as the context's cause says.
	Execute(ctx context.Context, a isolation.Attempt, h isolation.Host) *mlopsv1.Outcome
}

// Journal keeps results until they are acknowledged; package journal has one.
type Journal interface {
	// Put returns when the results are durable.
	Put(entries ...*mlopsv1.HeldAttempt) error
	// Forget drops results that were acknowledged.
	Forget(refs ...*mlopsv1.AttemptRef) error
}

// Options configure a worker. ID, Executor and WorkDir are required.
type Options struct {
	// ID names the worker; it survives restarts. Letters, digits, '.', '_', '-'.
	ID string
	// Slots is how many attempts of batch work run at once; 0 takes none.
	Slots int
	// InteractiveSlots is how many short look-ups run beside them.
	InteractiveSlots int
	// Labels are matched by tasks' requirements; [HostLabel] is added.
	Labels map[string]string
	// Capabilities are the operations that it runs.
	Capabilities []string
	// Executor runs the attempts.
	Executor Executor
	// Journal keeps results until they are acknowledged; nil: only the memory
	// does.
	Journal Journal
	// Replay are the results that the journal held when it was opened.
	Replay []*mlopsv1.HeldAttempt
	// Artifacts gives attempts their access to the artifact service; nil: none.
	// The release function is called when the attempt has ended.
	Artifacts func() (a runner.Artifacts, release func())
	// WorkDir is where attempts get their scratch directories.
	WorkDir string
	// Version, HostID and Hostname are told to the master.
	Version, HostID, Hostname string
	// DrainTimeout is how long attempts may go on after Drain; 0: they are
	// released at once.
	DrainTimeout time.Duration
	// StopGrace is how long an attempt may take to stop where the master did not
	// say; 0: [isolation.DefaultGrace].
	StopGrace time.Duration
	// DisconnectLimit is how long attempts go on without the master; 0: ten
	// minutes.
	DisconnectLimit time.Duration
	// UnreachableLimit ends Run when the master did not answer once within it;
	// 0: it is tried for ever.
	UnreachableLimit time.Duration
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
}

// HostLabel is the label by which a task asks for a worker that sees the files of
// a certain host.
const HostLabel = "mlops.host"

// Limits of a worker.
const (
	// MaxSlots bounds each class of slots.
	MaxSlots = 1024
	// DefaultDisconnectLimit is how long attempts go on without the master.
	DefaultDisconnectLimit = 10 * time.Minute
)

// Errors with which Run ends.
var (
	// ErrSuperseded says that a newer process took this worker's id.
	ErrSuperseded = errors.New("another process runs under this worker's id")
	// ErrRejected says that the master refused the worker for good.
	ErrRejected = errors.New("the master refuses this worker")
	// ErrUnreachable says that the master never answered.
	ErrUnreachable = errors.New("the master cannot be reached")
)

var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// New makes a worker; [Worker.Run] runs it, once.
func New(client Client, o Options) (*Worker, error) {
	switch {
	case client == nil:
		return nil, errors.New("worker: no client was given")
	case o.Executor == nil:
		return nil, errors.New("worker: no executor was given")
	case !validID.MatchString(o.ID):
		return nil, fmt.Errorf("worker id %q: use 1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or digit", o.ID)
	case o.Slots < 0 || o.Slots > MaxSlots:
		return nil, fmt.Errorf("worker: %d slots; use 0 to %d", o.Slots, MaxSlots)
	case o.InteractiveSlots < 0 || o.InteractiveSlots > MaxSlots:
		return nil, fmt.Errorf("worker: %d interactive slots; use 0 to %d", o.InteractiveSlots, MaxSlots)
	case o.Slots+o.InteractiveSlots == 0:
		return nil, errors.New("worker: it has no slots at all")
	case o.WorkDir == "":
		return nil, errors.New("worker: no work directory was given")
	}
	if o.StopGrace <= 0 {
		o.StopGrace = isolation.DefaultGrace
	}
	if o.DisconnectLimit <= 0 {
		o.DisconnectLimit = DefaultDisconnectLimit
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Labels = maps.Clone(o.Labels)
	if _, named := o.Labels[HostLabel]; !named && o.HostID != "" {
		if o.Labels == nil {
			o.Labels = map[string]string{}
		}
		o.Labels[HostLabel] = o.HostID
	}
	o.Capabilities = slices.Clone(o.Capabilities)
	scratch, err := newScratchPool(o.WorkDir)
	if err != nil {
		return nil, fmt.Errorf("worker: making the scratch directory: %w", err)
	}
	w := &Worker{
		scratch: scratch,
		client:  client,
		opts:    o,
		log:     o.Logger.With("worker", o.ID),
		session: uuid.NewString(),
		held:    map[attemptKey]*attempt{},
		wake:    make(chan struct{}, 1),
		period:  defaultPeriod,
	}
	for _, entry := range o.Replay {
		a := &attempt{ref: entry.GetRef(), state: mlopsv1.AttemptState_ATTEMPT_STATE_ENDED, outcome: entry.GetOutcome(), journalled: true}
		w.insert(a)
	}
	return w, nil
}
