//go:build !race

package training

import (
	"context"
	"maps"
	"math"
	"strings"
	"testing"

	"mlops/runner/table"
)

// XGBoost draws other rows and columns, sums in float32, and has thresholds on values
// and not between them: on 200 rows that alone moves figures by some hundredths. So
// means of five seeds are compared, loosely for each set of parameters and closely for
// all of them together. Every ninth cell is missing.
func TestXGBoostModeIsAsGoodAsXGBoost(t *testing.T) {
	reference := readReference(t)
	ours, theirs := map[string]float64{}, map[string]float64{} // by kind and metric, summed over the parameters
	for _, data := range reference.Forests {
		for name, figures := range reference.XGBoost.Figures[data.Kind] {
			t.Run(data.Kind+" "+name, func(t *testing.T) {
				x := make([][]float64, len(data.X))
				for i, row := range data.X {
					x[i] = make([]float64, len(row))
					for j, v := range row {
						if x[i][j] = v; (i*len(row)+j)%9 == 0 {
							x[i][j] = math.NaN()
						}
					}
				}
				tab := tableOf(t, x, data.Y)
				problem := "classification"
				if data.Kind == "regression" {
					problem = "regression"
				}
				cfg := cfgOf(t, "preprocessing: {steps: []}\ntraining: {backend: xgboost, validation_data: rest, cv_folds: 0, problem_type: "+problem+", params: {n_estimators: 40}}")
				maps.Copy(cfg.Training.Params, reference.XGBoost.Params[name])
				const seeds = 5
				sums := map[string]float64{}
				for seed := range seeds {
					cfg.Training.RandomState = int64(seed)
					out, err := Train(context.Background(), Request{Table: tab.Slice(0, data.Train), Validation: tab.Slice(data.Train, len(x)), Target: "y", Config: cfg})
					if err != nil {
						t.Fatal(err)
					}
					for metric, v := range out.Metrics {
						sums[metric] += v / seeds
					}
				}
				for metric, want := range figures {
					got := sums[metric]
					t.Logf("%s %.4f, XGBoost %.4f", metric, got, want)
					ours[data.Kind+" "+metric] += got / float64(len(reference.XGBoost.Params))
					theirs[data.Kind+" "+metric] += want / float64(len(reference.XGBoost.Params))
					const slack = 0.05
					if metric == "log_loss" && got > want+slack || metric != "log_loss" && got < want-slack {
						t.Errorf("%s is %.4f, XGBoost's %.4f", metric, got, want)
					}
				}
			})
		}
	}
	for name, want := range theirs {
		t.Logf("%s: mean %.4f, XGBoost %.4f", name, ours[name], want)
		if worse := want - ours[name]; worse > 0.02 && !strings.HasSuffix(name, "log_loss") || -worse > 0.02 && strings.HasSuffix(name, "log_loss") {
			t.Errorf("%s is %.4f on average, XGBoost's %.4f", name, ours[name], want)
		}
	}
}

func TestXGBoostModeRanksAsWellAsXGBoost(t *testing.T) {
	r := readReference(t).XGBoost.Ranking
	tab := tableOf(t, r.X, r.Y, table.NewInt64("query", r.Query, nil))
	cfg := cfgOf(t, "preprocessing: {steps: []}\ntraining: {backend: xgboost, validation_data: rest, cv_folds: 0, problem_type: ranking, group_column: query, params: {n_estimators: 40, objective: 'rank:ndcg'}}")
	out, err := Train(context.Background(), Request{Table: tab.Slice(0, r.Train), Validation: tab.Slice(r.Train, len(r.X)), Target: "y", Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.Metrics["ndcg"], r.NDCG["rank:ndcg"]; got < want-0.01 {
		t.Errorf("ndcg is %.4f, XGBoost's %.4f", got, want)
	} else {
		t.Logf("ndcg %.4f, XGBoost %.4f", got, want)
	}
}
