"""Writes the cases on which runner/gbdt must equal LightGBM tree by tree.

    python3 tools/reference/gbdt_cases.py

needs lightgbm, numpy and pandas and the table of gbdt.py. It writes, for every
case below, runner/gbdt/testdata/cases/NAME.txt, the model that LightGBM trained,
and runner/gbdt/testdata/cases.json with its parameters, predictions and metrics.
"""

import json
import pathlib
import tempfile

import lightgbm as lgb
import numpy as np
import pandas as pd

OUT = pathlib.Path(__file__).resolve().parents[2] / "runner" / "gbdt" / "testdata"
TRAIN_ROWS, QUERY_ROWS = 700, 20
FEATURES = ["x0", "x1", "x2", "x3", "gap", "few", "many"]
CATEGORIES = [5, 6]
BASE = dict(verbosity=-1, num_threads=1, deterministic=True, force_col_wise=True, min_data_per_group=10,
            num_leaves=8, num_iterations=4)
POINT = ["l1", "l2", "rmse", "quantile", "huber", "fair", "mape"]
POSITIVE = ["poisson", "gamma", "gamma_deviance", "tweedie"]

# name: target, parameters; what begins with "_" sets row weights, init scores,
# query groups, forced bins, or a model to continue.
CASES = {
    "l1": ("y", dict(objective="regression_l1", metric=POINT)),
    "l1_weight": ("y", dict(objective="regression_l1", metric=POINT, _weight=True)),
    "huber": ("y", dict(objective="huber", alpha=0.7, metric=POINT)),
    "fair": ("y", dict(objective="fair", fair_c=0.8, metric=POINT)),
    "quantile": ("y", dict(objective="quantile", alpha=0.8, metric=POINT)),
    "quantile_weight": ("y", dict(objective="quantile", alpha=0.3, metric=POINT, _weight=True)),
    "mape": ("y", dict(objective="mape", metric=POINT)),
    "poisson": ("count", dict(objective="poisson", metric=POINT + ["poisson"])),
    "poisson_weight": ("count", dict(objective="poisson", poisson_max_delta_step=0.4, metric=["poisson"], _weight=True)),
    "gamma": ("amount", dict(objective="gamma", metric=POINT + POSITIVE)),
    "gamma_weight": ("amount", dict(objective="gamma", metric=POINT + POSITIVE, _weight=True)),
    "tweedie_weight": ("claim", dict(objective="tweedie", metric=POINT + ["tweedie"], _weight=True)),
    "tweedie": ("claim", dict(objective="tweedie", tweedie_variance_power=1.3, metric=["tweedie", "l2"])),
    "ova": ("kind", dict(objective="multiclassova", num_class=3, metric=["multi_logloss", "multi_error", "auc_mu"], sigmoid=0.8)),
    "softmax": ("kind", dict(objective="multiclass", num_class=3, metric=["multi_logloss", "multi_error", "auc_mu"],
                             multi_error_top_k=2, _weight=True)),
    "cross_entropy": ("share", dict(objective="cross_entropy", metric=["cross_entropy", "auc", "average_precision"])),
    "cross_entropy_weight": ("share", dict(objective="cross_entropy", metric=["cross_entropy"], _weight=True)),
    "binary_unbalance": ("positive", dict(objective="binary", is_unbalance=True,
                                          metric=["binary_logloss", "binary_error", "auc", "average_precision"])),
    "binary_weight": ("positive", dict(objective="binary", scale_pos_weight=2.5, sigmoid=1.4,
                                       metric=["binary_logloss", "binary_error", "auc", "average_precision"], _weight=True)),
    # Predictions of 1 for many rows, which only the raw scores tell apart.
    "binary_saturated": ("positive", dict(objective="binary", learning_rate=60.0, metric=["auc", "average_precision"])),
    "binary_init": ("positive", dict(objective="binary", metric=["binary_logloss"], _init=True)),
    "regression_init": ("y", dict(objective="regression", metric=["l2"], _init=True)),
    "l1_init": ("y", dict(objective="regression_l1", metric=["l1"], _init=True)),
    "no_average": ("y", dict(objective="quantile", alpha=0.6, boost_from_average=False, metric=["quantile"])),
    "lambdarank": ("grade", dict(objective="lambdarank", metric=["ndcg", "map"], eval_at=[1, 3, 5], _group=True)),
    "lambdarank_plain": ("grade", dict(objective="lambdarank", lambdarank_norm=False, lambdarank_truncation_level=5, label_gain=[0, 2, 3, 7],
                                       metric=["ndcg"], eval_at=[4, 10], sigmoid=2.0, _group=True)),
    "lambdarank_weight": ("grade", dict(objective="lambdarank", metric=["ndcg", "map"], eval_at=[2], _group=True, _weight=True)),
    "max_delta": ("y", dict(objective="regression", lambda_l1=3.0, lambda_l2=0.5, max_delta_step=0.6, metric=["l2"], num_leaves=12)),
    "path_smooth": ("y", dict(objective="regression", path_smooth=8.0, metric=["l2"], num_leaves=12)),
    "path_smooth_l1": ("positive", dict(objective="binary", path_smooth=3.0, lambda_l1=1.0, max_delta_step=0.8, metric=["auc"], num_leaves=12)),
    "no_missing": ("y", dict(objective="regression", use_missing=False, metric=["l2"], num_leaves=12)),
    "zero_missing": ("y", dict(objective="regression", zero_as_missing=True, metric=["l2"], num_leaves=12)),
    "monotone": ("y", dict(objective="regression", monotone_constraints=[1, -1, 1, 0, -1, 0, 0], metric=["l2"], num_leaves=20)),
    "monotone_penalty": ("y", dict(objective="regression", monotone_constraints=[1, 1, -1, 1, 0, 0, 0], monotone_penalty=1.5, metric=["l2"], num_leaves=20)),
    "monotone_intermediate": ("y", dict(objective="regression", monotone_constraints=[1, -1, -1, 1, 1, 0, 0],
                                        monotone_constraints_method="intermediate", metric=["l2"], num_leaves=31, min_data_in_leaf=8)),
    "monotone_smooth": ("positive", dict(objective="binary", monotone_constraints=[-1, 0, 1, 0, 1, 0, 0], path_smooth=2.0,
                                         metric=["auc"], num_leaves=12, min_data_in_leaf=20)),
    "interaction": ("y", dict(objective="regression", interaction_constraints=[[0, 1], [2, 3, 4], [4, 5, 6]], metric=["l2"], num_leaves=20)),
    "forced_bins": ("y", dict(objective="regression", max_bin=12, metric=["l2"], _forced={"0": [0.3, -1.1, 0.35, 1.4], "4": [0.5, 2.25]})),
    "many_bins": ("y", dict(objective="regression", max_bin=1000, min_data_in_bin=1, metric=["l2"], num_leaves=20)),
    "sqrt": ("y", dict(objective="regression", reg_sqrt=True, metric=["l2", "l1"])),
    "linear": ("y", dict(objective="regression", linear_tree=True, linear_lambda=0.5, metric=["l2"])),
    "linear_binary": ("positive", dict(objective="binary", linear_tree=True, linear_lambda=0.01, metric=["auc", "binary_logloss"], _weight=True)),
    "continued": ("kind", dict(objective="multiclass", num_class=3, metric=["multi_logloss"], _continue=True)),
    "regularized": ("kind", dict(objective="multiclass", num_class=3, lambda_l1=0.5, lambda_l2=2.0, min_gain_to_split=0.1, max_depth=3,
                                 max_bin=31, min_data_in_bin=5, metric=["multi_logloss"])),
}


def targets(data):
    """Targets that Go derives in the same way, with the same rounding."""
    return dict(data.items()) | {
        "count": np.floor(np.abs(data.y)), "amount": np.abs(data.y) + 0.5, "claim": np.maximum(data.y, 0),
        "share": (data.kind + data.positive) / 4, "grade": data.kind + data.positive}


def main():
    data = pd.read_csv(OUT / "tabular.csv")
    target, x = targets(data), data[FEATURES].to_numpy(float)
    (OUT / "cases").mkdir(exist_ok=True)
    forced_file = pathlib.Path(tempfile.mkdtemp()) / "forced.json"
    result = {}
    for name, (label, given) in CASES.items():
        params = {k: v for k, v in given.items() if not k.startswith("_")}
        sets, data_params = [], {"linear_tree": params.get("linear_tree", False)}
        if "_forced" in given:
            forced_file.write_text(json.dumps([{"feature": int(f), "bin_upper_bound": b} for f, b in given["_forced"].items()]))
            data_params |= {"forcedbins_filename": str(forced_file), "max_bin": params["max_bin"]}
        for rows in slice(0, TRAIN_ROWS), slice(TRAIN_ROWS, None):
            n = len(x[rows])
            sets.append(lgb.Dataset(
                x[rows], np.asarray(target[label], float)[rows], reference=sets[0] if sets else None, categorical_feature=CATEGORIES,
                weight=0.5 + data.few.to_numpy(float)[rows] if "_weight" in given else None,
                init_score=x[rows, 0] * 0.25 if "_init" in given else None,
                group=[QUERY_ROWS] * (n // QUERY_ROWS) if "_group" in given else None, free_raw_data=False, params=data_params))
        evals, first = {}, None
        if "_continue" in given:  # the first half of the trees, trained with other bins
            first = lgb.train({**BASE, **params, "max_bin": 31, "num_iterations": 2},
                              lgb.Dataset(x[:TRAIN_ROWS], np.asarray(target[label], float)[:TRAIN_ROWS], categorical_feature=CATEGORIES))
            first.save_model(OUT / "cases" / f"{name}_first.txt")
            params["num_iterations"] = 2
        model = lgb.train({**BASE, **params}, sets[0], valid_sets=[sets[1]], valid_names=["valid"],
                          callbacks=[lgb.record_evaluation(evals)], init_model=first)
        text = model.model_to_string().replace(str(forced_file), forced_file.name)
        (OUT / "cases" / f"{name}.txt").write_text(text)
        test = x[TRAIN_ROWS:TRAIN_ROWS + 40]
        result[name] = {
            "target": label, "params": params, "weight": "_weight" in given, "init": "_init" in given, "group": "_group" in given, "continue": "_continue" in given,
            "forced": given.get("_forced", {}),
            "predictions": np.asarray(model.predict(test)).ravel().tolist(),
            "metrics": {k: v[-1] for k, v in evals["valid"].items()}}
    (OUT / "cases.json").write_text(json.dumps(result, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
