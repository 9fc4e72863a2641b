"""Writes LightGBM's figures, over seeds, of trainings that draw at random.

    python3 tools/reference/gbdt_seeds.py

needs lightgbm, scikit-learn, numpy and pandas and the table of gbdt.py, and
writes runner/gbdt/testdata/seeds.json.
"""

import json

import lightgbm as lgb
import numpy as np
import pandas as pd
from gbdt_cases import CATEGORIES, FEATURES, OUT, TRAIN_ROWS
from sklearn.metrics import roc_auc_score

SEEDS = 5
BASE = dict(objective="binary", verbosity=-1, num_threads=1, deterministic=True, force_col_wise=True, min_data_per_group=10)
CASES = {
    "goss": dict(data_sample_strategy="goss"),
    "goss_small": dict(data_sample_strategy="goss", top_rate=0.1, other_rate=0.2, learning_rate=0.2),
    "dart": dict(boosting="dart"),
    "dart_uniform": dict(boosting="dart", uniform_drop=True, skip_drop=0.2, drop_rate=0.2),
    "dart_xgboost": dict(boosting="dart", xgboost_dart_mode=True, max_drop=5, skip_drop=0.3),
    "balanced": dict(pos_bagging_fraction=0.8, neg_bagging_fraction=0.4, bagging_freq=1),
    "extra_trees": dict(extra_trees=True),
}


def main():
    data = pd.read_csv(OUT / "tabular.csv")
    x, y = data[FEATURES].to_numpy(float), data.positive.to_numpy(float)
    result = {}
    for name, params in CASES.items():
        figures = []
        for seed in range(SEEDS):
            train = lgb.Dataset(x[:TRAIN_ROWS], y[:TRAIN_ROWS], categorical_feature=CATEGORIES)
            model = lgb.train({**BASE, **params, "seed": seed + 1}, train, 60)
            figures.append(roc_auc_score(y[TRAIN_ROWS:], model.predict(x[TRAIN_ROWS:])))
        result[name] = {"params": params, "seeds": SEEDS, "mean": float(np.mean(figures)), "deviation": float(np.std(figures))}
    (OUT / "seeds.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
