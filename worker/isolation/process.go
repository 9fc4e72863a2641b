package isolation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Subcommand is the hidden subcommand with which a program that uses [Process]
// calls [ChildMain].
const Subcommand = "attempt"

const (
	// exitWait is how long a process may take to exit after it has told its
	// outcome.
	exitWait = 5 * time.Second
	// outputWait is how long its output is read on after it has exited.
	outputWait = 2 * time.Second
)

// Process runs each attempt in a child process of the same program, in a
// process group of its own.
type Process struct {
	// Program is the executable; empty: this program's own.
	Program string
	// Reach bounds what attempts may touch; the child enforces it.
	Reach Reach
	// MemoryLimit is how much memory an attempt may have resident, in bytes; 0:
	// no limit. The child's garbage collector is told to stay below nine tenths
	// of it, and a process beyond it is ended.
	MemoryLimit int64
	// MaxProcs is how many processors an attempt may use; 0: all.
	MaxProcs int
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
}

// hiddenVariables are kept from attempts: they are the worker's own secrets.
var hiddenVariables = []string{"MLOPS_TOKEN"}

// Execute runs one attempt to its end.
func (p *Process) Execute(ctx context.Context, a Attempt, h Host) *mlopsv1.Outcome {
	c, err := p.spawn(a, h)
	if err != nil {
		return failure(mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, "spawn", "starting the attempt's process: %v", err)
	}
	c.supervise(ctx, a)
	outcome := c.conclude(ctx)
	if p.Logger != nil {
		p.Logger.Debug("an attempt's process has ended", "task", a.Ref.GetTaskId(), "pid", c.cmd.Process.Pid, "exit", c.cmd.ProcessState.String(), "peak_rss_bytes", outcome.GetPeakRssBytes())
	}
	return outcome
}

// child is a running process and what is known of it.
type child struct {
	cmd     *exec.Cmd
	host    Host
	frames  frameReader
	from    *os.File
	to      *frameWriter
	output  *output
	memory  *memoryWatch
	oomKill oomCounters // before it started

	served   sync.WaitGroup // its requests under way
	conveyed chan struct{}  // closed when its frames have ended
	exited   chan struct{}  // closed when it is gone
	told     chan struct{}  // closed when its outcome has arrived

	mu      sync.Mutex
	serving int // requests under way
	outcome *mlopsv1.Outcome
	breach  error  // it did not keep to the protocol
	killed  string // why this worker killed it; empty: it did not
}

// spawn starts the process and tells it what to do.
func (p *Process) spawn(a Attempt, h Host) (*child, error) {
	program := p.Program
	if program == "" {
		var err error
		if program, err = ownProgram(); err != nil {
			return nil, err
		}
	}
	parentEnd, childOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childOut.Close()
	childIn, toChild, err := os.Pipe()
	if err != nil {
		parentEnd.Close()
		return nil, err
	}
	defer childIn.Close()
	c := &child{
		host: h, frames: newFrameReader(parentEnd), from: parentEnd, to: &frameWriter{f: toChild},
		output:   newOutput(h.Reports),
		conveyed: make(chan struct{}), exited: make(chan struct{}), told: make(chan struct{}),
		oomKill: readOOMCounters(),
	}
	c.cmd = exec.Command(program, Subcommand) //nolint:noctx // supervise ends it: first asked, then by force
	c.cmd.Dir = a.ScratchDir
	c.cmd.Env = p.environ(a.ScratchDir)
	c.cmd.ExtraFiles = []*os.File{childIn, childOut} // descriptors 3 and 4
	c.cmd.Stdout, c.cmd.Stderr = c.output.stdout(), c.output.stderr()
	c.cmd.WaitDelay = outputWait
	c.cmd.SysProcAttr = ownGroup()
	if err := c.cmd.Start(); err != nil {
		parentEnd.Close()
		toChild.Close()
		return nil, err
	}
	c.memory = newMemoryWatch(c.cmd.Process.Pid, p.MemoryLimit)
	c.memory.programs = len(p.Reach.AllowedPrograms) > 0
	err = c.to.write(&mlopsv1.ParentFrame{Kind: &mlopsv1.ParentFrame_Assignment{Assignment: p.assignment(a, h)}})
	if err != nil {
		// Its exit tells why; this error only says that it did not listen.
		c.kill("it did not take its assignment: " + err.Error())
	}
	return c, nil
}

func (p *Process) assignment(a Attempt, h Host) *mlopsv1.AttemptAssignment {
	m := &mlopsv1.AttemptAssignment{
		Ref: a.Ref, WorkflowId: a.WorkflowID, Operation: a.Operation, Inputs: a.Inputs, ScratchDir: a.ScratchDir,
		AllowedUrls: p.Reach.AllowedURLs, AllowedPrograms: p.Reach.AllowedPrograms, ProbesAllowed: p.Reach.ProbesAllowed, Artifacts: h.Artifacts != nil, MaxProcs: int32(p.MaxProcs),
	}
	if p.Reach.AllowedRoots != nil {
		m.AllowedRoots = append(slices.Clone(p.Reach.AllowedRoots), a.ScratchDir)
	}
	return m
}

// environ is the worker's environment without its secrets.
func (p *Process) environ(scratch string) []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(hiddenVariables, name)
	})
	env = append(env, "TMPDIR="+scratch)
	if p.MemoryLimit > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", p.MemoryLimit/10*9))
	}
	return env
}

// supervise serves the process until it is gone.
func (c *child) supervise(ctx context.Context, a Attempt) {
	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	var helpers sync.WaitGroup
	helpers.Go(func() { c.converse(serving) })
	helpers.Go(func() {
		_ = c.cmd.Wait() // what it says is in ProcessState
		close(c.exited)
	})
	helpers.Go(func() {
		if used, beyond := c.memory.run(c.exited); beyond {
			c.kill(fmt.Sprintf("%s used %s of memory, more than the %s that one attempt may have (--memory-limit)", c.memory.who(), bytesText(used), bytesText(c.memory.limit)))
		}
	})

	asked, force, told := ctx.Done(), (<-chan struct{})(nil), c.told
	var overdue <-chan time.Time
	for running := true; running; {
		select {
		case <-c.exited:
			running = false
		case <-asked:
			asked, force = nil, a.Force
			helpers.Go(func() { c.askToStop(stopOf(ctx)) })
		case <-force:
			force = nil
			c.kill("")
		case <-told:
			told = nil
			timer := time.NewTimer(exitWait)
			defer timer.Stop()
			overdue = timer.C
		case <-overdue:
			c.kill("it did not exit after its end")
		}
	}
	killAll(c.cmd.Process.Pid) // what it started itself
	stopServing()
	_ = c.to.f.Close()
	// Everything that it wrote is in the pipe by now.
	_ = c.from.SetReadDeadline(time.Now().Add(outputWait))
	<-c.conveyed
	_ = c.from.Close()
	c.served.Wait()
	helpers.Wait()
	c.output.end()
}

func (c *child) askToStop(stop *Stop) {
	frame := &mlopsv1.ParentFrame{Kind: &mlopsv1.ParentFrame_Cancel{Cancel: &mlopsv1.AttemptCancel{Grace: durationpb.New(stop.Grace), Reason: stop.Reason}}}
	// If it cannot be told it is ended by force in time.
	_ = c.to.write(frame)
}

// converse reads what the process says until it ends.
func (c *child) converse(ctx context.Context) {
	defer close(c.conveyed)
	for {
		frame := &mlopsv1.ChildFrame{}
		if err := c.frames.read(frame); err != nil {
			// A process that is killed may leave half a frame: its exit tells more.
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
				c.breachOf(err)
			}
			return
		}
		switch kind := frame.GetKind().(type) {
		case *mlopsv1.ChildFrame_Report:
			c.host.Reports.Merge(kind.Report)
		case *mlopsv1.ChildFrame_Request:
			c.serve(ctx, kind.Request)
		case *mlopsv1.ChildFrame_Outcome:
			c.mu.Lock()
			if c.outcome == nil && kind.Outcome.GetKind() != nil {
				c.outcome = kind.Outcome
				close(c.told)
			}
			c.mu.Unlock()
		default:
			c.breachOf(errors.New("a frame without a known message"))
			return
		}
	}
}

// breachOf ends a process that does not keep to the protocol.
func (c *child) breachOf(err error) {
	c.mu.Lock()
	c.breach = err
	c.mu.Unlock()
	c.kill("")
}

// kill ends the process and all that it started.
func (c *child) kill(why string) {
	c.mu.Lock()
	if c.killed == "" {
		c.killed = why
	}
	c.mu.Unlock()
	select {
	case <-c.exited:
	default:
		killAll(c.cmd.Process.Pid)
	}
}

// ownProgram is the executable of this process. On Linux the link stays right
// when the file is replaced by a newer version.
func ownProgram() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}
