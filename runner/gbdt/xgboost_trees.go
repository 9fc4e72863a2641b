package gbdt

// xgboostTrees reads the booster's trees and puts them into our order: one of
// each output after another.
func (m *Model) xgboostTrees(learner xgboostObject) error {
	booster, err := learner.object("gradient_booster")
	if err != nil {
		return err
	}
	name, err := booster.text("name")
	if err != nil {
		return err
	}
	holder := booster
	switch name {
	case "gbtree":
	case "dart":
		if holder, err = booster.object("gbtree"); err != nil {
			return err
		}
	default:
		return booster.fail("name", "the booster %.40q is neither gbtree nor dart", name)
	}
	model, err := holder.object("model")
	if err != nil {
		return err
	}
	list, err := model.list("trees")
	if err != nil {
		return err
	}
	var weights []float64
	if name == "dart" {
		if weights, err = booster.numbersOf("weight_drop", len(list), false); err != nil {
			return err
		}
	}
	outputs, err := model.numbersOf("tree_info", len(list), false)
	if err != nil {
		return err
	}
	byOutput := make([][]*tree, m.outputs)
	room := maxJSONCategoryWords
	for i, item := range list {
		fields, ok := item.(map[string]any)
		o := xgboostObject{i, fields}
		if !ok {
			return o.fail("trees", "is no object")
		}
		output, err := o.whole("tree_info", outputs[i], 0, m.outputs-1)
		if err != nil {
			return err
		}
		t, err := xgboostTree(o, len(m.featureNames), &room)
		if err != nil {
			return err
		}
		if weights != nil {
			// A weight is part of the leaves here.
			if t.scale(weights[i]); !t.hasFiniteValues() {
				return o.fail("weight_drop", "%v is not finite", weights[i])
			}
		}
		byOutput[output] = append(byOutput[output], t)
	}
	return m.orderXGBoostTrees(learner, model, byOutput)
}

func (m *Model) orderXGBoostTrees(learner, model xgboostObject, byOutput [][]*tree) error {
	iterations := len(byOutput[0])
	for k, trees := range byOutput {
		if len(trees) != iterations {
			return model.fail("tree_info", "output %d has %d trees, output 0 has %d", k, len(trees), iterations)
		}
	}
	kept, err := xgboostIterations(learner, model, iterations)
	if err != nil {
		return err
	}
	for i := range kept {
		for _, trees := range byOutput {
			m.trees = append(m.trees, trees[i])
		}
	}
	return nil
}

// xgboostIterations is how many of the trees of an output count: with early
// stopping those up to the best round.
func xgboostIterations(learner, model xgboostObject, iterations int) (int, error) {
	if learner.fields["attributes"] == nil {
		return iterations, nil
	}
	attributes, err := learner.object("attributes")
	if err != nil || attributes.fields["best_iteration"] == nil {
		return iterations, err
	}
	param, err := model.object("gbtree_model_param")
	if err != nil {
		return 0, err
	}
	parallel := 1
	if param.fields["num_parallel_tree"] != nil {
		if parallel, err = param.count("num_parallel_tree", 0, max(1, iterations)); err != nil {
			return 0, err
		}
	}
	parallel = max(1, parallel) // XGBoost wrote 0 for 1 once
	best, err := attributes.count("best_iteration", -1, max(0, iterations/parallel-1))
	if best < 0 || err != nil {
		return iterations, err // XGBoost 1.7 writes -1 where nothing was trained
	}
	return min(iterations, (best+1)*parallel), nil
}
