"""Time and memory of runner/gbdt and of LightGBM, measured in one run.

    python tools/reference/gbdt_speed.py [--runs 5] [--only dense1M,wide] [--out docs/gbdt-speed.md]

Each workload is made once and given to both sides: to LightGBM in processes of
this script, to ours in `go run ./runner/gbdt/speedpeer`. The sides take turns,
A B A B, and medians of their ratios are printed: below 1, ours is faster.
LightGBM runs in whichever of its row-wise and column-wise modes is the faster
on the workload. Memory is a process' peak beyond what it held with the raw
table loaded.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MAGIC = b"GBDTSPD1"


# --- workloads ---------------------------------------------------------------


def signal(x):
    return 1.5 * x[:, 0] * x[:, 1] + x[:, 2] + 0.5 * x[:, 3 % x.shape[1]] ** 2


def labels(score, rng):
    noise = rng.normal(size=len(score)) * 0.5
    return (score + noise > np.median(score)).astype(np.float64)


def dense(rows, columns, seed=7):
    rng = np.random.default_rng(seed)
    x = np.asfortranarray(rng.normal(size=(rows, columns)))
    return {"x": x, "y": labels(signal(x), rng), "categorical": []}


def holes(rows, seed=8):
    """Half the values missing; ten categorical columns of 5 to 500 codes."""
    rng = np.random.default_rng(seed)
    x = np.asfortranarray(rng.normal(size=(rows, 30)))
    score = signal(x)
    for c, size in zip(range(20, 30), [5, 8, 12, 20, 40, 60, 90, 150, 300, 500]):
        codes = rng.integers(0, size, size=rows)
        score = score + rng.normal(size=size)[codes] * 0.5
        x[:, c] = codes
    y = labels(score, rng)
    for c in range(30):
        x[rng.random(rows) < 0.5, c] = np.nan
    return {"x": x, "y": y, "categorical": list(range(20, 30))}


def sparse(rows, columns, density, seed=9):
    import scipy.sparse as sp

    rng = np.random.default_rng(seed)
    size = int(rows * columns * density)
    at = rng.integers(0, rows, size), rng.integers(0, columns, size)
    m = sp.coo_matrix((np.abs(rng.normal(size=size)) + 0.1, at), shape=(rows, columns)).tocsc()
    m.sum_duplicates()
    score = np.asarray(m[:, : columns // 20].sum(axis=1)).ravel()
    return {"sparse": m, "y": labels(score, rng), "categorical": []}


TRAINING = {
    "dense1M": dict(make=lambda: dense(1_000_000, 28), trees=100, limits={1: 0.65, 2: 0.75}, text="1 M × 28 dense, 100 trees"),
    "dense100k": dict(make=lambda: dense(100_000, 28), trees=100, limits={1: 0.8, 2: 1.0}, text="100 k × 28 dense, 100 trees"),
    "small": dict(make=lambda: dense(10_000, 20), trees=500, limits={1: 1.0, 2: 1.0}, text="10 k × 20, 500 trees"),
    "wide": dict(make=lambda: dense(200_000, 500), trees=30, runs=2, limits={1: 1.0, 2: 1.0}, text="200 k × 500, 30 trees"),
    "holes": dict(make=lambda: holes(500_000), trees=100, limits={1: 1.0, 2: 1.0}, text="500 k × 30, half missing, ten categorical, 100 trees"),
    "sparse": dict(make=lambda: sparse(100_000, 5000, 0.01), trees=20, runs=2, limits={1: 1.2, 2: 1.2}, text="100 k × 5,000 at 1 %, 20 trees"),
}


def write_data(path, d):
    """Columns one after another; a sparse column as its rows and values."""
    with open(path, "wb") as f:
        is_sparse = "sparse" in d
        x = d["sparse"] if is_sparse else d["x"]
        head = {"rows": x.shape[0], "columns": x.shape[1], "categorical": d["categorical"], "sparse": is_sparse}
        raw = json.dumps(head).encode()
        f.write(MAGIC + len(raw).to_bytes(8, "little") + raw)
        d["y"].astype("<f8").tofile(f)
        if is_sparse:
            x.indptr.astype("<i8").tofile(f)
            x.indices.astype("<i4").tofile(f)
            x.data.astype("<f8").tofile(f)
        else:
            np.ascontiguousarray(x.T).astype("<f8", copy=False).tofile(f)


def read_data(path):
    with open(path, "rb") as f:
        assert f.read(8) == MAGIC
        head = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        rows, columns = head["rows"], head["columns"]
        y = np.fromfile(f, "<f8", rows)
        if head["sparse"]:
            import scipy.sparse as sp

            indptr = np.fromfile(f, "<i8", columns + 1)
            indices = np.fromfile(f, "<i4", indptr[-1])
            return head, sp.csc_matrix((np.fromfile(f, "<f8", indptr[-1]), indices, indptr), shape=(rows, columns)), y
        return head, np.fromfile(f, "<f8", rows * columns).reshape(columns, rows).T, y


# --- LightGBM's side: a process that answers lines of JSON ---------------------


def resident():
    with open("/proc/self/status") as f:
        fields = dict(line.split(":", 1) for line in f)
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


def lightgbm_peer():
    import lightgbm as lgb

    lgb.register_logger(type("Quiet", (), {"info": lambda *_: None, "warning": lambda *_: None})())
    state = {}
    for line in sys.stdin:
        q = json.loads(line)
        reply = {}
        if q["do"] == "load":
            state["head"], state["x"], state["y"] = read_data(q["path"])
            reply["rss"], _ = resident()
        elif q["do"] == "csv":
            start = time.perf_counter()
            lgb.Dataset(q["path"], params=dict(header=True, label_column="0", num_threads=q["threads"], verbosity=-1)).construct()
            reply["seconds"] = time.perf_counter() - start
        elif q["do"] == "train":
            p = dict(objective="binary", num_threads=q["threads"], verbosity=-1)
            p.update(q.get("params", {}))
            start = time.perf_counter()
            d = lgb.Dataset(state["x"], state["y"], categorical_feature=state["head"]["categorical"] or "auto", params=p, free_raw_data=False)
            d.construct()
            binned = time.perf_counter()
            state["model"] = lgb.train(p, d, q["trees"])
            reply["binning"], reply["seconds"] = binned - start, time.perf_counter() - binned
            _, reply["peak"] = resident()
        elif q["do"] == "save":
            state["model"].save_model(q["path"])
        elif q["do"] == "open":
            state["model"] = lgb.Booster(model_file=q["path"])
        elif q["do"] == "predict":
            x = np.ascontiguousarray(state["x"][: q["rows"]])
            start = time.perf_counter()
            out = state["model"].predict(x, raw_score=True, num_threads=q["threads"])
            reply["seconds"], reply["sum"] = time.perf_counter() - start, float(out.sum())
        print(json.dumps(reply), flush=True)


class Peer:
    def __init__(self, argv, env=None):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ, **(env or {})))

    def ask(self, **q):
        self.process.stdin.write(json.dumps(q) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{q}: the peer ended")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def their_peer():
    return Peer([sys.executable, os.path.abspath(__file__), "--lightgbm-peer"])


# --- measuring ------------------------------------------------------------------


def faster_mode(theirs, trees):
    seconds = {}
    for mode in ["force_row_wise", "force_col_wise"]:
        seconds[mode] = theirs.ask(do="train", threads=2, trees=max(5, trees // 10), params={mode: True})["seconds"]
    return min(seconds, key=seconds.get)


def train(name, w, binary, folder, runs, report):
    path = os.path.join(folder, name + ".bin")
    write_data(path, w["make"]())
    theirs, ours = their_peer(), Peer([binary])
    theirs.ask(do="load", path=path)
    ours.ask(do="load", path=path)
    mode = faster_mode(theirs, w["trees"])
    runs = min(runs, w.get("runs", runs))
    for threads, limit in w["limits"].items():
        ratios, binning, whole, a_all, b_all = [], [], [], [], []
        for _ in range(runs):
            a = theirs.ask(do="train", threads=threads, trees=w["trees"], params={mode: True})
            b = ours.ask(do="train", threads=threads, trees=w["trees"])
            ratios.append(b["seconds"] / a["seconds"])
            binning.append(b["binning"] / a["binning"])
            whole.append((b["seconds"] + b["binning"]) / (a["seconds"] + a["binning"]))
            a_all.append(a["seconds"])
            b_all.append(b["seconds"])
        report.add(w["text"], threads, statistics.median(a_all), statistics.median(b_all), statistics.median(ratios), limit,
                   f"{mode.removeprefix('force_')}; binning × {statistics.median(binning):.2f}, both × {statistics.median(whole):.2f}")
    theirs.close()
    ours.close()
    # Memory: a new process for each side, one training.
    theirs, ours = their_peer(), Peer([binary])
    base = {"theirs": theirs.ask(do="load", path=path)["rss"], "ours": ours.ask(do="load", path=path)["rss"]}
    a = theirs.ask(do="train", threads=2, trees=20, params={mode: True})["peak"] - base["theirs"]
    b = ours.ask(do="train", threads=2, trees=20)["peak"] - base["ours"]
    report.memory(w["text"], a, b)
    theirs.close()
    ours.close()
    os.remove(path)


def score(binary, folder, runs, report):
    path = os.path.join(folder, "score.bin")
    write_data(path, dense(100_000, 28))
    theirs, ours = their_peer(), Peer([binary])
    theirs.ask(do="load", path=path)
    ours.ask(do="load", path=path)
    for trees, limit in [(100, 0.4), (500, 0.5)]:
        theirs.ask(do="train", threads=2, trees=trees)
        model = os.path.join(folder, "model.txt")
        theirs.ask(do="save", path=model)
        ours.ask(do="open", path=model)
        for threads in [1, 2]:
            ratios, a_all, b_all = [], [], []
            for _ in range(runs):
                a = theirs.ask(do="predict", threads=threads, rows=100_000)
                b = ours.ask(do="predict", threads=threads, rows=100_000)
                assert abs(a["sum"] - b["sum"]) < 1e-6 * max(1, abs(a["sum"])), (a, b)
                ratios.append(b["seconds"] / a["seconds"])
                a_all.append(a["seconds"])
                b_all.append(b["seconds"])
            report.add(f"score 100 k × {trees} trees", threads, statistics.median(a_all), statistics.median(b_all),
                       statistics.median(ratios), limit if threads == 1 else None, "")
    row = ours.ask(do="row")
    report.note(f"one row × 500 trees: {row['one']:.1f} µs (wanted: at most 15); at 8 goroutines {row['eight']:.1f} µs a row of processor time "
                f"({row['eight'] / row['one']:.2f} × one's), {row['allocs']:.0f} allocations")
    theirs.close()
    ours.close()


def csv(binary, folder, runs, report):
    d = dense(500_000, 28)
    path = os.path.join(folder, "data.csv")
    with open(path, "w") as f:
        f.write("label," + ",".join(f"f{i}" for i in range(28)) + "\n")
        np.savetxt(f, np.column_stack([d["y"], d["x"]]), delimiter=",", fmt="%.10g")
    theirs, ours = their_peer(), Peer([binary])
    for threads in [1, 2]:
        ratios, a_all, b_all = [], [], []
        for _ in range(runs):
            a, b = theirs.ask(do="csv", path=path, threads=threads), ours.ask(do="csv", path=path, threads=threads)
            ratios.append(b["seconds"] / a["seconds"])
            a_all.append(a["seconds"])
            b_all.append(b["seconds"])
        report.add("CSV of 500 k × 28 to binned data", threads, statistics.median(a_all), statistics.median(b_all), statistics.median(ratios), 0.5, "")
    theirs.close()
    ours.close()
    os.remove(path)


def scaling(binary, folder, report):
    """Seconds a tree and million rows from 10^5 to 4·10^6 rows, and a tree at 50, 100, 200 trees."""
    ours = Peer([binary])
    out = []
    for rows in [100_000, 400_000, 1_000_000, 4_000_000]:
        path = os.path.join(folder, "scale.bin")
        write_data(path, dense(rows, 28))
        ours.ask(do="load", path=path)
        s = min(ours.ask(do="train", threads=2, trees=20)["seconds"] for _ in range(2))
        out.append(f"{rows:,} rows: {s / 20 / rows * 1e9:.1f} ns a row and tree")
        if rows == 400_000:
            for trees in [50, 100, 200]:
                s = ours.ask(do="train", threads=2, trees=trees)["seconds"]
                out.append(f"{rows:,} rows, {trees} trees: {s / trees * 1e3:.1f} ms a tree")
        os.remove(path)
    report.note("scaling, 2 threads: " + "; ".join(out))
    ours.close()


HEAD = """# The tree engine against LightGBM

`make bench-lightgbm` measures and writes this table (it needs Python; a quarter of an hour). Both sides train on the same data in
turns, and what counts is the ratio: below 1, this engine takes less time. LightGBM is given whichever of its row-wise and
column-wise modes is the faster on the data. The two sides' binning is compared apart, and both together, in the last column.
The memory is a process' peak beyond the raw table.

"""


class Report:
    def __init__(self):
        self.rows, self.memories, self.notes = [], [], []

    def add(self, text, threads, a, b, ratio, limit, remark):
        verdict = "" if limit is None else ("yes" if ratio <= limit else "NO")
        wanted = "" if limit is None else f"≤ {limit}"
        self.rows.append(f"| {text} | {threads} | {a:.3f} s | {b:.3f} s | {ratio:.2f} | {wanted} | {verdict} | {remark} |")
        print(self.rows[-1], flush=True)

    def memory(self, text, a, b):
        self.memories.append(f"| {text} | {a:.0f} MB | {b:.0f} MB | {b / a:.2f} |")
        print(self.memories[-1], flush=True)

    def note(self, text):
        self.notes.append("- " + text)
        print(self.notes[-1], flush=True)

    def text(self, args):
        import lightgbm

        out = [f"Medians of {args.runs} interleaved runs; LightGBM {lightgbm.__version__} as PyPI has it (not built with -march=native), {os.cpu_count()} cores, {platform.machine()}.", ""]
        if self.rows:
            out += ["| work | threads | LightGBM | ours | ratio | wanted | met | |", "|---|---|---|---|---|---|---|---|"] + self.rows + [""]
        if self.memories:
            out += ["| peak beyond the table, 2 threads | LightGBM | ours | ratio |", "|---|---|---|---|"] + self.memories + [""]
        return "\n".join(out + self.notes) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--out")
    parser.add_argument("--lightgbm-peer", action="store_true")
    args = parser.parse_args()
    if args.lightgbm_peer:
        return lightgbm_peer()
    only = set(filter(None, args.only.split(",")))
    wanted = lambda name: not only or name in only
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "speedpeer")
        subprocess.run(["go", "build", "-o", binary, "./runner/gbdt/speedpeer"], cwd=ROOT, check=True)
        for name, w in TRAINING.items():
            if wanted(name):
                train(name, w, binary, folder, args.runs, report)
        if wanted("score"):
            score(binary, folder, args.runs, report)
        if wanted("csv"):
            csv(binary, folder, args.runs, report)
        if wanted("scaling"):
            scaling(binary, folder, report)
    text = report.text(args)
    print("\n" + text)
    if args.out:
        with open(args.out, "w") as f:
            f.write(HEAD + text)


main()
