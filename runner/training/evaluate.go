package training

import (
	"fmt"
	"math"
	"strings"

	"mlops/runner/metrics"
)

// evaluate measures predictions by scikit-learn's names. What cannot be
// computed is left out, with a warning.
func evaluate(problem ProblemType, truth Data, p *Prediction) (figures map[string]float64, warnings []string) {
	if problem == Ranking {
		figures = map[string]float64{"ndcg": ndcg(truth, p.Values, 0)}
		for _, k := range ndcgPositions {
			figures[fmt.Sprintf("ndcg@%d", k)] = ndcg(truth, p.Values, k)
		}
		return figures, nil
	}
	if !problem.IsClassification() {
		figures = map[string]float64{
			"mse":  metrics.MSE(truth.Values, p.Values),
			"rmse": metrics.RMSE(truth.Values, p.Values),
			"mae":  metrics.MAE(truth.Values, p.Values),
		}
		if r2 := metrics.R2Score(truth.Values, p.Values); math.IsNaN(r2) {
			warnings = append(warnings, "r2_score is left out: it needs at least 2 validation rows")
		} else {
			figures["r2_score"] = r2
		}
		return figures, warnings
	}
	figures = map[string]float64{
		"accuracy":  metrics.Accuracy(truth.Classes, p.Class),
		"f1_score":  metrics.F1Score(truth.Classes, p.Class),
		"precision": metrics.Precision(truth.Classes, p.Class),
		"recall":    metrics.Recall(truth.Classes, p.Class),
	}
	for _, m := range []struct {
		name  string
		score func() (float64, error)
	}{
		{"roc_auc", func() (float64, error) { return rocAUC(problem, truth.Classes, p) }},
		{"log_loss", func() (float64, error) { return metrics.LogLoss(truth.Classes, p.Proba, len(p.Classes)) }},
	} {
		if v, err := m.score(); err == nil {
			figures[m.name] = v
		} else {
			warnings = append(warnings, fmt.Sprintf("%s is left out on the validation part: %s", m.name, strings.TrimPrefix(err.Error(), "metrics: ")))
		}
	}
	return figures, warnings
}

func rocAUC(problem ProblemType, truth []int, p *Prediction) (float64, error) {
	if problem == Multiclass {
		return metrics.ROCAUCOneVsRest(truth, p.Proba, len(p.Classes))
	}
	positive := make([]float64, len(truth))
	for i := range positive {
		positive[i] = p.Proba[2*i+1]
	}
	return metrics.ROCAUC(truth, positive)
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
