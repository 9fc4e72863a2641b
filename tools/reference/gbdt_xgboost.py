"""Writes models of XGBoost and what it predicts with them.

    python3 tools/reference/gbdt_xgboost.py

needs xgboost and numpy, and writes runner/gbdt/testdata/xgboost/VERSION_NAME.json
and .ubj, and VERSION.json with rows, margins and predictions. The checked-in
files are of xgboost 1.7.6, 2.1.4 and 3.2.0: run it once with each.
"""

import json
from pathlib import Path

import numpy as np
import xgboost as xgb

OUT = Path(__file__).resolve().parents[2] / "runner/gbdt/testdata/xgboost"
NAMES = ["age", "blood pressure", "kind", "dose"]
TYPES = ["float", "float", "c", "float"]


def table(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    x[:, 1] = np.round(x[:, 1] * 4) / 4
    x[:, 2] = rng.integers(0, 40, rows)
    x[rng.random((rows, 4)) < 0.15] = np.nan
    full = np.nan_to_num(x)
    return x, full[:, 0] + full[:, 2] % 3 - np.where(np.isnan(x[:, 3]), 1, 0.3 * full[:, 3]) + 0.2 * rng.normal(size=rows)


def cases(y):
    binary, classes, counts = (y > 0.5).astype(int), np.digitize(y, [0, 1.5]), np.round(np.exp(y / 2))
    yield "regression", y, {"objective": "reg:squarederror"}, {}
    yield "logistic", 1 / (1 + np.exp(-y)), {"objective": "reg:logistic"}, {}
    yield "binary", binary, {"objective": "binary:logistic", "base_score": 0.3}, {}
    yield "softprob", classes, {"objective": "multi:softprob", "num_class": 3}, {}
    yield "softmax", classes, {"objective": "multi:softmax", "num_class": 3, "num_parallel_tree": 2, "subsample": 0.5}, {}
    yield "poisson", counts, {"objective": "count:poisson"}, {}
    yield "gamma", np.exp(y / 2), {"objective": "reg:gamma"}, {}
    yield "tweedie", counts, {"objective": "reg:tweedie", "tweedie_variance_power": 1.3}, {}
    yield "ranking", np.clip(classes, 0, 2), {"objective": "rank:ndcg"}, {"group": 20}
    yield "dart", y, {"booster": "dart", "rate_drop": 0.5, "objective": "reg:squarederror"}, {}
    yield "onehot", binary, {"objective": "binary:logistic", "max_cat_to_onehot": 100}, {}
    yield "pruned", y, {"objective": "reg:squarederror", "gamma": 20, "tree_method": "exact"}, {"numeric": True}
    yield "targets", np.stack([y, -2 * y + 1], axis=1), {"objective": "reg:squarederror"}, {}
    yield "early", y, {"objective": "reg:squarederror", "eta": 1.5, "num_parallel_tree": 2, "subsample": 0.5}, {"early": True}
    yield "empty", y, {"objective": "count:poisson", "base_score": 2.5}, {"rounds": 0}


def awkward(models, x):
    """Rows at the conditions, just above and below them, and odd categories."""
    rows = [row for row in x]
    for model in models[:2]:
        for tree in json.loads(model)["learner"]["gradient_booster"]["model"]["trees"][:2]:
            for node, child in enumerate(tree["left_children"]):
                feature, condition = tree["split_indices"][node], tree["split_conditions"][node]
                if child < 0 or feature == 2:
                    continue
                c = np.float32(condition)
                half = (float(c) + float(np.nextafter(c, np.float32(-np.inf)))) / 2
                for v in float(c), half, np.nextafter(half, np.inf), np.nextafter(half, -np.inf):
                    row = x[len(rows) % len(x)].copy()
                    row[feature] = v
                    rows.append(row)
    for v in -1, -0.5, -0.0, 0.7, 2.9999999999, 3.5, 41, 1e6, 16777215, 16777216, 1e9, 1e30, np.nan:
        row = x[len(rows) % len(x)].copy()
        row[2] = v
        rows.append(row)
    return np.array(rows)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    version = xgb.__version__
    x, y = table(400, 1)
    valid_x, valid_y = table(100, 2)
    boosters = {}
    for name, label, params, more in cases(y):
        types = ["float"] * 4 if more.get("numeric") else TYPES
        data = lambda x, label: xgb.DMatrix(x, label, feature_names=NAMES, feature_types=types, enable_categorical=True)  # noqa: E731
        train = data(x, label)
        if "group" in more:
            train.set_group([more["group"]] * (len(x) // more["group"]))
        params = {"max_depth": 3, "tree_method": "hist", "max_cat_to_onehot": 4, "seed": 1, "nthread": 1} | params
        stop = {"evals": [(data(valid_x, valid_y), "valid")], "early_stopping_rounds": 3, "verbose_eval": False} if more.get("early") else {}
        boosters[name] = xgb.train(params, train, more.get("rounds", 30 if stop else 4), **stop), types
    rows = awkward([boosters["regression"][0].save_raw("json"), boosters["pruned"][0].save_raw("json")], table(24, 3)[0])
    result = {"rows": [[None if np.isnan(v) else v for v in row] for row in rows.tolist()], "models": {}}
    for name, (booster, types) in boosters.items():
        for encoding in "json", "ubj":
            booster.save_model(OUT / f"{version}_{name}.{encoding}")
        data = xgb.DMatrix(rows, feature_names=NAMES, feature_types=types, enable_categorical=True)
        best = booster.attr("best_iteration")
        used = (0, 0 if best is None else int(best) + 1)
        flat = {"margins": booster.predict(data, output_margin=True, iteration_range=used), "predictions": booster.predict(data, iteration_range=used)}
        result["models"][name] = {key: value.ravel().astype(float).tolist() for key, value in flat.items()} | {
            "rounds": booster.num_boosted_rounds() if best is None else int(best) + 1}
    (OUT / f"{version}.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
