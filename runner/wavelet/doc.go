// Package wavelet decomposes signals by discrete wavelets, with PyWavelets' names,
// extension modes and figures: Daubechies (db1 to db20, haar), symlets (sym2 to
// sym20) and coiflets (coif1 to coif5).
//
// [ByName] finds a wavelet, and [Wavelet.Decompose] decomposes a signal over several
// levels (Mallat, "A theory for multiresolution signal decomposition", 1989). A
// [Decomposition] that is used again allocates nothing.
package wavelet
