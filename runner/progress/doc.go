// Package progress carries what a running pipeline says about itself to
// whoever listens: a terminal, a worker's stream to the master, a test.
//
// A pipeline reports to a [Sink] taken from its context with [From]; without
// one, reports go nowhere. Reports are lossy by contract: a sink may coalesce
// or drop them, and nothing may depend on their arrival.
package progress
