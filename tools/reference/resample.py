"""Writes numpy.interp's figures of irregular series on a fixed step, to compare with.

    python3 tools/reference/resample.py

needs numpy, and writes runner/signal/resample/testdata/numpy.json.
"""

import json
from pathlib import Path

import numpy as np

OUT = Path(__file__).resolve().parents[2] / "runner/signal/resample/testdata/numpy.json"


def case(name, times, values, step, origin=None):
    """Rows of one time count once, with the last one's value."""
    last = np.append(times[1:] != times[:-1], True)
    xp, fp = times[last], values[last]
    start = times[0] if origin is None else origin
    first = int(np.ceil((times[0] - start) / step))
    points = int(np.floor((times[-1] - start) / step + 1e-9))
    grid = start + np.arange(first, points + 1) * step
    return {"name": name, "times": times.tolist(), "values": values.tolist(), "step": step, "origin": origin,
            "grid": grid.tolist(), "want": np.interp(grid, xp, fp).tolist()}


def main():
    draw = np.random.default_rng(1)
    cases = []
    for name, scale, digits in (("simulation", 0.5, 4), ("fast", 1e-3, 8), ("slow", 3600.0, 0), ("doubled", 0.5, 0)):
        steps = draw.gamma(8, scale / 8, 120)
        times = np.round(np.cumsum(steps), digits)
        values = 5e5 + 1e4 * np.sin(np.arange(120) / 7) + draw.normal(0, 300, 120)
        for factor in (0.2, 1.0, 7.3):
            cases.append(case(f"{name}, step {factor}", times, values, scale * factor))
        cases.append(case(f"{name}, origin", times, values, scale, origin=float(times[0]) - 0.3 * scale))
    even = np.arange(60) * 0.1
    cases.append(case("already even", even, np.cos(even), 0.1))
    cases.append(case("far from zero", 1.7e9 + np.round(np.cumsum(draw.gamma(8, 0.1, 60)), 3), draw.normal(0, 1, 60), 0.25))
    OUT.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
