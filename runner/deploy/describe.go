package deploy

import "mlops/runner/config"

// stepTexts say what the steps of this package do.
var stepTexts = map[string]string{
	"archive":           "Packs the deployment into one reproducible file within it.",
	"create_directory":  "Makes the directory that the other steps write to; it comes first.",
	"endpoint_script":   "Writes a script that predicts with this deployment.",
	"mlflow":            "Logs the run to an MLflow tracking server.",
	"object_store":      "Pushes the deployment, or its archive, to a bucket.",
	"register":          "Makes the deployment the next version of a named model in the registry.",
	"save_metadata":     "Writes the metadata, and what belongs together; it comes after the steps that it tells of.",
	"save_model":        "Writes the model.",
	"save_report":       "Writes the model report: figures, tables, importances and plots, where rows were set apart to judge by.",
	"save_preprocessor": "Writes the fitted preprocessing, the schema and the profile of the training data.",
}

// Kinds describes the registered steps with their parameters, by name.
func Kinds() []config.StepKind {
	var kinds []config.StepKind
	for _, name := range Known() {
		kinds = append(kinds, config.NewStepKind(name, stepTexts[name], func(s config.Step) error {
			_, err := factories[name](s)
			return err
		}))
	}
	return kinds
}
