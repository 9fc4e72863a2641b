package pipeline

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// PeakRSS returns the largest resident memory that this process had, in bytes;
// 0 if the system does not tell.
//
// getrusage is only the second choice: on Linux its figure survives exec, so that
// a small child of a large worker would report the worker's memory as its own.
func PeakRSS() int64 {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if n := parseHighWater(status); n > 0 {
			return n
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss << 10
}

// parseHighWater finds the line "VmHWM: 1234 kB" of proc_pid_status(5) and
// returns it in bytes; 0 where there is none.
func parseHighWater(status []byte) int64 {
	_, rest, ok := bytes.Cut(status, []byte("\nVmHWM:"))
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	number, unit, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || string(unit) != "kB" {
		return 0
	}
	return n << 10
}
