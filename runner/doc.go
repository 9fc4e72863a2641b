// Package runner turns an operation into a pipeline's run.
//
// A [TaskRunner] takes an [Assignment] — an operation of the protocol with the
// names of its task and attempt — runs the pipeline of package runner/pipeline
// that belongs to it and says how it ended. It knows nothing of masters,
// workers or clients: all that it needs of the world is in its [Environment],
// so that the same runner serves a worker's child process, an embedded command
// and a test.
package runner
