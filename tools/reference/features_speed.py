"""Time of windows and features by mlops-cli and by Python, measured in one run.

    python tools/reference/features_speed.py [--cases 20] [--runs 3] [--many 1000] [--out docs/features-speed.md]

Cases of 3,200 rows and six signals become windows of 40 rows at step 2, and these
features of every group: by `mlops-cli run --all`, embedded, and by
tools/reference/features.py in one process, a window at a time as the systems that are
replaced do it, and with all windows of a case at once. The sides take turns, A B C A B C;
both read and write Parquet, and are timed as whole processes, start-up included. The
figures of the two are compared, too. A window at a time is measured on fewer cases.
At last --many cases become features, for the peak of memory.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROWS = 3200
PIPELINES = """
windows_pipeline: {source_folder: cases, output_folder: windows, window_size: 40, step_size: 2}
features_pipeline: {source_folder: windows, output_folder: features}
"""


def write_cases(folder, count):
    os.makedirs(folder)
    for c in range(count):
        rng = np.random.default_rng(c)
        t = np.cumsum(rng.uniform(0.3, 0.7, ROWS))
        leak = ((np.arange(ROWS) > ROWS // 3) & (np.arange(ROWS) < 2 * ROWS // 3) & (c % 2 == 1)).astype(np.int64)
        case = {"TIME": t}
        for k in range(3):
            case[f"PT_{k}"] = 1e5 * (k + 5) + 300 * np.sin(t / (20 + k)) + rng.normal(size=ROWS) * 20 - 500 * leak
            case[f"GT_{k}"] = 100.0 + k + np.cos(t / (30 + k)) + rng.normal(size=ROWS) * 0.1 + leak
        case["LEAK"] = leak
        pd.DataFrame(case).to_parquet(f"{folder}/case{c:05d}.parquet")


def timed(command, **options):
    """Seconds, and what it printed."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    out, err = process.communicate()
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"{command}: {err.decode()}")
    return seconds, out.decode()


class Ours:
    def __init__(self, binary, folder, environment):
        self.binary, self.folder, self.environment = binary, folder, environment
        with open(f"{folder}/pipelines_config.yml", "w") as f:
            f.write(PIPELINES)

    def command(self, *arguments):
        return timed([self.binary, "run", *arguments, "-c", "pipelines_config.yml", "-o", "json"], cwd=self.folder, env=self.environment)

    def run(self):
        for made in ("windows", "features"):
            shutil.rmtree(f"{self.folder}/{made}", ignore_errors=True)
        return self.command("--all")[0]

    def peaks(self):
        """The most memory of each section, in bytes, and the rows that it made."""
        results = [json.loads(self.command(section)[1])["result"] for section in ("windows_pipeline", "features_pipeline")]
        return [(r["peak_rss_bytes"], r["rows"]) for r in results]


def python(cases, out, *flags):
    return timed([sys.executable, "-W", "ignore", f"{HERE}/features.py", *cases, "--out", out, *flags])[0]


def compare(ours, theirs):
    """The greatest difference of any feature, relative to its size."""
    a, b = pd.read_parquet(ours), pd.read_parquet(theirs)
    worst, shared = 0.0, 0
    for name in b.columns:
        if name in ("start", "label"):
            assert (a[name].to_numpy()[:len(b)] == b[name].to_numpy()).all(), name
            continue
        x, y = a[name].to_numpy(dtype=float)[:len(b)], b[name].to_numpy(dtype=float)
        assert (np.isnan(x) == np.isnan(y)).all(), name
        worst = max(worst, np.nanmax(np.abs(x - y) / np.maximum(1, np.abs(y))))
        shared += 1
    return shared, a.shape[1], worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--out")
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="features-speed-")
    try:
        binary = f"{work}/mlops-cli"
        subprocess.run(["go", "build", "-o", binary, "./cmd/mlops-cli"], cwd=ROOT, check=True)
        environment = dict(os.environ, XDG_STATE_HOME=f"{work}/state", MLOPS_MASTER="")
        write_cases(f"{work}/cases", args.cases)
        paths = sorted(f"{work}/cases/{name}" for name in os.listdir(f"{work}/cases"))
        windows = (ROWS - 40) // 2 + 1
        ours = Ours(binary, work, environment)
        few = paths[:1]
        times = {"ours": [], "at once": [], "one at a time": []}
        for _ in range(args.runs):
            times["ours"].append(1e6 * ours.run() / (windows * len(paths)))
            times["at once"].append(1e6 * python(paths, f"{work}/at_once.parquet", "--vectorized") / (windows * len(paths)))
            times["one at a time"].append(1e6 * python(few, f"{work}/one.parquet") / (windows * len(few)))
            print({k: round(v[-1], 1) for k, v in times.items()}, flush=True)
        shared, columns, worst = compare(f"{work}/features/data/features_dataset.parquet", f"{work}/at_once.parquet")
        compare(f"{work}/features/data/features_dataset.parquet", f"{work}/one.parquet")
        # Linear: the time of a window as there are more of them.
        growth = []
        for count in (args.cases, 4 * args.cases):
            folder = f"{work}/more{count}"
            os.makedirs(folder)
            write_cases(f"{folder}/cases", count)
            seconds = Ours(binary, folder, environment).run()
            growth.append((count * windows, seconds))
            shutil.rmtree(folder)
        folder = f"{work}/many"
        os.makedirs(folder)
        write_cases(f"{folder}/cases", args.many)
        (windows_peak, _), (features_peak, rows) = Ours(binary, folder, environment).peaks()
        median = {k: statistics.median(v) for k, v in times.items()}
        ratio = {k: statistics.median(b / a for a, b in zip(times["ours"], times[k])) for k in times}
        (n0, s0), (n1, s1) = growth
        text = f"""# Windows and features against Python

`make bench-features` measures and writes this page (it needs Python; some minutes). The same cases become the same windows and
features by `mlops-cli run --all` and by one Python process with PyWavelets, numpy, scipy and pandas
([tools/reference/features.py](../tools/reference/features.py)), in turns; whole processes are timed, with reading and writing of
Parquet. {args.cases} cases of {ROWS:,} rows and 6 signals, windows of 40 rows at step 2, db2 over 3 levels, every group;
{platform.machine()}, {os.cpu_count()} cores; medians of {args.runs} runs in turns.

| who | time a window | takes |
|---|---|---|
| `mlops-cli run --all`, {columns} columns with what is fitted | {median["ours"]:.0f} µs | 1 |
| Python, all windows of a case at once, {shared} columns | {median["at once"]:.0f} µs | {ratio["at once"]:.1f} × |
| Python, a window at a time, {shared} columns | {median["one at a time"]:,.0f} µs | {ratio["one at a time"]:.0f} × |

The {shared} columns that both have agree to {worst:.0e} of their size. With {n1:,} windows instead of {n0:,} a window takes
{(s1 / n1) / (s0 / n0):.2f} × the time.

{args.many:,} cases, {rows:,} windows, take {windows_peak / 1e6:.0f} MB at most to be cut and {features_peak / 1e6:.0f} MB to become features.
"""
        print(text, json.dumps(times))
        if args.out:
            with open(args.out, "w") as f:
                f.write(text)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
