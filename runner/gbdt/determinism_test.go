package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand"
	"testing"

	"pgregory.net/rapid"
)

// anyParams draws a training of one of the kinds that may be combined.
func anyParams() *rapid.Generator[Params] {
	return rapid.Custom(func(t *rapid.T) Params {
		p := DefaultParams()
		p.NumIterations, p.NumLeaves = 2, rapid.IntRange(3, 12).Draw(t, "num_leaves")
		p.Objective = rapid.SampledFrom([]string{Regression, RegressionL1, Huber, Fair, Poisson, Quantile, MAPE, Tweedie, Binary, Multiclass, MulticlassOVA,
			CrossEntropy, LambdaRank}).Draw(t, "objective")
		if p.manyClasses() {
			p.NumClass = 2
		}
		p.Seed = rapid.IntRange(0, 99).Draw(t, "seed")
		p.HistPrecision = rapid.SampledFrom([]string{PackedHistograms, Float64Histograms}).Draw(t, "hist_precision")
		p.FeatureFractionByNode = rapid.SampledFrom([]float64{1, 0.6}).Draw(t, "bynode")
		p.ExtraTrees = rapid.Bool().Draw(t, "extra_trees")
		p.GrowPolicy = rapid.SampledFrom([]string{LeafWise, DepthWise}).Draw(t, "grow_policy")
		p.PathSmooth = rapid.SampledFrom([]float64{0, 2}).Draw(t, "path_smooth")
		switch rapid.SampledFrom([]string{"none", "bagging", "goss", "dart", "forest", "monotone"}).Draw(t, "kind") {
		case "bagging":
			p.BaggingFreq, p.BaggingFraction = 1, 0.5
		case "goss":
			p.DataSampleStrategy, p.LearningRate = GOSS, 1
		case "dart":
			p.Boosting, p.SkipDrop, p.DropRate = DART, 0, 1
		case "forest":
			p.Boosting, p.BaggingFreq, p.BaggingFraction = RandomForest, 1, 0.5
		case "monotone":
			p.MonotoneConstraints, p.MonotoneMethod = []int{1, 0, -1, 0, 0}, "intermediate"
		}
		return p
	})
}

// Whatever the parameters, the model is the same for any number of threads.
func TestAnyModelDoesNotDependOnThreads(t *testing.T) {
	const rows = chunkRows + 616 // two tasks, and whole queries of 17 rows
	features, raw := plainData(rows, 5, 12)
	label := make([]float64, rows)
	for i := range label {
		label[i] = oneIf(raw[0][i]+raw[1][i]*raw[2][i] > 0.3)
		raw[3][i] = math.Floor(math.Abs(raw[3][i]) * 9)
		if i%5 == 0 {
			raw[4][i] = math.NaN()
		}
	}
	features[3].Categorical = true
	draws := 10
	if underRace {
		draws = 3
	}
	for draw := range draws {
		p := anyParams().Example(draw)
		t.Run(fmt.Sprintf("%d_%s_%s", draw, p.Objective, p.Boosting), func(t *testing.T) {
			first := ""
			for _, threads := range []int{1, 2, 3, 8} {
				p.NumThreads = threads
				d, err := NewDataset(context.Background(), features, label, nil, p)
				if err != nil {
					t.Fatal(err)
				}
				groups := make([]int, 0, rows/17)
				for range rows / 17 {
					groups = append(groups, 17)
				}
				if err := d.SetGroups(groups); err != nil {
					t.Fatal(err)
				}
				m, err := Train(context.Background(), d, nil, p)
				if err != nil {
					t.Fatalf("%+v: %v", p, err)
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
}

// Fixed-point sums are as good as float64 ones where a few rows have gradients,
// or weights, a million times those of the others.
func TestPackedSumsKeepQualityOnSkewedData(t *testing.T) {
	if underRace {
		t.Skip("compares figures, which the race detector only slows: make unit runs it without")
	}
	const rows = 6000
	features, raw := plainData(rows, 4, 13)
	r := rand.New(rand.NewSource(14))
	label, weight := make([]float64, rows), make([]float64, rows)
	for i := range label {
		label[i] = math.Floor(math.Exp(2*raw[0][i] + raw[1][i] + 2*r.NormFloat64()))
		weight[i] = math.Exp(3 * r.NormFloat64())
	}
	for objective, metric := range map[string]string{Poisson: "poisson", Tweedie: "tweedie", Regression: "l2"} {
		t.Run(objective, func(t *testing.T) {
			figure := func(precision string) float64 {
				p := DefaultParams()
				p.Objective, p.Metric, p.NumIterations, p.HistPrecision, p.ProvideTrainMetric = objective, []string{metric}, 30, precision, true
				d, err := NewDataset(context.Background(), features, label, weight, p)
				if err != nil {
					t.Fatal(err)
				}
				var last float64
				if _, err := Train(context.Background(), d, nil, p, func(it Iteration) error { last = it.Metrics["train_"+metric]; return nil }); err != nil {
					t.Fatal(err)
				}
				return last
			}
			packed, float := figure(PackedHistograms), figure(Float64Histograms)
			if math.Abs(packed-float) > 1e-3*math.Abs(float) {
				t.Errorf("%s %v with packed sums, %v with float64 ones", metric, packed, float)
			}
		})
	}
}
