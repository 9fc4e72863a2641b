"""Loads a model that this project wrote in LightGBM itself and compares.

    python3 tools/reference/check_model.py MODEL.txt COLUMNS.csv PREDICTIONS.csv

COLUMNS.csv has the model's columns with a header (empty: missing), and
PREDICTIONS.csv one line of predictions a row, without a header. It prints the
largest difference and fails where that is above 1e-12.
"""

import sys

import lightgbm as lgb
import numpy as np
import pandas as pd

model = lgb.Booster(model_file=sys.argv[1])
columns = pd.read_csv(sys.argv[2])
want = pd.read_csv(sys.argv[3], header=None).to_numpy().squeeze()
worst = np.abs(model.predict(columns.to_numpy(float)) - want).max()
print(f"{model.num_trees()} trees, {len(columns)} rows, largest difference {worst:.3g}")
sys.exit(worst > 1e-12)
