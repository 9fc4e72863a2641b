//go:build unix && !linux

package isolation

import "syscall"

// ownGroup puts a process into its own group, so that all that it starts can be
// ended with it. That it ends when this process dies is left to its pipe.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// session is not known here: only a process's own group ends with it.
func session(int) []int { return nil }
