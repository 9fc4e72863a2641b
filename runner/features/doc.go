// Package features makes a row of numbers of each window of a case's signals: what
// a leak detector is trained on, and what it later sees of live data.
//
// A [Set] is compiled of [Settings] and lists its features by name. A [Computer] of
// it takes the windows of one case in their order. A [Baseline] is what is learnt
// of many windows, once, on training cases: the bands of operation and the normal
// profile in each, from which it tells how far a window is.
//
// # Groups
//
// Features come in groups, each of which can be left out. Of each signal X:
//
//	statistics            X_mean, X_std, … as [Statistics] lists them, X_q05, …
//	wavelet_energy        X_cA3_energy, X_cA3_energy_rel, X_cD3_energy, …
//	wavelet_entropy       X_cA3_entropy, …, X_wavelet_entropy
//	wavelet_statistics    X_cA3_mean, _std, _min, _max, …
//	wavelet_coefficients  X_cA3_0, …
//	raw                   X_raw_0, …
//	oscillation           X_zero_crossings, X_zero_crossings_2, X_diff_std, X_diff2_std
//	spectrum              X_spectral_entropy, X_spectral_centroid, X_energy_ratio
//	temporal              X_mean_prev, X_mean_delta, X_mean_delta_pct, X_std_ratio
//	trend                 X_trend, X_stability_duration
//	baseline_deviation    X_mean_deviation, X_std_deviation
//
// and of all signals together:
//
//	derivative_correlation  X_Y_diff_corr of each pressure X and flow Y
//	transient_score         transient_score
//	operating_state         pressure_band, flow_band, operating_state
//	baseline_deviation      baseline_distance
//
// The formula of each stands with its group in signals.go, across.go and
// baseline.go. What has no value for a window is NaN: the deltas of a case's first
// window, a ratio to nothing, the skewness of a constant.
package features
