// Package genkey reads and writes OLGA's keyword files (.genkey, .key, .inp): what a
// simulation was given.
//
// [Parse] makes a [Document] of a file: keywords in their order, each with parameters,
// each of which has a [Value]: a number with a unit, a word, a quoted text, or a list.
// [Document.Format] writes one. [Value.SI] converts a number, [Document.Leaks] tells
// what the keywords say of the leaks.
//
// # The form
//
//	! a comment, up to the end of the line
//	LEAK LABEL=LEAK, ABSPOSITION=50 m, TIME=(0, 1, 2) M, BACKPRESSURE=0 psig, \
//	        DIAMETER=1.5 in
//
// A keyword goes on in the next line where its line ends in a backslash, which blanks
// and a comment may follow, or in a comma that a parameter follows. Names are the same
// in upper and lower case. A unit after a list is that of all its numbers. Words that
// hold blanks, commas, parentheses, quotes, an equals sign or an exclamation mark stand
// in double quotes; a quote within them is doubled.
//
// Between NETWORKCOMPONENT and ENDNETWORKCOMPONENT stand the keywords of a component.
// Files of OLGA 5 have none: BRANCH, GEOMETRY, PIPE and LEAK stand at the top there.
// What follows ENDCASE is not read.
//
// # Where this comes from
//
// There is no public grammar. The form is that of the files which OLGA 2017.2 wrote
// among the real data, and of two public ones, of OLGA 7.2 and in the style of OLGA 5
// (github.com/gpagliuca/pyfas, pyfas/test: PEN-HP-WPL-002-MaxGas-DP-02.genkey and
// FC1_rev01.inp), which show further:
//
//   - A backslash follows a comma without a blank, and blanks follow the backslash.
//   - A line may end in a comma and no backslash: where NAME= follows the keyword goes
//     on, and else the comma means nothing.
//   - PIPE=(1-4) is a range, so that 1-4 is a word: an exponent has its letter, E or D.
//   - XVARIABLE=DELTAP bara: a word has a unit, too. The two words of a terminal, as in
//     (FLOWPATH_1 INLET, NODE_1 FLOWTERM_1), have the same form.
//   - LSEGMENT=(50, 70) and SETPOINT=121e5 have no unit, and mean metres and pascals:
//     the units that OLGA has of its own, see [Dimension].
//   - M is metres where a length is asked for, and minutes where a time is.
//
// None of these, nor any other public source that was found, repeats values by a count
// (10*0.5 or 5:0.3): such a value is a word here, never numbers.
//
// Text is UTF-8 where a line is, and else Windows-1252: see [olga.Text].
//
// # Limits
//
// A file has at most 64 MiB, 1 MiB a line, 200,000 keywords of 256 parameters each, and
// 1,000,000 values; lists, and components, lie at most 16 deep within one another. One
// that exceeds them fails in bounded time and memory. Nothing of a file is executed or
// taken for a path. Every error about what stands in a file is an [olga.SyntaxError].
package genkey
