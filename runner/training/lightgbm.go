package training

import (
	"context"
	"errors"
	"io"
	"slices"

	"mlops/runner/config"
	"mlops/runner/gbdt"
)

// lightGBM is the backend of gradient-boosted trees with LightGBM's parameters
// and defaults. Label codes are treated as categories. With
// early_stopping_round the validation part decides the number of iterations, or
// where test_size is 0 the cross-validation folds do.
type lightGBM struct{}

var lightGBMModels = []string{"auto", "lightgbm"}

// Check tries the parameters with each objective: which one the data asks for is
// not known yet.
func (lightGBM) Check(cfg *config.Config) error {
	if err := checkModelType(cfg, lightGBMModels); err != nil {
		return err
	}
	_, err := lightGBMParamsForAny(cfg)
	return err
}

// lightGBMParamsForAny reads the parameters for the first type of problem that
// they fit.
func lightGBMParamsForAny(cfg *config.Config) (gbdt.Params, error) {
	var first error
	for _, problem := range []ProblemType{Regression, Binary, Multiclass} {
		p, err := lightGBMParams(cfg, problem, 0)
		if err == nil {
			return p, nil
		}
		if first == nil {
			first = err
		}
	}
	return gbdt.Params{}, first
}

// UsesValidation tells whether training needs rows to stop early on.
func (lightGBM) UsesValidation(cfg *config.Config) bool {
	p, err := lightGBMParamsForAny(cfg)
	return err == nil && p.EarlyStoppingRound > 0
}

func (b lightGBM) Fit(ctx context.Context, job Job) (Model, error) {
	present, err := presentClasses(job)
	if err != nil {
		return nil, err
	}
	p, err := lightGBMParams(job.Config, job.Problem, len(present))
	if err != nil {
		return nil, err
	}
	if job.Rounds > 0 {
		p.NumIterations, p.EarlyStoppingRound = job.Rounds, 0
	}
	info := ModelInfo{Backend: "lightgbm", Model: "lightgbm", Problem: job.Problem, Target: job.Target, Features: job.Train.Features.Names(), Present: present}
	trees, err := trainTrees(ctx, job, p, present, nil)
	if err != nil {
		return nil, paramError(job.Config, err)
	}
	return &treeModel{info: info, trees: trees, outputs: lightGBMForm(job.Problem)}, nil
}

func (lightGBM) Load(info ModelInfo, r io.Reader) (Model, error) {
	return loadTrees(info, r, lightGBMForm(info.Problem), func(objective string) bool { return lightGBMFits(objective, info.Problem) })
}

func lightGBMForm(problem ProblemType) outputForm {
	switch problem {
	case Binary:
		return asPositive
	case Multiclass:
		return asProba
	}
	return asValue
}

func lightGBMObjective(problem ProblemType) string {
	switch problem {
	case Binary:
		return gbdt.Binary
	case Multiclass:
		return gbdt.Multiclass
	}
	return gbdt.Regression
}

// notOfNumbers are LightGBM's objectives that do not predict a quantity, and the
// one that only code can give.
var notOfNumbers = []string{gbdt.CustomLoss, gbdt.Binary, gbdt.Multiclass, "multiclassova", "cross_entropy", "cross_entropy_lambda", "lambdarank", "rank_xendcg"}

// lightGBMFits tells whether an objective serves the problem: for a regression
// any one that predicts a quantity.
func lightGBMFits(objective string, problem ProblemType) bool {
	if problem == Regression {
		return !slices.Contains(notOfNumbers, objective)
	}
	return objective == lightGBMObjective(problem)
}

// lightGBMParams reads training.params over LightGBM's defaults. classes of 0
// means that their number is not known yet.
func lightGBMParams(cfg *config.Config, problem ProblemType, classes int) (gbdt.Params, error) {
	base := gbdt.DefaultParams()
	base.Objective = lightGBMObjective(problem)
	if problem == Multiclass {
		base.NumClass = max(classes, 2)
	}
	base.Seed = int(cfg.Training.RandomState)
	p, err := gbdt.ParseParams(base, cfg.Training.Params)
	if err != nil {
		return p, paramError(cfg, err)
	}
	if !lightGBMFits(p.Objective, problem) {
		return p, cfg.ErrorAt("training.params.objective", "the objective %s does not fit a target of %s; leave it out, or set training.problem_type", p.Objective, problem)
	}
	if classes > 0 && p.NumClass != base.NumClass {
		return p, cfg.ErrorAt("training.params.num_class", "num_class is %d, but the target has %d classes; leave it out", p.NumClass, classes)
	}
	return p, nil
}

// paramError gives a refused parameter its place in the configuration.
func paramError(cfg *config.Config, err error) error {
	var refused *gbdt.ParamError
	if errors.As(err, &refused) {
		return cfg.ErrorAt("training.params."+refused.Key, "%s", refused.Reason)
	}
	return err
}

func checkModelType(cfg *config.Config, known []string) error {
	if slices.Contains(known, cfg.Training.ModelType) {
		return nil
	}
	return unknownName(cfg, "training.model_type", "model type of the backend "+cfg.Training.Backend, cfg.Training.ModelType, known)
}
