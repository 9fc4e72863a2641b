//go:build unix

package program

import (
	"errors"
	"os"
	"syscall"
)

// terminateGroup asks a process group to end. [os.ErrProcessDone] says that it
// has ended already.
func terminateGroup(pid int) error {
	err := syscall.Kill(-pid, syscall.SIGTERM)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// killGroup ends a process group. That it is gone already is no error.
func killGroup(pid int) {
	if pid > 1 {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}
