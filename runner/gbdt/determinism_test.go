package gbdt

import (
	"context"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// plainParams draws parameters that go with any objective and kind of training.
func plainParams() *rapid.Generator[Params] {
	return rapid.Custom(func(t *rapid.T) Params {
		p := DefaultParams()
		p.NumIterations, p.NumLeaves = 2, rapid.IntRange(3, 12).Draw(t, "num_leaves")
		p.Objective = rapid.SampledFrom([]string{Regression, Huber, Fair, Poisson, Gamma, Tweedie, Binary, Multiclass, MulticlassOVA, CrossEntropy,
			LambdaRank}).Draw(t, "objective")
		p.Seed = rapid.IntRange(0, 99).Draw(t, "seed")
		p.HistPrecision = rapid.SampledFrom([]string{PackedHistograms, Float64Histograms}).Draw(t, "hist_precision")
		p.FeatureFractionByNode = rapid.SampledFrom([]float64{1, 0.6}).Draw(t, "bynode")
		p.GrowPolicy = rapid.SampledFrom([]string{LeafWise, DepthWise}).Draw(t, "grow_policy")
		p.MinDataInLeaf = rapid.IntRange(1, 40).Draw(t, "min_data_in_leaf")
		p.LambdaL1 = rapid.SampledFrom([]float64{0, 0.5}).Draw(t, "lambda_l1")
		return p
	})
}

// kindsOfTraining change plain parameters to what each kind of training needs.
func kindsOfTraining() map[string]func(*Params) {
	return map[string]func(*Params){
		"plain":   func(*Params) {},
		"bagging": func(p *Params) { p.BaggingFreq, p.BaggingFraction, p.FeatureFraction = 1, 0.5, 0.6 },
		"balanced": func(p *Params) {
			p.Objective, p.BaggingFreq, p.PosBaggingFraction, p.NegBaggingFraction = Binary, 1, 0.7, 0.4
		},
		"goss":     func(p *Params) { p.DataSampleStrategy, p.LearningRate = GOSS, 1 },
		"dart":     func(p *Params) { p.Boosting, p.SkipDrop, p.DropRate, p.NumIterations = DART, 0, 1, 3 },
		"forest":   func(p *Params) { p.Boosting, p.BaggingFreq, p.BaggingFraction = RandomForest, 1, 0.5 },
		"extra":    func(p *Params) { p.ExtraTrees = true },
		"levels":   func(p *Params) { p.GrowPolicy, p.MaxDepth = DepthWise, 3 },
		"linear":   func(p *Params) { p.LinearTree, p.LinearLambda = true, 0.1 },
		"smooth":   func(p *Params) { p.PathSmooth, p.MaxDeltaStep = 2, 0.5 },
		"monotone": func(p *Params) { p.MonotoneConstraints, p.MonotoneMethod = []int{1, 0, -1, 0, 0}, "intermediate" },
		"groups":   func(p *Params) { p.InteractionConstraints = [][]int{{0, 1}, {2, 3, 4}} },
		"zeros":    func(p *Params) { p.ZeroAsMissing = true },
		"sample":   func(p *Params) { p.BinConstructSample = 5000 },
	}
}

// Whatever the objective, the kind of training and the other parameters, on
// categories, missing values and weights, the model is the same, byte by byte,
// for any number of threads.
func TestAnyModelDoesNotDependOnThreads(t *testing.T) {
	const rows = chunkRows + 616 // two tasks, and whole queries of 17 rows
	features, raw := plainData(rows, 5, 12)
	label, value, weights := make([]float64, rows), make([]float64, rows), make([]float64, rows)
	for i := range label {
		score := raw[0][i] + raw[1][i]*raw[2][i]
		label[i], value[i] = oneIf(score > 0.3), math.Exp(score)
		weights[i] = 1 + float64(i%3)
		raw[3][i] = math.Floor(math.Abs(raw[3][i]) * 9)
		if i%5 == 0 {
			raw[4][i] = math.NaN()
		}
	}
	features[3].Categorical = true
	check := func(name string, p Params, weight []float64) {
		t.Run(name, func(t *testing.T) {
			if p.manyClasses() {
				p.NumClass = 2
			}
			target := label
			if labelRange(&p) == nil || p.Objective == Gamma {
				target = value
			}
			first := ""
			for _, threads := range []int{1, 2, 3, 8} {
				p.NumThreads = threads
				d, err := NewDataset(context.Background(), features, target, weight, p)
				if err != nil {
					t.Fatal(err)
				}
				if err := d.SetGroups(slices.Repeat([]int{17}, rows/17)); err != nil {
					t.Fatal(err)
				}
				m, err := Train(context.Background(), d, nil, p)
				if err != nil {
					t.Fatalf("%+v: %v", p, err)
				}
				if m.trees[0].numLeaves() < 2 {
					t.Fatalf("no tree was grown, which shows nothing: %+v", p)
				}
				text := modelText(t, m)
				if first == "" {
					first = text
				} else if text != first {
					t.Fatalf("%d threads give another model than one: %+v", threads, p)
				}
			}
		})
	}
	for i, objective := range []string{Regression, RegressionL1, Huber, Fair, Poisson, Quantile, MAPE, Gamma, Tweedie, Binary, Multiclass, MulticlassOVA,
		CrossEntropy, LambdaRank} {
		if underRace && i%5 != 0 {
			continue
		}
		p := plainParams().Example(i)
		p.Objective = objective
		check(objective, p, nil)
	}
	for i, kind := range slices.Sorted(maps.Keys(kindsOfTraining())) {
		p := plainParams().Example(100 + i)
		kindsOfTraining()[kind](&p)
		check(kind, p, weights)
	}
}
