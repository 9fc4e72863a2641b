package training

import (
	"context"
	"fmt"
	"io"
	"math"

	"mlops/runner/config"
	"mlops/runner/gbdt"
)

// forest is a model of averaged trees, or of a single one.
type forest struct {
	kind    forestKind
	classes bool // or else of numbers
}

type forestKind uint8

const (
	randomForest forestKind = iota
	extraTrees              // thresholds are drawn, not searched for; each tree sees the rows
	decisionTree            // one tree of all rows
)

func (k forestKind) String() string {
	return [...]string{"a random forest", "a forest of extra trees", "a decision tree"}[k]
}

func (f forest) isClassifier() bool { return f.classes }

func (f forest) check(cfg *config.Config) error {
	if err := refuse(cfg, f.kind.String()); err != nil {
		return err
	}
	_, err := readForestParams(cfg, f.kind, f.classes)
	return err
}

func (f forest) fit(ctx context.Context, job Job, name string) (Model, error) {
	given, err := readForestParams(job.Config, f.kind, f.classes)
	if err != nil {
		return nil, err
	}
	present, err := presentClasses(job)
	if err != nil {
		return nil, err
	}
	p, err := given.trees(job, f.kind, len(present))
	if err != nil {
		return nil, err
	}
	if given.ClassWeight != nil {
		if !f.classes {
			return nil, job.Config.ErrorAt(keyClassWeight, "a regression has no classes; leave it out, or set training.problem_type to classification")
		}
		job.Train.Weights = timesWeights(balanced(job.Train.Classes, len(job.Target.Classes), len(present)), job.Train.Weights)
	}
	job.Validation = nil // a forest does not stop early
	info := job.info("classic", name)
	info.Present = present
	trees, err := trainTrees(ctx, job, p, present)
	if err != nil {
		return nil, err
	}
	m := &treeModel{info: info, trees: trees, outputs: forestForm(job.Problem)}
	if given.OOBScore && !job.Quiet { // of a fold nobody would see it
		if m.figures, err = m.outOfBag(ctx, &job, p); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (f forest) load(info ModelInfo, r io.Reader) (Model, error) {
	outputs := 1
	if info.Problem == Multiclass {
		outputs = len(info.Present)
	}
	return loadTrees(info, r, func(objective string) (outputForm, int, bool) {
		return forestForm(info.Problem), outputs, objective == forestObjective(info.Problem)
	})
}

// maxForestLeaves bounds a tree where max_leaf_nodes is not given, so that the
// forest of a large table does not outgrow memory.
const maxForestLeaves = 1024

// forestParams are scikit-learn's parameters of a random forest, and of the other
// kinds but for those of [readForestParams], with scikit-learn's defaults except
// where a field says otherwise.
//
// Where this forest differs from scikit-learn's: thresholds are chosen among
// quantiles (MaxBins); rows are drawn without replacement ([forestShareOfRows]);
// of thresholds that divide a node's rows alike one at the edge of the gap is
// taken, not its middle; trees have at most 1,024 leaves unless max_leaf_nodes
// or rows say otherwise; categories are split as sets, missing cells take the
// better side.
type forestParams struct {
	NEstimators int  `yaml:"n_estimators" range:"[1,100000]"`
	MaxDepth    *int `yaml:"max_depth" range:"[1,]"`
	// MinSamplesSplit and MinSamplesLeaf are a number of rows, or a fraction below
	// 1 of the training rows. A node of min_samples_split rows is split into sides
	// of at least half of them: that is stricter than scikit-learn's.
	MinSamplesSplit float64 `yaml:"min_samples_split" range:"(0,1000000000]"`
	MinSamplesLeaf  float64 `yaml:"min_samples_leaf" range:"(0,1000000000]"`
	// MaxFeatures at a split: sqrt, log2, a number, or a fraction up to 1.0; null
	// means all. Not given: sqrt for a forest of classes, else all.
	MaxFeatures  any  `yaml:"max_features"`
	MaxLeafNodes *int `yaml:"max_leaf_nodes" range:"[2,131072]"`
	// Bootstrap draws rows for each tree, by default of a random forest; without it
	// a tree of a forest sees all but one.
	Bootstrap bool `yaml:"bootstrap"`
	// MaxSamples bounds the rows drawn: a number from 2 on, or a fraction up to 1.
	MaxSamples *float64 `yaml:"max_samples" range:"(0,1000000000]"`
	// OOBScore asks for the metric oob_score: the accuracy, or r2_score, of the
	// training rows, each predicted by the trees that did not see it.
	OOBScore bool `yaml:"oob_score"`
	// MaxBins is not scikit-learn's: thresholds are chosen among that many
	// quantiles of a column. Averaging trees makes up for few of them, at a
	// fraction of the time: 63 by default, 255 of a single tree.
	MaxBins int `yaml:"max_bins" range:"[2,255]"`
	// ClassWeight is null or balanced; a regression refuses it.
	ClassWeight *string `yaml:"class_weight" enum:"balanced"`
	RandomState *int    `yaml:"random_state" range:"[0,4294967295]"`
	NJobs       int     `yaml:"n_jobs" range:"[-1,1024]"`
}

func readForestParams(cfg *config.Config, kind forestKind, classes bool) (forestParams, error) {
	defaults := forestParams{
		NEstimators: 100, MinSamplesSplit: 2, MinSamplesLeaf: 1, MaxFeatures: 1.0, Bootstrap: kind == randomForest, MaxBins: 63, NJobs: -1,
	}
	switch {
	case kind == decisionTree:
		defaults.NEstimators, defaults.MaxBins = 1, 255
		for _, key := range []string{"n_estimators", "bootstrap", "max_samples", "oob_score"} {
			if _, given := cfg.Training.Params[key]; given {
				return defaults, cfg.ErrorAt("training.params."+key, "is of forests, and a decision tree is one tree of all rows; leave it out, or choose a forest as training.model_type")
			}
		}
	case classes:
		defaults.MaxFeatures = "sqrt"
	}
	p, err := config.DecodeTrainingParams(cfg, defaults)
	if err != nil {
		return p, err
	}
	if v, given := cfg.Training.Params["max_features"]; given && v == nil {
		p.MaxFeatures = 1.0 // scikit-learn's None: all
	}
	maxSamples := 1.0
	if p.MaxSamples != nil {
		maxSamples = *p.MaxSamples
	}
	for _, rows := range []struct {
		key   string
		value float64
	}{{"min_samples_split", p.MinSamplesSplit}, {"min_samples_leaf", p.MinSamplesLeaf}, {"max_samples", maxSamples}} {
		if rows.value > 1 && rows.value != math.Trunc(rows.value) {
			return p, cfg.ErrorAt("training.params."+rows.key, "must be a whole number of rows or a fraction up to 1, not %v", rows.value)
		}
	}
	if p.MinSamplesSplit == 1 {
		return p, cfg.ErrorAt("training.params.min_samples_split", "must be a whole number of rows of at least 2, or a fraction below 1: a single row cannot be split")
	}
	if p.MaxSamples != nil && !p.Bootstrap {
		return p, cfg.ErrorAt("training.params.max_samples", "has no meaning without bootstrap; leave it out, or set bootstrap to true")
	}
	if p.OOBScore && !p.Bootstrap {
		return p, cfg.ErrorAt("training.params.oob_score", "needs bootstrap: without it every tree sees the rows; leave it out, or set bootstrap to true")
	}
	if _, ok := featureCount(p.MaxFeatures, 10); !ok {
		return p, cfg.ErrorAt("training.params.max_features", "must be sqrt, log2, a whole number of at least 1, or a fraction above 0 and at most 1, not %v", p.MaxFeatures)
	}
	return p, nil
}

// featureCount tells how many of n features a split looks at.
func featureCount(maxFeatures any, n int) (count int, ok bool) {
	switch v := maxFeatures.(type) {
	case string:
		switch v {
		case "sqrt":
			return max(1, int(math.Sqrt(float64(n)))), true
		case "log2":
			return max(1, int(math.Log2(float64(n)))), true
		}
		return 0, false
	case int:
		return min(v, n), v >= 1
	case int64:
		return int(min(v, int64(n))), v >= 1
	case float64:
		return max(1, int(v*float64(n))), v > 0 && v <= 1
	}
	return 0, false
}

// forestObjective is what the trees minimize. For two classes it is the squared
// error of 0 and 1, whose splits are those of Gini's impurity and whose leaves
// hold the share of the second class, as scikit-learn's trees do.
func forestObjective(problem ProblemType) string {
	if problem == Multiclass {
		return gbdt.Multiclass
	}
	return gbdt.Regression
}

func forestForm(problem ProblemType) outputForm {
	switch problem {
	case Binary:
		return asPositive
	case Multiclass:
		return asForestShare
	}
	return asValue
}

// forestShare turns a row's raw scores of a forest of several classes into the
// classes' shares. With all scores starting from 0 the softmax objective's
// gradient of class k is 1/K − y and its hessian K/(K−1)·1/K·(1−1/K) = 1/K,
// both constant, so that a leaf's value is K·mean(y) − 1, its splits are those
// of Gini's impurity of class k against the rest, and the mean over trees gives
// back the mean share as (score+1)/K.
func forestShare(scores, share []float64) {
	k := float64(len(scores))
	sum := 0.0
	for i, s := range scores {
		share[i] = min(max((s+1)/k, 0), 1)
		sum += share[i]
	}
	for i := range share {
		if sum > 0 {
			share[i] /= sum
		} else {
			share[i] = 1 / k
		}
	}
}

// trees translates to the names of package gbdt.
func (f forestParams) trees(job Job, kind forestKind, classes int) (gbdt.Params, error) {
	rows, columns := job.Train.Features.NumRows(), job.Train.Features.NumColumns()
	p := gbdt.DefaultParams()
	p.Objective = forestObjective(job.Problem)
	if p.Objective == gbdt.Multiclass {
		p.NumClass = classes
		p.BoostFromAverage = false // see forestShare
	}
	p.NumIterations = f.NEstimators
	if f.MaxDepth != nil {
		p.MaxDepth = *f.MaxDepth
	}
	p.NumLeaves = min(max(rows, 2), maxForestLeaves)
	if f.MaxLeafNodes != nil {
		p.NumLeaves = *f.MaxLeafNodes
	}
	p.MinDataInLeaf = max(countOf(f.MinSamplesLeaf, rows), (countOf(f.MinSamplesSplit, rows)+1)/2)
	p.MinSumHessianInLeaf = 0
	p.MinDataInBin = 1
	p.MaxBin = f.MaxBins
	p.FeaturePreFilter = false
	// Categories split without the smoothing that boosting needs: a leaf's value
	// stays the mean of its rows.
	p.MinDataPerGroup, p.CatSmooth, p.CatL2 = 5, 5, 0
	count, _ := featureCount(f.MaxFeatures, columns)
	p.FeatureFractionByNode = float64(count) / float64(max(columns, 1))
	if rows < 2 {
		return p, &DataError{Reason: fmt.Sprintf("%s needs at least 2 rows to train on", kind)}
	}
	if kind == decisionTree {
		p.Boosting, p.LearningRate = "gbdt", 1
	} else if err := f.bagging(job, &p); err != nil {
		return p, err
	}
	p.ExtraTrees = kind == extraTrees
	p.ExtraTreesInLeaf = true
	p.Seed = int(job.Config.Training.RandomState)
	if f.RandomState != nil {
		p.Seed = *f.RandomState
	}
	p.NumThreads = max(f.NJobs, 0)
	return p, nil
}

// bagging sets which rows each tree sees.
func (f forestParams) bagging(job Job, p *gbdt.Params) error {
	rows := job.Train.Features.NumRows()
	p.Boosting = gbdt.RandomForest
	p.BaggingFreq = 1
	p.BaggingFraction = 1 - 0.5/float64(rows) // all but one
	if !f.Bootstrap {
		return nil
	}
	drawn := 1.0
	if f.MaxSamples != nil {
		if drawn = *f.MaxSamples; drawn > float64(rows) {
			return job.Config.ErrorAt("training.params.max_samples", "is %v, but there are only %d rows to train on; lower it", drawn, rows)
		} else if drawn > 1 {
			drawn /= float64(rows)
		}
	}
	p.BaggingFraction = max(forestShareOfRows(job.Problem, drawn), 1/float64(rows))
	return nil
}

// forestShareOfRows tells which share of the rows to draw without replacement
// where scikit-learn draws drawn times their number with replacement.
//
// For a regression it is the share that gives the mean of trees the same
// variance, α/(1+α) (Buja and Stuetzle, "Observations on bagging", Statistica
// Sinica 16, 2006). Its trees look at all columns at each split, so that only
// rows set them apart. Trees of classes differ by their columns too and do
// better with more rows: the expected share of distinct rows, 1 − exp(−α).
func forestShareOfRows(problem ProblemType, drawn float64) float64 {
	if problem == Regression {
		return drawn / (1 + drawn)
	}
	return 1 - math.Exp(-drawn)
}

// countOf turns a fraction below 1 of rows into their number, rounded up.
func countOf(size float64, rows int) int {
	if size < 1 {
		return int(math.Ceil(size * float64(rows)))
	}
	return int(size)
}
