"""Writes what LightGBM makes of the models that runner/gbdt wrote.

    go test ./runner/gbdt -run TestLightGBMPredictsOurModels -update
    python3 tools/reference/gbdt_load.py

needs lightgbm, numpy and pandas, and writes runner/gbdt/testdata/ours.json, its
predictions, and ours_dumps.json, its JSON of some of them.
"""

import json

import lightgbm as lgb
import numpy as np
from gbdt_cases import OUT
from gbdt_files import probe

DUMPS = ["regression", "multiclass_dart", "binary_rf", "linear_classes", "zero_missing", "constrained"]


def main():
    result, dumps, rows = {}, {}, probe()
    for path in sorted((OUT / "ours").glob("*.txt")):
        model = lgb.Booster(model_file=path)
        result[path.stem] = np.asarray(model.predict(rows)).ravel().tolist()
        if path.stem in DUMPS:
            dumps[path.stem] = model.dump_model()
    for name, values in ("ours", result), ("ours_dumps", dumps):
        lines = ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in values.items())
        (OUT / f"{name}.json").write_text(f"{{{lines}}}\n")


if __name__ == "__main__":
    main()
