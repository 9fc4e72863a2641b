"""Writes reference.json: what scikit-learn's scaler, imputer and label encoder give.

Run with Python 3, scikit-learn and numpy; the file is checked in.
"""
import json
import pathlib

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import LabelEncoder, StandardScaler

rng = np.random.default_rng(3)
columns = [
    [1.0, 2.0, 3.0, 6.0],
    [1e-3, 5e6, -2.5, 0.0, 7.25, 7.25],
    [4.0, 4.0, 4.0],
    rng.normal(1000, 1e-2, 50).tolist(),
    rng.lognormal(0, 3, 51).tolist(),
    rng.integers(-3, 4, 40).astype(float).tolist(),
]
numbers = []
for values in columns:
    x = np.array(values).reshape(-1, 1)
    scaler = StandardScaler().fit(x)
    fills = {s: float(SimpleImputer(strategy=n).fit(x).statistics_[0]) for s, n in
             [("mean", "mean"), ("median", "median"), ("mode", "most_frequent")]}
    numbers.append({"values": values, "scaled": scaler.transform(x).ravel().tolist(), **fills})

words = ["pear", "Apple", "fig", "pear", "éclair", "Zoo", "10", "9", "a b", "fig"]
encoder = LabelEncoder().fit(words)
out = {
    "numbers": numbers,
    "words": {"values": words, "codes": encoder.transform(words).tolist(),
              "mode": str(SimpleImputer(strategy="most_frequent").fit(np.array(words, dtype=object).reshape(-1, 1)).statistics_[0])},
}
pathlib.Path(__file__).with_name("reference.json").write_text(json.dumps(out, indent=1) + "\n")
