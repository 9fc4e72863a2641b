package gbdt

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// metric is an evaluation figure under LightGBM's name.
type metric struct {
	name         string
	higherBetter bool
	objectives   []string
	// eval gets the transformed predictions, rows × outputs row by row.
	eval func(label, weight, prediction []float64, outputs int) float64
}

var metricTable = []metric{
	{"l2", false, []string{Regression}, meanOf(func(y, p float64) float64 { return (y - p) * (y - p) })},
	{"rmse", false, []string{Regression}, rootMeanSquare},
	{"l1", false, []string{Regression}, meanOf(func(y, p float64) float64 { return math.Abs(y - p) })},
	{"mape", false, []string{Regression}, meanOf(func(y, p float64) float64 { return math.Abs(y-p) / max(1, math.Abs(y)) })},
	{"binary_logloss", false, []string{Binary}, meanOf(binaryLogLoss)},
	{"binary_error", false, []string{Binary}, meanOf(func(y, p float64) float64 { return oneIf((p > 0.5) != (y > 0)) })},
	{"auc", true, []string{Binary}, areaUnderCurve},
	{"multi_logloss", false, []string{Multiclass}, meanOfRows(multiLogLoss)},
	{"multi_error", false, []string{Multiclass}, meanOfRows(multiError)},
}

var metricAliases = map[string]string{
	"mean_squared_error": "l2", "mse": "l2", "regression_l2": "l2", "regression": "l2",
	"root_mean_squared_error": "rmse", "l2_root": "rmse",
	"mean_absolute_error": "l1", "mae": "l1", "regression_l1": "l1",
	"mean_absolute_percentage_error": "mape",
	"binary":                         "binary_logloss",
	"multiclass":                     "multi_logloss", "softmax": "multi_logloss",
}

func findMetric(name string) *metric {
	if canonical, ok := metricAliases[name]; ok {
		name = canonical
	}
	for i := range metricTable {
		if metricTable[i].name == name {
			return &metricTable[i]
		}
	}
	return nil
}

// noMetric is how LightGBM users say that nothing shall be evaluated.
func noMetric(name string) bool {
	return name == "none" || name == "null" || name == "na" || name == "custom"
}

func checkMetric(name, objective string) error {
	if noMetric(name) {
		return nil
	}
	m := findMetric(name)
	if m == nil || !slices.Contains(m.objectives, objective) {
		var known []string
		for i := range metricTable {
			if slices.Contains(metricTable[i].objectives, objective) {
				known = append(known, metricTable[i].name)
			}
		}
		return &ParamError{Key: "metric", Reason: fmt.Sprintf("%q is not a metric of the objective %s: use %s, or none", name, objective, strings.Join(known, ", "))}
	}
	return nil
}

// metricsOf are the metrics to evaluate, by default the objective's own loss.
func metricsOf(p *Params) []*metric {
	names := p.Metric
	if len(names) == 0 {
		names = []string{p.Objective}
	}
	var metrics []*metric
	for _, name := range names {
		if m := findMetric(name); m != nil && !slices.Contains(metrics, m) {
			metrics = append(metrics, m)
		}
	}
	return metrics
}

func oneIf(condition bool) float64 {
	if condition {
		return 1
	}
	return 0
}

func meanOfRows(loss func(y float64, p []float64) float64) func(label, weight, prediction []float64, outputs int) float64 {
	return func(label, weight, prediction []float64, outputs int) float64 {
		sum, total := 0.0, 0.0
		for row, y := range label {
			w := weightOf(weight, row)
			sum += float64(w * loss(y, prediction[row*outputs:(row+1)*outputs]))
			total += w
		}
		return sum / total
	}
}

func meanOf(loss func(y, p float64) float64) func(label, weight, prediction []float64, outputs int) float64 {
	return meanOfRows(func(y float64, p []float64) float64 { return loss(y, p[0]) })
}

func rootMeanSquare(label, weight, prediction []float64, outputs int) float64 {
	square := meanOf(func(y, p float64) float64 { return (y - p) * (y - p) })
	return math.Sqrt(square(label, weight, prediction, outputs))
}

func binaryLogLoss(y, p float64) float64 {
	if y <= 0 {
		p = 1 - p
	}
	return -math.Log(max(kEpsilon, p))
}

func multiLogLoss(y float64, p []float64) float64 {
	return -math.Log(max(kEpsilon, p[int(y)]))
}

// multiError counts a row as wrong unless its class is strictly the likeliest,
// as LightGBM does.
func multiError(y float64, p []float64) float64 {
	for k := range p {
		if k != int(y) && p[k] >= p[int(y)] {
			return 1
		}
	}
	return 0
}

// areaUnderCurve is the weighted share of pairs of a positive and a negative
// row that the prediction orders rightly; ties count half. It is 1 where one
// of the classes is absent, as in LightGBM.
func areaUnderCurve(label, weight, prediction []float64, _ int) float64 {
	order := make([]int, len(label))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return prediction[order[a]] > prediction[order[b]] })
	area, positives, negatives := 0.0, 0.0, 0.0
	for i := 0; i < len(order); {
		tiedPositive, tiedNegative := 0.0, 0.0
		j := i
		for ; j < len(order) && prediction[order[j]] == prediction[order[i]]; j++ {
			if w := weightOf(weight, order[j]); label[order[j]] > 0 {
				tiedPositive += w
			} else {
				tiedNegative += w
			}
		}
		area += float64(tiedNegative * (positives + tiedPositive/2))
		positives += tiedPositive
		negatives += tiedNegative
		i = j
	}
	if positives == 0 || negatives == 0 {
		return 1
	}
	return area / (positives * negatives)
}
