"""Writes LightGBM's first ten trees on generated sets of several sizes.

    python3 tools/reference/gbdt_trees.py

needs lightgbm and numpy, and writes runner/gbdt/testdata/trees.json: of each
set, objective and tree the nodes' features, thresholds and children, and the
leaves' rows and values.
"""

import json

import lightgbm as lgb
from gbdt_cases import OUT
from gbdt_data import BASE, OBJECTIVES, datasets

TREES = 10
# LightGBM takes mape's hessians for one constant even where rows have weights, so
# that the weight of the first row decides its trees: no set has both.
SETS = [("dense", 1000, OBJECTIVES), ("weights", 5000, [o for o in OBJECTIVES if o != "mape"]), ("dense", 20_000, OBJECTIVES),
        ("dense", 200_000, ["regression", "regression_l1", "poisson", "gamma", "binary"])]


def numbers(values, digits):
    return [float(f"{v:.{digits}g}") for v in values]


def tree(structure):
    """The nodes and leaves in the order of their numbers."""
    nodes, leaves = {}, {}

    def number(node):
        if "split_index" in node:
            nodes[node["split_index"]] = node
            return node["split_index"]
        leaf = node.get("leaf_index", 0)
        leaves[leaf] = node
        return ~leaf

    def walk(node):
        if "split_index" not in node:
            return
        for side in "left_child", "right_child":
            walk(node[side])
        node["children"] = [number(node["left_child"]), number(node["right_child"])]

    number(structure)
    walk(structure)
    nodes, leaves = [nodes[i] for i in sorted(nodes)], [leaves[i] for i in sorted(leaves)]
    return {"feature": [n["split_feature"] for n in nodes], "threshold": numbers((n["threshold"] for n in nodes), 10),
            "left": [n["children"][0] for n in nodes], "right": [n["children"][1] for n in nodes],
            "count": [n["leaf_count"] for n in leaves], "value": numbers((n["leaf_value"] for n in leaves), 10)}


def main():
    result = []
    for kind, rows, objectives in SETS:
        for objective in objectives:
            target, params = OBJECTIVES[objective]
            (train,) = datasets(kind, target, [rows], 1, objective == "lambdarank")
            model = lgb.train({**BASE, **params, "objective": objective}, train, TREES)
            result.append({"kind": kind, "rows": rows, "target": target, "params": {**params, "objective": objective},
                           "trees": [tree(t["tree_structure"]) for t in model.dump_model()["tree_info"]]})
            print(kind, rows, objective, flush=True)
    lines = ",\n".join(json.dumps(r, separators=(",", ":")) for r in result)
    (OUT / "trees.json").write_text(f"[{lines}]\n")


if __name__ == "__main__":
    main()
