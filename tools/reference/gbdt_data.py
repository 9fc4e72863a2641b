"""Generated sets for gbdt_trees.py and gbdt_quality.py.

Go generates the same sets, number by number (generated_test.go), so that no data
is kept. Only operations that IEEE 754 rounds correctly are used, in one order;
labels and weights are exact in float32, the type that LightGBM keeps them in.
"""

import lightgbm as lgb
import numpy as np

GAMMA = np.uint64(0x9E3779B97F4A7C15)
NOISE, HOLES, EXTRA = 5000, 100000, 200000
QUERY_ROWS = 20


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


def holes(seed, x, share, value):
    return [np.where(uniform(seed, HOLES + c, len(v)) < share, value, v) for c, v in enumerate(x)]


def signal(x):
    return (3 * x[0] + 2 * x[1]) + 4 * (x[1] * x[2]) + 2 * (x[3] * x[3])


def generate(kind, rows, seed):
    """Columns, score (what labels are made of), weight and categorical columns of a set."""
    weight, categorical, effect = None, [], 0
    if kind in ("dense", "weights"):
        x = bells(seed, rows, 10)
        x[4], x[5] = np.floor(8 * x[4]), np.maximum(x[5], 0)  # few values; zero in half of the rows
        if kind == "weights":
            weight = 1 + np.floor(uniform(seed, EXTRA, rows) * 50)
            weight = weight * weight
    elif kind == "missing":
        x = bells(seed, rows, 8)
    elif kind == "sparse":
        x = holes(seed, bells(seed, rows, 60), 0.9, 0)
    elif kind == "wide":
        x = bells(seed, rows, 2000)
    elif kind in ("categories", "codes"):
        x = bells(seed, rows, 6)
        for c, size in ((4, 240 if kind == "categories" else 2000), (5, 40)):
            x[c] = np.floor(uniform(seed, EXTRA + c, rows) * size)
            effect = effect + 4 * (uniform(seed, EXTRA + 100 + c, size) - 0.5)[x[c].astype(int)]
        categorical = [4, 5]
    else:
        raise ValueError(kind)
    score = (signal(x) + effect) + bell(seed, NOISE, rows)
    if kind == "missing":
        x = holes(seed, x, 0.4, np.nan)
    return x, np.floor(score * 1024) / 1024, weight, categorical


def label(target, score):
    if target == "value":
        return score
    if target == "count":
        return np.floor(score * score / 2)
    if target == "amount":
        return np.floor(score * score * 1024) / 1024 + 0.25
    if target == "claim":
        positive = np.maximum(score, 0)
        return np.floor(positive * positive * 1024) / 1024
    if target == "positive":
        return (score > 0.5) * 1.0
    if target == "rare":  # one row in 500
        return (score >= np.sort(score)[-(len(score) // 500)]) * 1.0
    if target == "kind":
        return (score > -0.5) * 1.0 + (score > 1.5)
    if target == "share":
        return np.clip(np.floor(score * 32) / 256 + 0.5, 0, 1)
    if target == "grade":
        return np.clip(np.floor(score), 0, 3)
    raise ValueError(target)


# The objectives with a target, and what they need beside it.
OBJECTIVES = {
    "regression": ("value", dict(metric=["l2"])),
    "regression_l1": ("value", dict(metric=["l1"])),
    "huber": ("value", dict(metric=["huber"])),
    "fair": ("value", dict(metric=["fair"])),
    "poisson": ("count", dict(metric=["poisson"])),
    "quantile": ("value", dict(metric=["quantile"], alpha=0.7)),
    "mape": ("amount", dict(metric=["mape"])),
    "gamma": ("amount", dict(metric=["gamma"])),
    "tweedie": ("claim", dict(metric=["tweedie"])),
    "binary": ("positive", dict(metric=["binary_logloss", "auc"])),
    "multiclass": ("kind", dict(metric=["multi_logloss"], num_class=3)),
    "multiclassova": ("kind", dict(metric=["multi_logloss"], num_class=3)),
    "cross_entropy": ("share", dict(metric=["cross_entropy"])),
    "lambdarank": ("grade", dict(metric=["ndcg"], eval_at=[5])),
}

BASE = dict(verbosity=-1, num_threads=1, deterministic=True, force_col_wise=True)


def datasets(kind, target, parts, seed, ranking, **data_params):
    """One lightgbm.Dataset for each number of rows in parts, the first being the training data."""
    x, score, weight, categorical = generate(kind, sum(parts), seed)
    x, y, sets, start = np.column_stack(x), label(target, score), [], 0
    for size in parts:
        rows = slice(start, start + size)
        start += size
        sets.append(lgb.Dataset(x[rows], y[rows], weight=None if weight is None else weight[rows],
                                group=[QUERY_ROWS] * (size // QUERY_ROWS) if ranking else None, reference=sets[0] if sets else None,
                                categorical_feature=categorical, params=data_params))
    return sets
