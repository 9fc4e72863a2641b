package neural

import (
	"fmt"
	"math"
)

// The choices of [Params].
const (
	SquaredError = "squared_error"
	Poisson      = "poisson"
	LogLoss      = "log_loss"

	ReLU     = "relu"
	Tanh     = "tanh"
	Logistic = "logistic"
	Identity = "identity"

	Adam  = "adam"
	SGD   = "sgd"
	LBFGS = "lbfgs"

	Constant   = "constant"
	InvScaling = "invscaling"
	Adaptive   = "adaptive"
)

// NeverStop as NIterNoChange is scikit-learn's n_iter_no_change=inf.
const NeverStop = math.MaxInt

// The limits keep a mistyped figure, or a foreign file, from asking for all the
// memory.
const (
	maxLayers       = 64      // hidden
	maxUnits        = 1 << 14 // of a hidden layer
	maxClasses      = 10000
	maxFeatures     = 1 << 20
	maxCategories   = 1 << 20
	maxEmbeddingDim = 1024
	maxWeights      = 1 << 24 // of a network, all together
	maxIterations   = 1000000
	maxThreads      = 1024
)

// Params holds the training parameters under scikit-learn's names;
// [DefaultParams] gives scikit-learn's defaults. A zero Params is not valid: start
// from the defaults, or use [ParseParams] for names and values from a
// configuration.
type Params struct {
	// Loss is squared_error or poisson (half the deviance; targets of at least 0)
	// for a regression, log_loss for classes.
	Loss string
	// NumClass is the number of classes of log_loss, at least 2; 0 for a regression.
	// It is no parameter of scikit-learn's, which counts the classes of the target:
	// the caller of [Train] sets it.
	NumClass int

	HiddenLayerSizes []int  // units of each hidden layer; none: a linear model
	Activation       string // of the hidden layers: relu, tanh, logistic or identity
	Solver           string // adam, sgd or lbfgs
	Alpha            float64
	BatchSize        int    // rows; 0 is scikit-learn's auto: min(200, rows)
	LearningRate     string // of sgd: constant, invscaling or adaptive
	LearningRateInit float64
	PowerT           float64 // exponent of invscaling
	MaxIter          int     // epochs; iterations of lbfgs
	Shuffle          bool
	RandomState      int
	Tol              float64
	Momentum         float64
	// NesterovsMomentum looks ahead along the velocity; of sgd.
	NesterovsMomentum bool
	// EarlyStopping stops on the score of rows held out, or of
	// [Options].Validation, and keeps the weights of the best epoch; not with lbfgs.
	EarlyStopping      bool
	ValidationFraction float64 // held out, of the rows
	Beta1              float64
	Beta2              float64
	Epsilon            float64
	NIterNoChange      int // epochs without an improvement by tol; or NeverStop
	MaxFun             int // evaluations of lbfgs

	// EmbeddingDim is the length of every categorical input's embedding, at most its
	// number of categories; 0 is min(50, ceil(categories/2)). Not scikit-learn's.
	EmbeddingDim int
	// NumThreads is the number of goroutines, 0 for as many as GOMAXPROCS. The model
	// does not depend on it. Not scikit-learn's.
	NumThreads int
}

// DefaultParams gives scikit-learn's defaults for a regression. For classes set
// Loss and NumClass.
func DefaultParams() Params {
	return Params{
		Loss: SquaredError, HiddenLayerSizes: []int{100}, Activation: ReLU, Solver: Adam, Alpha: 1e-4, LearningRate: Constant, LearningRateInit: 1e-3,
		PowerT: 0.5, MaxIter: 200, Shuffle: true, Tol: 1e-4, Momentum: 0.9, NesterovsMomentum: true, ValidationFraction: 0.1, Beta1: 0.9,
		Beta2: 0.999, Epsilon: 1e-8, NIterNoChange: 10, MaxFun: 15000,
	}
}

// Validate tells whether the parameters can be used, by a [*ParamError].
func (p *Params) Validate() error {
	for i := range paramTable {
		s := &paramTable[i]
		if s.field == nil {
			continue
		}
		if reason := s.check(p); reason != "" {
			return &ParamError{Key: s.name, Reason: reason}
		}
	}
	if p.Loss == LogLoss && (p.NumClass < 2 || p.NumClass > maxClasses) {
		return &ParamError{Key: "num_class", Reason: fmt.Sprintf("log_loss needs 2 to %d classes, not %d", maxClasses, p.NumClass)}
	}
	if p.Loss != LogLoss && p.NumClass != 0 {
		return &ParamError{Key: "num_class", Reason: fmt.Sprintf("is %d, but the loss %s has no classes", p.NumClass, p.Loss)}
	}
	return nil
}
