// Package signal describes windows of signals by numbers: moments, quantiles,
// the slope, derivatives, the spectrum and energies.
//
// Every function takes the values of one window in the order of time, evenly
// spaced unless it takes the times, without missing values. What has no value
// for a window, such as the skewness of a constant, is NaN. Figures agree with
// numpy's and scipy's to 1e-12 relative to the values' size
// (tools/reference/signals.py), and no function allocates once its receiver has
// seen a window of that length.
package signal
