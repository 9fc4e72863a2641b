"""Writes what LightGBM predicts with the models that runner/gbdt wrote.

    go test ./runner/gbdt -run TestLightGBMPredictsOurModels -update
    python3 tools/reference/gbdt_load.py

needs lightgbm, numpy and pandas, and writes runner/gbdt/testdata/ours.json.
"""

import json

import lightgbm as lgb
import numpy as np
import pandas as pd
from gbdt_cases import FEATURES, OUT, TRAIN_ROWS

ROWS = 30


def main():
    x = pd.read_csv(OUT / "tabular.csv")[FEATURES].to_numpy(float)[TRAIN_ROWS:TRAIN_ROWS + ROWS]
    result = {}
    for path in sorted((OUT / "ours").glob("*.txt")):
        prediction = lgb.Booster(model_file=path).predict(x)
        result[path.stem] = np.asarray(prediction).ravel().tolist()
    (OUT / "ours.json").write_text(json.dumps(result, separators=(",", ":")).replace("],", "],\n") + "\n")


if __name__ == "__main__":
    main()
