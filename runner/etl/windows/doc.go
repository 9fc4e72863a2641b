// Package windows is the pipeline that cuts cases into windows: fixed runs of
// rows, window_size long, step_size apart, each with a label.
//
// A case is one file of the source folder: a time series with a time column,
// signals and, mostly, a column that labels each row. No window spans two cases.
// A case is called by its file's path within the source folder without its ending,
// and without a leading data/.
//
// # Outputs
//
//	windows.parquet                 case, window, start, end, start_time, end_time, label
//	metadata/windows/CASE.parquet   the same of one case
//	metadata/windows_metadata.json  the settings, where the cases lie, rows and windows of each
//	data/…                          one Parquet file for each window, with materialize: true
//
// A window is the rows [start, end) of its case's file, counted from 0; its times
// are those of its first and its last row. [Cases] reads what a later pipeline
// needs of it.
//
// # Labels
//
//	any       1 if any row of the window has a label other than 0, else 0
//	last      the label of the window's last row
//	majority  the label that most rows have; of several, the one that comes last
//	fraction  the share of rows whose label is not 0, from 0 to 1
//
// Rows whose label is missing do not count; a window of such rows only has no
// label, and so has one whose last row is such with last. any and fraction need a
// label of numbers or truth values; last and majority also take text. Cases without
// a column LEAK, where no label_column is named, give windows without labels; a
// warning tells it once, with the columns that are there.
//
// # The short tail
//
// Where the last window that fits ends before the case does, short_tail says what
// becomes of the rows behind it: drop leaves them out, keep makes a shorter window
// of what the next window would have begun with, shift moves the next window back
// so that it ends with the case. A case that is shorter than a window gives one
// short window with keep, and else none: it is skipped.
package windows
