"""Writes LightGBM's figures of whole trainings: over seeds where it draws at
random, and of each objective.

    python3 tools/reference/gbdt_seeds.py

needs lightgbm, scikit-learn, numpy and pandas and the table of gbdt.py, and
writes runner/gbdt/testdata/seeds.json and objectives.json.
"""

import json

import lightgbm as lgb
import numpy as np
import pandas as pd
from gbdt_cases import CATEGORIES, FEATURES, OUT, QUERY_ROWS, TRAIN_ROWS, targets
from sklearn.metrics import roc_auc_score

SEEDS, SEED_ROUNDS = 200, 30
BASE = dict(objective="binary", verbosity=-1, num_threads=1, deterministic=True, force_col_wise=True, min_data_per_group=10)
CASES = {
    "goss": dict(data_sample_strategy="goss"),
    "goss_small": dict(data_sample_strategy="goss", top_rate=0.1, other_rate=0.2, learning_rate=0.2),
    "dart": dict(boosting="dart"),
    "dart_uniform": dict(boosting="dart", uniform_drop=True, skip_drop=0.2, drop_rate=0.2),
    "dart_xgboost": dict(boosting="dart", xgboost_dart_mode=True, max_drop=5, skip_drop=0.3),
    "balanced": dict(pos_bagging_fraction=0.8, neg_bagging_fraction=0.4, bagging_freq=1),
    "extra_trees": dict(extra_trees=True),
    "bagging": dict(bagging_fraction=0.6, bagging_freq=1, feature_fraction=0.7),
    "forest": dict(boosting="rf", bagging_fraction=0.6, bagging_freq=1, feature_fraction_bynode=0.5),
}
# objective: target and metric
OBJECTIVES = {
    "regression": ("y", "l2"), "regression_l1": ("y", "l1"), "huber": ("y", "huber"), "fair": ("y", "fair"), "quantile": ("y", "quantile"),
    "mape": ("y", "mape"), "poisson": ("count", "poisson"), "gamma": ("amount", "gamma"), "tweedie": ("claim", "tweedie"),
    "binary": ("positive", "auc"), "multiclass": ("kind", "multi_logloss"), "multiclassova": ("kind", "multi_logloss"),
    "cross_entropy": ("share", "cross_entropy"), "lambdarank": ("grade", "ndcg")}
ROUNDS = 40


def objectives(data):
    x, target, result = data[FEATURES].to_numpy(float), targets(data), {}
    for name, (label, metric) in OBJECTIVES.items():
        params = {"objective": name, "metric": [metric], "learning_rate": 0.05}
        if metric == "multi_logloss":
            params["num_class"] = 3
        if metric == "ndcg":
            params["eval_at"] = [10]
        sets = []
        for rows in slice(0, TRAIN_ROWS), slice(TRAIN_ROWS, None):
            group = [QUERY_ROWS] * (len(x[rows]) // QUERY_ROWS) if metric == "ndcg" else None
            sets.append(lgb.Dataset(x[rows], np.asarray(target[label], float)[rows], group=group, reference=sets[0] if sets else None,
                                    categorical_feature=CATEGORIES))
        evals = {}
        lgb.train({**BASE, **params}, sets[0], ROUNDS, valid_sets=[sets[1]], valid_names=["valid"], callbacks=[lgb.record_evaluation(evals)])
        params["num_leaves"], params["num_iterations"] = 31, ROUNDS
        result[name] = {"target": label, "params": params, "group": metric == "ndcg", "metrics": {k: v[-1] for k, v in evals["valid"].items()}}
    (OUT / "objectives.json").write_text(json.dumps(result, indent=1) + "\n")


def main():
    data = pd.read_csv(OUT / "tabular.csv")
    objectives(data)
    x, y = data[FEATURES].to_numpy(float), data.positive.to_numpy(float)
    result = {}
    for name, params in CASES.items():
        figures = []
        for seed in range(SEEDS):
            train = lgb.Dataset(x[:TRAIN_ROWS], y[:TRAIN_ROWS], categorical_feature=CATEGORIES)
            model = lgb.train({**BASE, **params, "seed": seed + 1}, train, SEED_ROUNDS)
            figures.append(roc_auc_score(y[TRAIN_ROWS:], model.predict(x[TRAIN_ROWS:])))
        params = {**params, "num_iterations": SEED_ROUNDS}
        result[name] = {"params": params, "mean": float(np.mean(figures)), "deviation": float(np.std(figures))}
    (OUT / "seeds.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
