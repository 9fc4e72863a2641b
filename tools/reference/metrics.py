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
from sklearn.calibration import calibration_curve

OUT = pathlib.Path(__file__).resolve().parents[2] / "runner" / "metrics" / "testdata"


def value(f, *args, **kwargs):
    """The figure, or null where scikit-learn refuses or gives NaN."""
    try:
        v = float(f(*args, **kwargs))
    except ValueError:
        return None
    return None if np.isnan(v) else v


def weights(w):
    return None if w is None else list(map(float, w))


def classification(name, y, p, w=None):
    average = {"precision": m.precision_score, "recall": m.recall_score, "f1": m.f1_score}
    labels = sorted(set(y) | set(p))
    case = {"name": name, "true": list(map(int, y)), "pred": list(map(int, p)), "weight": weights(w), "labels": list(map(int, labels)),
            "accuracy": m.accuracy_score(y, p, sample_weight=w), "balanced_accuracy": m.balanced_accuracy_score(y, p, sample_weight=w),
            "matthews_corrcoef": m.matthews_corrcoef(y, p, sample_weight=w), "confusion": m.confusion_matrix(y, p, sample_weight=w).tolist()}
    for key, f in average.items():
        for kind, suffix in {"weighted": "", "macro": "_macro", "micro": "_micro"}.items():
            case[key + suffix] = f(y, p, average=kind, zero_division=0, sample_weight=w)
        case[key + "_classes"] = f(y, p, average=None, zero_division=0, sample_weight=w).tolist()
    report = m.classification_report(y, p, output_dict=True, zero_division=0, sample_weight=w)
    case["support"] = [report[str(k)]["support"] for k in labels]
    return case


def curve(names, f, *args, **kwargs):
    try:
        columns = f(*args, **kwargs)
    except (ValueError, IndexError):
        return None
    if any(np.isnan(c).any() for c in columns):
        return None
    return {n: [None if np.isinf(v) else float(v) for v in c] for n, c in zip(names, columns)}


def binary(name, y, score, w=None):
    y, score = np.asarray(y), np.asarray(score, dtype=float)
    case = {"name": name, "true": list(map(int, y)), "score": list(map(float, score)), "weight": weights(w),
            "roc_auc": value(m.roc_auc_score, y, score, sample_weight=w),
            "average_precision": value(m.average_precision_score, y, score, sample_weight=w),
            "brier": value(m.brier_score_loss, y, score, pos_label=1, sample_weight=w),
            "log_loss": value(m.log_loss, y, score, labels=[0, 1], sample_weight=w)}
    for key, drop in {"": False, "_dropped": True}.items():
        case["roc" + key] = curve(["fpr", "tpr", "thresholds"], m.roc_curve, y, score, sample_weight=w, drop_intermediate=drop)
        case["pr" + key] = curve(["precision", "recall", "thresholds"], m.precision_recall_curve, y, score, pos_label=1,
                                 sample_weight=w, drop_intermediate=drop)
    return case


def calibration(name, y, proba, bins):
    case = {"name": name, "true": list(map(int, y)), "proba": list(map(float, proba)), "bins": bins}
    for strategy in ("uniform", "quantile"):
        case[strategy] = curve(["true", "pred"], calibration_curve, y, proba, n_bins=bins, strategy=strategy)
    return case


def multiclass(name, y, proba, w=None):
    k = proba.shape[1]
    auc = {a: value(m.roc_auc_score, y, proba, multi_class="ovr", average=a, labels=list(range(k)), sample_weight=w)
           for a in ("weighted", "macro")}
    return {"name": name, "true": list(map(int, y)), "classes": k, "proba": proba.ravel().tolist(), "weight": weights(w),
            "roc_auc": auc["weighted"], "roc_auc_macro": auc["macro"],
            "log_loss": value(m.log_loss, y, proba, labels=list(range(k)), sample_weight=w),
            "brier": value(m.brier_score_loss, y, proba, labels=list(range(k)), sample_weight=w)}


def regression(name, y, p, w=None):
    kw = {"sample_weight": w}
    return {"name": name, "true": list(map(float, y)), "pred": list(map(float, p)), "weight": weights(w),
            "mse": m.mean_squared_error(y, p, **kw), "rmse": m.root_mean_squared_error(y, p, **kw),
            "mae": m.mean_absolute_error(y, p, **kw), "mape": m.mean_absolute_percentage_error(y, p, **kw),
            "median_absolute_error": m.median_absolute_error(y, p, **kw), "max_error": m.max_error(y, p),
            "r2_score": value(m.r2_score, y, p, **kw), "explained_variance": value(m.explained_variance_score, y, p, **kw)}


def ndcg(name, y, score, k=None, w=None):
    y, score = np.atleast_2d(y).astype(float), np.atleast_2d(score).astype(float)
    return {"name": name, "true": y.ravel().tolist(), "score": score.ravel().tolist(), "group": [y.shape[1]] * y.shape[0],
            "k": k or 0, "weight": weights(w), "ndcg": value(m.ndcg_score, y, score, k=k, sample_weight=w)}


def main():
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(4)
    y2, y4 = rng.integers(0, 2, 90), rng.integers(0, 4, 90)
    s2 = np.clip(y2 * 0.3 + rng.random(90) * 0.7, 0, 1)
    proba = rng.dirichlet(np.ones(4), 90)
    z = rng.normal(size=60)
    noisy = z + rng.normal(size=60) * 0.3
    guess = np.where(rng.random(90) < 0.6, y4, rng.integers(0, 4, 90))
    y25 = rng.permutation(np.arange(120) % 25)
    p25 = rng.dirichlet(np.ones(25), 120)
    guess25 = np.where(rng.random(120) < 0.4, y25, p25.argmax(1))
    w90, w120, w60 = rng.random(90) * 3, rng.random(120), rng.integers(1, 5, 60).astype(float)
    holes = np.where(rng.random(90) < 0.3, 0, rng.integers(1, 4, 90)).astype(float)
    relevance, ranking = rng.integers(0, 5, (6, 9)), rng.normal(size=(6, 9)).round(2)
    result = {
        "version": sklearn.__version__,
        "classification": [
            classification("binary", y2, (s2 > 0.5).astype(int)),
            classification("four classes", y4, guess),
            classification("a class never predicted", [0, 1, 2, 2, 1], [0, 1, 1, 0, 1]),
            classification("a class predicted that is not there", [0, 0, 1, 1], [0, 3, 1, 1]),
            classification("one class, all right", [1, 1, 1], [1, 1, 1]),
            classification("one class, all wrong", [1, 1, 1], [0, 0, 0]),
            classification("constant prediction", [0, 1, 1, 0], [1, 1, 1, 1]),
            classification("classes far apart", [5, 900, 5, 17], [5, 900, 17, 17]),
            classification("classes very far apart", [5, 900000, 5, 17], [5, 900000, 17, 17]),
            classification("25 classes", y25, guess25),
            classification("binary, weighted", y2, (s2 > 0.5).astype(int), w90),
            classification("four classes, weighted", y4, guess, w90),
            classification("four classes, weights with zeros", y4, guess, holes),
            classification("25 classes, weighted", y25, guess25, w120),
            classification("a class without weight", [0, 1, 2, 2, 1], [0, 1, 1, 2, 0], [1, 2, 0, 0, 0.5]),
            classification("constant prediction, weighted", [0, 1, 1, 0], [1, 1, 1, 1], [0.5, 0.25, 2, 4]),
        ],
        "binary": [
            binary("continuous", y2, s2), binary("with ties", y2, s2.round(1)), binary("constant score", y2, np.full(90, 0.5)),
            binary("perfect", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), binary("reversed", [1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]),
            binary("certain and wrong", [0, 1], [1.0, 0.0]), binary("only negatives", [0, 0, 0], [0.1, 0.5, 0.2]),
            binary("only positives", [1, 1, 1], [0.1, 0.5, 0.2]), binary("one row", [1], [0.3]),
            binary("scores of both signs", y2, s2 - 0.5), binary("zeros of both signs", [0, 1, 1, 0], [-0.0, 0.0, 1.0, 0.0]),
            binary("weighted", y2, s2, w90), binary("weighted, with ties", y2, s2.round(1), w90),
            binary("weights with zeros", y2, s2.round(2), holes), binary("constant score, weighted", y2, np.full(90, 0.5), w90),
            binary("positives without weight", [0, 1, 0, 1], [0.1, 0.9, 0.4, 0.3], [1, 0, 2, 0]),
            binary("negatives without weight", [0, 1, 0, 1], [0.1, 0.9, 0.4, 0.3], [0, 1, 0, 2]),
        ],
        "multiclass": [multiclass("four classes", y4, proba),
                       multiclass("with ties", y4, np.repeat([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]], 45, axis=0)),
                       multiclass("only one class is there", [1, 1], np.array([[.5, .3, .2], [.1, .8, .1]])),
                       multiclass("a class is absent", [0, 1, 1, 0], np.array([[.5, .3, .2], [.1, .8, .1], [.3, .4, .3], [.9, .1, 0]])),
                       multiclass("a class is absent, weighted", [0, 1, 1, 0],
                                  np.array([[.5, .3, .2], [.1, .8, .1], [.3, .4, .3], [.9, .1, 0]]), [1, 2, 0.5, 1]),
                       multiclass("25 classes", y25, p25), multiclass("25 classes, weighted", y25, p25, w120),
                       multiclass("four classes, weights with zeros", y4, proba, holes)],
        "not_normalized": multiclass("rows that do not sum to one", y4, proba * 0.9),
        "regression": [
            regression("noisy", z, noisy), regression("with an offset", z, z + 2), regression("perfect", z, z),
            regression("an even number of rows", [1, 2, 3, 4], [1.1, 1.9, 3.5, 4]), regression("an odd number", [1, 2, 3], [2, 2, 5]),
            regression("constant target", [2, 2, 2], [1, 2, 3]), regression("constant target, exact", [2, 2, 2], [2, 2, 2]),
            regression("constant target, constant offset", [2, 2, 2], [3, 3, 3]), regression("a true zero", [0, 1, 2], [0.5, 1, 2]),
            regression("one row", [3], [4]), regression("worse than the mean", [1, 2, 3], [3, 2, 1]),
            regression("weighted", z, noisy, w60), regression("weighted by any number", z, noisy, w90[:60]),
            regression("weights with zeros", z, noisy, holes[:60]),
            regression("half of the weight on one side", [0, 0, 0, 0], [1, 2, 3, 4], [2, 2, 1, 3]),
            regression("half, then rows without weight", [0, 0, 0, 0, 0], [1, 2, 3, 4, 5], [2, 2, 0, 0, 4]),
            regression("the last rows without weight", [0, 0, 0], [1, 2, 3], [1, 1, 0]),
            regression("constant target, weighted", [2, 2, 2], [1, 2, 3], [1, 2, 1]),
            regression("one row has all the weight", [1, 2, 3], [1.5, 2, 3], [1, 0, 0]),
        ],
        "calibration": [
            calibration("continuous", y2, s2, 5), calibration("many bins", y2, s2, 40), calibration("with ties", y2, s2.round(1), 10),
            calibration("few values", y2, s2.round(0), 4), calibration("one bin", y2, s2, 1), calibration("constant", y2, np.full(90, 0.3), 5),
            calibration("on the edges", [0, 1, 0, 1, 1, 0], [0, 0.2, 0.4, 0.6, 0.8, 1], 5), calibration("only negatives", [0, 0], [0.3, 0.6], 3),
            calibration("thirds", y2, (s2 * 3).round(0) / 3, 7),
        ],
        "ndcg": [
            ndcg("queries", relevance, ranking), ndcg("at 3", relevance, ranking, 3), ndcg("at more than there are", relevance, ranking, 50),
            ndcg("with ties", relevance, ranking.round(0)), ndcg("with ties at 4", relevance, ranking.round(0), 4),
            ndcg("constant score", relevance, ranking * 0, 3), ndcg("perfect", relevance, relevance), ndcg("nothing relevant", [0, 0, 0], [1, 2, 3]),
            ndcg("a query without relevant ones", [[0, 0, 0], [0, 1, 0]], [[1, 2, 3], [3, 2, 1]]), ndcg("one document", [1], [1]),
            ndcg("weighted", relevance, ranking, None, [1, 2, 0, 3, 0.5, 1]), ndcg("fractional relevances", relevance / 3, ranking, 5),
        ],
    }
    (OUT / "sklearn.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
