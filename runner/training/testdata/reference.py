"""Writes reference.json: how scikit-learn splits and folds, and how well its
forests and trees do on the tables in it, the mean of five seeds.

Run with Python 3, scikit-learn and numpy; the file is checked in.
"""
import json
import pathlib

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

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
    models = {
        "random_forest": lambda seed: (RandomForestRegressor if kind == "regression" else RandomForestClassifier)(100, random_state=seed, oob_score=True),
        "extra_trees": lambda seed: (ExtraTreesRegressor if kind == "regression" else ExtraTreesClassifier)(100, random_state=seed),
        "decision_tree": lambda seed: (DecisionTreeRegressor if kind == "regression" else DecisionTreeClassifier)(random_state=seed, min_samples_leaf=10),
    }
    return {"kind": kind, "x": x.tolist(), "y": y.tolist(), "train": 400, "figures": {name: figures(kind, x, y, make) for name, make in models.items()}}


def figures(kind, x, y, make):
    train, test = slice(0, 400), slice(400, len(y))
    found = []
    for seed in range(5):
        m = make(seed).fit(x[train], y[train])
        if kind == "regression":
            f = {"r2_score": r2_score(y[test], m.predict(x[test]))}
        else:
            p = m.predict_proba(x[test])
            f = {"accuracy": accuracy_score(y[test], m.predict(x[test]))}
            if kind == "binary":
                f |= {"log_loss": log_loss(y[test], p), "roc_auc": roc_auc_score(y[test], p[:, 1])}
            else:  # a single true class without a vote would decide log_loss
                f["roc_auc"] = roc_auc_score(y[test], p, multi_class="ovr", average="weighted")
            if not hasattr(m, "estimators_"):
                f.pop("log_loss", None)  # so would a leaf of one class
        if getattr(m, "oob_score", False):
            f["oob_score"] = m.oob_score_
        found.append(f)
    return {k: float(np.mean([f[k] for f in found])) for k in found[0]}


out = {
    "folds": [folds([0] * 7 + [1] * 4, 3), folds([1] + [0] * 7 + [1] * 3, 3),
              folds(rng.integers(0, 3, 50).tolist(), 5), folds(np.sort(rng.integers(0, 4, 41)).tolist(), 4)],
    "splits": [split(c, s) for c, s in [([50, 50], 0.2), ([90, 10], 0.2), ([7, 4], 0.2), ([50, 50], 30), ([61, 25, 14], 0.25), ([13, 17, 23], 0.3)]],
    "forests": [forest(k) for k in ["binary", "multiclass", "regression"]],
}
pathlib.Path(__file__).with_name("reference.json").write_text(json.dumps(out) + "\n")
