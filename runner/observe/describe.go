package observe

import "mlops/runner/config"

// stepTexts say what the steps of this package do.
var stepTexts = map[string]string{
	"drift":              "Records what is predicted in sums and compares it with the training data.",
	"metric_threshold":   "Checks each metric against a threshold.",
	"metrics_logger":     "Appends each training's metrics to the deployment's history.",
	"performance":        "Joins recorded predictions with true values that arrive later, and measures each period.",
	"predictions_logger": "Records each predict call and, where asked, its rows.",
	"prometheus":         "Gives each report's figures to Prometheus.",
	"slack":              "Tells a Slack channel of alerts.",
	"webhook":            "Tells an address of alerts.",
}

// Kinds describes the registered steps with their parameters, by name.
func Kinds() []config.StepKind {
	var kinds []config.StepKind
	for _, name := range Known() {
		kinds = append(kinds, config.NewStepKind(name, stepTexts[name], func(s config.Step) error {
			_, err := registry[name](s)
			return err
		}))
	}
	return kinds
}
