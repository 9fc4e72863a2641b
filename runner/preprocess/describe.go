package preprocess

import "mlops/runner/config"

// stepTexts say what the steps of this package do.
var stepTexts = map[string]string{
	"cast":                "Converts columns to a kind.",
	"categorical_encoder": "Turns categories into numbers.",
	"date_parts":          "Cuts times into columns of year, month, weekday and so on.",
	"derive":              "Makes columns by arithmetic over the numbers of a row.",
	"drop":                "Leaves columns out, or training rows that meet a condition.",
	"feature_scaler":      "Scales columns of numbers.",
	"missing_values":      "Fills missing cells, or drops their training rows.",
	"outlier_clip":        "Moves outliers to bounds learnt from the training rows, or fixed ones.",
	"rename":              "Renames columns.",
	"select":              "Keeps columns, or training rows that meet a condition.",
	"text_tfidf":          "Turns text into columns of weighted terms.",
}

// Kinds describes the registered steps with their parameters, by name.
func Kinds() []config.StepKind {
	var kinds []config.StepKind
	for _, name := range Known() {
		kinds = append(kinds, config.NewStepKind(name, stepTexts[name], func(s config.Step) error {
			_, err := factories[name].New(s)
			return err
		}))
	}
	return kinds
}
