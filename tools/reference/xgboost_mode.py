"""Scores the models that we wrote for XGBoost, and trains XGBoost on generated sets.

    go test ./runner/gbdt -run TestWriteXGBoost -update
    python3 tools/reference/xgboost_mode.py

needs xgboost 3.2 and numpy. It adds XGBoost's margins and predictions to
runner/gbdt/testdata/xgboost/written/scores.json.
"""

import json
from pathlib import Path

import numpy as np
import xgboost as xgb

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = ROOT / "runner/gbdt/testdata/xgboost/written"


def score():
    result = json.loads((WRITTEN / "scores.json").read_text())
    rows = np.array([[np.nan if v is None else v for v in row] for row in result["rows"]], dtype=np.float32)
    result["Models"] = {}
    for path in sorted(WRITTEN.glob("*.json")):
        if path.name == "scores.json":
            continue
        booster = xgb.Booster(model_file=path)
        data = xgb.DMatrix(rows, feature_names=booster.feature_names, feature_types=booster.feature_types, enable_categorical=True)
        result["Models"][path.stem] = {
            "Margins": booster.predict(data, output_margin=True).ravel().astype(float).tolist(),
            "Predictions": booster.predict(data).ravel().astype(float).tolist(),
        }
    (WRITTEN / "scores.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    score()
