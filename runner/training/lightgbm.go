package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/gbdt"
)

// lightGBM is the backend of gradient-boosted trees with LightGBM's parameters
// and defaults, whose objective may tell the type of problem. Label codes are
// treated as categories. With early_stopping_round the validation part decides the
// number of iterations, or where test_size is 0 the cross-validation folds do.
type lightGBM struct{}

var lightGBMModels = []string{"auto", "lightgbm"}

// Check tries the parameters with each type of problem that they may be for:
// which one the data asks for is not known yet.
func (lightGBM) Check(cfg *config.Config) error {
	if err := checkModelType(cfg, lightGBMModels); err != nil {
		return err
	}
	if err := checkObjective(cfg); err != nil {
		return err
	}
	p, err := lightGBMParamsForAny(cfg)
	if err != nil {
		return err
	}
	forest := p.Boosting == gbdt.RandomForest
	switch {
	case p.Objective == gbdt.LambdaRank && cfg.Training.GroupColumn == "":
		return noQueries(cfg)
	case forest && len(cfg.Training.InitScoreColumn) > 0:
		return cfg.ErrorAt(keyInitScore, "a random forest (boosting rf) cannot start from scores")
	case forest && cfg.Training.InitModel != "":
		return cfg.ErrorAt(keyInitModel, "a random forest (boosting rf) cannot go on from a model")
	case cfg.Training.InitModel != "" && len(cfg.Training.InitScoreColumn) > 0:
		return cfg.ErrorAt(keyInitScore, "cannot be combined with %s, whose predictions are the scores to start from; leave one of them out", keyInitModel)
	}
	return nil
}

// checkObjective tells where objective and problem type do not agree.
func checkObjective(cfg *config.Config) error {
	key, objective := askedObjective(cfg.Training.Params)
	if objective == "" {
		return nil
	}
	key = "training.params." + key
	kind := kindOf(objective)
	if kind == "" {
		return cfg.ErrorAt(key, "the objective %s does not fit: its loss is code of a program that calls the library; use one of %s",
			objective, fitting(Regression, Binary, Multiclass, Ranking))
	}
	if asked := cfg.Training.ProblemType; asked != "auto" && asked != kind {
		return cfg.ErrorAt(key, "the objective %s is of a %s and does not fit training.problem_type %s; for that use one of %s, or set training.problem_type to %s or auto",
			objective, kind, asked, fitting(problemsOf(asked)...), kind)
	}
	return nil
}

// Kind implements kindTeller: the objective tells.
func (lightGBM) Kind(cfg *config.Config) string {
	_, objective := askedObjective(cfg.Training.Params)
	return kindOf(objective)
}

// lightGBMParamsForAny reads the parameters for the first type of problem that
// they fit.
func lightGBMParamsForAny(cfg *config.Config) (gbdt.Params, error) {
	kind := cfg.Training.ProblemType
	if _, objective := askedObjective(cfg.Training.Params); kind == "auto" && objective != "" {
		kind = kindOf(objective)
	}
	var first error
	for _, problem := range problemsOf(kind) {
		p, err := lightGBMParams(cfg, problem, 0, nil)
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

func (lightGBM) Fit(ctx context.Context, job Job) (Model, error) {
	present, err := presentClasses(job)
	if err != nil {
		return nil, err
	}
	p, err := lightGBMParams(job.Config, job.Problem, len(present), job.Init)
	if err != nil {
		return nil, err
	}
	if job.Rounds > 0 {
		p.NumIterations, p.EarlyStoppingRound = job.Rounds, 0
	}
	form, outputs := outputsOf(p.Objective, len(present))
	if err := job.checkStart(p.Objective, outputs); err != nil {
		return nil, err
	}
	info := ModelInfo{
		Backend: "lightgbm", Model: "lightgbm", Problem: job.Problem, Target: job.Target, Features: job.Train.Features.Names(), Present: present,
		InitScore: job.Config.Training.InitScoreColumn,
	}
	m := &treeModel{info: info, outputs: form}
	if job.Init != nil {
		m.before = job.Init.trees.NumIterations()
	}
	if m.trees, err = trainTrees(ctx, job, p, present); err != nil {
		return nil, paramError(job.Config, err)
	}
	return m, nil
}

// checkStart tells where what training starts from does not fit what it is for.
func (j *Job) checkStart(objective string, outputs int) error {
	if j.Init != nil {
		if err := j.Init.check(j, objective, outputs); err != nil {
			return err
		}
	}
	want := 1
	if outputs > 1 {
		want = len(j.Target.Classes)
	}
	if n := len(j.Config.Training.InitScoreColumn); n > 0 && n != want {
		each := "one"
		if want > 1 {
			each = fmt.Sprintf("a list of %d, one a class in the order %s", want, listOf(j.Target.Classes))
		}
		return j.Config.ErrorAt(keyInitScore, "names %d columns, but the objective %s takes %s", n, objective, each)
	}
	return nil
}

// listOf lists the first few classes.
func listOf(classes []Label) string {
	const shown = 10
	var names []string
	for _, l := range classes[:min(len(classes), shown)] {
		names = append(names, l.String())
	}
	if len(classes) > shown {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

func (lightGBM) Load(info ModelInfo, r io.Reader) (Model, error) {
	return loadTrees(info, r, func(objective string) (outputForm, int, bool) {
		form, outputs := outputsOf(objective, len(info.Present))
		return form, outputs, fits(objective, info.Problem)
	})
}

// lightGBMParams reads training.params over LightGBM's defaults. classes of 0
// means that their number is not known yet. init, which may be nil, tells the
// objective where the parameters do not.
func lightGBMParams(cfg *config.Config, problem ProblemType, classes int, init *InitModel) (gbdt.Params, error) {
	base := gbdt.DefaultParams()
	key, asked := askedObjective(cfg.Training.Params)
	switch {
	case asked != "":
		base.Objective = asked
	case init != nil && fits(init.trees.Objective(), problem):
		base.Objective = init.trees.Objective()
	default:
		base.Objective = defaultObjective(problem)
	}
	if !fits(base.Objective, problem) {
		return base, cfg.ErrorAt("training.params."+key, "the objective %s does not fit a target of %s; use one of %s, leave it out, or set training.problem_type", base.Objective, problem, fitting(problem))
	}
	many := base.Objective == gbdt.Multiclass || base.Objective == gbdt.MulticlassOVA
	if many {
		base.NumClass = max(classes, 2)
	}
	base.Seed = int(cfg.Training.RandomState)
	p, err := gbdt.ParseParams(base, cfg.Training.Params)
	var refused *gbdt.ParamError
	if classes == 0 && errors.As(err, &refused) && refused.Key == "auc_mu_weights" {
		err = nil // which are as many as num_class², to be checked when that is known
	}
	if err != nil {
		return p, paramError(cfg, err)
	}
	if many && classes > 0 && p.NumClass != classes {
		return p, cfg.ErrorAt("training.params.num_class", "num_class is %d, but the target has %d classes; leave it out", p.NumClass, classes)
	}
	return p, nil
}

func checkModelType(cfg *config.Config, known []string) error {
	if slices.Contains(known, cfg.Training.ModelType) {
		return nil
	}
	return unknownName(cfg, "training.model_type", "model type of the backend "+cfg.Training.Backend, cfg.Training.ModelType, known)
}
