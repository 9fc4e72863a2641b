package bolt

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// The holder file beside a store names the process that has it open, for the
// message to those that find it locked. It is only a hint: the lock itself is on
// the store, and whatever goes wrong here is no reason not to run.

func holderPath(path string) string { return path + ".pid" }

// setHolder names this process.
func setHolder(path string) {
	_ = os.WriteFile(holderPath(path), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

// removeHolder takes the name away.
func removeHolder(path string) { _ = os.Remove(holderPath(path)) }

// holder returns the process that has the store open, or 0 if that is not known.
func holder(path string) int {
	b, err := os.ReadFile(holderPath(path))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 0 || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}
