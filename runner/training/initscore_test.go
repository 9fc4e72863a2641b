package training_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mlops/runner/table"
	"mlops/runner/training"
)

// started are rows whose target is a known score plus what x adds.
func started(t testing.TB, rows int) *table.Table {
	t.Helper()
	random := rand.New(rand.NewPCG(9, 9))
	x, base, y := make([]float64, rows), make([]float64, rows), make([]float64, rows)
	three, s := make([]string, rows), [3][]float64{make([]float64, rows), make([]float64, rows), make([]float64, rows)}
	for i := range rows {
		x[i], base[i] = random.Float64()*10, random.NormFloat64()*50
		y[i] = base[i] + x[i]
		class := i % 3
		three[i] = []string{"a", "b", "c"}[class]
		s[class][i] = 4 // only the scores tell the class
	}
	out, err := table.New(table.NewFloat64("x", x, nil), table.NewFloat64("base", base, nil), table.NewFloat64("y", y, nil), table.NewString("three", three, nil),
		table.NewFloat64("sa", s[0], nil), table.NewFloat64("sb", s[1], nil), table.NewFloat64("sc", s[2], nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTrainingStartsFromScores(t *testing.T) {
	data, err := started(t, 600).Select("x", "base", "y")
	if err != nil {
		t.Fatal(err)
	}
	cfg := parse(t, "training: {backend: lightgbm, init_score_column: base, cv_folds: 2, params: {num_iterations: 200, early_stopping_round: 50}}")
	out, err := training.Train(bg, training.Request{Table: data, Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if out.Metrics["r2_score"] < 0.999 || out.Metrics["cv_mean"] < 0.999 || !slices.Equal(out.Features, []string{"x"}) || !slices.Equal(out.Model.Info().InitScore, []string{"base"}) {
		t.Errorf("metrics %v of features %q", out.Metrics, out.Features)
	}
	// A deployment's way: from the raw table, with and without the scores.
	model, err := training.Load(out.Model.Info(), bytes.NewReader(saved(t, out.Model)))
	if err != nil {
		t.Fatal(err)
	}
	features, err := out.Preprocess.TransformForInference(bg, out.Sample.Features)
	if err != nil {
		t.Fatal(err)
	}
	with, err := training.Predict(bg, model, features, out.Sample.Features)
	if err != nil || !slices.Equal(with.Values, out.Sample.Prediction.Values) {
		t.Errorf("with the scores it predicts otherwise (%v)", err)
	}
	without, err := training.Predict(bg, model, features, out.Sample.Features.Drop("base"))
	if err != nil {
		t.Fatal(err)
	}
	for i, base := range out.Sample.Features.Column("base").Floats() {
		if math.Abs(without.Values[i]+base-with.Values[i]) > 1e-9 || without.Values[i] < -1 || without.Values[i] > 11 {
			t.Fatalf("row %d: %v without the score %v, %v with it", i+1, without.Values[i], base, with.Values[i])
		}
	}
	holes := out.Sample.Features.Column("base").Floats()
	holes = slices.Clone(holes)
	holes[4] = math.NaN()
	raw, err := table.New(out.Sample.Features.Column("x"), table.NewFloat64("base", holes, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := training.Predict(bg, model, features, raw); err == nil || !strings.Contains(err.Error(), `row 5, column "base": an initial score is missing`) {
		t.Errorf("a missing score: %v", err)
	}
}

func TestTrainingStartsFromAScoreOfEachClass(t *testing.T) {
	tab := started(t, 300)
	for _, objective := range []string{"multiclass", "multiclassova"} {
		data, err := tab.Select("x", "sa", "sb", "sc", "three")
		if err != nil {
			t.Fatal(err)
		}
		yaml := "training: {backend: lightgbm, init_score_column: %s, cv_folds: 0, params: {num_iterations: 3, objective: " + objective + "}}"
		out, err := training.Train(bg, training.Request{Table: data, Config: parse(t, fmt.Sprintf(yaml, "[sa, sb, sc]"))})
		if err != nil {
			t.Fatal(err)
		}
		if out.Metrics["accuracy"] != 1 {
			t.Errorf("%s: accuracy %v", objective, out.Metrics["accuracy"])
		}
		_, err = training.Train(bg, training.Request{Table: data, Config: parse(t, fmt.Sprintf(yaml, "sa"))})
		if err == nil || !strings.Contains(err.Error(), "training.init_score_column: names 1 columns, but the objective "+objective+" takes a list of 3, one a class in the order a, b, c") {
			t.Errorf("got %v", err)
		}
	}
	data, err := tab.Select("x", "base", "sa", "y")
	if err != nil {
		t.Fatal(err)
	}
	_, err = training.Train(bg, training.Request{Table: data, Config: parse(t, "training: {backend: lightgbm, init_score_column: [base, sa], cv_folds: 0}")})
	if err == nil || !strings.Contains(err.Error(), "names 2 columns, but the objective regression takes one") {
		t.Errorf("got %v", err)
	}
}
