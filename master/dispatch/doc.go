// Package dispatch decides which worker runs what: it answers Synchronize, grants
// waiting tasks, renews and expires leases, and takes in progress.
//
// # How a change is made
//
// The state store is the truth; the queue and the fleet are what the dispatcher
// remembers of it. Every change of a task goes the same way:
//
//	plan     under the lock: read memory, write down commands      (sync.go, plan.go)
//	commit   without the lock: all commands at hand in one Apply   (commit.go)
//	absorb   under the lock: memory takes the rows as committed    (commit.go)
//
// One goroutine, the committer, does the last two for everybody. So memory follows
// the order of the commits and is never ahead of one, and calls that arrive during
// a commit share the next one.
//
// # How a call waits
//
// A worker's call with nothing new to say parks (park.go). Work that becomes ready
// is handed to the longest-parked worker that it fits, which then commits the
// grant itself; what it cannot commit goes back to the queue. Only one call of a
// worker is served at a time: a newer one ends the older.
//
// # What runs by itself
//
// The keeper (keeper.go) wakes at the next lease's end or the next backoff's. The
// recorder (recorder.go) stores progress and log lines in batches; it changes no
// task, and what it cannot store is dropped.
package dispatch
