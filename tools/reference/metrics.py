"""Writes scikit-learn's figures that the tests of runner/metrics compare with.

    python3 tools/reference/metrics.py

needs scikit-learn and numpy, and writes runner/metrics/testdata/sklearn.json.
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m

OUT = pathlib.Path(__file__).resolve().parents[2] / "runner" / "metrics" / "testdata"


def value(f, *args, **kwargs):
    """The figure, or null where scikit-learn refuses or gives NaN."""
    try:
        v = float(f(*args, **kwargs))
    except ValueError:
        return None
    return None if np.isnan(v) else v


def classification(name, y, p):
    average = {"precision": m.precision_score, "recall": m.recall_score, "f1": m.f1_score}
    labels = sorted(set(y) | set(p))
    case = {"name": name, "true": list(map(int, y)), "pred": list(map(int, p)), "labels": list(map(int, labels)),
            "accuracy": m.accuracy_score(y, p), "balanced_accuracy": m.balanced_accuracy_score(y, p),
            "matthews_corrcoef": m.matthews_corrcoef(y, p), "confusion": m.confusion_matrix(y, p).tolist()}
    for key, f in average.items():
        case[key] = f(y, p, average="weighted", zero_division=0)
        case[key + "_macro"] = f(y, p, average="macro", zero_division=0)
        case[key + "_classes"] = f(y, p, average=None, zero_division=0).tolist()
    return case


def binary(name, y, score):
    return {"name": name, "true": list(map(int, y)), "score": list(map(float, score)),
            "roc_auc": value(m.roc_auc_score, y, score), "average_precision": value(m.average_precision_score, y, score),
            "brier": value(m.brier_score_loss, y, score, pos_label=1),
            "log_loss": value(m.log_loss, y, score, labels=[0, 1])}


def multiclass(name, y, proba):
    k = proba.shape[1]
    return {"name": name, "true": list(map(int, y)), "classes": k, "proba": proba.ravel().tolist(),
            "roc_auc": value(m.roc_auc_score, y, proba, multi_class="ovr", average="weighted", labels=list(range(k))),
            "log_loss": value(m.log_loss, y, proba, labels=list(range(k)))}


def regression(name, y, p):
    return {"name": name, "true": list(map(float, y)), "pred": list(map(float, p)), "mse": m.mean_squared_error(y, p),
            "rmse": m.root_mean_squared_error(y, p), "mae": m.mean_absolute_error(y, p),
            "mape": m.mean_absolute_percentage_error(y, p), "median_absolute_error": m.median_absolute_error(y, p),
            "r2_score": value(m.r2_score, y, p), "explained_variance": value(m.explained_variance_score, y, p)}


def main():
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(4)
    y2, y4 = rng.integers(0, 2, 90), rng.integers(0, 4, 90)
    s2 = np.clip(y2 * 0.3 + rng.random(90) * 0.7, 0, 1)
    proba = rng.dirichlet(np.ones(4), 90)
    z = rng.normal(size=60)
    result = {
        "version": sklearn.__version__,
        "classification": [
            classification("binary", y2, (s2 > 0.5).astype(int)),
            classification("four classes", y4, np.where(rng.random(90) < 0.6, y4, rng.integers(0, 4, 90))),
            classification("a class never predicted", [0, 1, 2, 2, 1], [0, 1, 1, 0, 1]),
            classification("a class predicted that is not there", [0, 0, 1, 1], [0, 3, 1, 1]),
            classification("one class, all right", [1, 1, 1], [1, 1, 1]),
            classification("one class, all wrong", [1, 1, 1], [0, 0, 0]),
            classification("constant prediction", [0, 1, 1, 0], [1, 1, 1, 1]),
            classification("classes far apart", [5, 900, 5, 17], [5, 900, 17, 17]),
        ],
        "binary": [
            binary("continuous", y2, s2), binary("with ties", y2, s2.round(1)), binary("constant score", y2, np.full(90, 0.5)),
            binary("perfect", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), binary("reversed", [1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]),
            binary("certain and wrong", [0, 1], [1.0, 0.0]), binary("only negatives", [0, 0, 0], [0.1, 0.5, 0.2]),
            binary("only positives", [1, 1, 1], [0.1, 0.5, 0.2]),
        ],
        "multiclass": [multiclass("four classes", y4, proba),
                       multiclass("with ties", y4, np.repeat([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]], 45, axis=0)),
                       multiclass("only one class is there", [1, 1], np.array([[.5, .3, .2], [.1, .8, .1]])),
                       multiclass("a class is absent", [0, 1, 1, 0], np.array([[.5, .3, .2], [.1, .8, .1], [.3, .4, .3], [.9, .1, 0]]))],
        "regression": [
            regression("noisy", z, z + rng.normal(size=60) * 0.3), regression("with an offset", z, z + 2), regression("perfect", z, z),
            regression("an even number of rows", [1, 2, 3, 4], [1.1, 1.9, 3.5, 4]), regression("an odd number", [1, 2, 3], [2, 2, 5]),
            regression("constant target", [2, 2, 2], [1, 2, 3]), regression("constant target, exact", [2, 2, 2], [2, 2, 2]),
            regression("constant target, constant offset", [2, 2, 2], [3, 3, 3]), regression("a true zero", [0, 1, 2], [0.5, 1, 2]),
            regression("one row", [3], [4]), regression("worse than the mean", [1, 2, 3], [3, 2, 1]),
        ],
    }
    (OUT / "sklearn.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
