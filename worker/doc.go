// Package worker runs tasks that a master grants.
//
// A [Worker] keeps the set of attempts that it holds and tells the master all
// of it with each call of Synchronize; the master answers what the set should
// be. Nothing else is remembered between calls, so that a lost request, a lost
// reply or a restart on either side heals at the next one (sync.go, request.go,
// directives.go).
//
// An attempt (attempt.go) is a goroutine around an [Executor], which runs it in
// a child process or in this one. It ends with an outcome, which is journalled
// by one goroutine for all attempts, many with one flush (journalling.go), and
// repeated to the master until that says that it is durable there.
//
// Side effects wait at a gate (gate.go): the master must say that the attempt
// is still the task's current one, and its answer holds for the lease, counted
// from the moment at which the request was sent. A worker that is cut off goes
// on computing; past the lease it publishes nothing, and past the disconnect
// limit it stops.
//
// What attempts say about themselves takes another way (stream.go), which is
// lossy and changes nothing.
package worker
