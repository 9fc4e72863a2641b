"""Writes reference.json: how scikit-learn splits and folds, and how well its
random forest does on the tables in it.

Run with Python 3, scikit-learn and numpy; the file is checked in.
"""
import json
import pathlib

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split

rng = np.random.default_rng(5)


def folds(y, k):
    """Rows of each fold and class of y's order of values."""
    out = []
    for _, test in StratifiedKFold(k).split(np.zeros(len(y)), y):
        out.append(np.bincount(np.array(y)[test], minlength=max(y) + 1).tolist())
    return {"y": y, "k": k, "counts": out}


def split(counts, size):
    y = np.repeat(np.arange(len(counts)), counts)
    _, test = train_test_split(y, test_size=size, stratify=y, random_state=0)
    return {"counts": counts, "test_size": size, "test": np.bincount(test, minlength=len(counts)).tolist()}


def forest(kind):
    n = 600
    x = np.round(rng.normal(size=(n, 6)), 3)
    score = x[:, 0] * 2 + np.sin(2 * x[:, 1]) * 2 + x[:, 2] * x[:, 3]
    noisy = score + rng.normal(size=n)
    if kind == "regression":
        y = np.round(noisy, 3)
    elif kind == "binary":
        y = (noisy > 1).astype(int)
    else:
        y = np.digitize(noisy, [-2, 0, 2])
    train, test = slice(0, 400), slice(400, n)
    figures = []
    for seed in range(5):
        if kind == "regression":
            m = RandomForestRegressor(100, random_state=seed).fit(x[train], y[train])
            figures.append({"r2_score": r2_score(y[test], m.predict(x[test]))})
        else:
            m = RandomForestClassifier(100, random_state=seed).fit(x[train], y[train])
            p = m.predict_proba(x[test])
            f = {"accuracy": accuracy_score(y[test], m.predict(x[test]))}
            if kind == "binary":
                f |= {"log_loss": log_loss(y[test], p), "roc_auc": roc_auc_score(y[test], p[:, 1])}
            else:  # a single true class without a vote would decide log_loss
                f["roc_auc"] = roc_auc_score(y[test], p, multi_class="ovr", average="weighted")
            figures.append(f)
    mean = {k: float(np.mean([f[k] for f in figures])) for k in figures[0]}
    return {"kind": kind, "x": x.tolist(), "y": y.tolist(), "train": 400, "figures": mean}


out = {
    "folds": [folds([0] * 7 + [1] * 4, 3), folds([1] + [0] * 7 + [1] * 3, 3),
              folds(rng.integers(0, 3, 50).tolist(), 5), folds(np.sort(rng.integers(0, 4, 41)).tolist(), 4)],
    "splits": [split(c, s) for c, s in [([50, 50], 0.2), ([90, 10], 0.2), ([7, 4], 0.2), ([50, 50], 30), ([61, 25, 14], 0.25), ([13, 17, 23], 0.3)]],
    "forests": [forest(k) for k in ["binary", "multiclass", "regression"]],
}
pathlib.Path(__file__).with_name("reference.json").write_text(json.dumps(out) + "\n")
