// Package e2e proves the runtime with the real binaries: a master, workers and
// command lines as processes of their own, which are killed, stopped, cut off
// and fed bad input.
//
// Package e2e/harness builds the binaries once, starts and ends the processes
// and holds the TCP proxy that stands between a worker and the master. The
// fault tests are bounded here; MLOPS_SOAK=1 (make soak) runs them long.
package e2e
