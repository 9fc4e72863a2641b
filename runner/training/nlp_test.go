package training_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

// reviews have a text whose words tell the verdict and the stars, and columns that
// tell nothing.
func reviews(t testing.TB, rows int) *table.Table {
	t.Helper()
	random := rand.New(rand.NewPCG(4, 4))
	words := [2][]string{strings.Fields("rude cold dirty slow broken"), strings.Fields("warm kind clean quick tasty")}
	text, city, verdict := make([]string, rows), make([]string, rows), make([]string, rows)
	stars, nights := make([]float64, rows), make([]float64, rows)
	for i := range rows {
		good := random.IntN(2)
		said := []string{"the", "room", "was", words[good][random.IntN(5)], "and", words[good][random.IntN(5)]}
		text[i], verdict[i] = strings.Join(said, " "), []string{"bad", "good"}[good]
		city[i], nights[i] = []string{"Lima", "La Paz"}[random.IntN(2)], float64(random.IntN(9))
		stars[i] = 1 + 3*float64(good) + random.Float64()
	}
	out, err := table.New(table.NewString("review", text, nil), table.NewString("city", city, nil), table.NewFloat64("nights", nights, nil),
		table.NewString("verdict", verdict, nil), table.NewFloat64("stars", stars, nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNLPAloneLearnsFromTexts(t *testing.T) {
	for _, c := range []struct{ target, model, metric, more string }{
		{"verdict", "logistic_regression", "accuracy", ""},
		{"stars", "ridge", "r2_score", ", problem_type: regression, params: {alpha: 0.5, ngram_range: [1, 1], text_columns: [review]}"},
	} {
		t.Run(c.target, func(t *testing.T) {
			tab := reviews(t, 300).Drop(map[string]string{"verdict": "stars", "stars": "verdict"}[c.target])
			out, err := training.Train(t.Context(), training.Request{Table: tab, Target: c.target, Config: parse(t, "training: {backend: nlp, cv_folds: 3"+c.more+"}")})
			if err != nil {
				t.Fatal(err)
			}
			if out.Model.Name() != c.model || out.Metrics[c.metric] < 0.9 || out.Metrics["cv_mean"] < 0.9 {
				t.Errorf("%s with %s %v, cv_mean %v", out.Model.Name(), c.metric, out.Metrics[c.metric], out.Metrics["cv_mean"])
			}
			// Terms of the texts, indicators of the categories, and the numbers.
			for _, want := range []string{"review_rude", "nights"} {
				if !slices.Contains(out.Features, want) {
					t.Errorf("there is no feature %q among %v", want, out.Features)
				}
			}
			if slices.Contains(out.Features, "review") || slices.Contains(out.Features, "city") {
				t.Errorf("features %v", out.Features)
			}
			// What it makes is loaded, and predicts the same.
			loaded, err := training.Load(out.Model.Info(), bytes.NewReader(saved(t, out.Model)))
			if err != nil {
				t.Fatal(err)
			}
			features, err := out.Preprocess.TransformForInference(t.Context(), out.Sample.Features)
			if err != nil {
				t.Fatal(err)
			}
			got, err := loaded.Predict(t.Context(), features)
			if err != nil || !slices.Equal(got.Proba, out.Sample.Prediction.Proba) || !slices.Equal(got.Values, out.Sample.Prediction.Values) {
				t.Errorf("it predicts otherwise when it is loaded: %v", err)
			}
		})
	}
}

func TestNLPTakesTheStepsThatAreListed(t *testing.T) {
	yaml := "preprocessing: {steps: [{type: text_tfidf, params: {columns: [review], max_features: 7}}, {type: drop, params: {columns: [city, nights]}}]}\ntraining: {backend: nlp, cv_folds: 0}"
	out, err := training.Train(t.Context(), training.Request{Table: reviews(t, 200).Drop("stars"), Target: "verdict", Config: parse(t, yaml)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Features) != 7 {
		t.Errorf("features %v", out.Features)
	}
}

func TestNLPWithoutATextOrWithWrongParameters(t *testing.T) {
	whole := reviews(t, 100).Drop("stars")
	for _, c := range []struct {
		name, params, more string
		tab                *table.Table
		want               string
	}{
		{"no text", "", "", whole.Drop("review"), "no column holds texts, of three words or more on average"},
		{"no such column", "text_columns: [reviews]", "", whole, `training.params.text_columns: no column "reviews"; did you mean "review"?`},
		{"numbers", "text_columns: [nights]", "", whole, `training.params.text_columns: the column "nights" holds no text`},
		{"an unknown parameter", "max_feature: 3", "", whole, "max_feature"},
		{"out of range", "max_features: 0", "", whole, "training.params.max_features: must be at least 1 and at most 50000"},
		{"steps say it", "max_features: 3", "preprocessing: {steps: []}\n", whole, "training.params.max_features: has no effect where preprocessing.steps say"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := parse(t, c.more+"training: {backend: nlp, cv_folds: 0, params: {"+c.params+"}}")
			_, err := training.Train(t.Context(), training.Request{Table: c.tab, Target: "verdict", Config: cfg})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
			var settings *config.Error
			var data *training.DataError
			if !errors.As(err, &settings) && !errors.As(err, &data) {
				t.Errorf("the error is a %T", err)
			}
		})
	}
}

// deep_learning alone is a deeper perceptron that learns a vector for each category
// and stops early; its parameters are the perceptron's.
func TestDeepLearningAlone(t *testing.T) {
	out, err := training.Train(t.Context(), training.Request{
		Table: one(t, shop(t, 800), "churned"), Target: "churned", Config: parse(t, "preprocessing: {handle_missing: mean}\ntraining: {backend: deep_learning, cv_folds: 0}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Model.Name() != "mlp_classifier" || out.Metrics["accuracy"] < 0.85 {
		t.Errorf("%s with accuracy %v", out.Model.Name(), out.Metrics["accuracy"])
	}
	if !strings.Contains(strings.Join(out.Warnings, "\n"), "the validation part also decided when to stop training") {
		t.Errorf("warnings %q", out.Warnings)
	}
	if _, err := training.Load(out.Model.Info(), bytes.NewReader(saved(t, out.Model))); err != nil {
		t.Error(err)
	}
	err = training.Check(parse(t, "training: {backend: deep_learning, params: {hidden_layers: [3]}}"))
	if err == nil || !strings.Contains(err.Error(), "the known ones are loss, hidden_layer_sizes") {
		t.Errorf("an unknown parameter gives %v", err)
	}
	// With a program it is the program's.
	err = training.Check(parse(t, "training: {backend: deep_learning, params: {program: x, hidden_layer_sizes: [3]}}"))
	if err == nil || !strings.Contains(err.Error(), "hidden_layer_sizes") {
		t.Errorf("a network's parameter beside a program gives %v", err)
	}
}
