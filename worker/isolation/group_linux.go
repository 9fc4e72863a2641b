package isolation

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// ownGroup puts a process into a session and a group of its own, so that all that
// it starts can be ended with it, and ends it when this process dies. Programs
// that it starts lead groups of their own within that session.
//
// The death signal follows the thread that started the child. The runtime ends
// no thread but one whose goroutine returns while locked to it, which nothing in
// a worker does.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// session are the processes of the session that leader began, without itself and
// those that are dead.
func session(leader int) []int {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil
	}
	var members []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == leader {
			continue
		}
		// pid (name) state parent group session …; the name may hold anything.
		raw, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue // it is gone
		}
		fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
		if len(fields) > 3 && string(fields[3]) == strconv.Itoa(leader) && string(fields[0]) != "Z" {
			members = append(members, pid)
		}
	}
	return members
}
