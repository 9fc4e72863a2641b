//go:build unix && !linux

package isolation

import (
	"os"
	"syscall"
)

// processMemory is not known here while a process runs, so that a memory limit
// works only through the garbage collector.
func processMemory(int) (peak, now int64, ok bool) { return 0, 0, false }

// residentPeak is what the kernel keeps of a process that is gone, in bytes.
func residentPeak(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return int64(usage.Maxrss)
	}
	return 0
}

// oomCounters are not known here.
type oomCounters struct{}

func (oomCounters) grew(oomCounters) bool { return false }

func readOOMCounters() oomCounters { return oomCounters{} }

func memoryAvailable() int64 { return 0 }
