"""Writes LightGBM's figures on the real table higgs_small, for every objective.

    python3 tools/reference/gbdt_tabular.py FOLDER_OF_HIGGS_SMALL

needs lightgbm, numpy and pandas, and writes runner/gbdt/testdata/tabular.json:
the metrics on each fifth of the rows of a training on the others, and how much
they vary between five of LightGBM's own seeds where these choose the rows that
decide the bins. The inputs are the low-level columns; all targets but the label
are made of the mass f26.
"""

import json
import pathlib
import sys

import lightgbm as lgb
import numpy as np
import pandas as pd
from gbdt_cases import OUT
from gbdt_data import BASE, OBJECTIVES, QUERY_ROWS

ROUNDS, FOLDS, SEEDS, INPUTS = 20, 5, 5, 21


def targets(data):
    """Go derives them in the same way; they are exact in float32."""
    mass = np.floor(data.f26.to_numpy(float) * 1024) / 1024
    return {"value": mass, "amount": mass + 0.25, "count": np.floor(4 * mass), "claim": np.maximum(mass - 0.75, 0),
            "positive": data.label.to_numpy(float), "kind": (mass > 0.75) * 1.0 + (mass > 1), "share": np.minimum(mass / 4, 1),
            "grade": np.clip(np.floor(4 * mass - 2), 0, 3)}


def figures(x, y, params, fold, **more):
    new = np.arange(len(y)) % FOLDS == fold
    sets = []
    for rows in ~new, new:
        group = [QUERY_ROWS] * (int(rows.sum()) // QUERY_ROWS) if params["objective"] == "lambdarank" else None
        sets.append(lgb.Dataset(x[rows], y[rows], group=group, reference=sets[0] if sets else None, params=more))
    evals = {}
    lgb.train({**BASE, **params, **more}, sets[0], ROUNDS, valid_sets=[sets[1]], valid_names=["valid"], callbacks=[lgb.record_evaluation(evals)])
    return {metric: values[-1] for metric, values in evals["valid"].items()}


def main():
    data = pd.read_csv(pathlib.Path(sys.argv[1]) / "higgs_small_train.csv")
    x, target, result = data[[f"f{i}" for i in range(INPUTS)]].to_numpy(float), targets(data), []
    for objective, (label, more) in OBJECTIVES.items():
        params = {**more, "objective": objective}
        folds = [figures(x, target[label], params, fold) for fold in range(FOLDS)]
        seeds = [figures(x, target[label], params, 0, bin_construct_sample_cnt=len(x) // 2, data_random_seed=s) for s in range(SEEDS)]
        result.append({"target": label, "params": params, "figures": folds,
                       "deviation": {metric: float(np.std([s[metric] for s in seeds])) for metric in folds[0]}})
        print(objective, folds[0], result[-1]["deviation"], flush=True)
    lines = ",\n".join(json.dumps(r) for r in result)
    (OUT / "tabular.json").write_text(f"[{lines}]\n")


if __name__ == "__main__":
    main()
