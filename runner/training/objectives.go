package training

import (
	"maps"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/gbdt"
)

// kindClassification is the value of training.problem_type for classes.
const kindClassification = "classification"

// family are objectives of gbdt that predict the same.
type family struct {
	kind       string // the value of training.problem_type that asks for them
	problems   []ProblemType
	objectives []string // the first is the default
}

var families = []family{
	{"regression", []ProblemType{Regression}, []string{
		gbdt.Regression, gbdt.RegressionL1, gbdt.Huber, gbdt.Fair, gbdt.Poisson, gbdt.Quantile, gbdt.MAPE, gbdt.Gamma, gbdt.Tweedie, gbdt.CrossEntropy,
	}},
	{kindClassification, []ProblemType{Binary}, []string{gbdt.Binary}},
	{kindClassification, []ProblemType{Multiclass, Binary}, []string{gbdt.Multiclass, gbdt.MulticlassOVA}},
	{"ranking", []ProblemType{Ranking}, []string{gbdt.LambdaRank}},
}

// defaultObjective is LightGBM's objective for a problem.
func defaultObjective(problem ProblemType) string {
	for _, f := range families {
		if f.problems[0] == problem {
			return f.objectives[0]
		}
	}
	return ""
}

// fits tells whether an objective serves a problem.
func fits(objective string, problem ProblemType) bool {
	return slices.ContainsFunc(families, func(f family) bool {
		return slices.Contains(f.problems, problem) && slices.Contains(f.objectives, objective)
	})
}

// fitting lists the objectives that any of the problems is served by.
func fitting(problems ...ProblemType) string {
	var names []string
	for _, f := range families {
		if slices.ContainsFunc(f.problems, func(p ProblemType) bool { return slices.Contains(problems, p) }) {
			names = append(names, f.objectives...)
		}
	}
	return strings.Join(names, ", ")
}

// kindOf is the value of training.problem_type that an objective is for; "" for
// one that no configuration can ask for.
func kindOf(objective string) string {
	for _, f := range families {
		if slices.Contains(f.objectives, objective) {
			return f.kind
		}
	}
	return ""
}

// problemsOf are the problems that a value of training.problem_type may turn out
// to be.
func problemsOf(kind string) []ProblemType {
	switch kind {
	case "regression":
		return []ProblemType{Regression}
	case kindClassification:
		return []ProblemType{Binary, Multiclass}
	case "ranking":
		return []ProblemType{Ranking}
	}
	return []ProblemType{Regression, Binary, Multiclass} // a ranking must be asked for
}

// outputsOf are what an objective's outputs are, and how many there are for so
// many classes.
func outputsOf(objective string, classes int) (outputForm, int) {
	switch objective {
	case gbdt.Binary:
		return asPositive, 1
	case gbdt.Multiclass:
		return asProba, classes
	case gbdt.MulticlassOVA:
		return asOneVsRest, classes
	}
	return asValue, 1
}

// askedObjective is the objective that the parameters ask for, and the key under
// which they do: one of several. Both are empty where they ask for none.
func askedObjective(params map[string]any) (key, objective string) {
	for _, key := range slices.Sorted(maps.Keys(params)) {
		// Only a parameter that sets it gives the same objective whatever it was.
		value := params[key]
		if o := objectiveWith(gbdt.Regression, key, value); o != "" && o == objectiveWith(gbdt.RegressionL1, key, value) {
			return key, o
		}
	}
	return "", ""
}

func objectiveWith(base, key string, value any) string {
	p := gbdt.DefaultParams()
	p.Objective, p.NumClass = base, 2
	p, err := gbdt.ParseParams(p, map[string]any{key: value})
	if err != nil {
		return ""
	}
	return p.Objective
}

// kindTeller is a backend whose parameters may tell the kind of problem.
type kindTeller interface {
	// Kind is classification, regression or ranking; "" where nothing tells.
	Kind(cfg *config.Config) string
}

// problemKind is what is to be predicted, as a value of training.problem_type: by
// that key, by the backend's parameters, by the model to go on from, or by the
// target (auto).
func problemKind(b Backend, cfg *config.Config, init *InitModel) string {
	if kind := cfg.Training.ProblemType; kind != "auto" {
		return kind
	}
	if t, ok := b.(kindTeller); ok {
		if kind := t.Kind(cfg); kind != "" {
			return kind
		}
	}
	if init != nil {
		return init.kind()
	}
	return "auto"
}
