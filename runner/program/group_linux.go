package program

import "syscall"

// ownGroup puts the program into its own group, so that all that it starts can
// be ended with it, and ends it when this process dies: see the function of the
// same name in package worker/isolation.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
