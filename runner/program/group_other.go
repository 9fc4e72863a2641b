//go:build unix && !linux

package program

import "syscall"

// ownGroup puts the program into its own group, so that all that it starts can
// be ended with it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
