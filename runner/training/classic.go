package training

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"mlops/runner/config"
)

// classic is the backend of scikit-learn's models under scikit-learn's names and
// defaults. auto is a random forest by the problem's type.
type classic struct{}

// classicModel is a model of the backend.
type classicModel interface {
	// isClassifier tells whether it is of classes or of numbers.
	isClassifier() bool
	// check is [Backend.Check] for it.
	check(cfg *config.Config) error
	// fit trains one of that name, for a problem that it serves.
	fit(ctx context.Context, job Job, name string) (Model, error)
	// load reads what its Write wrote.
	load(info ModelInfo, r io.Reader) (Model, error)
}

const (
	forestClassifier = "random_forest_classifier"
	forestRegressor  = "random_forest_regressor"
)

// classicModels are the models by name.
var classicModels = map[string]classicModel{
	forestClassifier:           forest{kind: randomForest, classes: true},
	forestRegressor:            forest{kind: randomForest},
	"extra_trees_classifier":   forest{kind: extraTrees, classes: true},
	"extra_trees_regressor":    forest{kind: extraTrees},
	"decision_tree_classifier": forest{kind: decisionTree, classes: true},
	"decision_tree_regressor":  forest{kind: decisionTree},
	logisticRegression:         linearEstimator(logisticRegression),
	linearRegression:           linearEstimator(linearRegression),
	ridgeRegression:            linearEstimator(ridgeRegression),
	lassoRegression:            linearEstimator(lassoRegression),
	elasticNet:                 linearEstimator(elasticNet),
}

func (classic) Check(cfg *config.Config) error {
	asked := cfg.Training.ModelType
	if err := checkModelType(cfg, slices.Concat([]string{"auto"}, slices.Sorted(maps.Keys(classicModels)), []string{modelXGBoost})); err != nil {
		return err
	}
	if asked == "auto" {
		asked = forestRegressor
		if cfg.Training.ProblemType == kindClassification {
			asked = forestClassifier
		}
	}
	m := classicModels[asked]
	if err := m.check(cfg); err != nil {
		return err
	}
	if problem := cfg.Training.ProblemType; problem != "auto" && m.isClassifier() != (problem == kindClassification) {
		return unfit(cfg, asked, problem)
	}
	return nil
}

// unfit tells of a model type that does not serve a problem.
func unfit(cfg *config.Config, model string, problem any) error {
	return cfg.ErrorAt("training.model_type", "%s cannot be used for a target of %s; set it to auto, or set training.problem_type", model, problem)
}

// refuse tells of keys that only boosting can follow.
func refuse(cfg *config.Config, model string) error {
	switch {
	case cfg.Training.ProblemType == "ranking":
		return cfg.ErrorAt("training.problem_type", "%s cannot rank; set training.backend to lightgbm", model)
	case len(cfg.Training.InitScoreColumn) > 0:
		return cfg.ErrorAt(keyInitScore, "%s cannot start from scores; set training.backend to lightgbm", model)
	case cfg.Training.InitModel != "":
		return cfg.ErrorAt(keyInitModel, "%s cannot go on from a model; set training.backend to lightgbm", model)
	}
	return nil
}

func (classic) Fit(ctx context.Context, job Job) (Model, error) {
	name := job.Config.Training.ModelType
	if name == "auto" {
		name = forestRegressor
		if job.Problem.IsClassification() {
			name = forestClassifier
		}
	}
	m := classicModels[name]
	if m.isClassifier() != job.Problem.IsClassification() {
		return nil, unfit(job.Config, name, job.Problem)
	}
	return m.fit(ctx, job, name)
}

func (classic) Load(info ModelInfo, r io.Reader) (Model, error) {
	m, ok := classicModels[info.Model]
	if !ok {
		return nil, fmt.Errorf("unknown model %q", info.Model)
	}
	loaded, err := m.load(info, r)
	if err == nil && m.isClassifier() != info.Problem.IsClassification() {
		return nil, fmt.Errorf("a %s is not for %s", info.Model, info.Problem)
	}
	return loaded, err
}
