"""Writes scikit-learn's figures for runner/linear.

    python3 tools/reference/linear.py
    python3 tools/reference/linear.py --time

needs scikit-learn, scipy and numpy. The first writes runner/linear/testdata/reference.json: for
each case its parameters and scikit-learn's coefficients, intercepts, predictions of the first
rows, and metrics on all rows, at tolerances that leave nothing to chance. The second runs the
benchmarks of runner/linear, fits scikit-learn to the same data, and prints the ratios of the times,
on the clock and of all processors.
Go generates the same data, number by number: see sets_test.go.
"""

import json
import pathlib
import re
import subprocess
import sys
import time
import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "runner" / "linear" / "testdata"
GAMMA = np.uint64(0x9E3779B97F4A7C15)
NOISE, HOLES, WEIGHTS = 5000, 100000, 200000
SHOWN = 8


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed, stream, rows):
    """SplitMix64."""
    with np.errstate(over="ignore"):
        start = mix(np.uint64(seed) + GAMMA * np.uint64(stream))
        return (mix(start + GAMMA * np.arange(rows, dtype=np.uint64)) >> np.uint64(11)) / 2.0**53


def bell(seed, stream, rows):
    u = [uniform(seed, 4 * stream + i, rows) for i in range(4)]
    return ((u[0] + u[1]) + u[2]) + u[3] - 2


def signal(seed, x):
    """A score of the first three columns, and noise."""
    return ((2 * x[0] - x[1]) + 0.5 * x[2]) + bell(seed, NOISE, len(x[0]))


def columns(name):
    """The columns of a set, and the score that its target is made of."""
    rows, cols = {"wide": (30, 60), "many": (400, 150), "wider": (150, 200), "bench": (100_000, 28), "terms": (20_000, 0)}.get(name, (400, 8))
    seed = len(name)
    if name == "terms":
        return terms(seed, rows)
    x = [bell(seed, c, rows) for c in range(cols)]
    score = signal(seed, x)
    if name == "collinear":
        x += [x[0] + 2 * x[1], np.full(rows, 0.1), x[3] - x[4]]
    if name == "scaled":
        x = [(v + c) * 10.0 ** (c - 3) for c, v in enumerate(x)]
    if name == "tiny_column":
        x[2] = x[2] * 1e-8
    if name == "sparse":
        x = [np.where(uniform(seed, HOLES + c, rows) < 0.8, 0.0, v) for c, v in enumerate(x)]
        score = signal(seed, x)
    return np.column_stack(x), score


def terms(seed, rows):
    """Fifty terms a row, each of its own thousand columns."""
    at, value = [], []
    score = bell(seed, NOISE, rows)
    for t in range(50):
        u = uniform(seed, 2 * t, rows)
        own = np.floor(u * u * 1000)
        v = 0.5 + uniform(seed, 2 * t + 1, rows)
        at.append(own.astype(int) + 1000 * t)
        value.append(v)
        if t < 10:
            score = score + np.where(own < 100, v, -0.1)
    x = sp.csr_matrix((np.concatenate(value), (np.tile(np.arange(rows), 50), np.concatenate(at))), shape=(rows, 50_000))
    return x, score


def labels(score, classes):
    """Classes by the score: above 0.3, or the steps from -1 on."""
    if classes == 2:
        return (score > 0.3) * 1
    return np.clip(np.floor((score + 1) * classes / 2), 0, classes - 1).astype(int)


def weights(seed, rows):
    return np.floor(uniform(seed, WEIGHTS, rows) * 4) / 2


# name: estimator, set, parameters; "_classes" and "_weights" are no parameters.
CASES = {
    "linear": ("linear_regression", "plain", {}),
    "linear_no_intercept": ("linear_regression", "plain", dict(fit_intercept=False)),
    "linear_weights": ("linear_regression", "plain", dict(_weights=True)),
    "linear_collinear": ("linear_regression", "collinear", {}),
    "linear_collinear_weights": ("linear_regression", "collinear", dict(_weights=True, fit_intercept=False)),
    "linear_wide": ("linear_regression", "wide", {}),
    "linear_wide_weights": ("linear_regression", "wide", dict(_weights=True)),
    "linear_wide_no_intercept": ("linear_regression", "wide", dict(fit_intercept=False)),
    "linear_scaled": ("linear_regression", "scaled", dict(tol=1e-14)),
    "linear_tiny_column": ("linear_regression", "tiny_column", {}),
    "linear_tiny_column_kept": ("linear_regression", "tiny_column", dict(tol=1e-12)),
    "linear_many": ("linear_regression", "many", {}),
    "linear_many_weights": ("linear_regression", "many", dict(_weights=True, fit_intercept=False)),
    "linear_wider": ("linear_regression", "wider", {}),
    "ridge": ("ridge", "plain", {}),
    "ridge_many": ("ridge", "many", {}),
    "ridge_wider": ("ridge", "wider", {}),
    "lasso_many": ("lasso", "many", dict(alpha=0.03)),
    "logistic_many": ("logistic_regression", "many", dict(C=0.1)),
    "logistic_l1_many": ("logistic_regression", "many", dict(C=0.1, l1_ratio=1)),
    "ridge_strong": ("ridge", "plain", dict(alpha=100)),
    "ridge_no_intercept": ("ridge", "plain", dict(alpha=0.1, fit_intercept=False)),
    "ridge_weights": ("ridge", "plain", dict(_weights=True)),
    "ridge_collinear": ("ridge", "collinear", dict(alpha=0.01)),
    "ridge_wide": ("ridge", "wide", {}),
    "ridge_wide_weights": ("ridge", "wide", dict(alpha=0.5, _weights=True)),
    "ridge_wide_no_intercept": ("ridge", "wide", dict(alpha=0.5, fit_intercept=False)),
    "ridge_zero": ("ridge", "plain", dict(alpha=0)),
    "ridge_scaled": ("ridge", "scaled", dict(alpha=0.001)),
    "lasso": ("lasso", "plain", dict(alpha=0.05)),
    "lasso_strong": ("lasso", "plain", {}),
    "lasso_no_intercept": ("lasso", "plain", dict(alpha=0.02, fit_intercept=False)),
    "lasso_weights": ("lasso", "plain", dict(alpha=0.05, _weights=True)),
    "lasso_wide": ("lasso", "wide", dict(alpha=0.05)),
    "elastic_net": ("elastic_net", "plain", dict(alpha=0.1)),
    "elastic_net_weights": ("elastic_net", "plain", dict(alpha=0.1, l1_ratio=0.2, _weights=True)),
    "elastic_net_ridge": ("elastic_net", "plain", dict(alpha=0.1, l1_ratio=0)),
    "elastic_net_wide": ("elastic_net", "wide", dict(alpha=0.1, l1_ratio=0.7)),
    "elastic_net_collinear": ("elastic_net", "collinear", dict(alpha=0.1)),
    "logistic": ("logistic_regression", "plain", {}),
    "logistic_strong": ("logistic_regression", "plain", dict(C=0.01)),
    "logistic_weak": ("logistic_regression", "plain", dict(C=100)),
    "logistic_none": ("logistic_regression", "plain", dict(penalty=None)),
    "logistic_no_intercept": ("logistic_regression", "plain", dict(fit_intercept=False)),
    "logistic_weights": ("logistic_regression", "plain", dict(_weights=True)),
    "logistic_balanced": ("logistic_regression", "plain", dict(class_weight="balanced", _weights=True)),
    "logistic_class_weight": ("logistic_regression", "plain", dict(class_weight={0: 3, 1: 0.5})),
    "logistic_scaled": ("logistic_regression", "scaled", {}),
    "logistic_collinear": ("logistic_regression", "collinear", {}),
    "logistic_wide": ("logistic_regression", "wide", {}),
    "logistic_sparse": ("logistic_regression", "sparse", {}),
    "logistic_l1": ("logistic_regression", "plain", dict(penalty="l1")),
    "logistic_l1_strong": ("logistic_regression", "plain", dict(l1_ratio=1, C=0.05)),
    "logistic_l1_no_intercept": ("logistic_regression", "plain", dict(penalty="l1", C=0.2, fit_intercept=False)),
    "logistic_l1_weights": ("logistic_regression", "plain", dict(penalty="l1", C=0.2, class_weight="balanced", _weights=True)),
    "logistic_l1_wide": ("logistic_regression", "wide", dict(penalty="l1")),
    "logistic_l1_sparse": ("logistic_regression", "sparse", dict(penalty="l1", C=0.5)),
    "logistic_elastic_net": ("logistic_regression", "plain", dict(penalty="elasticnet", l1_ratio=0.4, C=0.1)),
    "logistic_elastic_net_sparse": ("logistic_regression", "sparse", dict(l1_ratio=0.5, C=0.2)),
    "multinomial": ("logistic_regression", "plain", dict(_classes=3)),
    "multinomial_five": ("logistic_regression", "plain", dict(_classes=5, C=10)),
    "multinomial_balanced": ("logistic_regression", "plain", dict(_classes=3, class_weight="balanced", _weights=True)),
    "multinomial_no_intercept": ("logistic_regression", "plain", dict(_classes=4, fit_intercept=False)),
    "multinomial_sparse": ("logistic_regression", "sparse", dict(_classes=3)),
    "multinomial_l1": ("logistic_regression", "plain", dict(_classes=3, penalty="l1", C=0.3)),
    "multinomial_l1_five": ("logistic_regression", "plain", dict(_classes=5, penalty="l1", C=0.3)),
    "multinomial_l1_sparse": ("logistic_regression", "sparse", dict(_classes=3, penalty="l1", C=0.3)),
    "multinomial_elastic_net": ("logistic_regression", "plain", dict(_classes=4, l1_ratio=0.5, C=0.3, _weights=True)),
}


def estimator(kind, given):
    p = {k: v for k, v in given.items() if not k.startswith("_")}
    if kind == "linear_regression":
        return LinearRegression(**p)
    if kind == "ridge":
        return Ridge(**p)
    if kind == "lasso":
        return Lasso(**{"tol": 1e-13, "max_iter": 1_000_000, **p})
    if kind == "elastic_net":
        return ElasticNet(**{"tol": 1e-13, "max_iter": 1_000_000, **p})
    # scikit-learn 1.8 and later: the penalty through l1_ratio and C.
    if "penalty" in p:
        penalty = p.pop("penalty")
        if penalty is None:
            p["C"] = np.inf
        elif penalty != "elasticnet":
            p["l1_ratio"] = {"l1": 1, "l2": 0}[penalty]
    if p.get("l1_ratio", 0) > 0:
        return LogisticRegression(solver="saga", tol=1e-15, max_iter=200_000, random_state=0, **p)
    return LogisticRegression(solver="newton-cholesky", tol=1e-13, max_iter=1000, **p)


def figures(kind, name, given):
    x, score = columns(name)
    weight = weights(len(name), len(score)) if given.get("_weights") else None
    model = estimator(kind, given)
    if kind != "logistic_regression":
        model.fit(x, score, sample_weight=weight)
        predicted = model.predict(x)
        metrics = dict(mse=mean_squared_error(score, predicted), r2_score=r2_score(score, predicted))
        more = {}
        if kind == "linear_regression":
            more = dict(rank=int(model.rank_))
        if kind in ("lasso", "elastic_net"):
            more = dict(default_n_iter=int(estimator(kind, {**given, "tol": 1e-4, "max_iter": 1000}).fit(x, score, sample_weight=weight).n_iter_))
        return dict(coef=[model.coef_.tolist()], intercept=[float(model.intercept_)], predictions=predicted[:SHOWN].tolist(), metrics=metrics, **more)
    y = labels(score, given.get("_classes", 2))
    model.fit(x, y, sample_weight=weight)
    assert model.n_iter_[0] < model.max_iter, (name, given)
    p = model.predict_proba(x)
    metrics = dict(accuracy=accuracy_score(y, model.predict(x)), log_loss=log_loss(y, p))
    return dict(coef=model.coef_.tolist(), intercept=model.intercept_.tolist(), predictions=p[:SHOWN].ravel().tolist(), metrics=metrics)


def write():
    cases = []
    for name, (kind, data, given) in CASES.items():
        print(name, flush=True)
        params = {k: v for k, v in given.items() if not k.startswith("_")}
        cases.append(dict(name=name, estimator=kind, set=data, params=params, classes=given.get("_classes", 2), weights=given.get("_weights", False),
                          **figures(kind, data, given)))
    OUT.mkdir(exist_ok=True)
    (OUT / "reference.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


# benchmark of Go: estimator, set, classes. Each as scikit-learn's users have it, at default tolerances.
TIMED = {
    "LinearRegression": (LinearRegression(), "bench", 0),
    "Ridge": (Ridge(), "bench", 0),
    "Lasso": (Lasso(alpha=0.01), "bench", 0),
    "ElasticNet": (ElasticNet(alpha=0.01), "bench", 0),
    "LogisticL2": (LogisticRegression(), "bench", 2),
    "LogisticMultinomial": (LogisticRegression(), "bench", 3),
    "LogisticL1": (LogisticRegression(l1_ratio=1, C=0.01, solver="saga", max_iter=1000), "bench", 2),
    "LogisticElasticNet": (LogisticRegression(l1_ratio=0.5, C=0.01, solver="saga", max_iter=1000), "bench", 2),
    "LogisticTerms": (LogisticRegression(max_iter=1000), "terms", 2),
    "LogisticTermsMultinomial": (LogisticRegression(max_iter=1000), "terms", 4),
    "LogisticTermsL1": (LogisticRegression(l1_ratio=1, solver="liblinear", max_iter=1000), "terms", 2),
}


def best(run, times=3):
    """Seconds on the clock and of all processors, the least of some runs each."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter(), time.process_time()
        run()
        taken.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    return [min(t) for t in zip(*taken)]


def compare():
    out = subprocess.run(["go", "test", "-run", "^$", "-bench", "^BenchmarkFit$", "-benchtime", "3x", "./runner/linear"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = re.findall(r"BenchmarkFit/(\w+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op.*?\s([\d.]+) cpu-ns/op", out)
    ours = {name: [float(clock) / 1e9, float(processor) / 1e9] for name, clock, processor in found}
    sets = {}
    for name, (model, data, classes) in TIMED.items():
        if data not in sets:
            sets[data] = columns(data)
        x, score = sets[data]
        y = labels(score, classes) if classes else score
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = best(lambda: model.fit(x, y))
        for what, a, b in zip(("clock", "processors"), theirs, ours[name]):
            print(f"{name:26} {what:10} scikit-learn {a:8.3f} s, ours {b:8.3f} s, ratio {a / b:6.2f}", flush=True)


if __name__ == "__main__":
    compare() if "--time" in sys.argv[1:] else write()
