// Package instrument makes readings of clean signals: what a transmitter, its
// converter and its line would have shown of them.
//
// An [Instrument] is a [Model] with the state of one column of one case. It reads
// in any number of batches and gives the same values whatever their sizes. Its
// random numbers depend on a seed, the case's name and the column's name alone:
// not on the order of cases, nor on the workers, nor on other effects of the same
// instrument.
//
// # Effects, in the order in which they happen
//
//	sensor     time constant, then drift, then random error
//	converter  saturation at the ends of the range, then resolution
//	line       dead band, then dropouts
//
// Each is off where its parameter is zero. A missing value (NaN) is missing in the
// reading, and an infinite one has neither lag, drift nor error.
//
// # Words
//
// Range, span, resolution, dead band, drift and time constant are meant as in
// ISA-51.1 (Process Instrumentation Terminology), but for the dead band: here it is
// that of reporting by exception, as historians have it, counted from the value
// that was reported last, and not that of a reversal.
//
// Accuracy is a data sheet's ±limit, and is taken to be an expanded uncertainty of
// coverage factor 2: the errors of single readings are independent and Gaussian, with
// half the limit as standard deviation, so that 95.45 % of them are within ±limit
// (JCGM 100:2008, 6.3 and annex G). Limits in the signal's unit, in percent of the
// reading and in percent of the span are added, as "±(0.1 % of reading + 0.05 % of
// span)" is read.
package instrument
