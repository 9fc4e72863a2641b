package gbdt

import (
	"fmt"
	"runtime"
	"slices"
)

// Objectives, boosting kinds and histogram precisions that [Params] accepts.
const (
	Regression    = "regression"
	RegressionL1  = "regression_l1"
	Huber         = "huber"
	Fair          = "fair"
	Poisson       = "poisson"
	Quantile      = "quantile"
	MAPE          = "mape"
	Gamma         = "gamma"
	Tweedie       = "tweedie"
	Binary        = "binary"
	Multiclass    = "multiclass"
	MulticlassOVA = "multiclassova"
	CrossEntropy  = "cross_entropy"
	LambdaRank    = "lambdarank"
	// CustomLoss is the caller's own: see [Options].
	CustomLoss = "custom"

	LeafWise  = "lossguide"
	DepthWise = "depthwise"

	GBDT         = "gbdt"
	RandomForest = "rf"
	DART         = "dart"

	Bagging = "bagging"
	GOSS    = "goss"

	// PackedHistograms sum fixed-point integers: fast, and exact in any order.
	PackedHistograms = "packed"
	// Float64Histograms sum float64 in row order: LightGBM's arithmetic.
	Float64Histograms = "float64"
)

// Params holds the training parameters under LightGBM's names; [DefaultParams]
// gives LightGBM's defaults. A zero Params is not valid: start from the
// defaults, or use [ParseParams] for names and values from a configuration.
type Params struct {
	// Core
	Objective     string
	NumClass      int // number of classes, or of a custom objective's outputs; else 1
	Boosting      string
	NumIterations int
	LearningRate  float64
	NumLeaves     int
	NumThreads    int    // 0: as many as GOMAXPROCS
	HistPrecision string // packed or float64

	// Growing a tree
	GrowPolicy          string
	MaxDepth            int // <= 0: no limit
	MinDataInLeaf       int
	MinSumHessianInLeaf float64
	ExtraTrees          bool
	// ExtraTreesInLeaf draws the threshold of ExtraTrees among the bins that the leaf's
	// rows are in, as extremely randomized trees do (Geurts, Ernst and Wehenkel, 2006),
	// and not among all, as LightGBM does, where in small leaves most draws divide
	// nothing. LightGBM has no such parameter: it stands in no model text.
	ExtraTreesInLeaf bool
	LinearTree       bool // leaves hold linear models
	LinearLambda     float64

	// Regularization
	LambdaL1               float64
	LambdaL2               float64
	MinGainToSplit         float64
	MaxDeltaStep           float64 // 0: no limit
	PathSmooth             float64
	MonotoneConstraints    []int  // of each feature: -1, 0 or 1; nil: none
	MonotoneMethod         string // basic or intermediate
	MonotonePenalty        float64
	InteractionConstraints [][]int // groups of features that may share a path; nil: all may
	MinDataPerGroup        int
	MaxCatThreshold        int
	CatL2                  float64
	CatSmooth              float64
	MaxCatToOnehot         int

	// Sampling
	DataSampleStrategy    string // bagging or goss
	BaggingFraction       float64
	BaggingFreq           int
	PosBaggingFraction    float64
	NegBaggingFraction    float64
	TopRate               float64 // of goss
	OtherRate             float64
	FeatureFraction       float64
	FeatureFractionByNode float64
	FeatureFractionLevel  float64 // of a tree's level

	// Dropouts (dart)
	DropRate        float64
	MaxDrop         int // <= 0: no limit
	SkipDrop        float64
	UniformDrop     bool
	XGBoostDartMode bool

	// Bins and missing values
	MaxBin             int
	MinDataInBin       int
	BinConstructSample int // rows from which the bins are chosen
	FeaturePreFilter   bool
	EnableBundle       bool // keep sparse columns in less room
	UseMissing         bool
	ZeroAsMissing      bool

	// Objective
	BoostFromAverage     bool
	RegSqrt              bool // of regression: fit the square root of the label
	Sigmoid              float64
	IsUnbalance          bool
	ScalePosWeight       float64
	Alpha                float64 // of huber and quantile
	FairC                float64
	PoissonMaxDeltaStep  float64
	TweedieVariancePower float64
	LambdarankTruncation int
	LambdarankNorm       bool
	LabelGain            []float64 // of each label in ranking; nil: 2^label - 1

	// Evaluation
	Metric                []string
	EvalAt                []int // positions of the ranking metrics
	MultiErrorTopK        int
	AUCMuWeights          []float64 // num_class × num_class; nil: all one but the diagonal
	ProvideTrainMetric    bool      // report train_<metric> to the callbacks
	EarlyStoppingRound    int       // 0: never
	EarlyStoppingMinDelta float64
	FirstMetricOnly       bool

	// Seeds: Seed decides everything; the others change one purpose each.
	Seed                int
	BaggingSeed         int
	FeatureFractionSeed int
	DataRandomSeed      int
	DropSeed            int
	ExtraSeed           int
}

// DefaultParams returns LightGBM's defaults for the regression objective.
func DefaultParams() Params {
	var p Params
	for i := range paramTable {
		s := &paramTable[i]
		if s.field == nil {
			continue
		}
		switch field := s.field(&p).(type) {
		case *int:
			*field = s.initial.(int)
		case *float64:
			*field = s.initial.(float64)
		case *bool:
			*field = s.initial.(bool)
		case *string:
			*field = s.initial.(string)
		case *[]int:
			*field = slices.Clone(s.initial.([]int))
		}
	}
	return p
}

// Validate checks every parameter's range and those that bind one another. The
// error is a *ParamError.
func (p Params) Validate() error {
	for i := range paramTable {
		s := &paramTable[i]
		if s.field == nil {
			continue
		}
		if err := s.checkRange(&p); err != nil {
			return err
		}
	}
	if p.manyClasses() && p.NumClass < 2 {
		return &ParamError{Key: "num_class", Reason: fmt.Sprintf("the %s objective needs num_class of at least 2", p.Objective)}
	}
	if !p.manyClasses() && p.Objective != CustomLoss && p.NumClass != 1 {
		return &ParamError{Key: "num_class", Reason: fmt.Sprintf("must be 1 for the objective %q, not %d", p.Objective, p.NumClass)}
	}
	if p.Boosting == RandomForest {
		bags := p.BaggingFreq > 0 && (p.BaggingFraction < 1 || p.balancedBagging())
		if !bags && p.FeatureFraction >= 1 {
			return &ParamError{Key: "boosting", Reason: "rf needs bagging_freq >= 1 with bagging_fraction < 1, or feature_fraction < 1: otherwise all trees are the same"}
		}
	}
	if err := p.validateSampling(); err != nil {
		return err
	}
	if err := p.checkLinear(); err != nil {
		return err
	}
	if p.PathSmooth > 0 && p.MinDataInLeaf < 2 {
		return &ParamError{Key: "path_smooth", Reason: "needs min_data_in_leaf of at least 2"}
	}
	if p.IsUnbalance && p.ScalePosWeight != 1 {
		return &ParamError{Key: "is_unbalance", Reason: "cannot be combined with scale_pos_weight: set one of them"}
	}
	if p.RegSqrt && p.Objective != Regression {
		return &ParamError{Key: "reg_sqrt", Reason: fmt.Sprintf("is for the objective regression, not %s", p.Objective)}
	}
	if p.Objective == Quantile && p.Alpha >= 1 {
		return &ParamError{Key: "alpha", Reason: fmt.Sprintf("must be < 1 for the objective quantile, not %v", p.Alpha)}
	}
	if n := len(p.AUCMuWeights); n > 0 && n != p.NumClass*p.NumClass {
		return &ParamError{Key: "auc_mu_weights", Reason: fmt.Sprintf("has %d values instead of num_class × num_class", n)}
	}
	for _, name := range p.Metric {
		if err := checkMetric(name, p.Objective); err != nil {
			return err
		}
	}
	return nil
}

func (p *Params) validateSampling() error {
	switch {
	case p.balancedBagging() && p.Objective != Binary:
		return &ParamError{Key: "pos_bagging_fraction", Reason: "and neg_bagging_fraction are for the binary objective only"}
	case p.balancedBagging() && p.BaggingFraction < 1:
		return &ParamError{Key: "bagging_fraction", Reason: "cannot be combined with pos_bagging_fraction and neg_bagging_fraction"}
	case p.DataSampleStrategy != GOSS:
	case p.TopRate+p.OtherRate > 1:
		return &ParamError{Key: "top_rate", Reason: fmt.Sprintf("and other_rate add up to %v: at most 1 is possible", p.TopRate+p.OtherRate)}
	case p.BaggingFreq > 0 && (p.BaggingFraction < 1 || p.balancedBagging()):
		return &ParamError{Key: "data_sample_strategy", Reason: "goss cannot be combined with bagging: leave out bagging_freq and bagging_fraction"}
	case p.Boosting == RandomForest:
		return &ParamError{Key: "data_sample_strategy", Reason: "goss needs gradients that change: it cannot be combined with rf"}
	}
	if p.Boosting == DART && p.EarlyStoppingRound > 0 {
		return &ParamError{Key: "early_stopping_round", Reason: "cannot be combined with dart, which changes earlier trees later on"}
	}
	return nil
}

func (p *Params) manyClasses() bool { return p.Objective == Multiclass || p.Objective == MulticlassOVA }

func (p Params) threads() int {
	if p.NumThreads > 0 {
		return p.NumThreads
	}
	return runtime.GOMAXPROCS(0)
}

// outputs is the number of raw scores a row has.
func (p *Params) outputs() int { return p.NumClass }
