"""Writes the reference figures that the tests of runner/gbdt compare with.

    python3 tools/reference/gbdt.py [FOLDER_OF_HIGGS_SMALL]

needs lightgbm, scikit-learn, numpy and pandas, and writes runner/gbdt/testdata:

    tabular.csv       a generated table: numeric columns, one with missing
                      values, two categorical ones, and three targets
    reference.json    LightGBM's and scikit-learn's figures on it (and on
                      higgs_small where its folder is given)
    lightgbm_*.txt    models as LightGBM wrote them

Go's tests only read these files.
"""

import json
import pathlib
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score

OUT = pathlib.Path(__file__).resolve().parents[2] / "runner" / "gbdt" / "testdata"
TRAIN_ROWS = 700
FEATURES = ["x0", "x1", "x2", "x3", "gap", "few", "many"]
CATEGORIES = [5, 6]
BASE = dict(verbosity=-1, num_threads=1, deterministic=True, force_col_wise=True, min_data_per_group=10)
CASES = {
    "regression": dict(objective="regression"),
    "binary": dict(objective="binary"),
    "multiclass": dict(objective="multiclass", num_class=3),
    "regularized": dict(objective="binary", lambda_l1=0.5, lambda_l2=2.0, min_gain_to_split=0.1, max_depth=4,
                        min_sum_hessian_in_leaf=1.0, max_bin=31, scale_pos_weight=2.0),
}
TARGET = {"regression": "y", "binary": "positive", "multiclass": "kind", "regularized": "positive"}


def table():
    rng = np.random.default_rng(20)
    n = 1000
    x = rng.normal(size=(n, 4)).round(3)
    x[:, 3] = (x[:, 3] * 3).round(0)  # few distinct values, zero among them
    gap = rng.exponential(size=n).round(3)
    few = rng.integers(0, 4, n)
    many = rng.integers(0, 25, n)
    effect = rng.normal(size=25) * 1.5
    signal = 2 * x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * x[:, 3] + gap + effect[many] + np.where(few == 2, 1.5, 0)
    y = (signal + rng.normal(size=n) * 0.5).round(3)
    positive = (signal + rng.normal(size=n) > 1.5).astype(int)
    kind = np.digitize(signal + rng.normal(size=n), [0, 2.5])
    missing = rng.random(n) < 0.25
    frame = pd.DataFrame(x, columns=FEATURES[:4])
    frame["gap"] = np.where(missing, np.nan, gap)
    frame["few"], frame["many"] = few, many
    frame["y"], frame["positive"], frame["kind"] = y, positive, kind
    frame.to_csv(OUT / "tabular.csv", index=False)
    return pd.read_csv(OUT / "tabular.csv")


def figure(case, y, p):
    if case == "regression":
        return float(np.sqrt(mean_squared_error(y, p)))
    if case == "multiclass":
        return float(log_loss(y, p))
    return float(roc_auc_score(y, p))


def main():
    OUT.mkdir(exist_ok=True)
    data = table()
    x, train, test = data[FEATURES].to_numpy(float), slice(0, TRAIN_ROWS), slice(TRAIN_ROWS, None)
    result = {"lightgbm_version": lgb.__version__, "train_rows": TRAIN_ROWS, "cases": {}, "models": {}}
    for case, extra in CASES.items():
        params, y = {**BASE, **extra}, data[TARGET[case]].to_numpy(float)

        def fit(rounds, **more):
            return lgb.train({**params, **more}, lgb.Dataset(x[train], y[train], categorical_feature=CATEGORIES), rounds)

        model = fit(40)
        p = model.predict(x[test])
        result["cases"][case] = {"params": extra, "target": TARGET[case], "iterations": 40, "metric": figure(case, y[test], p),
                                 "predictions": np.asarray(p).ravel().tolist()}
        written = {case: fit(4, num_leaves=8)}
        if case == "binary":
            written["rf"] = fit(4, num_leaves=8, boosting="rf", bagging_freq=1, bagging_fraction=0.7, seed=3)
            written["stump"] = fit(2, num_leaves=8, min_data_in_leaf=650)
        for name, model in written.items():
            model.save_model(OUT / f"lightgbm_{name}.txt")
            probe = x[test][:40].copy()
            probe[::5, 0], probe[1::5, 6], probe[2::5, 5], probe[3::5, 4] = np.nan, 77, -1, np.nan
            probe[4::5, 3] = 0
            # LightGBM's raw score of a forest is a sum; the product gives the mean,
            # which is what the prediction transforms.
            share = model.num_trees() if name == "rf" else 1
            result["models"][name] = {
                "rows": [[None if np.isnan(v) else v for v in row] for row in probe.tolist()],
                "raw": (np.asarray(model.predict(probe, raw_score=True)) / share).ravel().tolist(),
                "prediction": np.asarray(model.predict(probe)).ravel().tolist(),
                "gain": model.feature_importance("gain").tolist(), "split": model.feature_importance("split").tolist()}
    # scikit-learn's forests have no missing values and no categories: the
    # numeric columns without gaps only.
    numeric = x[:, :4]
    classifier = RandomForestClassifier(100, random_state=0).fit(numeric[train], data["positive"][train])
    regressor = RandomForestRegressor(100, random_state=0).fit(numeric[train], data["y"][train])
    result["forest"] = {
        "auc": figure("binary", data["positive"][test], classifier.predict_proba(numeric[test])[:, 1]),
        "rmse": figure("regression", data["y"][test], regressor.predict(numeric[test]))}
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
        a, b = (pd.read_csv(folder / f"higgs_small_{part}.csv") for part in ("train", "test"))
        model = lgb.train({**BASE, "objective": "binary", "num_leaves": 31, "learning_rate": 0.1},
                          lgb.Dataset(a.drop(columns="label"), a.label), 100)
        forest = RandomForestClassifier(100, random_state=0).fit(a.drop(columns="label"), a.label)
        result["higgs_small"] = {
            "auc": float(roc_auc_score(b.label, model.predict(b.drop(columns="label")))),
            "forest_auc": float(roc_auc_score(b.label, forest.predict_proba(b.drop(columns="label"))[:, 1]))}
    (OUT / "reference.json").write_text(json.dumps(result, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
