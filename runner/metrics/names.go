package metrics

import "sort"

// higherIsBetter has every metric and its direction; it is never written to.
var higherIsBetter = map[string]bool{
	"accuracy":              true,
	"average_precision":     true,
	"balanced_accuracy":     true,
	"brier":                 false,
	"explained_variance":    true,
	"f1_macro":              true,
	"f1_score":              true,
	"log_loss":              false,
	"mae":                   false,
	"mape":                  false,
	"matthews_corrcoef":     true,
	"median_absolute_error": false,
	"mse":                   false,
	"precision":             true,
	"precision_macro":       true,
	"r2_score":              true,
	"recall":                true,
	"recall_macro":          true,
	"rmse":                  false,
	"roc_auc":               true,
}

// Direction tells whether a higher value of a metric is better. known is false
// for a name that is not in Names.
func Direction(name string) (higher, known bool) {
	higher, known = higherIsBetter[name]
	return higher, known
}

// Names lists the metrics in alphabetical order.
func Names() []string {
	names := make([]string, 0, len(higherIsBetter))
	for name := range higherIsBetter {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
