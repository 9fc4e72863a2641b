"""Writes LightGBM's figures on generated sets of many kinds.

    python3 tools/reference/gbdt_quality.py

needs lightgbm and numpy, and writes runner/gbdt/testdata/quality.json: for each
set and objective the metrics on new rows, for five sets of random numbers, and
how much each metric varies between five of LightGBM's own seeds where these
choose the rows that decide the bins. Go generates the same sets, number by
number: see generated_test.go.
"""

import json

import lightgbm as lgb
import numpy as np
from gbdt_cases import OUT
from gbdt_data import BASE, OBJECTIVES, datasets

ROUNDS, DRAWS, SEEDS = 30, 5, 5
# With the defaults a leaf of few rows, all of one class, may take any value.
IMBALANCED = dict(metric=["binary_logloss", "auc", "average_precision"], min_sum_hessian_in_leaf=1.0)


def sets():
    """Set, kind, objective, target, training rows, new rows and more parameters."""
    for objective, (target, _) in OBJECTIVES.items():
        yield "dense", "dense", objective, target, 5000, 10_000, {}
        yield "tiny", "dense", objective, target, 140 if objective == "lambdarank" else 150, 2000, {}
    for name, kind, rows, test, objectives, more in (
            ("sparse", "sparse", 10_000, 10_000, ["tweedie", "binary"], {}),
            ("missing", "missing", 10_000, 10_000, ["binary", "regression_l1", "multiclass"], {}),
            ("categories", "categories", 20_000, 10_000, ["binary", "regression", "poisson"], {}),
            ("many categories", "codes", 20_000, 10_000, ["binary", "regression"], {}),
            ("wide", "wide", 300, 300, ["regression"], {"num_iterations": 10}),
            ("weights", "weights", 10_000, 10_000, ["regression", "poisson", "gamma", "quantile", "multiclassova"], {}),
            ("large", "dense", 200_000, 20_000, ["poisson"], {})):
        for objective in objectives:
            yield name, kind, objective, OBJECTIVES[objective][0], rows, test, more
    yield "imbalanced", "dense", "binary", "rare", 50_000, 50_000, IMBALANCED
    yield "ranking", "dense", "lambdarank", "grade", 20_000, 20_000, dict(metric=["ndcg", "map"], eval_at=[5])


def figures(kind, objective, target, rows, test, params, draw, **more):
    train, valid = datasets(kind, target, [rows, test], draw, objective == "lambdarank", **more)
    evals = {}
    lgb.train({**BASE, **params, **more}, train, ROUNDS, valid_sets=[valid], valid_names=["valid"], callbacks=[lgb.record_evaluation(evals)])
    return {metric: values[-1] for metric, values in evals["valid"].items()}


def main():
    result = []
    for name, kind, objective, target, rows, test, more in sets():
        params = {**OBJECTIVES[objective][1], **more, "objective": objective}
        case = kind, objective, target, rows, test, params
        draws = [figures(*case, draw) for draw in range(DRAWS)]
        seeds = [figures(*case, 0, bin_construct_sample_cnt=rows // 2, data_random_seed=s) for s in range(SEEDS)]
        result.append({"set": name, "kind": kind, "target": target, "rows": rows, "test": test, "params": params, "figures": draws,
                       "deviation": {metric: float(np.std([s[metric] for s in seeds])) for metric in draws[0]}})
        print(name, objective, draws[0], result[-1]["deviation"], flush=True)
    lines = ",\n".join(json.dumps(r) for r in result)
    (OUT / "quality.json").write_text(f"[{lines}]\n")


if __name__ == "__main__":
    main()
