package training

import (
	"fmt"
	"strings"

	"mlops/runner/metrics"
)

// What a model of each kind of problem is judged by, under scikit-learn's names:
// averages are weighted by the classes' rows unless a name says macro.
var (
	binaryMetrics = []string{
		"accuracy", "average_precision", "balanced_accuracy", "brier", "f1_score", "log_loss", "matthews_corrcoef", "precision", "recall", "roc_auc",
	}
	multiclassMetrics = []string{
		"accuracy", "balanced_accuracy", "brier", "f1_score", "log_loss", "matthews_corrcoef", "precision", "recall", "roc_auc", "roc_auc_ovr",
	}
	regressionMetrics = []string{"explained_variance", "mae", "mape", "median_absolute_error", "mse", "r2_score", "rmse"}
)

// evaluate measures predictions by scikit-learn's names, every row counting as
// one. What cannot be computed is left out, with a warning.
func evaluate(problem ProblemType, truth Data, p *Prediction) (figures map[string]float64, warnings []string) {
	if problem == Ranking {
		figures = map[string]float64{"ndcg": ndcg(truth, p.Values, 0)}
		for _, k := range ndcgPositions {
			figures[fmt.Sprintf("ndcg@%d", k)] = ndcg(truth, p.Values, k)
		}
		return figures, nil
	}
	names, measure := measures(problem, truth, p)
	figures = make(map[string]float64, len(names))
	for _, name := range names {
		value, err := measure(name)
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("%s is left out on the validation part: %s", name, strings.TrimPrefix(err.Error(), "metrics: ")))
			continue
		}
		figures[name] = value
	}
	return figures, warnings
}

// measures are the problem's metrics and how to compute one.
func measures(problem ProblemType, truth Data, p *Prediction) (names []string, measure func(name string) (float64, error)) {
	var unweighted metrics.Weights
	if !problem.IsClassification() {
		r := metrics.Regression{YTrue: truth.Values, YPred: p.Values}
		return regressionMetrics, func(name string) (float64, error) { return r.Metric(name, unweighted) }
	}
	names = binaryMetrics
	if problem == Multiclass {
		names = multiclassMetrics
	}
	c := metrics.Classification{YTrue: truth.Classes, YPred: p.Class, Proba: p.Proba, Classes: len(p.Classes)}
	return names, func(name string) (float64, error) { return c.Metric(name, unweighted) }
}

// score is the headline's value; 0 where it has none.
func score(problem ProblemType, truth Data, p *Prediction) float64 {
	if problem == Ranking {
		return ndcg(truth, p.Values, 0)
	}
	_, measure := measures(problem, truth, p)
	value, err := measure(headline(problem))
	if err != nil {
		return 0 // r2_score of a single row
	}
	return value
}

// headline is the metric that cross-validation averages.
func headline(problem ProblemType) string {
	switch {
	case problem.IsClassification():
		return "accuracy"
	case problem == Ranking:
		return "ndcg"
	}
	return "r2_score"
}
