package gbdt

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// xgboostFormat is what a FormatError calls such a file.
const xgboostFormat = "XGBoost model"

// maxXGBoostFeatures bounds the columns of a model of XGBoost: where it has no
// feature names, they are made.
const maxXGBoostFeatures = 1 << 20

// ReadXGBoost reads a model that XGBoost 1.7 to 3 saved as JSON or UBJSON; which
// of them it is shows in the first bytes. Boosters gbtree and dart are read, with
// one output a tree. The objectives are reg:squarederror, reg:absoluteerror, reg:logistic,
// binary:logistic, multi:softprob, multi:softmax, count:poisson, reg:gamma,
// reg:tweedie and rank:*; others are refused.
//
// The model decides on each row as XGBoost does, which compares in float32. Scores
// are summed in float64 and so may differ in the seventh digit. In these points
// the model is a [Model] as any other:
//
//   - the objective has LightGBM's name: binary:logistic is "binary"
//   - a multi:softmax model predicts the classes' probabilities, not the best class
//   - where training stopped early, the rounds after best_iteration are left out,
//     as in XGBoost's scikit-learn interface
//   - the trees of a round of num_parallel_tree are as many iterations, each with
//     one tree an output
//   - the base score is part of the first iteration's leaves
//
// Categories are codes, in the numbers that the model was trained with. A file
// that is truncated or inconsistent is a *FormatError.
func ReadXGBoost(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxModelBytes+1))
	if err != nil {
		return nil, fmt.Errorf("gbdt: read XGBoost model: %w", err)
	}
	head := xgboostObject{tree: -1}
	if len(data) > maxModelBytes {
		return nil, head.fail("", "longer than %d bytes", maxModelBytes)
	}
	text := bytes.TrimLeft(data, " \t\r\n")
	if len(text) == 0 || text[0] != '{' {
		return nil, head.fail("", "does not begin with { and so is neither JSON nor UBJSON: save the model as .json or .ubj")
	}
	parse := xgboostUBJSON
	if inside := bytes.TrimLeft(text[1:], " \t\r\n"); len(inside) == 0 || inside[0] == '"' || inside[0] == '}' {
		parse = xgboostJSON
	}
	parsed, err := parse(data)
	if err != nil {
		return nil, err
	}
	// Both parsers give an object for what begins with a brace.
	head.fields, _ = parsed.(map[string]any)
	learner, err := head.object("learner")
	if err != nil {
		return nil, err
	}
	m, base, err := xgboostHeader(learner)
	if err != nil {
		return nil, err
	}
	if err := m.xgboostTrees(learner); err != nil {
		return nil, err
	}
	m.addBaseScores(base)
	m.bestIteration = m.NumIterations()
	return m, m.compile()
}

// xgboostHeader reads all but the trees, and the base score of each output.
func xgboostHeader(learner xgboostObject) (m *Model, base []float64, err error) {
	param, err := learner.object("learner_model_param")
	if err != nil {
		return nil, nil, err
	}
	features, err := param.count("num_feature", 1, maxXGBoostFeatures)
	if err != nil {
		return nil, nil, err
	}
	classes, err := param.count("num_class", 0, maxClassLimit)
	if err != nil {
		return nil, nil, err
	}
	targets := 1
	if param.fields["num_target"] != nil {
		if targets, err = param.count("num_target", 0, maxClassLimit); err != nil {
			return nil, nil, err
		}
	}
	if classes > 1 && targets > 1 {
		return nil, nil, param.fail("num_target", "%d targets of %d classes", targets, classes)
	}
	m = &Model{numClass: max(1, classes), outputs: max(1, classes, targets)}
	if m.featureNames, err = xgboostNames(learner, features); err != nil {
		return nil, nil, err
	}
	for range features {
		m.featureInfos = append(m.featureInfos, "none")
	}
	objective, err := learner.object("objective")
	if err != nil {
		return nil, nil, err
	}
	name, err := objective.text("name")
	if err != nil {
		return nil, nil, err
	}
	toMargin, err := m.setXGBoostObjective(objective, name)
	if err != nil {
		return nil, nil, err
	}
	base, err = baseScores(param, m.outputs, toMargin)
	return m, base, err
}

// xgboostNames are the features' names, or f0, f1 and so on, as XGBoost calls
// them itself.
func xgboostNames(learner xgboostObject, features int) ([]string, error) {
	list, err := learner.list("feature_names")
	if err != nil {
		return nil, err
	}
	if len(list) > 0 && len(list) != features {
		return nil, learner.fail("feature_names", "%d names for %d features", len(list), features)
	}
	names := make([]string, features)
	for i := range names {
		if len(list) == 0 {
			names[i] = "f" + strconv.Itoa(i)
			continue
		}
		name, ok := list[i].(string)
		if !ok || name == "" {
			return nil, learner.fail("feature_names", "name %d is no text, or empty", i)
		}
		names[i] = name
	}
	return names, nil
}

// setXGBoostObjective translates the objective, and gives what turns a base
// score, which the file has as a prediction, into a raw score.
func (m *Model) setXGBoostObjective(o xgboostObject, name string) (toMargin func(float64) float64, err error) {
	toMargin = func(p float64) float64 { return p }
	logit := func(p float64) float64 { return -math.Log(1/p - 1) }
	switch {
	case name == "reg:squarederror":
		m.objective = Regression
	case name == "reg:absoluteerror":
		m.objective = RegressionL1
	case name == "reg:logistic":
		m.objective, toMargin = CrossEntropy, logit
	case name == "binary:logistic":
		m.objective, toMargin = Binary+" sigmoid:1", logit
	case name == "count:poisson":
		m.objective, toMargin = Poisson, math.Log
	case name == "reg:gamma":
		m.objective, toMargin = Gamma, math.Log
	case name == "reg:tweedie":
		m.objective, toMargin = Tweedie, math.Log
	case strings.HasPrefix(name, "rank:"):
		m.objective = LambdaRank
	case (name == "multi:softprob" || name == "multi:softmax") && m.numClass > 1:
		m.objective = Multiclass + " num_class:" + strconv.Itoa(m.numClass)
	default:
		return nil, o.fail("name", "the objective %.40q cannot be read, or does not fit num_class %d", name, m.numClass)
	}
	if m.transform, err = parseTransform(m.objective, m.outputs); err != nil {
		return nil, o.fail("name", "%v", err)
	}
	if m.numClass > 1 && m.transform.kind != softmaxAll {
		return nil, o.fail("name", "the objective %.40q does not fit num_class %d", name, m.numClass)
	}
	return toMargin, nil
}

// baseScores reads "5E-1" or, of XGBoost 3, "[5E-1,2E-1]" into a raw score for
// each output.
func baseScores(param xgboostObject, outputs int, toMargin func(float64) float64) ([]float64, error) {
	const key = "base_score"
	text, err := param.text(key)
	if err != nil {
		return nil, err
	}
	if inside, list := strings.CutPrefix(text, "["); list {
		text = strings.TrimSuffix(inside, "]")
	}
	if n := strings.Count(text, ",") + 1; n != 1 && n != outputs {
		return nil, param.fail(key, "has %d values for %d outputs", n, outputs)
	}
	words := strings.Split(text, ",")
	base := make([]float64, outputs)
	for i := range base {
		word := strings.TrimSpace(words[i%len(words)])
		v, err := strconv.ParseFloat(word, 32)
		if err != nil {
			return nil, param.fail(key, "value %d, %.40q, is no number of 32 bits", i%len(words), word)
		}
		if base[i] = toMargin(v); !finite(base[i]) {
			return nil, param.fail(key, "value %d, %v, has no finite raw score", i%len(words), v)
		}
	}
	return base, nil
}

// addBaseScores makes the base scores part of the first iteration, which a model
// without trees then gets.
func (m *Model) addBaseScores(base []float64) {
	for k, score := range base {
		if k == len(m.trees) {
			m.trees = append(m.trees, newTree(0, 0, 0))
		}
		m.trees[k].addBias(score)
	}
}
