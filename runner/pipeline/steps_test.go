package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/pipeline"
)

// tickets writes support tickets: whether one is urgent stands in its text, its
// team and the day it came.
func tickets(t *testing.T, dir, name string, rows int) {
	random := rand.New(rand.NewPCG(7, uint64(rows)))
	var b strings.Builder
	b.WriteString("opened,team,text,cost,hours,size,urgent\n")
	for i := range rows {
		urgent := random.IntN(2) == 1
		text := []string{"please change my address", "question about the last invoice", "thank you for the help"}[random.IntN(3)]
		if urgent {
			text = []string{"server down, nothing works", "data lost after the update", "cannot log in; server down"}[random.IntN(3)]
		}
		team := []string{"a", "b", "c", "d"}[random.IntN(4)]
		cost := fmt.Sprint(random.IntN(1000))
		if random.IntN(10) == 0 {
			cost = ""
		}
		fmt.Fprintf(&b, "2026-%02d-%02d,%s,%q,%s,%d,%s,%t\n", 1+i%12, 1+i%28, team, text, cost, 1+random.IntN(9), []string{"S", "M", "L"}[random.IntN(3)], urgent)
	}
	write(t, dir, name, b.String())
}

const everyStep = `
preprocessing:
  steps:
    - {type: drop, params: {where: hours > 8}}
    - {type: date_parts, params: {columns: [opened], parts: [month, day_of_week]}}
    - {type: missing_values, params: {strategy: median, add_indicator: true}}
    - {type: outlier_clip, params: {columns: [cost], method: quantile}}
    - {type: derive, params: {columns: {per_hour: cost / hours}}}
    - {type: text_tfidf, params: {columns: [text], max_features: 20}}
    - {type: categorical_encoder, params: {method: ordinal, categories: {size: [S, M, L]}}}
    - {type: categorical_encoder, params: {method: target, columns: [team]}}
    - {type: feature_scaler, params: {method: robust, columns: [cost, per_hour]}}
    - {type: rename, params: {columns: {team: team_effect}}}
    - {type: cast, params: {columns: {hours: int64}}}
    - {type: drop, params: {columns: [opened_month]}}
training: {backend: lightgbm, cv_folds: 3, params: {num_iterations: 10, num_leaves: 7}}
`

// Every kind of step in one configuration, from the file to predictions of rows
// that lack cells and have categories and words that training did not see.
func TestEveryStepTrainsAndPredicts(t *testing.T) {
	dir, env := environment(t)
	tickets(t, dir, "train.csv", 300)
	cfg, err := config.Parse("steps.yaml", []byte(everyStep))
	if err != nil {
		t.Fatal(err)
	}
	trained := train(t, env, pipeline.TrainRequest{Data: "train.csv", Config: cfg})
	for _, name := range []string{"cost", "hours", "size", "team_effect", "text_server", "per_hour", "opened_day_of_week", "missingindicator_cost"} {
		if !slices.Contains(trained.Features, name) {
			t.Errorf("no feature %s among %v", name, trained.Features)
		}
	}
	if v := trained.Metrics["cv_mean"]; v < 0.95 {
		t.Errorf("cv_mean is %v: the text tells everything", v)
	}
	write(t, dir, "new.csv", "opened,team,text,cost,hours,size\n2027-01-01,z,SERVER down again,,9,M\n,,,1e9,1,\n2026-05-05,a,thank you so much,5,2,S\n")
	predicted, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "new.csv", Model: trained.Deployment.Dir}, env)
	if err != nil {
		t.Fatal(err)
	}
	if predicted.Count != 3 || fmt.Sprint(predicted.Head[0]) != "true" || fmt.Sprint(predicted.Head[2]) != "false" {
		t.Errorf("predicted %v", predicted.Head)
	}
}

// A target that says nothing must not look learnable through its own means: with
// a category for almost each row, means that hold the row's target would.
func TestTargetEncodingIsFittedInsideFolds(t *testing.T) {
	dir, env := environment(t)
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("who,y\n")
	for range 400 {
		fmt.Fprintf(&b, "p%d,%t\n", random.IntN(200), random.IntN(2) == 1)
	}
	write(t, dir, "noise.csv", b.String())
	cfg, err := config.Parse("noise.yaml", []byte("preprocessing:\n  steps: [{type: categorical_encoder, params: {method: target, smooth: 0}}]\ntraining: {backend: lightgbm, params: {num_iterations: 20}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	trained := train(t, env, pipeline.TrainRequest{Data: "noise.csv", Config: cfg})
	if v := trained.Metrics["cv_mean"]; v > 0.6 {
		t.Errorf("cv_mean of noise is %v", v)
	}
}
