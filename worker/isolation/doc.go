// Package isolation runs attempts, apart from each other or together.
//
// [Process] is the default: each attempt runs in a child process of the same
// program, started with the hidden subcommand "attempt", so that a panic, a
// kill or a lack of memory ends that attempt and nothing else. Worker and child
// speak the frames of attempt_pipe.proto over two pipes; what the child prints
// becomes part of its log. The child's main function is [ChildMain].
//
// [InProcess] runs attempts in the worker's own process, for the embedded mode
// and for tests: cheap, but a fatal error takes all of them along.
//
// Both ask an attempt to stop when its context ends, and end it by force when
// [Attempt.Force] is closed.
package isolation
