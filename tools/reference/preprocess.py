"""Writes scikit-learn's figures that the tests of runner/preprocess compare with.

    python3 tools/reference/preprocess.py

needs scikit-learn and numpy, and writes runner/preprocess/testdata/sklearn.json: cases of
steps as the configuration has them, with a table, its target where one is needed, and the
columns that scikit-learn makes of it.
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (LabelEncoder, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, QuantileTransformer,
                                   RobustScaler, StandardScaler, TargetEncoder)
from sklearn.utils import murmurhash3_32

OUT = pathlib.Path(__file__).resolve().parents[2] / "runner" / "preprocess" / "testdata" / "sklearn.json"

rng = np.random.default_rng(3)
NUMBERS = {
    "four": [1.0, 2.0, 3.0, 6.0],
    "wide": [1e-3, 5e6, -2.5, 0.0, 7.25, 7.25],
    "constant": [4.0, 4.0, 4.0],
    "close": rng.normal(1000, 1e-2, 50).tolist(),
    "skewed": rng.lognormal(0, 3, 51).tolist(),
    "tied": rng.integers(-3, 4, 40).astype(float).tolist(),
    "holed": [1.5, None, 2.0, -3.0, None, 2.0, 8.0],
}
# Other rows, for the fitted scalers.
OTHER = [-1e3, -3.0, 0.0, 0.5, 2.0, 2.0000001, 7.25, 999.99, 1e7]
WORDS = ["pear", "Apple", "fig", "pear", "éclair", "Zoo", "10", "9", "a b", "fig", "pear", "Zoo"]
OTHER_WORDS = ["fig", "kiwi", "Zoo", "pear"]
CITIES = [["oslo", "rome", "bonn", "lima"][i] for i in rng.integers(0, 4, 60)]
SHOPS = [["a", "b", "c"][i] for i in np.minimum(rng.integers(0, 5, 60), 2)]
TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "the dog, the DOG, and the fox: a fox!",
    "Ünïcode wörds and Ελληνικά λόγια and 漢字かな",
    "numbers 1 22 333 and snake_case and don't",
    "",
    "a I o",
    "fox fox fox fox brown",
    "quick dogs bark; the quick brown dog barks",
]
OTHER_TEXTS = ["brown fox", "unseen words only", "the the the dog_1 dog"]

cases = []


def nan(v):
    return np.nan if v is None else v


def plain(x):
    if hasattr(x, "toarray"):
        x = x.toarray()
    return [[None if isinstance(v, float) and np.isnan(v) else v for v in column] for column in np.asarray(x, dtype=float).T.tolist()]


def case(name, step, params, columns, fitted, other=None, names=None, **more):
    """columns and other: cells by name. fitted, of the training rows and of the others: one row a table row."""
    train, apart = fitted
    out = {"name": name, "steps": [{"type": step, "params": params}], "columns": columns, "want": plain(train), **more}
    if other is not None:
        out["other"], out["want_other"] = other, plain(apart)
    if names is not None:
        out["names"] = list(names)
    cases.append(out)


def scaler(name, params, make):
    for key, values in NUMBERS.items():
        x = np.array([nan(v) for v in values]).reshape(-1, 1)
        s = make(x)
        apart = np.array(OTHER).reshape(-1, 1)
        case(f"{name} {key}", "feature_scaler", params, {"x": values}, (s.fit_transform(x), s.transform(apart)), {"x": OTHER})


scaler("standard", {}, lambda x: StandardScaler())
scaler("standard without mean", {"with_mean": False}, lambda x: StandardScaler(with_mean=False))
scaler("standard without std", {"with_std": False}, lambda x: StandardScaler(with_std=False))
scaler("min_max", {"method": "min_max"}, lambda x: MinMaxScaler())
scaler("min_max to a range, clipped", {"method": "min_max", "feature_range": [-1, 3], "clip": True}, lambda x: MinMaxScaler(feature_range=(-1, 3), clip=True))
scaler("max_abs", {"method": "max_abs"}, lambda x: MaxAbsScaler())
scaler("robust", {"method": "robust"}, lambda x: RobustScaler())
scaler("robust by other percentiles", {"method": "robust", "quantile_range": [10, 80]}, lambda x: RobustScaler(quantile_range=(10, 80)))
scaler("robust without centering", {"method": "robust", "with_centering": False}, lambda x: RobustScaler(with_centering=False))
scaler("robust without scaling", {"method": "robust", "with_scaling": False}, lambda x: RobustScaler(with_scaling=False))
for output in ["uniform", "normal"]:
    for n in [1000, 7]:
        scaler(f"quantile {output} {n}", {"method": "quantile", "output_distribution": output, "n_quantiles": n},
               lambda x: QuantileTransformer(n_quantiles=min(n, len(x)), output_distribution=output, subsample=None))

for strategy, theirs in [("mean", "mean"), ("median", "median"), ("mode", "most_frequent"), ("constant", "constant")]:
    for key in ["holed", "tied"]:
        values = NUMBERS[key] + [None]
        x = np.array([nan(v) for v in values]).reshape(-1, 1)
        params, fill = {"strategy": strategy}, {}
        if strategy == "constant":
            params["fill_value"], fill = 7.5, {"fill_value": 7.5}
        for indicator in [False, True]:
            s = SimpleImputer(strategy=theirs, add_indicator=indicator, **fill)
            case(f"{strategy} {key}, indicator {indicator}", "missing_values", {**params, "add_indicator": indicator}, {"x": values},
                 (s.fit_transform(x), s.transform(np.array([[np.nan], [1.0]]))), {"x": [None, 1.0]},
                 s.get_feature_names_out(["x"]))


def texts(values):
    return np.array(values, dtype=object).reshape(-1, 1)


encoder = LabelEncoder().fit(WORDS)
case("label", "categorical_encoder", {}, {"x": WORDS}, (encoder.transform(WORDS).reshape(-1, 1).astype(float), None))
order = sorted(set(WORDS), key=lambda w: (len(w), w))
ordinal = OrdinalEncoder(categories=[order], handle_unknown="use_encoded_value", unknown_value=np.nan)
case("ordinal", "categorical_encoder", {"method": "ordinal", "categories": {"x": order}, "handle_unknown": "ignore"}, {"x": WORDS},
     (ordinal.fit_transform(texts(WORDS)), ordinal.transform(texts(OTHER_WORDS))), {"x": OTHER_WORDS})
for name, params, theirs in [
    ("one_hot", {}, {}),
    ("one_hot, first dropped", {"drop": "first"}, {"drop": "first"}),
    ("one_hot, rare ones by count", {"min_frequency": 2}, {"min_frequency": 2}),
    ("one_hot, rare ones by fraction", {"min_frequency": 0.2}, {"min_frequency": 0.2}),
    ("one_hot, at most four", {"max_categories": 4}, {"max_categories": 4}),
    ("one_hot, as many as there are", {"max_categories": 8}, {"max_categories": 8}),
    ("one_hot, at most one", {"max_categories": 1}, {"max_categories": 1}),
    ("one_hot, both bounds, first dropped", {"max_categories": 3, "min_frequency": 3, "drop": "first"}, {"max_categories": 3, "min_frequency": 3, "drop": "first"}),
]:
    s = OneHotEncoder(handle_unknown="ignore", sparse_output=False, **theirs)
    case(name, "categorical_encoder", {"method": "one_hot", **params}, {"x": WORDS},
         (s.fit_transform(texts(WORDS)), s.transform(texts(OTHER_WORDS))), {"x": OTHER_WORDS},
         [n.replace("infrequent_sklearn", "infrequent") for n in s.get_feature_names_out(["x"])])
s = OneHotEncoder(drop="if_binary", sparse_output=False)
case("one_hot, one of two dropped", "categorical_encoder", {"method": "one_hot", "drop": "if_binary"}, {"x": ["b", "a", "b"], "y": ["p", "q", "r"]},
     (s.fit_transform(np.array([["b", "p"], ["a", "q"], ["b", "r"]], dtype=object)), None), None, s.get_feature_names_out(["x", "y"]))

x = np.array([CITIES, SHOPS], dtype=object).T
effect = np.array([{"oslo": 1.0, "rome": -2.0, "bonn": 0.5, "lima": 4.0}[c] for c in CITIES])
value = effect + rng.normal(0, 1, 60)
binary = (effect + rng.normal(0, 3, 60) > 0.8).astype(int)
multi = np.array([["high", "low", "mid"][i] for i in (np.digitize(value, [0.0, 2.0]) + 1) % 3])
other_cities = {"city": ["rome", "paris", "lima"], "shop": ["c", "a", "z"]}
other_x = np.array([other_cities["city"], other_cities["shop"]], dtype=object).T
for name, y, kind in [("continuous", value, "continuous"), ("binary", binary, "binary"), ("multiclass", multi, "multiclass")]:
    for smooth in ["auto", 0.0, 12.5]:
        for cv in [2, 5, 7]:
            folds = KFold(cv) if kind == "continuous" else StratifiedKFold(cv)
            s = TargetEncoder(smooth=smooth, cv=folds, target_type=kind)
            train = s.fit_transform(x, y)
            target = {"values": y.tolist()} if kind == "continuous" else {
                "class_names": [str(c) for c in sorted(set(y.tolist()))], "classes": [sorted(set(y.tolist())).index(v) for v in y.tolist()]}
            names = [n.replace("x0", "city").replace("x1", "shop") for n in s.get_feature_names_out()]
            case(f"target {name}, smooth {smooth}, cv {cv}", "categorical_encoder",
                 {"method": "target", "smooth": smooth, "cv": cv, "shuffle": False}, {"city": CITIES, "shop": SHOPS},
                 (train, s.transform(other_x)), other_cities, names, target=target)


def vectorizer(name, params, s, columns=True):
    s.fit(TEXTS)
    names = [f"text_{t}" for t in s.get_feature_names_out()] if columns else None
    case(name, "text_tfidf", {"columns": ["text"], **params}, {"text": TEXTS}, (s.transform(TEXTS), s.transform(OTHER_TEXTS)), {"text": OTHER_TEXTS}, names)


for params in [
    {}, {"ngram_range": [1, 3]}, {"ngram_range": [2, 2]}, {"lowercase": False}, {"sublinear_tf": True}, {"smooth_idf": False}, {"use_idf": False},
    {"norm": "l1"}, {"binary": True}, {"min_df": 2}, {"min_df": 0.3}, {"max_df": 2}, {"max_df": 0.3}, {"min_df": 2, "max_df": 0.5},
    {"stop_words": ["the", "and", "a"]}, {"stop_words": ["the"], "ngram_range": [1, 2]}, {"token_pattern": r"(?u)\b\w+\b"}, {"token_pattern": r"[^\s,;.!:]+"},
    {"token_pattern": r"\d+"}, {"token_pattern": r"(\w)\w*"}, {"max_features": 1}, {"max_features": 4},
    {"vocabulary": ["fox", "dog", "cat", "quick brown"], "ngram_range": [1, 2]},
]:
    theirs = {k: tuple(v) if k == "ngram_range" else v for k, v in params.items()}
    vectorizer(f"tfidf {params}", params, TfidfVectorizer(**theirs))
vectorizer("tfidf without norm", {"norm": "none"}, TfidfVectorizer(norm=None))
for params in [{}, {"ngram_range": [1, 2]}, {"alternate_sign": False}, {"norm": "l1"}]:
    theirs = {k: tuple(v) if k == "ngram_range" else v for k, v in params.items()}
    vectorizer(f"hashing {params}", {"hashing": True, "n_features": 37, "use_idf": False, **params}, HashingVectorizer(n_features=37, **theirs), False)
vectorizer("hashing with idf", {"hashing": True, "n_features": 37},
           make_pipeline(HashingVectorizer(n_features=37, norm=None), TfidfTransformer()), False)

hashes = [{"text": t, "hash": int(murmurhash3_32(t, positive=True))} for t in ["", "a", "ab", "abc", "abcd", "abcde", "fox", "漢字かな", "the quick brown fox"]]
OUT.write_text(json.dumps({"sklearn": sklearn.__version__, "cases": cases, "hashes": hashes}, ensure_ascii=False, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
print(len(cases), "cases,", OUT.stat().st_size, "bytes")
