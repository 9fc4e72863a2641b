package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// The data of these tests: drawn once by a fixed seed, with skill so that the
// plots look like those of a model.

func binaryData(rows int) (Truth, Prediction) {
	draw := rand.New(rand.NewPCG(1, 1))
	truth := Truth{Problem: Binary, Names: []string{"no", "yes"}}
	var p Prediction
	for range rows {
		score := 1 / (1 + math.Exp(-(1.6*draw.NormFloat64() - 0.8)))
		y, class := 0, 0
		if draw.Float64() < math.Pow(score, 1.25) {
			y = 1
		}
		if score > 0.5 {
			class = 1
		}
		truth.Classes, p.Classes = append(truth.Classes, y), append(p.Classes, class)
		p.Proba = append(p.Proba, 1-score, score)
	}
	return truth, p
}

func multiclassData(rows, classes int) (Truth, Prediction) {
	draw := rand.New(rand.NewPCG(2, uint64(classes)))
	truth := Truth{Problem: Multiclass}
	for k := range classes {
		truth.Names = append(truth.Names, fmt.Sprintf("species %c%d", 'a'+k%26, k))
	}
	var p Prediction
	for range rows {
		y := int(float64(classes) * math.Pow(draw.Float64(), 1.5))
		proba, sum := make([]float64, classes), 0.0
		for k := range proba {
			proba[k] = math.Exp(draw.NormFloat64())
			if k == y || k == (y+1)%classes && draw.Float64() < 0.4 {
				proba[k] *= float64(classes)
			}
			sum += proba[k]
		}
		best := 0
		for k := range proba {
			proba[k] /= sum
			if proba[k] > proba[best] {
				best = k
			}
		}
		truth.Classes, p.Classes = append(truth.Classes, y), append(p.Classes, best)
		p.Proba = append(p.Proba, proba...)
	}
	return truth, p
}

func regressionData(rows int) (Truth, Prediction) {
	draw := rand.New(rand.NewPCG(3, 3))
	truth, p := Truth{Problem: Regression}, Prediction{}
	for range rows {
		y := 180_000 * math.Exp(0.45*draw.NormFloat64())
		noise := 0.12 * y * draw.NormFloat64()
		if draw.IntN(200) == 0 {
			noise *= 12
		}
		truth.Values, p.Values = append(truth.Values, y), append(p.Values, y+noise-0.00000012*(y-180_000)*(y-180_000))
	}
	return truth, p
}

func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// samples are reports that between them have every plot.
func samples(t testing.TB) map[string]*Report {
	t.Helper()
	truth, p := binaryData(4000)
	binary := must2(t)(New(t.Context(), truth, p, Options{Model: "lightgbm", Target: "churned", Data: "validation"}))
	names := []string{"monthly_charges", "tenure", "contract_two_year_with_automatic_renewal_and_discount", "support_calls", "age", "region=north"}
	binary.Importances = append(binary.Importances,
		Importance{Kind: PermutationImportance, Metric: "roc_auc", Baseline: 0.83, Repeats: 5, Rows: 4000, Features: []Feature{
			{"monthly_charges", 0.1312, 0.0062}, {"tenure", 0.0875, 0.0051}, {"contract_two_year_with_automatic_renewal_and_discount", 0.0407, 0.0044},
			{"support_calls", 0.0121, 0.002}, {"age", 0.0008, 0.0009}, {"region=north", -0.0021, 0.0012},
		}},
		must2i(t)(Trees(GainImportance, names, []float64{51234, 40123, 22222, 9000.5, 1234, 12})))
	binary.LearningCurve = learningCurve(t)

	truth, p = multiclassData(1500, 3)
	three := must2(t)(New(t.Context(), truth, p, Options{Model: "lightgbm", Target: "species", Data: "validation"}))
	coefficients, err := Coefficients([]string{"petal_length", "petal_width", "sepal_length", "sepal_width"}, []float64{
		-1.9, -0.8, 0.4, 0.9, 0.4, -0.7, 0.3, -0.2, 1.5, 1.5, -0.7, -0.7,
	}, []float64{1, 0.5, -1.5}, truth.Names)
	if err != nil {
		t.Fatal(err)
	}
	three.Importances = coefficients
	three.LearningCurve = foldsCurve(t)

	truth, p = multiclassData(3000, 23)
	many := must2(t)(New(t.Context(), truth, p, Options{Target: "product_category", Data: "test"}))
	var features []string
	var splits []float64
	for i := range 60 {
		features, splits = append(features, fmt.Sprintf("wavelet_%02d_energy", i)), append(splits, float64(5000/(i+1)))
	}
	many.Importances = append(many.Importances, must2i(t)(Trees(SplitImportance, features, splits)))

	values, predicted := regressionData(5000)
	regression := must2(t)(New(t.Context(), values, predicted, Options{Model: "lightgbm", Target: "price", Data: "validation", Seed: 1}))
	return map[string]*Report{"binary": binary, "three": three, "many": many, "regression": regression}
}

func must2(t testing.TB) func(*Report, error) *Report {
	return func(r *Report, err error) *Report { return must(t, r, err) }
}

func must2i(t testing.TB) func(Importance, error) Importance {
	return func(m Importance, err error) Importance { return must(t, m, err) }
}

func learningCurve(t testing.TB) *LearningCurve {
	var train, valid Series
	train.Name, valid.Name = "training", "validation"
	draw := rand.New(rand.NewPCG(4, 4))
	for i := range 600 {
		x := float64(i + 1)
		train.X, valid.X = append(train.X, x), append(valid.X, x)
		train.Y = append(train.Y, 0.22+0.45*math.Exp(-x/90)+0.002*draw.NormFloat64())
		valid.Y = append(valid.Y, 0.36+0.31*math.Exp(-x/60)+0.00009*x+0.002*draw.NormFloat64())
	}
	best := 241.0
	curve, err := NewLearningCurve("log_loss", "iteration", []Series{train, valid}, &best)
	return must(t, curve, err)
}

func foldsCurve(t testing.TB) *LearningCurve {
	x := []float64{100, 250, 500, 1000, 1500}
	curve, err := NewLearningCurve("f1_score", "training rows", []Series{
		{"training", x, []float64{0.98, 0.95, 0.93, 0.92, 0.915}, []float64{0.004, 0.005, 0.004, 0.003, 0.002}},
		{"cross-validation", x, []float64{0.71, 0.79, 0.84, 0.87, 0.88}, []float64{0.03, 0.02, 0.012, 0.01, 0.008}},
	}, nil)
	return must(t, curve, err)
}
