// Package bolt is the default [statestore.Store]: one bbolt file.
//
// Four things are worth knowing before reading the code:
//
//   - schema.go draws the buckets. Keys begin with a workflow's sixteen bytes, so
//     that all of a workflow lies together, and new ones at the end.
//   - writer.go is the only place that writes: one goroutine gathers what
//     concurrent callers ask, and commits it with one fsync.
//   - write.go takes a command through [statestore.Carry]; rows.go encodes all of
//     its effect before the first row is put, so that a command is carried out
//     wholly or not at all.
//   - open.go and check.go refuse a file that is not ours, is damaged or is from a
//     newer version, and leave it as it is.
package bolt
