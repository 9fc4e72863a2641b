// Package program runs a user's own program as the model of a training: a
// program in any language that keeps to a documented contract (docs/programs.md).
//
//	PROGRAM train FOLDER      makes FOLDER/model/ of FOLDER/train.*
//	PROGRAM predict FOLDER    makes FOLDER/predictions.* of FOLDER/data.* and FOLDER/model/
//	PROGRAM evaluate FOLDER   makes FOLDER/metrics.json of the same (optional)
//
// FOLDER/job.json says what the data is and holds the user's arguments. The
// program's standard output is progress as JSON lines, its standard error goes to
// the task's log.
//
// # What it may do
//
// Nothing runs unless the operator allows it: [Permission] is a list of files and
// directories that travels with the context ([With]), empty unless somebody fills
// it. The program's path is resolved, symbolic links included, before it is
// looked up in that list. Arguments are never taken from a configuration, so that
// an allowed interpreter runs no program of a stranger's. It gets an environment
// of four variables, no standard input, and a scratch directory.
//
// It runs as the worker's user: the list decides which programs run, not what
// they do. All that it leaves behind is read through [os.Root], as regular files
// of bounded size.
//
// # How it ends
//
// It leads a process group of its own. At its time limit, or when the context
// ends, the group gets SIGTERM and after a grace SIGKILL; when the program itself
// has ended, what it started gets SIGKILL at once.
//
//	permission.go what may run
//	run.go        one run from start to end
//	lines.go      its output, bounded
//	exit.go       what its end means
//	folder.go     the folder that it works in
//	results.go    what it left there
//	archive.go    the model's folder as one file
//	digest.go     whether a program is the one that trained a model
package program
