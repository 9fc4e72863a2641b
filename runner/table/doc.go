// Package table holds tabular data by column: the one in-memory form that
// readers fill, preprocessing transforms and training consumes.
//
// A [Table] is an ordered set of equally long, uniquely named [Column]s. A
// column has one [Kind] and an optional null mask; strings are kept as codes
// into a dictionary. Tables and columns are immutable once built: every
// operation returns a new table that shares the untouched columns, and
// [Table.Slice] shares the cells too. There are no row objects.
//
// Readers and writers for CSV, TSV, JSON (records, lines, columns) and Parquet
// are in this package; they are picked by [FormatOf] and reached through [Read]
// and [Write].
package table
