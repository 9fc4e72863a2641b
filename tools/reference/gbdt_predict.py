"""Writes what LightGBM makes of its models of gbdt.py and gbdt_cases.py.

    python3 tools/reference/gbdt_predict.py

needs lightgbm, numpy and pandas, and writes runner/gbdt/testdata/explained.json
(leaves, contributions, ranges of iterations and predictions that stop early)
and runner/gbdt/testdata/dump_*.json, LightGBM's JSON of two models.
"""

import json

import lightgbm as lgb
import numpy as np
import pandas as pd
from gbdt_cases import FEATURES, OUT, TRAIN_ROWS

MODELS = ["lightgbm_binary", "lightgbm_multiclass", "lightgbm_rf", "lightgbm_stump", "cases/zero_missing", "cases/path_smooth", "cases/ova"]


def main():
    data = pd.read_csv(OUT / "tabular.csv")
    x = data[FEATURES].to_numpy(float)[TRAIN_ROWS:TRAIN_ROWS + 16].copy()
    x[::5, 0], x[1::5, 6], x[2::5, 5], x[3::5, 4], x[4::5, 3] = np.nan, 77, -1, np.nan, 0
    result = {"rows": [[None if np.isnan(v) else v for v in row] for row in x.tolist()], "models": {}}
    for name in MODELS:
        model = lgb.Booster(model_file=OUT / f"{name}.txt")
        flat = {"contributions": model.predict(x, pred_contrib=True), "leaves": model.predict(x, pred_leaf=True)}
        if name != "lightgbm_rf":
            flat["range"] = model.predict(x, start_iteration=1, num_iteration=2)
        if name in ("lightgbm_binary", "lightgbm_multiclass", "cases/ova"):
            flat["early"] = model.predict(x, pred_early_stop=True, pred_early_stop_freq=2, pred_early_stop_margin=0.5)
        result["models"][name] = {key: np.asarray(value).ravel().tolist() for key, value in flat.items()}
    (OUT / "explained.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
    for name in "binary", "multiclass":
        dump = lgb.Booster(model_file=OUT / f"lightgbm_{name}.txt").dump_model()
        (OUT / f"dump_{name}.json").write_text(json.dumps(dump, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
