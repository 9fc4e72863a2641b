// Package reporting keeps what a running attempt says about itself until it
// can be sent on.
//
// A [Buffer] is lossy and bounded by contract: newer progress replaces older,
// log lines beyond the bound are dropped and counted, and reporting never
// blocks the work. Two hops use it: from an attempt's process to its worker, and
// from the worker to the master.
package reporting
