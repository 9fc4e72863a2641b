#!/usr/bin/env python3
"""The target's mean for each value of one feature, with the standard library only.

training:
  backend: callable
  params:
    program: examples/programs/mean_by_group.py
    data_format: csv
    input: raw
    arguments: {group: contract}
"""
import csv
import json
import os
import sys


def fail(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


def main(verb, folder):
    def at(*names):
        return os.path.join(folder, *names)

    with open(at("job.json")) as f:
        job = json.load(f)
    group = job["arguments"].get("group", job["features"][0])
    if group not in job["features"]:
        fail(78, f"arguments.group: there is no column {group!r}")
    classes = max(1, len(job.get("classes", [])))

    if verb == "train":
        sums, total, rows = {}, [0.0] * classes, 0
        with open(at("train.csv"), newline="") as f:
            for row in csv.DictReader(f):
                value = float(row[job["target"]])
                cell = sums.setdefault(row[group], [[0.0] * classes, 0])
                share = [value] if classes == 1 else [float(k == value) for k in range(classes)]
                for k in range(classes):
                    cell[0][k] += share[k]
                    total[k] += share[k]
                cell[1] += 1
                rows += 1
        model = {
            "means": {g: [s / n for s in sum_] for g, (sum_, n) in sums.items()},
            "other": [s / rows for s in total],
        }
        with open(at("model", "means.json"), "w") as f:
            json.dump(model, f)
        print(json.dumps({"progress": 1, "message": f"{len(sums)} groups of {rows} rows"}), flush=True)
        return
    with open(at("model", "means.json")) as f:
        model = json.load(f)
    with open(at("data.csv"), newline="") as f:
        data = list(csv.DictReader(f))
    means = [model["means"].get(row[group], model["other"]) for row in data]
    if verb == "predict":
        names = ["prediction"] if classes == 1 else [f"proba_{k}" for k in range(classes)]
        with open(at("predictions.csv"), "w", newline="") as f:
            out = csv.writer(f)
            out.writerow(names)
            out.writerows(means)
    elif verb == "evaluate":
        unseen = sum(row[group] not in model["means"] for row in data)
        with open(at("metrics.json"), "w") as f:
            json.dump({"unseen_groups": unseen / len(data)}, f)
    else:
        sys.exit(64)


main(sys.argv[1], sys.argv[2])
