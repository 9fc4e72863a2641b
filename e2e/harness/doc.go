// Package harness builds the project's binaries and runs them as processes for
// the end-to-end tests: one [Fleet] is a master with its state directory and
// any number of workers. Every process is ended with the test that started it,
// and its log is shown when that test fails.
package harness
