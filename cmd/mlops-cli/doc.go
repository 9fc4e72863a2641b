// Command mlops-cli trains models from tables, predicts with them and watches
// them.
//
// Each command has a file of its own. They share three things: [app] is the
// world around the process (streams, environment, signals), connection.go finds
// a master — the one of --master, or one inside this process (package embedded)
// — and task.go carries an operation through: check, upload, submit, follow,
// print.
//
// Results go to standard output alone; progress, warnings and errors go to
// standard error. The exit code is 0 for success, 1 where the task failed, 2
// where the command line, a configuration or an input file is wrong, 3 where the
// master cannot be reached, and 4 where the work was cancelled or left running.
package main
