"""Writes statistics of windows by numpy and scipy to compare with.

    python3 tools/reference/signals.py

needs numpy and scipy, and writes runner/signal/testdata/scipy.json.
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy import stats

OUT = Path(__file__).resolve().parents[2] / "runner/signal/testdata/scipy.json"
LENGTHS = [1, 2, 3, 4, 5, 7, 16, 39, 40, 41, 97, 256, 1000]
KINDS = ["mixed", "pressure", "ramp", "constant", "zeros", "steps"]
QUANTILES = [0, 0.05, 0.25, 0.5, 0.9, 0.95, 1]
CUTOFF = 0.1


def signal(kind, n):
    """Go makes the same: every operation is exact or correctly rounded."""
    i = np.arange(n)
    wave = ((i * i * 7 + i * 13) % 101 - 50) / 8
    return {"mixed": wave, "pressure": 568097.25 + wave * 16, "ramp": i * 0.25 - 3, "constant": np.full(n, 7.25),
            "zeros": np.zeros(n), "steps": (i // 3 % 4) * 1.0}[kind]


def times(n):
    i = np.arange(n)
    return i * 0.5 + i % 3 / 8


def number(v):
    return None if math.isnan(v) else float(v)


def entropy(parts):
    total = parts.sum()
    if total == 0:
        return math.nan
    p = parts[parts > 0] / total
    return float(-(p * np.log(p)).sum())


def spectrum(x):
    n = len(x)
    power = np.abs(np.fft.rfft(x - x.mean())[1:]) ** 2
    frequency = np.arange(1, n // 2 + 1) / n
    total = power.sum()
    if n < 2 or total == 0:
        return {"spectral_entropy": None, "spectral_centroid": None, "energy_ratio": None}
    return {"spectral_entropy": number(entropy(power) / np.log(len(power)) if n >= 4 else math.nan),
            "spectral_centroid": number((frequency * power).sum() / total),
            "energy_ratio": number(power[frequency > CUTOFF].sum() / total)}


def crossings(x):
    signs = np.sign(x)
    signs = signs[signs != 0]
    return int((signs[1:] != signs[:-1]).sum())


def correlation(x, y):
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return number(np.corrcoef(x, y)[0, 1])


def figures(kind, n):
    x, t = signal(kind, n), times(n)
    rms = math.sqrt((x * x).mean())
    with np.errstate(all="ignore"):
        found = {
            "kind": kind, "rows": n, "mean": x.mean(), "variance": x.var(), "std": x.std(), "skewness": number(stats.skew(x)),
            "kurtosis": number(stats.kurtosis(x)), "rms": rms, "min": x.min(), "max": x.max(), "peak": np.abs(x).max(),
            "peak_to_valley": np.ptp(x), "crest_factor": number(np.abs(x).max() / rms if rms else math.nan),
            "quantiles": [float(np.quantile(x, q)) for q in QUANTILES],
            "slope": number(stats.linregress(t, x).slope if n > 1 else math.nan),
            "energy": float((x * x).sum()), "energy_entropy": number(entropy(x * x)),
            "zero_crossings": crossings(np.diff(x)), "zero_crossings_2": crossings(np.diff(x, 2)) if n > 2 else 0,
            "correlation": correlation(np.diff(x), np.diff(signal("mixed", n))),
        }
    return {k: float(v) if isinstance(v, np.floating) else v for k, v in (found | spectrum(x)).items()}


OUT.write_text(json.dumps({"quantiles": QUANTILES, "cutoff": CUTOFF, "figures": [figures(k, n) for k in KINDS for n in LENGTHS]},
                          separators=(",", ":")) + "\n")
