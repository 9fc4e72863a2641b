"""Writes LightGBM's figures on generated sets of many kinds.

    python3 tools/reference/gbdt_quality.py

needs lightgbm and numpy, and writes runner/gbdt/testdata/quality.json: for each
set the metric on its second half, trained on its first half, for three sets of
random numbers, and how much the metric varies between five of LightGBM's own
seeds where these choose the rows that decide the bins. Go generates the same
sets, number by number: see quality_sets_test.go.
"""

import json

import lightgbm as lgb
import numpy as np
from gbdt_cases import OUT

GAMMA = np.uint64(0x9E3779B97F4A7C15)
BASE = dict(verbosity=-1, num_threads=1, deterministic=True, force_col_wise=True)
ROUNDS, DRAWS, SEEDS = 30, 3, 5


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed, stream, rows):
    """SplitMix64, as random.go."""
    with np.errstate(over="ignore"):
        start = mix(np.uint64(seed) + GAMMA * np.uint64(stream))
        return (mix(start + GAMMA * np.arange(rows, dtype=np.uint64)) >> np.uint64(11)) / 2.0**53


def bell(seed, stream, rows):
    u = [uniform(seed, 4 * stream + i, rows) for i in range(4)]
    return ((u[0] + u[1]) + u[2]) + u[3] - 2


def bells(seed, rows, columns):
    return [bell(seed, c, rows) for c in range(columns)]


def signal(x):
    return 3 * x[0] + 4 * (x[1] * x[2]) + 2 * (x[3] * x[3])


NOISE, HOLES, EXTRA = 5000, 100000, 200000


def build(name, seed):
    """Columns, label, weight, group size and parameters of a set."""
    if name == "dense":
        x = bells(seed, 4000, 10)
        return x, signal(x) + bell(seed, NOISE, 4000), None, 0, dict(objective="regression", metric=["l2"])
    if name == "weights":
        x = bells(seed, 4000, 6)
        weight = 1 + np.floor(uniform(seed, EXTRA, 4000) * 50)
        return x, signal(x) + bell(seed, NOISE, 4000), weight * weight, 0, dict(objective="regression", metric=["l2"])
    if name == "missing":
        x = bells(seed, 4000, 8)
        y = (signal(x) + bell(seed, NOISE, 4000) > 0.5) * 1.0
        return [np.where(uniform(seed, HOLES + c, 4000) < 0.4, np.nan, v) for c, v in enumerate(x)], y, None, 0, \
            dict(objective="binary", metric=["binary_logloss"])
    if name == "categories":
        x = bells(seed, 6000, 4)
        code = np.floor(uniform(seed, EXTRA, 6000) * 200)
        effect = 4 * (uniform(seed, EXTRA + 1, 200) - 0.5)
        y = (signal(x) + effect[code.astype(int)] + bell(seed, NOISE, 6000) > 0.5) * 1.0
        return [*x, code], y, None, 0, dict(objective="binary", metric=["binary_logloss"])
    if name == "tiny":
        x = bells(seed, 300, 5)
        return x, (signal(x) + bell(seed, NOISE, 300) > 0.5) * 1.0, None, 0, dict(objective="binary", metric=["binary_logloss"])
    if name == "wide":
        x = bells(seed, 400, 2000)
        return x, signal(x) + bell(seed, NOISE, 400), None, 0, dict(objective="regression", metric=["l2"])
    if name == "sparse":
        x = [np.where(uniform(seed, HOLES + c, 4000) < 0.9, 0, v) for c, v in enumerate(bells(seed, 4000, 60))]
        return x, signal(x) + bell(seed, NOISE, 4000), None, 0, dict(objective="regression", metric=["l2"])
    if name == "imbalanced":
        x = bells(seed, 20040, 5)
        score = signal(x) + bell(seed, NOISE, 20040)
        return x, (score >= np.sort(score)[-40]) * 1.0, None, 0, dict(objective="binary", metric=["auc"], min_data_in_leaf=5, learning_rate=0.05)
    if name == "ranking":
        x = bells(seed, 4000, 6)
        y = np.clip(np.floor(signal(x) + bell(seed, NOISE, 4000)), 0, 3)
        return x, y, None, 20, dict(objective="lambdarank", metric=["ndcg"], eval_at=[5])
    raise ValueError(name)


NAMES = ["dense", "weights", "missing", "categories", "tiny", "wide", "sparse", "imbalanced", "ranking"]


def figure(name, draw, **more):
    x, y, weight, group, params = build(name, draw)
    x, half = np.column_stack(x), len(y) // 2
    params = {**BASE, **params, **more}
    sets = []
    for rows in slice(0, half), slice(half, None):
        sets.append(lgb.Dataset(x[rows], y[rows], weight=None if weight is None else weight[rows], group=[group] * (half // group) if group else None,
                                reference=sets[0] if sets else None, categorical_feature=[4] if name == "categories" else [], params=more))
    evals = {}
    lgb.train(params, sets[0], ROUNDS, valid_sets=[sets[1]], valid_names=["valid"], callbacks=[lgb.record_evaluation(evals)])
    (value,) = evals["valid"].values()
    return value[-1]


def main():
    result = {}
    for name in NAMES:
        half = len(build(name, 0)[1]) // 2
        seeds = [figure(name, 0, bin_construct_sample_cnt=half // 2, data_random_seed=s) for s in range(SEEDS)]
        result[name] = {"params": build(name, 0)[4], "figures": [figure(name, draw) for draw in range(DRAWS)], "deviation": float(np.std(seeds))}
        print(name, result[name]["figures"], result[name]["deviation"], flush=True)
    (OUT / "quality.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
