package isolation

import "syscall"

// ownGroup puts a process into its own group, so that all that it starts can be
// ended with it, and ends it when this process dies.
//
// The death signal follows the thread that started the child. The runtime ends
// no thread but one whose goroutine returns while locked to it, which nothing in
// a worker does.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
