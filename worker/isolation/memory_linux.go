package isolation

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// processMemory returns the largest and the present resident memory of a
// process, in bytes. The present one counts no pages that a file backs: the
// kernel can take those back.
func processMemory(pid int) (peak, now int64, ok bool) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0, false
	}
	fields := kilobytes(raw)
	now = fields["RssAnon"] + fields["RssShmem"]
	if now == 0 {
		now = fields["VmRSS"]
	}
	return fields["VmHWM"], now, fields["VmHWM"] > 0
}

// kilobytes reads the lines "name: 123 kB" of a file of the kernel's.
func kilobytes(raw []byte) map[string]int64 {
	fields := map[string]int64{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		name, rest, found := strings.Cut(lines.Text(), ":")
		value, isKB := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		if !found || !isKB {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			fields[name] = n << 10
		}
	}
	return fields
}

// residentPeak is what the kernel keeps of a process that is gone, in bytes.
func residentPeak(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

const cgroupRoot = "/sys/fs/cgroup"

// oomCounters are how often the kernel has killed for want of memory: in this
// process's control group, and on the whole host.
type oomCounters struct{ group, host int64 }

func (o oomCounters) grew(later oomCounters) bool {
	return later.group > o.group || later.host > o.host
}

func readOOMCounters() oomCounters {
	return oomCounters{
		group: counter(filepath.Join(ownGroupDir(), "memory.events"), "oom_kill"),
		host:  counter("/proc/vmstat", "oom_kill"),
	}
}

// counter reads the line "name 123" of a file; 0 where there is none.
func counter(path, name string) int64 {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return n
		}
	}
	return 0
}

// ownGroupDir is the directory of this process's control group (version 2).
func ownGroupDir() string {
	raw, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return cgroupRoot
	}
	for line := range strings.Lines(string(raw)) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			if dir := filepath.Join(cgroupRoot, strings.TrimSpace(path)); exists(dir) {
				return dir
			}
		}
	}
	return cgroupRoot
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// memoryAvailable is how much memory there is for this process's control group,
// in bytes; 0 if that is not known.
func memoryAvailable() int64 {
	var total int64
	if raw, err := os.ReadFile("/proc/meminfo"); err == nil {
		total = kilobytes(raw)["MemTotal"]
	}
	raw, err := os.ReadFile(filepath.Join(ownGroupDir(), "memory.max"))
	if err != nil {
		return total
	}
	if limit, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64); err == nil && (total == 0 || limit < total) {
		return limit
	}
	return total
}
