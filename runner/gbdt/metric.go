package gbdt

import (
	"fmt"
	"slices"
	"strings"
)

// metric is an evaluation figure under LightGBM's name.
type metric struct {
	name         string
	higherBetter bool
	eval         func(e *evaluation) float64
}

// evaluation is what a metric is computed from. Raw scores and predictions are
// rows × outputs, row by row.
type evaluation struct {
	label, weight   []float64
	raw, prediction []float64
	outputs         int
	groups          []int // where each query begins, and the end; nil without queries
	orders          [][]int
}

// metricSpec is a row of the table of metrics.
type metricSpec struct {
	name         string
	aliases      []string
	higherBetter bool
	objectives   []string // that it may be used with
	// make gives the metric's figures: one, or one a position of eval_at.
	make func(name string, higherBetter bool, p *Params) []metric
}

// The groups of objectives that share metrics. A custom objective's raw scores
// may be anything.
var (
	valueObjectives = []string{Regression, RegressionL1, Huber, Fair, Poisson, Quantile, MAPE, Gamma, Tweedie, CustomLoss}
	meanObjectives  = []string{Regression, Poisson, Gamma, Tweedie, CustomLoss}
	twoClasses      = []string{Binary, CustomLoss}
	scoredClasses   = []string{Binary, CrossEntropy, CustomLoss}
	manyClasses     = []string{Multiclass, MulticlassOVA}
	ranking         = []string{LambdaRank, CustomLoss}
)

var metricTable = []metricSpec{
	{"l2", []string{"mean_squared_error", "mse", "regression_l2", "regression"}, false, valueObjectives, always(meanOf(squareLoss))},
	{"rmse", []string{"root_mean_squared_error", "l2_root"}, false, valueObjectives, always(rootMeanSquare)},
	{"l1", []string{"mean_absolute_error", "mae", "regression_l1"}, false, valueObjectives, always(meanOf(absoluteLoss))},
	{"mape", []string{"mean_absolute_percentage_error"}, false, valueObjectives, always(meanOf(relativeLoss))},
	{"quantile", nil, false, valueObjectives, chosen(func(p *Params) pointLoss { return quantileLoss(p.Alpha) })},
	{"huber", nil, false, valueObjectives, chosen(func(p *Params) pointLoss { return huberMetric(p.Alpha) })},
	{"fair", nil, false, valueObjectives, chosen(func(p *Params) pointLoss { return fairMetric(p.FairC) })},
	{"poisson", nil, false, meanObjectives, always(meanOf(poissonMetric))},
	{"gamma", nil, false, meanObjectives, always(meanOf(gammaMetric))},
	{"gamma_deviance", nil, false, meanObjectives, always(gammaDeviance)},
	{"tweedie", nil, false, meanObjectives, chosen(func(p *Params) pointLoss { return tweedieMetric(p.TweedieVariancePower) })},
	{"binary_logloss", []string{"binary"}, false, twoClasses, always(meanOf(binaryLogLoss))},
	{"binary_error", nil, false, twoClasses, always(meanOf(binaryError))},
	{"auc", nil, true, scoredClasses, always(areaUnderCurve)},
	{"average_precision", nil, true, scoredClasses, always(averagePrecision)},
	{"cross_entropy", []string{"xentropy"}, false, []string{CrossEntropy, Binary}, always(meanOf(crossEntropyMetric))},
	{"multi_logloss", []string{"multiclass", "softmax", "multiclassova", "multiclass_ova", "ova", "ovr"}, false, manyClasses, always(meanOfRows(multiLogLoss))},
	{"multi_error", nil, false, manyClasses, multiErrorMetric},
	{"auc_mu", nil, true, manyClasses, aucMuMetric},
	{"ndcg", []string{"lambdarank"}, true, ranking, atPositions(ndcgAt)},
	{"map", []string{"mean_average_precision"}, true, ranking, atPositions(mapAt)},
}

func always(eval func(e *evaluation) float64) func(string, bool, *Params) []metric {
	return func(name string, higherBetter bool, _ *Params) []metric { return []metric{{name, higherBetter, eval}} }
}

func chosen(loss func(p *Params) pointLoss) func(string, bool, *Params) []metric {
	return func(name string, higherBetter bool, p *Params) []metric {
		return []metric{{name, higherBetter, meanOf(loss(p))}}
	}
}

func findMetric(name string) *metricSpec {
	for i := range metricTable {
		if metricTable[i].name == name || slices.Contains(metricTable[i].aliases, name) {
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
func metricsOf(p *Params) []metric {
	names := p.Metric
	if len(names) == 0 {
		names = []string{p.Objective}
	}
	var specs []*metricSpec
	var metrics []metric
	for _, name := range names {
		if s := findMetric(name); s != nil && !slices.Contains(specs, s) {
			specs = append(specs, s)
			metrics = append(metrics, s.make(s.name, s.higherBetter, p)...)
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

// pointLoss is the loss of one prediction.
type pointLoss func(y, p float64) float64

func meanOf(loss pointLoss) func(e *evaluation) float64 {
	return meanOfRows(func(y float64, p []float64) float64 { return loss(y, p[0]) })
}

func meanOfRows(loss func(y float64, p []float64) float64) func(e *evaluation) float64 {
	return func(e *evaluation) float64 {
		sum, total := 0.0, 0.0
		for row, y := range e.label {
			w := weightOf(e.weight, row)
			sum += float64(w * loss(y, e.prediction[row*e.outputs:(row+1)*e.outputs]))
			total += w
		}
		return sum / total
	}
}
