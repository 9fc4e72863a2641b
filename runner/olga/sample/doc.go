// Package sample makes cases to try things with: trend files (.tpl) and keyword files
// (.genkey) as of OLGA 2017.2, of a pipeline that package simulate computes.
//
// The pipeline carries oil over 5 km, from a tank with a pump to a valve and another
// tank. A case is some twenty minutes of it, with one operation ([Operations]) or
// none, and in a share of the cases a leak that opens and closes again. Leaks and
// operations are independent of each other, so that an operation tells nothing of a
// leak. [Draw] makes a case of the options and its number, and of no other case: the
// tenth is the same whether ten are made or a thousand, and its files are, byte for
// byte, on any machine.
//
// Trends are called as in files of real simulations:
//
//	PT, TM, GT   at two places: pressure, temperature, mass flow
//	PUMPSPEED    of the pump
//	GTLEAK       of the leak: below zero, as what leaves the pipeline
//	CONTR        of the pump's controller (CONTROL - BOMBA) and the leak's (CONTROL - FUGA)
//
// The last one is above zero while the leak is open: it is the label. Rows are where
// OLGA puts them: at its first time step at or after each multiple of half a second,
// so that times are irregular. Readings have no noise.
//
// The keyword file says what was simulated, equipment, controllers and leak, in SI
// units or their multiples. OLGA itself has not run it.
package sample
