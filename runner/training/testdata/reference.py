"""Writes reference.json: how scikit-learn splits and folds, and how well its
forests and trees do on the tables in it, the mean of five seeds.

It also holds how well XGBoost does on them, and on queries to rank.

Run with Python 3, scikit-learn, xgboost and numpy; the file is checked in.
"""
import json
import pathlib

import numpy as np
import xgboost
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


# XGBoost's parameters by name; those that draw do so by the seed.
XGB = {
    "defaults": {},
    "drawn": {"subsample": 0.7, "colsample_bytree": 0.8, "colsample_bylevel": 0.8, "colsample_bynode": 0.8},
    "restrained": {"gamma": 0.5, "min_child_weight": 5, "max_depth": 4, "reg_alpha": 0.2, "reg_lambda": 3, "max_delta_step": 0.8, "learning_rate": 0.1},
    "lossguide": {"grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0},
}


def boosted(table):
    """The same metrics of XGBoost's models, with a hole in every ninth cell."""
    x, y, kind = np.array(table["x"]), np.array(table["y"]), table["kind"]
    x = np.where(np.arange(x.size).reshape(x.shape) % 9 == 0, np.nan, x)
    make = xgboost.XGBRegressor if kind == "regression" else xgboost.XGBClassifier
    return {name: figures(kind, x, y, lambda seed, p=params: Fitted(make(n_estimators=40, tree_method="hist", random_state=seed, **p))) for name, params in XGB.items()}


class Fitted:
    """An estimator without scikit-learn's own attributes of forests."""

    estimators_ = None

    def __init__(self, model):
        self.model = model

    def fit(self, x, y):
        self.model.fit(x, y)
        return self

    def predict(self, x):
        return self.model.predict(x)

    def predict_proba(self, x):
        return self.model.predict_proba(x)


def ndcg(relevance, score):
    gain = lambda r: ((2.0 ** r - 1) / np.log2(np.arange(len(r)) + 2)).sum()
    return gain(relevance[np.argsort(-score, kind="stable")]) / gain(np.sort(relevance)[::-1])


def ranking():
    queries, rows = 120, 12
    x = np.round(rng.normal(size=(queries * rows, 5)), 3)
    score = x[:, 0] + np.sin(2 * x[:, 1]) + 0.5 * x[:, 2] * x[:, 3] + 0.5 * rng.normal(size=len(x))
    y = np.digitize(score, [-1, 0.5, 1.5])
    query = np.repeat(np.arange(queries), rows)
    train = 80 * rows
    found = {}
    for objective in ["rank:ndcg", "rank:pairwise"]:
        means = []
        for seed in range(5):
            m = xgboost.XGBRanker(objective=objective, n_estimators=40, tree_method="hist", random_state=seed)
            m.fit(x[:train], y[:train], qid=query[:train])
            p = m.predict(x[train:])
            means.append(np.mean([ndcg(y[train:][query[train:] == q], p[query[train:] == q]) for q in range(80, queries)]))
        found[objective] = float(np.mean(means))
    return {"x": x.tolist(), "y": y.tolist(), "query": query.tolist(), "train": train, "ndcg": found}


FOLDS = {
    "folds": [folds([0] * 7 + [1] * 4, 3), folds([1] + [0] * 7 + [1] * 3, 3),
              folds(rng.integers(0, 3, 50).tolist(), 5), folds(np.sort(rng.integers(0, 4, 41)).tolist(), 4)],
    "splits": [split(c, s) for c, s in [([50, 50], 0.2), ([90, 10], 0.2), ([7, 4], 0.2), ([50, 50], 30), ([61, 25, 14], 0.25), ([13, 17, 23], 0.3)]],
}
FORESTS = [forest(k) for k in ["binary", "multiclass", "regression"]]
out = FOLDS | {
    "forests": FORESTS,
    "xgboost": {"params": XGB, "figures": {t["kind"]: boosted(t) for t in FORESTS}, "ranking": ranking()},
}
pathlib.Path(__file__).with_name("reference.json").write_text(json.dumps(out) + "\n")
