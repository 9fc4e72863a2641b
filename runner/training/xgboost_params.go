package training

import (
	"maps"
	"slices"

	"mlops/runner/config"
	"mlops/runner/gbdt"
)

// xgboostObjectives are the objectives of XGBoost that the trees have.
var xgboostObjectives = map[string]string{
	"reg:squarederror": gbdt.Regression, "reg:absoluteerror": gbdt.RegressionL1, "reg:logistic": gbdt.CrossEntropy,
	"binary:logistic": gbdt.Binary, "multi:softprob": gbdt.Multiclass, "multi:softmax": gbdt.Multiclass,
	"count:poisson": gbdt.Poisson, "reg:gamma": gbdt.Gamma, "reg:tweedie": gbdt.Tweedie, "rank:ndcg": gbdt.LambdaRank,
}

// maxXGBoostLeaves bounds a tree whose max_depth and max_leaves do not.
const maxXGBoostLeaves = 131072

// xgboostParams are XGBoost's parameters and defaults; the names in a row are
// aliases, of which one may be given.
type xgboostParams struct {
	NEstimators   *int `yaml:"n_estimators" range:"[1,1000000]"`
	NumBoostRound *int `yaml:"num_boost_round" range:"[1,1000000]"`

	Eta          *float64 `yaml:"eta" range:"(0,1]"`
	LearningRate *float64 `yaml:"learning_rate" range:"(0,1]"`

	Gamma        *float64 `yaml:"gamma" range:"[0,]"`
	MinSplitLoss *float64 `yaml:"min_split_loss" range:"[0,]"`

	Lambda    *float64 `yaml:"lambda" range:"[0,]"`
	RegLambda *float64 `yaml:"reg_lambda" range:"[0,]"`

	Alpha    *float64 `yaml:"alpha" range:"[0,]"`
	RegAlpha *float64 `yaml:"reg_alpha" range:"[0,]"`

	Seed        *int `yaml:"seed" range:"[0,4294967295]"`
	RandomState *int `yaml:"random_state" range:"[0,4294967295]"`

	NThread *int `yaml:"nthread" range:"[-1,1024]"`
	NJobs   *int `yaml:"n_jobs" range:"[-1,1024]"`

	Objective            string   `yaml:"objective"`
	NumClass             *int     `yaml:"num_class" range:"[2,10000]"`
	MaxDepth             int      `yaml:"max_depth" range:"[0,1000]"` // 0: no limit
	MaxLeaves            int      `yaml:"max_leaves" range:"[0,131072]"`
	GrowPolicy           string   `yaml:"grow_policy" enum:"depthwise|lossguide"`
	MinChildWeight       float64  `yaml:"min_child_weight" range:"[0,]"`
	MaxDeltaStep         *float64 `yaml:"max_delta_step" range:"[0,]"`
	Subsample            float64  `yaml:"subsample" range:"(0,1]"`
	ColsampleByTree      float64  `yaml:"colsample_bytree" range:"(0,1]"`
	ColsampleByLevel     float64  `yaml:"colsample_bylevel" range:"(0,1]"`
	ColsampleByNode      float64  `yaml:"colsample_bynode" range:"(0,1]"`
	MaxBin               int      `yaml:"max_bin" range:"[2,65535]"`
	BaseScore            *float64 `yaml:"base_score"`
	ScalePosWeight       float64  `yaml:"scale_pos_weight" range:"(0,]"`
	TweedieVariancePower float64  `yaml:"tweedie_variance_power" range:"(1,2)"`
	MaxCatToOnehot       int      `yaml:"max_cat_to_onehot" range:"[1,]"`
	MaxCatThreshold      int      `yaml:"max_cat_threshold" range:"[1,]"`
	EarlyStoppingRounds  int      `yaml:"early_stopping_rounds" range:"[0,1000000]"`
	MonotoneConstraints  any      `yaml:"monotone_constraints"`
	Interactions         any      `yaml:"interaction_constraints"`

	// One choice each: what the trees are.
	Booster    string `yaml:"booster" enum:"gbtree"`
	TreeMethod string `yaml:"tree_method" enum:"hist|auto"`
	Verbosity  int    `yaml:"verbosity" range:"[0,3]"`
}

func readXGBoostParams(cfg *config.Config, eta float64) (*xgboostParams, error) {
	if _, given := cfg.Training.Params["eval_metric"]; given {
		return nil, cfg.ErrorAt("training.params.eval_metric", "is not taken: every metric of the problem is measured on the validation part, and early_stopping_rounds goes by the objective's own; leave it out")
	}
	p, err := config.DecodeTrainingParams(cfg, xgboostParams{
		MaxDepth: 6, GrowPolicy: gbdt.DepthWise, MinChildWeight: 1, Subsample: 1, ColsampleByTree: 1, ColsampleByLevel: 1, ColsampleByNode: 1,
		MaxBin: 256, ScalePosWeight: 1, TweedieVariancePower: 1.5, MaxCatToOnehot: 4, MaxCatThreshold: 64, Booster: "gbtree", TreeMethod: "hist",
	})
	if err != nil {
		return nil, err
	}
	for _, err := range []error{
		oneOf(cfg, "n_estimators", &p.NEstimators, "num_boost_round", p.NumBoostRound, 100),
		oneOf(cfg, "eta", &p.Eta, "learning_rate", p.LearningRate, eta),
		oneOf(cfg, "gamma", &p.Gamma, "min_split_loss", p.MinSplitLoss, 0),
		oneOf(cfg, "lambda", &p.Lambda, "reg_lambda", p.RegLambda, 1),
		oneOf(cfg, "alpha", &p.Alpha, "reg_alpha", p.RegAlpha, 0),
		oneOf(cfg, "seed", &p.Seed, "random_state", p.RandomState, int(cfg.Training.RandomState)),
		oneOf(cfg, "nthread", &p.NThread, "n_jobs", p.NJobs, 0),
	} {
		if err != nil {
			return nil, err
		}
	}
	if p.MaxLeaves == 1 {
		return nil, cfg.ErrorAt("training.params.max_leaves", "must be 0, for no limit, or at least 2")
	}
	if p.Objective != "" && xgboostObjectives[p.Objective] == "" {
		return nil, unknownName(cfg, "training.params.objective", "objective of the model xgboost", p.Objective, slices.Sorted(maps.Keys(xgboostObjectives)))
	}
	return &p, nil
}

// oneOf sets to by the one of two names that is given, or to the default.
func oneOf[T any](cfg *config.Config, name string, to **T, alias string, other *T, usual T) error {
	switch {
	case *to != nil && other != nil:
		return cfg.ErrorAt("training.params."+alias, "is the same parameter as %q: give only one of them", name)
	case other != nil:
		*to = other
	case *to == nil:
		*to = &usual
	}
	return nil
}

// trees translates to the names of package gbdt.
//
// XGBoost's gain is documented with a factor ½ that its program leaves out, so that
// gamma is min_gain_to_split as it is. Its hessians of multi:softprob, 2p(1-p), and
// of rank:ndcg are scale times the trees': a leaf's value G/(scale·H + λ) is theirs
// with λ/scale, divided by scale, and so are gains.
func (x *xgboostParams) trees(cfg *config.Config, problem ProblemType, classes, rows int) (gbdt.Params, error) {
	p := gbdt.DefaultParams()
	p.Objective = defaultObjective(problem)
	if x.Objective != "" {
		p.Objective = xgboostObjectives[x.Objective]
	}
	if !fits(p.Objective, problem) {
		return p, cfg.ErrorAt("training.params.objective", "the objective %s does not fit a target of %s; leave it out, or set training.problem_type", x.Objective, problem)
	}
	scale := 1.0
	switch p.Objective {
	case gbdt.Multiclass:
		p.NumClass = max(classes, 2)
		scale = 2 * float64(p.NumClass-1) / float64(p.NumClass)
	case gbdt.LambdaRank:
		scale, p.LambdarankTruncation = 2, 32
	case gbdt.Poisson:
		p.MaxDeltaStep = 0.7
	}
	if x.NumClass != nil && classes > 2 && *x.NumClass != classes {
		return p, cfg.ErrorAt("training.params.num_class", "num_class is %d, but the target has %d classes; leave it out", *x.NumClass, classes)
	}
	if x.ScalePosWeight != 1 && p.Objective != gbdt.Binary {
		return p, cfg.ErrorAt("training.params.scale_pos_weight", "is for the objective binary:logistic; leave it out")
	}
	if b := x.BaseScore; b != nil {
		if margin := xgboostMargin(p.Objective, *b); !isScore(margin) {
			return p, cfg.ErrorAt("training.params.base_score", "%v is no prediction of this objective: between 0 and 1 for a logistic one, above 0 for counts and amounts", *b)
		}
	}
	if x.MaxDeltaStep != nil {
		p.MaxDeltaStep = *x.MaxDeltaStep
		if p.Objective == gbdt.Poisson && p.MaxDeltaStep > 0 {
			p.PoissonMaxDeltaStep = p.MaxDeltaStep
		}
	}
	p.NumIterations, p.Seed, p.NumThreads = *x.NEstimators, *x.Seed, max(*x.NThread, 0)
	p.LearningRate, p.LambdaL1, p.LambdaL2 = *x.Eta/scale, *x.Alpha, *x.Lambda/scale
	p.MinSumHessianInLeaf = x.MinChildWeight / scale
	p.MaxDeltaStep *= scale
	p.MinGainToSplit = max(*x.Gamma, 1e-6) * scale // 1e-6: XGBoost's least
	p.MaxDepth, p.GrowPolicy, p.NumLeaves = x.MaxDepth, x.GrowPolicy, maxXGBoostLeaves
	if x.MaxDepth > 0 && x.MaxDepth < 17 {
		p.NumLeaves = 1 << x.MaxDepth
	}
	if x.MaxLeaves > 0 {
		p.NumLeaves = min(p.NumLeaves, x.MaxLeaves)
	}
	p.NumLeaves = min(p.NumLeaves, max(rows, 2))
	if x.Subsample < 1 {
		p.BaggingFreq, p.BaggingFraction = 1, x.Subsample
	}
	p.FeatureFraction, p.FeatureFractionLevel, p.FeatureFractionByNode = x.ColsampleByTree, x.ColsampleByLevel, x.ColsampleByNode
	p.MaxBin, p.MinDataInBin, p.MinDataInLeaf, p.FeaturePreFilter = x.MaxBin, 1, 1, false
	p.MinDataPerGroup, p.CatL2, p.CatSmooth = 1, 0, min(1, *x.Lambda)
	p.MaxCatToOnehot, p.MaxCatThreshold = x.MaxCatToOnehot, x.MaxCatThreshold
	p.ScalePosWeight, p.TweedieVariancePower = x.ScalePosWeight, x.TweedieVariancePower
	p.EarlyStoppingRound = x.EarlyStoppingRounds
	more := map[string]any{}
	for key, value := range map[string]any{"monotone_constraints": x.MonotoneConstraints, "interaction_constraints": x.Interactions} {
		if value != nil {
			more[key] = value
		}
	}
	if p.Objective == gbdt.Multiclass {
		more["num_class"] = p.NumClass
	}
	p, err := gbdt.ParseParams(p, more)
	return p, paramError(cfg, err)
}
