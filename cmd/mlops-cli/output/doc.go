// Package output prints what a command gave: as tables for people, or as one
// document for programs.
//
// A [Document] is an ordered object. [Of] makes one from a message of the
// protocol with the names of its fields as they stand in the .proto: 64-bit
// integers are numbers, durations are seconds, times RFC 3339, enum values lose
// their type's prefix, and a field is there even if it is zero, so that a
// program need not guess. [Write] encodes a document as JSON or YAML; where a
// number is none (NaN or infinite) it says null.
package output
