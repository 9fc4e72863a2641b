"""Figures of PSI, Kolmogorov-Smirnov and Jensen-Shannon for runner/profile.

    python tools/reference/drift.py > runner/profile/testdata/drift.json

The samples are drawn by a linear congruential generator and arithmetic that every
IEEE 754 machine does alike, so that the test draws the same ones; the figures are
SciPy's and NumPy's on all values, without any sketch.
"""

import json
import math

import numpy as np
from scipy import stats
from scipy.spatial import distance

FLOOR = 1e-4


class Draw:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53

    def bell(self):
        return self.uniform() + self.uniform() + self.uniform() - 1.5


def number(shape, d, i):
    """One value, None where it is missing."""
    if shape == "bell":
        return d.bell()
    if shape == "shifted":
        return d.bell() + 0.25
    if shape == "wide":
        return d.bell() * 2
    if shape == "skewed":
        u = d.uniform()
        return u * u * u
    if shape == "discrete":
        return math.floor(d.uniform() * 6)
    if shape == "discrete_low":
        u = d.uniform()
        return math.floor(u * u * 6)
    if shape == "gaps":
        v = d.bell()
        return None if i % 7 == 0 else v
    if shape == "constant":
        return 3.0
    raise ValueError(shape)


def text(shape, d):
    u = d.uniform()
    if shape == "plans":
        return "basic" if u < 0.5 else "plus" if u < 0.8 else "pro"
    if shape == "plans_moved":
        return "basic" if u < 0.3 else "plus" if u < 0.7 else "pro" if u < 0.95 else "free"
    raise ValueError(shape)


def shares(p, q):
    p, q = np.asarray(p, float), np.asarray(q, float)
    a, b = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    return {"psi": float(np.sum((b - a) * np.log(b / a))), "js": float(distance.jensenshannon(p, q, 2))}


def numbers(case):
    a = [number(case["reference"], d, i) for d in [Draw(case["seed"])] for i in range(case["n"])]
    b = [number(case["current"], d, i) for d in [Draw(case["seed"] + 1)] for i in range(case["m"])]
    x = np.array([v for v in a if v is not None])
    y = np.array([v for v in b if v is not None])
    edges = np.unique(np.quantile(x, [i / 10 for i in range(1, 10)], method="inverted_cdf"))
    bins = np.searchsorted(edges, x, side="left"), np.searchsorted(edges, y, side="left")
    p = np.bincount(bins[0], minlength=len(edges) + 1) / len(x)
    q = np.bincount(bins[1], minlength=len(edges) + 1) / len(y)
    figures = shares(p, q)
    figures["ks"] = float(stats.ks_2samp(x, y, method="asymp").statistic)
    figures["missing"] = (len(b) - len(y)) / len(b) - (len(a) - len(x)) / len(a)
    figures["mean"], figures["std"] = float(np.mean(x)), float(np.std(x))
    figures["quantiles"] = [float(np.quantile(x, k / 100, method="inverted_cdf")) for k in (1, 25, 50, 75, 99)]
    return figures


def texts(case):
    a = [text(case["reference"], d) for d in [Draw(case["seed"])] for _ in range(case["n"])]
    b = [text(case["current"], d) for d in [Draw(case["seed"] + 1)] for _ in range(case["m"])]
    names = sorted(set(a))
    p = [a.count(v) / len(a) for v in names] + [0.0]
    q = [b.count(v) / len(b) for v in names]
    return shares(p, q + [sum(v not in names for v in b) / len(b)])


def main():
    cases = []
    for n, m in [(1500, 1200), (50000, 40000)]:
        for i, (reference, current) in enumerate([
            ("bell", "bell"), ("bell", "shifted"), ("bell", "wide"), ("skewed", "bell"), ("discrete", "discrete_low"),
            ("bell", "gaps"), ("gaps", "bell"), ("constant", "bell"), ("constant", "constant"),
        ]):
            case = {"reference": reference, "current": current, "n": n, "m": m, "seed": 17 + 10 * i}
            cases.append(case | numbers(case))
    for n, m in [(1500, 1200), (50000, 40000)]:
        for current in ["plans", "plans_moved"]:
            case = {"reference": "plans", "current": current, "n": n, "m": m, "seed": 5}
            cases.append(case | texts(case))
    print(json.dumps(cases, indent=1))


main()
