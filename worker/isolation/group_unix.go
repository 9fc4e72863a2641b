//go:build unix

package isolation

import "syscall"

// killRounds bounds how often a session is looked at: what is killed may have
// forked in between.
const killRounds = 100

// killAll ends the process that leads a session and a group, and all that it has
// started. That they are gone already is no error.
func killAll(leader int) {
	if leader <= 1 {
		return
	}
	_ = syscall.Kill(-leader, syscall.SIGKILL)
	killStarted(leader)
}

// killStarted ends what the leader of a session has started.
func killStarted(leader int) {
	for range killRounds {
		members := session(leader)
		if len(members) == 0 {
			return
		}
		for _, pid := range members {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// killOwn ends this process and all that it started, if it leads its group.
func killOwn() {
	if pid := syscall.Getpid(); syscall.Getpgrp() == pid {
		killStarted(pid)
		killAll(pid)
	}
}
