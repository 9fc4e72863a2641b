//go:build unix

package isolation

import "syscall"

// killGroup ends a process group. That it is gone already is no error.
func killGroup(pid int) {
	if pid > 1 {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// killOwnGroup ends this process and all that it started, if it leads its group.
func killOwnGroup() {
	if pid := syscall.Getpid(); syscall.Getpgrp() == pid {
		killGroup(pid)
	}
}
