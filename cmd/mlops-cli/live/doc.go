// Package live shows a workflow's progress on standard error while it runs: on
// a terminal one line that is drawn anew in place, elsewhere plain lines that
// make a readable log. Standard output is not touched.
package live
