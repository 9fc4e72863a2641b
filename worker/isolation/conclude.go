package isolation

import (
	"context"
	"fmt"
	"os"
	"syscall"

	mlopsv1 "mlops/proto/mlops/v1"
)

// conclude says how the attempt ended, once its process is gone.
func (c *child) conclude(ctx context.Context) *mlopsv1.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	peak := c.memory.peakWith(c.cmd.ProcessState)
	outcome := c.outcome
	if outcome == nil {
		outcome = c.explain(ctx, peak)
	}
	outcome.PeakRssBytes = max(outcome.GetPeakRssBytes(), peak)
	return outcome
}

// explain says why a process ended without an outcome.
func (c *child) explain(ctx context.Context, peak int64) *mlopsv1.Outcome {
	state := c.cmd.ProcessState
	said, crashed := c.output.explain()
	switch {
	case c.memory.exceeded():
		return lost("oom", "the attempt's process was ended: %s", c.killed)
	case c.breach != nil:
		return lost("protocol", "the attempt's process was ended because it broke the protocol: %v%s", c.breach, paragraph(said))
	case ctx.Err() != nil && signalOf(state) == syscall.SIGKILL:
		return forced(stopOf(ctx))
	case crashed:
		reason := "panic"
		if mentionsMemory(said) {
			reason = "oom"
		}
		return lost(reason, "the attempt's process crashed (%s) at %s of memory:\n%s", state, bytesText(peak), said)
	case c.killed != "":
		return lost("internal", "the attempt's process was ended: %s%s", c.killed, paragraph(said))
	case signalOf(state) == syscall.SIGKILL && c.outOfMemory(peak):
		return lost("oom", "killed by signal 9, likely out of memory at %s", bytesText(peak))
	case signalOf(state) == syscall.SIGKILL:
		return lost("signal", "killed by signal 9 at %s of memory, not by this worker: by somebody on its host, or by the kernel for want of memory", bytesText(peak))
	case signalOf(state) > 0:
		return lost("signal", "killed by signal %d (%s) at %s of memory%s", signalOf(state), signalOf(state), bytesText(peak), paragraph(said))
	}
	return lost("exit", "the attempt's process ended without an outcome (%s)%s", state, paragraph(said))
}

// outOfMemory tells whether a kill looks like the kernel's for want of memory.
func (c *child) outOfMemory(peak int64) bool {
	if c.oomKill.grew(readOOMCounters()) {
		return true
	}
	available := memoryAvailable()
	return available > 0 && peak > available/5*4
}

func signalOf(state *os.ProcessState) syscall.Signal {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}

func paragraph(s string) string {
	if s == "" {
		return ""
	}
	return "\n" + s
}

// bytesText writes a size for people.
func bytesText(n int64) string {
	switch {
	case n <= 0:
		return "an unknown amount"
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
