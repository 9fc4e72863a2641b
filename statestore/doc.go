// Package statestore holds what the runtime knows and how it may change.
//
// Three things live here, and only here:
//
//   - [Transition], the task state machine as a pure function from a task and
//     an [Event] to the task afterwards or a [*RefusedError];
//   - [Settle], the pure function by which a task's end moves its workflow: it
//     joins fan-outs, queues continuations and cancels what a failure has made
//     pointless;
//   - [Store], the interface by which the master keeps all of it durably.
//
// Package statestore/bolt is the default store, statestore/storetest the suite
// that each implementation passes. None of the interface's types belongs to an
// implementation.
package statestore
