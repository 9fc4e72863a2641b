package training

import (
	"context"
	"io"
	"math"

	"mlops/runner/config"
	"mlops/runner/gbdt"
)

const (
	modelXGBoost = "xgboost"
	xgboostFile  = "model.xgboost.json"
)

// xgBoost is the backend of gradient-boosted trees with XGBoost's algorithm,
// parameters and defaults, and the model type xgboost of the backend classic, whose
// learning rate is 0.1. Its deployments hold the model for XGBoost, too. Label codes
// are treated as categories.
type xgBoost struct{ eta float64 }

func (x xgBoost) Check(cfg *config.Config) error {
	if err := checkModelType(cfg, []string{"auto", modelXGBoost}); err != nil {
		return err
	}
	p, err := readXGBoostParams(cfg, x.eta)
	if err != nil {
		return err
	}
	kind := cfg.Training.ProblemType
	if p.Objective != "" {
		if asked := kindOf(xgboostObjectives[p.Objective]); kind != "auto" && kind != asked {
			return cfg.ErrorAt("training.params.objective", "the objective %s is of a %s and does not fit training.problem_type %s", p.Objective, asked, kind)
		}
		kind = kindOf(xgboostObjectives[p.Objective])
	}
	if kind == "ranking" && cfg.Training.GroupColumn == "" {
		return noQueries(cfg)
	}
	if cfg.Training.InitModel != "" && len(cfg.Training.InitScoreColumn) > 0 {
		return cfg.ErrorAt(keyInitScore, "cannot be combined with %s, whose predictions are the scores to start from; leave one of them out", keyInitModel)
	}
	var first error
	for _, problem := range problemsOf(kind) {
		_, err := p.trees(cfg, problem, 2, maxXGBoostLeaves)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Kind implements kindTeller: the objective tells.
func (x xgBoost) Kind(cfg *config.Config) string {
	p, err := readXGBoostParams(cfg, x.eta)
	if err != nil {
		return ""
	}
	return kindOf(xgboostObjectives[p.Objective])
}

// UsesValidation tells whether training needs rows to stop early on.
func (x xgBoost) UsesValidation(cfg *config.Config) bool {
	p, err := readXGBoostParams(cfg, x.eta)
	return err == nil && p.EarlyStoppingRounds > 0
}

func (x xgBoost) Fit(ctx context.Context, job Job) (Model, error) {
	given, err := readXGBoostParams(job.Config, x.eta)
	if err != nil {
		return nil, err
	}
	present, err := presentClasses(job)
	if err != nil {
		return nil, err
	}
	p, err := given.trees(job.Config, job.Problem, len(present), job.Train.Features.NumRows())
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
	if job.Init == nil {
		job.start = given.start(&job, p, present)
	}
	info := ModelInfo{
		Backend: job.Config.Training.Backend, Model: modelXGBoost, Problem: job.Problem, Target: job.Target, Features: job.Train.Features.Names(), Present: present,
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

func (xgBoost) Load(info ModelInfo, r io.Reader) (Model, error) { return lightGBM{}.Load(info, r) }

// start is what XGBoost starts from where that is not the best constant: base_score,
// or with scale_pos_weight one Newton step from 0.
func (x *xgboostParams) start(job *Job, p gbdt.Params, present []int) []float64 {
	switch {
	case x.BaseScore != nil:
		start := make([]float64, p.NumClass)
		for k := range start {
			start[k] = xgboostMargin(p.Objective, *x.BaseScore)
		}
		return start
	case p.Objective == gbdt.Binary && p.ScalePosWeight != 1:
		var sum [2]float64
		for i, k := range job.Train.Classes {
			w := 1.0
			if job.Train.Weights != nil {
				w = job.Train.Weights[i]
			}
			if k == present[1] {
				sum[1] += w * p.ScalePosWeight
			} else {
				sum[0] += w
			}
		}
		if total := sum[0] + sum[1]; total > 0 {
			return []float64{2 * (sum[1] - sum[0]) / total}
		}
	}
	return nil
}

// xgboostMargin is the raw score of a prediction.
func xgboostMargin(objective string, v float64) float64 {
	switch objective {
	case gbdt.Binary, gbdt.CrossEntropy:
		return -math.Log(1/v - 1)
	case gbdt.Poisson, gbdt.Gamma, gbdt.Tweedie:
		return math.Log(v)
	}
	return v
}

// ExportName is the name of the file that Export writes; empty where there is none.
func (m *treeModel) ExportName() string {
	if m.info.Model == modelXGBoost {
		return xgboostFile
	}
	return ""
}

// Export writes the model for XGBoost, see [gbdt.Model.WriteXGBoost].
func (m *treeModel) Export(w io.Writer) error { return m.trees.WriteXGBoost(w) }

// withXGBoost is a backend of which xgboost is one model type more.
type withXGBoost struct{ Backend }

func (b withXGBoost) of(cfg *config.Config) Backend {
	if cfg.Training.ModelType == modelXGBoost {
		return xgBoost{eta: 0.1}
	}
	return b.Backend
}

func (b withXGBoost) Check(cfg *config.Config) error { return b.of(cfg).Check(cfg) }

func (b withXGBoost) Fit(ctx context.Context, job Job) (Model, error) {
	return b.of(job.Config).Fit(ctx, job)
}

func (b withXGBoost) Load(info ModelInfo, r io.Reader) (Model, error) {
	if info.Model == modelXGBoost {
		return xgBoost{}.Load(info, r)
	}
	return b.Backend.Load(info, r)
}

// Kind implements kindTeller.
func (b withXGBoost) Kind(cfg *config.Config) string {
	if t, ok := b.of(cfg).(kindTeller); ok {
		return t.Kind(cfg)
	}
	return ""
}

// UsesValidation is that of the model type.
func (b withXGBoost) UsesValidation(cfg *config.Config) bool {
	u, ok := b.of(cfg).(interface{ UsesValidation(*config.Config) bool })
	return ok && u.UsesValidation(cfg)
}
