// Package tplgenkey is the pipeline that makes Parquet of OLGA's trend files: one file
// a case, that a windows pipeline goes on with, and an index of the cases.
//
// A case is a .tpl file. Its keyword file (.genkey) is found by name, in the same
// folder, in the folder above, or in another folder of that one; it is not read yet,
// but is one of the case's inputs, so that a change of it is a change of the case.
//
//	NAME.parquet             TIME, the selected trends, and LEAK
//	metadata/cases.parquet   a row a case: files, rows, times, share of LEAK
//
// What the file says of each column, its unit and description among it, stands in the
// Parquet file's metadata under the key olga.trends, as JSON.
package tplgenkey
