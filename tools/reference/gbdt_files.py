"""Writes models of LightGBM of every objective and kind of boosting.

    python3 tools/reference/gbdt_files.py

needs lightgbm, numpy and pandas and the table of gbdt.py, and writes
runner/gbdt/testdata/files.json: of each model the text, the predictions and raw
scores of spoiled rows, and of some the JSON dump.
"""

import json

import lightgbm as lgb
import numpy as np
import pandas as pd
from gbdt_cases import CATEGORIES, FEATURES, OUT, QUERY_ROWS, TRAIN_ROWS, targets

PROBE_ROWS = 30
BASE = dict(verbosity=-1, num_threads=1, deterministic=True, force_col_wise=True, min_data_per_group=10, num_leaves=7, num_iterations=3, seed=5)
TARGETS = {"regression": "y", "regression_l1": "y", "huber": "y", "fair": "y", "poisson": "count", "quantile": "y", "mape": "y", "gamma": "amount",
           "tweedie": "claim", "binary": "positive", "multiclass": "kind", "multiclassova": "kind", "cross_entropy": "share", "lambdarank": "grade"}
KINDS = {
    "gbdt": {},
    "dart": dict(boosting="dart", skip_drop=0, drop_rate=0.5),
    "rf": dict(boosting="rf", bagging_freq=1, bagging_fraction=0.6),
    "linear": dict(linear_tree=True, linear_lambda=0.1),
}
DUMPS = ["regression_linear", "multiclass_dart", "binary_rf"]


def probe():
    """New rows with missing values where training had some and where not, unseen categories, zeros and extremes."""
    x = pd.read_csv(OUT / "tabular.csv")[FEATURES].to_numpy(float)[TRAIN_ROWS:TRAIN_ROWS + PROBE_ROWS].copy()
    x[::5, 0], x[1::5, 6], x[2::5, 5], x[3::5, 4], x[4::5, 3] = np.nan, 77, -1, np.nan, 0
    x[2::7, 6], x[5::7, 1], x[6::7, 2] = np.nan, 40, -40
    return x


def main():
    data = pd.read_csv(OUT / "tabular.csv")
    x, target, rows, result = data[FEATURES].to_numpy(float)[:TRAIN_ROWS], targets(data), probe(), {}
    for objective, label in TARGETS.items():
        for kind, more in KINDS.items():
            if kind == "linear" and objective == "regression_l1":
                continue  # which LightGBM refuses
            params = {**BASE, **more, "objective": objective, "num_class": 3 if label == "kind" else 1}
            train = lgb.Dataset(x, np.asarray(target[label], float)[:TRAIN_ROWS], categorical_feature=CATEGORIES, params={"linear_tree": kind == "linear"},
                                group=[QUERY_ROWS] * (TRAIN_ROWS // QUERY_ROWS) if objective == "lambdarank" else None)
            model, name = lgb.train(params, train), f"{objective}_{kind}"
            # The parameters, the longest part, are in the files of gbdt_cases.py.
            result[name] = {"text": model.model_to_string().split("\nparameters:")[0] + "\n", "predictions": np.asarray(model.predict(rows)).ravel().tolist(),
                            "raw": np.asarray(model.predict(rows, raw_score=True)).ravel().tolist()}
            if name in DUMPS:
                result[name]["dump"] = model.dump_model()
    lines = ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in result.items())
    (OUT / "files.json").write_text(f"{{{lines}}}\n")


if __name__ == "__main__":
    main()
