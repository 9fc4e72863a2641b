// Package table holds tabular data by column: the one in-memory form that
// readers fill, preprocessing transforms and training consumes.
//
// A [Table] is an ordered set of equally long, uniquely named [Column]s. A
// column has one [Kind] and an optional null mask; strings are kept as codes
// into a dictionary. Tables and columns are immutable once built: every
// operation returns a new table that shares the untouched columns, and
// [Table.Slice] shares the cells too. There are no row objects.
//
// # Reading and writing
//
// [Read], [ReadFile], [Write] and [WriteFile] know CSV, TSV, JSON (an array of
// records, records one after another, an object of columns), JSON lines and
// Parquet; [FormatOf] picks one by a file's ending. What one format writes every
// format reads back as an equal table with the same [Table.Fingerprint].
//
// # Kinds in text
//
// A column of CSV or TSV gets the narrowest kind that all of its cells fit:
// int64, float64, bool (true, True, TRUE and their opposites), time (ISO date, or
// RFC 3339 with a space for the T and without a zone also allowed), else string.
// A column of nulls only is float64. As in pandas, leading zeros and a plus sign
// are part of a number, quotes around a number do not make it text, and integers
// beyond int64 become float64. [ReadOptions] Types forces kinds, for identifiers
// such as 00123 and for a model's schema.
//
// Null is a cell that is empty or one of [DefaultNullValues], outside quotes. In
// quotes these are text in a column of text, so "" is the empty string, and null
// in any other column. [ReadOptions] NullValues replaces the list.
//
// JSON knows numbers, text and truth values by itself: "12" stays text. Text that
// is all dates or times becomes time; a column that mixes text with anything
// else is text, as in CSV; a key that a record lacks is null.
//
// # How CSV is read
//
// One goroutine cuts the input into runs of whole records: a line end belongs to
// a cell exactly if an odd number of quotes precedes it, which needs no parsing.
// Workers find the cells of a run (csv_token.go, csv_plain.go) and turn each
// column of it into values of the narrowest kind that the run needs
// (csv_column.go). At the end the kinds are joined; only where a column proves to
// be text are runs that took it for numbers read again (csv_join.go), so the text
// of numbers is never kept. Faults are told in the input's order whatever the
// number of workers.
package table
