package isolation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/runner/progress"
	"mlops/worker/reporting"
)

// Exit codes of an attempt's process.
const (
	exitDone     = 0 // its outcome is told
	exitNoPipes  = 2 // it was not started by a worker
	exitProtocol = 3 // the worker sent something else than frames, or did not listen
)

// reportEvery is the pace of the reports to the worker.
const reportEvery = 100 * time.Millisecond

// ChildMain is the main function of an attempt's process: it takes an
// assignment from the worker that started it, runs it and tells how it ended. It
// returns the exit code. newRunner gets the environment that the worker allows
// and may complete it, for example by the program's version.
//
// The process ends at once, with all that it has started, when the worker does.
func ChildMain(ctx context.Context, newRunner func(runner.Environment) Runner) int {
	in, out := os.NewFile(3, "frames from the worker"), os.NewFile(4, "frames to the worker")
	if !isPipe(in) || !isPipe(out) {
		fmt.Fprintf(os.Stderr, "the subcommand %q is for workers, which start it; to run a task use a worker\n", Subcommand)
		return exitNoPipes
	}
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	// The worker decides when an attempt stops, also when a terminal or a service
	// manager signals all of its processes.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	w := &workerLink{frames: newFrameReader(in), to: &frameWriter{f: out}, replies: map[uint64]chan *mlopsv1.AttemptReply{}}
	first := &mlopsv1.ParentFrame{}
	if err := w.frames.read(first); err != nil || first.GetAssignment() == nil {
		fmt.Fprintln(os.Stderr, "the worker's first frame is no assignment:", err)
		return exitProtocol
	}
	work := first.GetAssignment()
	if n := int(work.GetMaxProcs()); n > 0 {
		runtime.GOMAXPROCS(n)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go w.listen(cancel) // ends with the process

	outcome := w.run(ctx, work, newRunner)
	if err := w.tell(outcome); err != nil {
		fmt.Fprintln(os.Stderr, "the worker did not take the outcome:", err)
		return exitProtocol
	}
	return exitDone
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// workerLink is the child's side of the pipes.
type workerLink struct {
	frames frameReader
	to     *frameWriter

	mu      sync.Mutex
	last    uint64 // number of the newest request
	replies map[uint64]chan *mlopsv1.AttemptReply
}

// run does the work, with its reports on their way.
func (w *workerLink) run(ctx context.Context, work *mlopsv1.AttemptAssignment, newRunner func(runner.Environment) Runner) *mlopsv1.Outcome {
	reach := Reach{AllowedURLs: work.GetAllowedUrls(), AllowedPrograms: work.GetAllowedPrograms(), ProbesAllowed: work.GetProbesAllowed()}
	if len(work.GetAllowedRoots()) > 0 {
		reach.AllowedRoots = work.GetAllowedRoots()
	}
	var artifacts runner.Artifacts
	if work.GetArtifacts() {
		artifacts = remoteArtifacts{w}
	}
	env := reach.environment(work.GetScratchDir(), remoteGate{w}, artifacts)

	wake := make(chan struct{}, 1)
	reports := reporting.NewBuffer(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	done := make(chan struct{})
	var reporter sync.WaitGroup
	reporter.Go(func() { w.report(reports, wake, done) })
	outcome := newRunner(env).Run(progress.With(ctx, reports), assignmentOf(Attempt{
		Ref: work.GetRef(), WorkflowID: work.GetWorkflowId(), Operation: work.GetOperation(), Inputs: work.GetInputs(),
	}))
	close(done)
	reporter.Wait()
	return outcome
}

// report sends what the pipeline says, at a pace, and its last words at once.
func (w *workerLink) report(reports *reporting.Buffer, wake <-chan struct{}, done <-chan struct{}) {
	send := func() {
		if r := reports.Take(); r != nil {
			// A worker that does not listen is noticed where it matters.
			_ = w.to.write(&mlopsv1.ChildFrame{Kind: &mlopsv1.ChildFrame_Report{Report: r}})
		}
	}
	defer send()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-timer.C:
		}
		select {
		case <-done:
			return
		case <-wake:
			send()
		}
		timer.Reset(reportEvery)
	}
}

// tell sends the outcome; one that cannot be sent becomes a failure that says so.
func (w *workerLink) tell(outcome *mlopsv1.Outcome) error {
	frame := func(o *mlopsv1.Outcome) *mlopsv1.ChildFrame {
		return &mlopsv1.ChildFrame{Kind: &mlopsv1.ChildFrame_Outcome{Outcome: o}}
	}
	if outcome.GetKind() == nil {
		outcome = lost("internal", "the runner ended without an outcome")
	}
	if f := outcome.GetFailure(); f != nil {
		f.Message = validText(f.GetMessage())
	}
	if _, err := proto.Marshal(outcome); err != nil {
		outcome = failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "internal", "the result cannot be encoded: %v", err)
	}
	if size := proto.Size(frame(outcome)); size > maxFrame {
		outcome = failure(mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "result_too_large", "the result has %d bytes; at most %d can be reported", size, maxFrame)
	}
	return w.to.write(frame(outcome))
}

// listen takes what the worker says until this process ends.
func (w *workerLink) listen(cancel context.CancelCauseFunc) {
	for {
		frame := &mlopsv1.ParentFrame{}
		err := w.frames.read(frame)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			// The worker is gone: nobody wants the result.
			killOwn()
			os.Exit(exitProtocol)
		case err != nil:
			fmt.Fprintln(os.Stderr, "from the worker:", err)
			os.Exit(exitProtocol)
		}
		switch kind := frame.GetKind().(type) {
		case *mlopsv1.ParentFrame_Cancel:
			cancel(&Stop{Grace: kind.Cancel.GetGrace().AsDuration(), Reason: kind.Cancel.GetReason()})
		case *mlopsv1.ParentFrame_Reply:
			w.mu.Lock()
			reply := w.replies[kind.Reply.GetId()]
			delete(w.replies, kind.Reply.GetId())
			w.mu.Unlock()
			if reply != nil {
				reply <- kind.Reply
			}
		default:
			fmt.Fprintln(os.Stderr, "the worker sent a frame that is not known")
			os.Exit(exitProtocol)
		}
	}
}
