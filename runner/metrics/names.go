package metrics

import (
	"slices"
	"strings"
)

// metric is one that is known by name. One of its functions is set: that of the
// problem it measures.
type metric struct {
	name           string
	higher         bool // is better
	classification func(Weights, Classification) (float64, error)
	regression     func(Weights, Regression) (float64, error)
	ranking        func(Weights, Ranking) (float64, error)
}

func byClass(f func(Weights, []int, []int) float64) func(Weights, Classification) (float64, error) {
	return func(w Weights, c Classification) (float64, error) { return f(w, c.YTrue, c.YPred), nil }
}

func byProba(f func(Weights, []int, []float64, int) (float64, error)) func(Weights, Classification) (float64, error) {
	return func(w Weights, c Classification) (float64, error) { return f(w, c.YTrue, c.Proba, c.Classes) }
}

func byValue(f func(Weights, []float64, []float64) float64) func(Weights, Regression) (float64, error) {
	return func(w Weights, r Regression) (float64, error) { return f(w, r.YTrue, r.YPred), nil }
}

// catalogue has every metric in alphabetical order; it is never written to.
var catalogue = []metric{
	{name: "accuracy", higher: true, classification: byClass(Weights.Accuracy)},
	{name: "average_precision", higher: true, classification: averagePrecision},
	{name: "balanced_accuracy", higher: true, classification: byClass(Weights.BalancedAccuracy)},
	{name: "brier", classification: byProba(Weights.BrierMulticlass)},
	{name: "explained_variance", higher: true, regression: byValue(Weights.ExplainedVariance)},
	{name: "f1_macro", higher: true, classification: byClass(Weights.F1Macro)},
	{name: "f1_micro", higher: true, classification: byClass(Weights.Accuracy)},
	{name: "f1_score", higher: true, classification: byClass(Weights.F1Score)},
	{name: "log_loss", classification: byProba(Weights.LogLoss)},
	{name: "mae", regression: byValue(Weights.MAE)},
	{name: "mape", regression: byValue(Weights.MAPE)},
	{name: "matthews_corrcoef", higher: true, classification: byClass(Weights.MatthewsCorrCoef)},
	{name: "max_error", regression: func(_ Weights, r Regression) (float64, error) { return MaxError(r.YTrue, r.YPred), nil }},
	{name: "median_absolute_error", regression: byValue(Weights.MedianAbsoluteError)},
	{name: "mse", regression: byValue(Weights.MSE)},
	{name: "ndcg", higher: true, ranking: func(w Weights, r Ranking) (float64, error) { return w.NDCG(r.YTrue, r.Score, r.Group, r.K) }},
	{name: "precision", higher: true, classification: byClass(Weights.Precision)},
	{name: "precision_macro", higher: true, classification: byClass(Weights.PrecisionMacro)},
	{name: "precision_micro", higher: true, classification: byClass(Weights.Accuracy)},
	{name: "r2_score", higher: true, regression: r2Score},
	{name: "recall", higher: true, classification: byClass(Weights.Recall)},
	{name: "recall_macro", higher: true, classification: byClass(Weights.RecallMacro)},
	{name: "recall_micro", higher: true, classification: byClass(Weights.Accuracy)},
	{name: "rmse", regression: byValue(Weights.RMSE)},
	{name: "roc_auc", higher: true, classification: rocAUC},
	{name: "roc_auc_ovr", higher: true, classification: byProba(Weights.ROCAUCOneVsRestMacro)},
	{name: "roc_auc_ovr_weighted", higher: true, classification: byProba(Weights.ROCAUCOneVsRest)},
}

// alias has further names of scikit-learn; it is never written to.
var alias = map[string]string{
	"balanced_accuracy_score":        "balanced_accuracy",
	"brier_score_loss":               "brier",
	"explained_variance_score":       "explained_variance",
	"f1_weighted":                    "f1_score",
	"matthews":                       "matthews_corrcoef",
	"mean_absolute_error":            "mae",
	"mean_absolute_percentage_error": "mape",
	"mean_squared_error":             "mse",
	"ndcg_score":                     "ndcg",
	"precision_weighted":             "precision",
	"r2":                             "r2_score",
	"recall_weighted":                "recall",
	"root_mean_squared_error":        "rmse",
}

// Canonical is the name in Names of a metric that may be given by another name
// of scikit-learn's, such as mean_absolute_error for mae. known is false where
// there is none.
func Canonical(name string) (canonical string, known bool) {
	if other, found := alias[name]; found {
		name = other
	}
	_, known = find(name)
	return name, known
}

// Direction tells whether a higher value of a metric is better. known is false
// for a name that is neither in Names nor another name of one that is.
func Direction(name string) (higher, known bool) {
	name, known = Canonical(name)
	if !known {
		return false, false
	}
	m, _ := find(name)
	return m.higher, true
}

// Names lists the metrics in alphabetical order.
func Names() []string { return names(func(metric) bool { return true }) }

// ClassificationNames lists the metrics of a classification in alphabetical order.
func ClassificationNames() []string {
	return names(func(m metric) bool { return m.classification != nil })
}

// RegressionNames lists the metrics of a regression in alphabetical order.
func RegressionNames() []string { return names(func(m metric) bool { return m.regression != nil }) }

func names(wanted func(metric) bool) []string {
	var list []string
	for _, m := range catalogue {
		if wanted(m) {
			list = append(list, m.name)
		}
	}
	return list
}

func find(name string) (metric, bool) {
	at, found := slices.BinarySearchFunc(catalogue, name, func(m metric, name string) int { return strings.Compare(m.name, name) })
	if !found {
		return metric{}, false
	}
	return catalogue[at], true
}
