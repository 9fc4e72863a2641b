package isolation

import (
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// memoryEvery is the pace at which a process's memory is looked at;
	// memoryFirst is how soon after its start for the first time, doubled until
	// the pace is reached.
	memoryEvery = 100 * time.Millisecond
	memoryFirst = 5 * time.Millisecond
	// memoryLeast is less than any program has that has begun to run.
	memoryLeast = 1 << 20
)

// memoryWatch follows the memory of a process.
type memoryWatch struct {
	pid   int
	limit int64 // 0: none
	own   int64 // the most that this process had before
	// programs tells that the process may run programs, whose memory counts as its own.
	programs bool

	mu     sync.Mutex
	peak   int64
	beyond bool
}

func newMemoryWatch(pid int, limit int64) *memoryWatch {
	own, _, _ := processMemory(os.Getpid())
	return &memoryWatch{pid: pid, limit: limit, own: own}
}

// run follows the process until it is gone or beyond the limit.
func (m *memoryWatch) run(gone <-chan struct{}) (used int64, beyond bool) {
	pause := memoryFirst
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-gone:
			return 0, false
		case <-timer.C:
		}
		pause = min(2*pause, memoryEvery)
		timer.Reset(pause)
		peak, now, ok := processMemory(m.pid)
		if ok {
			if m.programs {
				now += m.started()
				peak = max(peak, now)
			}
			m.mu.Lock()
			m.peak = max(m.peak, peak)
			m.beyond = m.limit > 0 && now > m.limit
			beyond = m.beyond
			m.mu.Unlock()
			if beyond {
				return now, true
			}
		}
	}
}

// started is the memory of the programs that the process runs.
func (m *memoryWatch) started() (sum int64) {
	for _, pid := range session(m.pid) {
		_, now, _ := processMemory(pid)
		sum += now
	}
	return sum
}

// who is what a limit was too low for.
func (m *memoryWatch) who() string {
	if m.programs {
		return "it, with the programs that it ran,"
	}
	return "it"
}

func (m *memoryWatch) exceeded() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.beyond
}

// peakWith returns the most memory that the process had resident. What the
// kernel keeps of a process that is gone includes what its parent had when it
// was started, so that it counts only where it is more than that. 0 means that
// the process ended too soon to be seen.
func (m *memoryWatch) peakWith(state *os.ProcessState) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kept := residentPeak(state); kept > m.own {
		return max(m.peak, kept)
	}
	if m.peak < memoryLeast {
		return 0
	}
	return m.peak
}

// mentionsMemory tells whether a crash says that there was not enough memory.
func mentionsMemory(crash string) bool {
	return strings.Contains(crash, "out of memory") || strings.Contains(crash, "cannot allocate memory")
}
