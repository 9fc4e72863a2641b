// Package olga reads and writes what OLGA, the flow simulator, writes: trend files
// (.tpl). What it is given, keyword files, package genkey reads.
//
// A trend file is a header, a catalog of trends, and a row of numbers for each time
// step. [NewReader] reads the header and the catalog, [Reader.Read] as many rows at a
// time as asked for, into columns, so that memory does not grow with the file. What a
// file may hold at most are constants of this package; a hostile one fails in bounded
// time and memory. Nothing of a file is executed or taken for a path. [Writer] writes
// such a file, as OLGA 2017.2 does.
//
// A trend's column is named after its variable and where it is, [Trend.Name]:
//
//	PT 'SECTION:' 'BRANCH:' 'TUBERIA' 'PIPE:' 'Pipe-60' 'NR:' '1'  '(PA)' 'Pressure'
//	PT_SECTION_BRANCH_TUBERIA_PIPE_Pipe60_NR_1
package olga
