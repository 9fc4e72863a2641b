// Package tplgenkey is the pipeline that makes Parquet of OLGA's trend files: one file
// a case, that a windows pipeline goes on with, and an index of the cases.
//
// A case is a .tpl file. Its keyword file (.genkey) is found by name, in the same
// folder, in the folder above, or in another folder of that one. It tells of the case
// and of its leaks what the index and the file's metadata then say.
//
//	NAME.parquet             TIME, the selected trends, and LEAK
//	metadata/cases.parquet   a row a case: files, rows, times, share of LEAK, the leak
//	metadata/quality/NAME.json, metadata/quality.parquet
//	                         what was found in the cases, and between them
//
// A trend file's rows are looked through as they are (inspect.go, by package quality),
// the trends are chosen (stages.go), brought to a fixed step (resample.go), and read
// with instruments (noise.go), all of it as the rows come. The cases are compared with
// one another when they are gathered (compare.go).
//
// What the file says of each column, its unit and description among it, stands in the
// Parquet file's metadata under the key olga.trends, as JSON, and what the keyword file
// says of all leaks under olga.leaks.
package tplgenkey
