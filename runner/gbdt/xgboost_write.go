package gbdt

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// WriteXGBoost writes the model as the JSON of XGBoost 2, which XGBoost 2 and later
// load.
//
// XGBoost compares in float32: every row whose numbers float32 holds exactly falls
// into the same leaves there; another one may differ where it lies within the
// rounding of a threshold. Leaf values are rounded to float32, so that predictions
// agree in about seven digits. The rest of what is not kept as it is:
//
//   - the objective has XGBoost's name; huber, fair, quantile, mape and custom,
//     which XGBoost has not or means otherwise, are written as reg:squarederror,
//     which predicts the raw score as they do
//   - multiclassova is binary:logistic with as many targets as classes
//   - a sigmoid other than 1, and a random forest's mean, are part of the leaves
//   - base_score is neutral: the initial score is part of the first trees
//
// Refused are linear leaves, reg_sqrt, zeros that count as missing, and categories
// of 2^24 and more.
func (m *Model) WriteXGBoost(w io.Writer) error {
	if err := m.writeXGBoost(w); err != nil {
		return fmt.Errorf("gbdt: write XGBoost model: %w", err)
	}
	return nil
}

func (m *Model) writeXGBoost(w io.Writer) error {
	form, err := m.xgboostForm()
	if err != nil {
		return err
	}
	kinds, err := m.xgboostKinds()
	if err != nil {
		return err
	}
	names, err := json.Marshal(m.featureNames)
	if err != nil {
		return fmt.Errorf("feature names: %w", err)
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `{"learner":{"attributes":{},"feature_names":%s,"feature_types":[%s],"gradient_booster":{"model":{`, names, strings.Join(kinds, ","))
	fmt.Fprintf(out, `"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"%d"},`, len(m.trees))
	starts, outputs := make([]int32, m.NumIterations()+1), make([]int32, len(m.trees))
	for i := range starts {
		starts[i] = int32(i * m.outputs)
	}
	for i := range outputs {
		outputs[i] = int32(i % m.outputs)
	}
	line := appendXGBoost(nil, "iteration_indptr", starts, appendInt)
	line = appendXGBoost(append(line, ','), "tree_info", outputs, appendInt)
	out.Write(append(line, `,"trees":[`...))
	for i, t := range m.trees {
		lists, err := newXGBoostLists(t, form.factor)
		if err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		line = line[:0]
		if i > 0 {
			line = append(line, ',')
		}
		out.Write(lists.append(line, i, len(m.featureNames)))
	}
	fmt.Fprintf(out, `]},"name":"gbtree"},"learner_model_param":{"base_score":"%s","boost_from_average":"0","num_class":"%d","num_feature":"%d","num_target":"%d"},`,
		form.base, form.classes, len(m.featureNames), form.targets)
	fmt.Fprintf(out, `"objective":{%s"name":"%s"}},"version":[2,1,4]}`, form.param, form.name)
	return out.Flush()
}

// xgboostForm is what XGBoost must know of a model beside its trees.
type xgboostForm struct {
	name    string  // of the objective
	param   string  // its parameters, as members of the JSON object
	base    string  // the prediction whose raw score is 0
	factor  float64 // on leaf values
	classes int     // 0: no multiclass objective
	targets int
}

func (m *Model) xgboostForm() (xgboostForm, error) {
	const loss = `"reg_loss_param":{"scale_pos_weight":"1"},`
	f := xgboostForm{name: "reg:squarederror", param: loss, base: "0E0", factor: 1, targets: m.outputs}
	if m.hasLinear() {
		return f, fmt.Errorf("the leaves hold linear models, which XGBoost has not: train without linear_tree")
	}
	if m.average {
		f.factor = 1 / float64(max(1, m.NumIterations()))
	}
	switch m.transform.kind {
	case signedSquare:
		return f, fmt.Errorf("the objective %q has no counterpart in XGBoost: train without reg_sqrt", m.objective)
	case softmaxAll:
		f.classes, f.targets = m.outputs, 1
		f.name, f.param = "multi:softprob", fmt.Sprintf(`"softmax_multiclass_param":{"num_class":"%d"},`, m.outputs)
		return f, nil
	case sigmoidEach:
		f.base = "5E-1"
		f.factor *= m.transform.scale
	case exponential:
		f.base = "1E0"
	}
	switch m.Objective() {
	case RegressionL1:
		f.name, f.param = "reg:absoluteerror", ""
	case Binary, MulticlassOVA:
		f.name = "binary:logistic"
	case CrossEntropy:
		f.name = "reg:logistic"
	case Poisson:
		f.name, f.param = "count:poisson", fmt.Sprintf(`"poisson_regression_param":{"max_delta_step":"%s"},`, m.parameter("poisson_max_delta_step", "0.7"))
	case Gamma:
		f.name = "reg:gamma"
	case Tweedie:
		f.name, f.param = "reg:tweedie", fmt.Sprintf(`"tweedie_regression_param":{"tweedie_variance_power":"%s"},`, m.parameter("tweedie_variance_power", "1.5"))
	case LambdaRank:
		f.name, f.param = "rank:ndcg", `"lambdarank_param":{"lambdarank_bias_norm":"1","lambdarank_normalization":"1","lambdarank_num_pair_per_sample":"4294967295","lambdarank_pair_method":"topk","lambdarank_unbiased":"0","ndcg_exp_gain":"1"},`
	}
	return f, nil
}

// parameter is a number among the training's parameters, or usual where the model
// does not tell it.
func (m *Model) parameter(name, usual string) string {
	for _, line := range m.parameters {
		if value, ok := strings.CutPrefix(line, "["+name+": "); ok {
			value = strings.TrimSuffix(value, "]")
			if v, err := strconv.ParseFloat(value, 64); err == nil && finite(v) {
				return value
			}
		}
	}
	return usual
}

// xgboostKinds are the features' types: "c" for those with categories.
func (m *Model) xgboostKinds() ([]string, error) {
	const number, category = `"float"`, `"c"`
	kinds := make([]string, len(m.featureNames))
	for i, t := range m.trees {
		for node, feature := range t.feature {
			kind := number
			if t.decision[node]&decisionCategorical != 0 {
				kind = category
			}
			if was := kinds[feature]; was != "" && was != kind {
				return nil, fmt.Errorf("tree %d: the feature %q is split as a number and as categories, which XGBoost cannot", i, m.featureNames[feature])
			}
			kinds[feature] = kind
		}
	}
	for i, kind := range kinds {
		if kind == "" {
			kinds[i] = number
		}
	}
	return kinds, nil
}

// condition is the least float32 above threshold: x < condition(t) is x <= t for
// every float32 x and every t but +Inf.
func condition(threshold float64) float32 {
	c := float32(threshold)
	if float64(c) <= threshold {
		c = math.Nextafter32(c, float32(math.Inf(1)))
	}
	return c
}
