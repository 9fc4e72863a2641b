"""Windows and features of cases by PyWavelets, numpy, scipy and pandas, to compare figures and time with.

    python3 tools/reference/features.py CASES.parquet... --out FEATURES.parquet [--vectorized]
    python3 tools/reference/features.py --golden

needs PyWavelets, numpy, scipy, pandas and pyarrow. Each file is a case with the columns
TIME, PT_1 … and GT_1 …, and LEAK. It makes the windows of 40 rows at step 2 and the
features of every group that runner/features makes with its defaults, but for what is
fitted, under the same names, and prints the seconds that it took, reading and writing
included. Written plainly, a window at a time, as the systems that are replaced do it;
with --vectorized all windows of a case at once, wherever numpy, scipy and PyWavelets can.
--golden writes runner/features/testdata/python.json, the features of a small case.
"""

import argparse
import json
import math
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pywt
from numpy.lib.stride_tricks import sliding_window_view
from scipy import stats

SIZE, STEP, LEVEL, WAVELET = 40, 2, 3, "db2"
QUANTILES = {"q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}
BANDS = ["cA3", "cD3", "cD2", "cD1"]
CUTOFF, TOLERANCE, LIMIT = 0.1, 0.001, 100
NOISE = (16 * np.finfo(float).eps) ** 2  # the share of the energy that rounding may make


def entropy(parts):
    total = parts.sum()
    if total == 0:
        return math.nan
    p = parts[parts > 0] / total
    return -(p * np.log(p)).sum()


def crossings(d):
    signs = np.sign(d)
    signs = signs[signs != 0]
    return int((signs[1:] != signs[:-1]).sum())


def ratio(a, b):
    return a / b if b != 0 else math.nan


def signal_features(name, t, x, row):
    mean, std = x.mean(), x.std()
    rms = math.sqrt((x * x).mean())
    row[name + "_mean"], row[name + "_median"], row[name + "_std"], row[name + "_variance"] = mean, np.median(x), std, x.var()
    row[name + "_skewness"], row[name + "_kurtosis"] = stats.skew(x), stats.kurtosis(x)
    row[name + "_rms"], row[name + "_min"], row[name + "_max"], row[name + "_peak"] = rms, x.min(), x.max(), np.abs(x).max()
    row[name + "_peak_to_valley"], row[name + "_crest_factor"] = np.ptp(x), ratio(np.abs(x).max(), rms)
    row[name + "_slope"] = stats.linregress(t, x).slope
    for key, value in zip(QUANTILES, np.quantile(x, list(QUANTILES.values()))):
        row[f"{name}_{key}"] = value
    coefficients = pywt.wavedec(x, WAVELET, level=LEVEL)
    energies = np.array([(c * c).sum() for c in coefficients])
    for band, c, e in zip(BANDS, coefficients, energies):
        row[f"{name}_{band}_energy"], row[f"{name}_{band}_energy_rel"] = e, ratio(e, energies.sum())
        row[f"{name}_{band}_entropy"] = entropy(c * c) if e > NOISE * energies.sum() else math.nan
        row[f"{name}_{band}_mean"], row[f"{name}_{band}_std"] = c.mean(), c.std()
        row[f"{name}_{band}_min"], row[f"{name}_{band}_max"] = c.min(), c.max()
    row[name + "_wavelet_entropy"] = entropy(energies)
    first, second = np.diff(x), np.diff(x, 2)
    row[name + "_zero_crossings"], row[name + "_zero_crossings_2"] = crossings(first), crossings(second)
    row[name + "_diff_std"], row[name + "_diff2_std"] = first.std(), second.std()
    power = np.abs(np.fft.rfft(x - mean)[1:]) ** 2
    if power.sum() <= NOISE * (len(x) * mean) ** 2:
        power[:] = 0
    frequency = np.arange(1, len(x) // 2 + 1) / len(x)
    row[name + "_spectral_entropy"] = entropy(power) / math.log(len(power))
    row[name + "_spectral_centroid"] = ratio((frequency * power).sum(), power.sum())
    row[name + "_energy_ratio"] = ratio(power[frequency > CUTOFF].sum(), power.sum())
    return first


def window_features(names, t, values):
    row, firsts = {}, {}
    for name in names:
        firsts[name] = signal_features(name, t, values[name], row)
    correlations = []
    for a in names:
        for b in names:
            if a.startswith("PT") and b.startswith("GT"):
                r = np.corrcoef(firsts[a], firsts[b])[0, 1] if np.ptp(firsts[a]) and np.ptp(firsts[b]) else math.nan
                row[f"{a}_{b}_diff_corr"] = r
                correlations.append(r)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row["transient_score"] = np.mean([np.nanmean([row[n + "_energy_ratio"] for n in names]), 1 - abs(np.nanmean(correlations)),
                                          np.nanmean([row[n + "_spectral_entropy"] for n in names]),
                                          np.mean([row[n + "_zero_crossings"] / (SIZE - 2) for n in names])])
    return row


def vectorized(names, t, values):
    """A frame of all windows of a case."""
    columns, firsts = {}, {}
    tw = sliding_window_view(t, SIZE)[::STEP]
    tc = tw - tw.mean(axis=1, keepdims=True)

    def spread(d):
        signs = np.sign(d)
        # Zeros take the sign before them.
        at = np.maximum.accumulate(np.where(signs != 0, np.arange(d.shape[1]), -1), axis=1)
        filled = np.where(at >= 0, np.take_along_axis(signs, np.maximum(at, 0), axis=1), 0)
        return ((filled[:, 1:] != filled[:, :-1]) & (filled[:, :-1] != 0)).sum(axis=1), d.std(axis=1)

    def entropies(parts):
        p = parts / parts.sum(axis=1, keepdims=True)
        with np.errstate(all="ignore"):
            return -np.where(p > 0, p * np.log(p), 0).sum(axis=1)

    for name in names:
        x = np.ascontiguousarray(sliding_window_view(values[name], SIZE)[::STEP])
        mean = x.mean(axis=1)
        rms = np.sqrt((x * x).mean(axis=1))
        lo, hi = x.min(axis=1), x.max(axis=1)
        peak = np.maximum(np.abs(lo), np.abs(hi))
        c = {"mean": mean, "median": np.median(x, axis=1), "std": x.std(axis=1), "variance": x.var(axis=1),
             "skewness": stats.skew(x, axis=1), "kurtosis": stats.kurtosis(x, axis=1), "rms": rms, "min": lo, "max": hi, "peak": peak,
             "peak_to_valley": hi - lo, "crest_factor": peak / rms,
             "slope": (tc * (x - mean[:, None])).sum(axis=1) / (tc * tc).sum(axis=1)}
        for key, value in zip(QUANTILES, np.quantile(x, list(QUANTILES.values()), axis=1)):
            c[key] = value
        coefficients = pywt.wavedec(x, WAVELET, level=LEVEL, axis=1)
        energies = np.stack([(b * b).sum(axis=1) for b in coefficients], axis=1)
        for i, (band, b) in enumerate(zip(BANDS, coefficients)):
            c[f"{band}_energy"], c[f"{band}_energy_rel"] = energies[:, i], energies[:, i] / energies.sum(axis=1)
            c[f"{band}_entropy"] = entropies(b * b)
            c[f"{band}_mean"], c[f"{band}_std"], c[f"{band}_min"], c[f"{band}_max"] = b.mean(axis=1), b.std(axis=1), b.min(axis=1), b.max(axis=1)
        c["wavelet_entropy"] = entropies(energies)
        first = np.diff(x, axis=1)
        c["zero_crossings"], c["diff_std"] = spread(first)
        c["zero_crossings_2"], c["diff2_std"] = spread(np.diff(first, axis=1))
        power = np.abs(np.fft.rfft(x - mean[:, None], axis=1)[:, 1:]) ** 2
        frequency = np.arange(1, SIZE // 2 + 1) / SIZE
        c["spectral_entropy"] = entropies(power) / math.log(power.shape[1])
        c["spectral_centroid"] = (frequency * power).sum(axis=1) / power.sum(axis=1)
        c["energy_ratio"] = power[:, frequency > CUTOFF].sum(axis=1) / power.sum(axis=1)
        columns |= {f"{name}_{k}": v for k, v in c.items()}
        firsts[name] = first - first.mean(axis=1, keepdims=True)
    correlations = []
    for a in names:
        for b in names:
            if a.startswith("PT") and b.startswith("GT"):
                da, db = firsts[a], firsts[b]
                r = (da * db).sum(axis=1) / np.sqrt((da * da).sum(axis=1) * (db * db).sum(axis=1))
                columns[f"{a}_{b}_diff_corr"] = r
                correlations.append(r)
    columns["transient_score"] = (np.mean([columns[n + "_energy_ratio"] for n in names], axis=0) + 1 - np.abs(np.mean(correlations, axis=0))
                                  + np.mean([columns[n + "_spectral_entropy"] for n in names], axis=0)
                                  + np.mean([columns[n + "_zero_crossings"] for n in names], axis=0) / (SIZE - 2)) / 4
    return pd.DataFrame(columns)


def temporal(names, frame):
    """What needs the windows before, of a case's frame."""
    columns = {}
    for name in names:
        mean, std = frame[name + "_mean"], frame[name + "_std"]
        before = mean.shift(1)
        columns[name + "_mean_prev"], columns[name + "_mean_delta"] = before, mean - before
        columns[name + "_mean_delta_pct"] = ((mean - before) / before).where(before != 0)
        columns[name + "_std_ratio"] = (std / std.shift(1)).where(std.shift(1) != 0)
        first = mean.shift(2)
        change, tolerance = mean - first, TOLERANCE * first.abs()
        trend = pd.Series(0.0, index=mean.index)
        trend[(first < before) & (before < mean) & (change > tolerance)] = 1
        trend[(first > before) & (before > mean) & (-change > tolerance)] = -1
        trend[first.isna()] = np.nan
        stable = trend.eq(0)
        run = stable.groupby((~stable).cumsum()).cumsum().clip(upper=LIMIT).astype(float)
        columns[name + "_trend"], columns[name + "_stability_duration"] = trend, run.where(trend.notna())
    return pd.concat([frame, pd.DataFrame(columns)], axis=1)


def golden():
    """The features of a case that Go makes too: every operation is exact or correctly rounded."""
    i = np.arange(200)
    wave = ((i * i * 7 + i * 13) % 101 - 50) / 8
    quiet = (i >= 60) & (i < 130)
    values = {"PT_1": 100 + np.where(quiet, 0, wave), "PT_2": 1000 + (i * 5 % 17) * 0.25 + i * 0.5, "GT_1": np.where(quiet, 0, (i * i * 3 + i) % 37 - 18.5),
              "GT_2": 50 + (i // 3 % 4) * 1.0}
    t = i * 0.5 + i % 3 / 8
    frame = pd.DataFrame([window_features(list(values), t[s:s + SIZE], {n: v[s:s + SIZE] for n, v in values.items()})
                          for s in range(0, len(i) - SIZE + 1, STEP)])
    frame = temporal(list(values), frame)
    out = Path(__file__).resolve().parents[2] / "runner/features/testdata/python.json"
    out.parent.mkdir(exist_ok=True)
    columns = {c: [None if math.isnan(v) else float(v) for v in frame[c]] for c in frame.columns}
    out.write_text(json.dumps(columns, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--out")
    parser.add_argument("--vectorized", action="store_true")
    args = parser.parse_args()
    if args.golden:
        return golden()
    began = time.perf_counter()
    frames = []
    for path in args.cases:
        case = pd.read_parquet(path)
        names = [c for c in case.columns if c.startswith(("PT_", "GT_"))]
        t, values = np.array(case["TIME"]), {n: np.array(case[n]) for n in names}
        starts = range(0, len(case) - SIZE + 1, STEP)
        if args.vectorized:
            frame = vectorized(names, t, values)
        else:
            frame = pd.DataFrame([window_features(names, t[s:s + SIZE], {n: v[s:s + SIZE] for n, v in values.items()}) for s in starts])
        frame = temporal(names, frame)
        leak = case["LEAK"].to_numpy()
        about = pd.DataFrame({"start": list(starts), "label": [int(leak[s:s + SIZE].any()) for s in starts]})
        frames.append(pd.concat([about, frame], axis=1))
    made = pd.concat(frames, ignore_index=True)
    if args.out:
        made.to_parquet(args.out, compression="snappy")
    seconds = time.perf_counter() - began
    print(json.dumps({"windows": len(made), "features": made.shape[1] - 2, "seconds": seconds, "us_per_window": 1e6 * seconds / len(made)}))


main()
