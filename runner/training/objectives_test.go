package training_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/gbdt"
	"mlops/runner/table"
	"mlops/runner/training"
)

// targets are columns that the objectives can learn, all of x.
func targets(t testing.TB, rows int) *table.Table {
	t.Helper()
	x, count, share, query := make([]float64, rows), make([]float64, rows), make([]float64, rows), make([]int64, rows)
	two, three := make([]string, rows), make([]string, rows)
	for i := range rows {
		x[i] = float64((i * 37) % 100)
		count[i] = 1 + math.Round(x[i]/10)
		share[i] = 1 / (1 + math.Exp(5-x[i]/10))
		two[i] = []string{"no", "yes"}[int(x[i])/50]
		three[i] = []string{"a", "b", "c"}[int(x[i])/34]
		query[i] = int64(i % 25)
	}
	out, err := table.New(table.NewFloat64("x", x, nil), table.NewInt64("query", query, nil), table.NewFloat64("count", count, nil),
		table.NewFloat64("share", share, nil), table.NewString("two", two, nil), table.NewString("three", three, nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every objective that a configuration can name trains, tells the type of problem,
// and comes back from its file.
func TestEveryObjectiveTrains(t *testing.T) {
	cases := []struct {
		objective, target string
		problem           training.ProblemType
	}{
		{"regression", "count", training.Regression}, {"mse", "count", training.Regression}, {"l1", "count", training.Regression},
		{"huber", "count", training.Regression}, {"fair", "count", training.Regression}, {"poisson", "count", training.Regression},
		{"quantile", "count", training.Regression}, {"mape", "count", training.Regression}, {"gamma", "count", training.Regression},
		{"tweedie", "count", training.Regression}, {"xentropy", "share", training.Regression}, {"binary", "two", training.Binary},
		{"multiclass", "two", training.Binary}, {"ova", "two", training.Binary}, {"softmax", "three", training.Multiclass},
		{"multiclassova", "three", training.Multiclass}, {"lambdarank", "count", training.Ranking},
	}
	tab := targets(t, 500)
	for _, c := range cases {
		t.Run(c.objective+" "+c.target, func(t *testing.T) {
			t.Parallel()
			group, features := "", []string{"x", c.target}
			if c.problem == training.Ranking {
				group, features = "group_column: query, ", []string{"x", "query", c.target}
			}
			data, err := tab.Select(features...)
			if err != nil {
				t.Fatal(err)
			}
			cfg := parse(t, fmt.Sprintf("training: {backend: lightgbm, cv_folds: 2, %sparams: {objective: %s, num_iterations: 20}}", group, c.objective))
			out, err := training.Train(bg, training.Request{Table: data, Config: cfg})
			if err != nil {
				t.Fatal(err)
			}
			if out.Problem != c.problem || !slices.Equal(out.Features, []string{"x"}) {
				t.Errorf("a %s of %q, want a %s of x", out.Problem, out.Features, c.problem)
			}
			metric, least := "accuracy", 0.95
			switch c.problem {
			case training.Regression:
				if metric, least = "r2_score", 0.7; c.objective == "quantile" {
					least = math.Inf(-1) // the 90th percentile is no mean
				}
			case training.Ranking:
				metric = "ndcg"
			}
			if out.CVMetric != metric || out.Metrics[metric] < least || out.Metrics["cv_mean"] < least {
				t.Errorf("%s %v, cross-validated %s %v", metric, out.Metrics[metric], out.CVMetric, out.Metrics["cv_mean"])
			}
			again, err := training.Load(out.Model.Info(), bytes.NewReader(saved(t, out.Model)))
			if err != nil {
				t.Fatal(err)
			}
			features0, err := out.Preprocess.TransformForInference(bg, out.Sample.Features)
			if err != nil {
				t.Fatal(err)
			}
			got, err := again.Predict(bg, features0)
			if err != nil || !slices.Equal(got.Values, out.Sample.Prediction.Values) || !slices.Equal(got.Proba, out.Sample.Prediction.Proba) {
				t.Errorf("read back it predicts otherwise (%v)", err)
			}
			for row := range got.Class {
				sum := 0.0
				for _, p := range got.Proba[row*len(got.Classes) : (row+1)*len(got.Classes)] {
					sum += p
				}
				if math.Abs(sum-1) > 1e-9 {
					t.Fatalf("the probabilities of row %d add up to %v", row+1, sum)
				}
			}
			if c.target == "share" && (slices.Min(got.Values) < 0 || slices.Max(got.Values) > 1) {
				t.Errorf("predicts %v to %v, which are no probabilities", slices.Min(got.Values), slices.Max(got.Values))
			}
		})
	}
}

func TestObjectiveAndProblemMustAgree(t *testing.T) {
	tab := targets(t, 200)
	cases := []struct{ name, training, target, want string }{
		{"classes of a regression", "problem_type: classification, params: {application: poisson}", "two",
			"conf.yaml:1:83: training.params.application: the objective poisson is of a regression and does not fit training.problem_type classification; for that use one of binary, multiclass, multiclassova"},
		{"numbers of classes", "problem_type: regression, params: {objective: ova}", "count",
			"the objective multiclassova is of a classification and does not fit training.problem_type regression; for that use one of regression, regression_l1, huber, fair, poisson, quantile, mape, gamma, tweedie, cross_entropy"},
		{"ranking by a regression", "problem_type: ranking, group_column: query, params: {objective: l2}", "count", "for that use one of lambdarank"},
		{"three classes of two", "params: {objective: binary}", "three", "training.params.objective: the objective binary does not fit a target of multiclass_classification; use one of multiclass, multiclassova"},
		{"text as numbers", "params: {objective: gamma}", "two", `column "two": the target holds text, which a regression cannot predict`},
		{"code", "params: {objective: custom}", "count", "training.params.objective: the objective custom does not fit"},
		{"shares", "params: {objective: cross_entropy}", "count", `column "count": the target 8 cannot be used: the objective cross_entropy needs labels from 0 to 1`},
		{"labels of a ranking", "group_column: query, params: {objective: lambdarank}", "share", `the objective lambdarank needs whole numbers from 0 to 30`},
		{"ranking without queries", "problem_type: ranking", "count", "training.group_column: a ranking needs queries"},
		{"number of classes", "params: {objective: ova, num_class: 4}", "three", "training.params.num_class: num_class is 4, but the target has 3 classes; leave it out"},
		{"number of classes of a regression", "params: {objective: l2, num_class: 4}", "count", "training.params.num_class: must be 1"},
		{"unknown", "params: {objective: lambdamart}", "count", "training.params.objective: must be one of"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := parse(t, "training: {backend: lightgbm, cv_folds: 0, "+c.training+"}")
			_, err := training.Train(bg, training.Request{Table: tab, Target: c.target, Config: cfg})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %q", err, c.want)
			}
		})
	}
	for yaml, want := range map[string]string{
		"problem_type: ranking, group_column: query": "training.problem_type: a random forest cannot rank; set training.backend to lightgbm",
		"init_score_column: x":                       "training.init_score_column: a random forest cannot start from scores",
		"init_model: m":                              "training.init_model: a random forest cannot go on from a model",
		"backend: lightgbm, init_score_column: x, params: {boosting: rf, bagging_freq: 1, bagging_fraction: 0.5}": "training.init_score_column: a random forest (boosting rf)",
		"backend: lightgbm, init_model: m, params: {boosting: rf, bagging_freq: 1, bagging_fraction: 0.5}":        "training.init_model: a random forest (boosting rf)",
		"backend: lightgbm, init_model: m, init_score_column: x":                                                  "training.init_score_column: cannot be combined with training.init_model",
	} {
		var wrong *config.Error
		if err := training.Check(parse(t, "training: {"+yaml+"}")); !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", yaml, err, want)
		}
	}
}

// training.params takes the whole table of package gbdt, under every name.
func TestParamsAreAllOfLightGBMs(t *testing.T) {
	var page bytes.Buffer
	if err := gbdt.WriteParamReference(&page); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{ // where the default is not written on the page
		"objective": "regression", "metric": []any{"l2", "l1"}, "monotone_constraints": []any{int64(1)}, "label_gain": []any{0.0, 1.0},
		"interaction_constraints": "[0,1],[2]", "auc_mu_weights": []any{0.0, 1.0, 1.0, 0.0},
	}
	names := 0
	for line := range strings.Lines(page.String()) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| `") || len(cells) < 5 {
			continue
		}
		name := strings.Trim(cells[0], "| `")
		value, ok := values[name]
		if !ok {
			value = strings.TrimSpace(cells[1])
		}
		if value == "" {
			value = int64(1)
		}
		if name == "objective" || name == "num_class" {
			value = map[string]any{"objective": "regression", "num_class": int64(1)}[name]
		}
		aliases := strings.FieldsFunc(cells[4], func(r rune) bool { return strings.ContainsRune("`|, \n", r) })
		for i, key := range append([]string{name}, aliases...) {
			names++
			c := config.Default()
			c.Training.Backend, c.Training.Params = "lightgbm", map[string]any{key: value}
			if name == "auc_mu_weights" {
				c.Training.Params["objective"] = "multiclass"
			}
			if err := training.Check(c); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			if i == 0 {
				continue
			}
			c.Training.Params[name] = value
			if err := training.Check(c); err == nil || !strings.Contains(err.Error(), "is the same parameter as") {
				t.Errorf("%s and %s together: %v", name, key, err)
			}
		}
	}
	if names < 150 {
		t.Errorf("only %d names are on the page", names)
	}
}

func TestTwoNamesOfOneParameterAreToldWithTheirLine(t *testing.T) {
	cfg := parse(t, "training:\n  backend: lightgbm\n  params:\n    num_leaves: 15\n    n_estimators: 10\n    num_trees: 20\n")
	var wrong *config.Error
	err := training.Check(cfg)
	if !errors.As(err, &wrong) || wrong.Line != 6 || wrong.File != "conf.yaml" ||
		!strings.Contains(err.Error(), `training.params.num_trees: is the same parameter as "n_estimators": give only one of them`) {
		t.Errorf("got %v", err)
	}
}

func TestClassPairCostsOfAnyNumberOfClasses(t *testing.T) {
	cfg := parse(t, "training: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 3, metric: auc_mu, auc_mu_weights: [0, 1, 1, 1, 0, 1, 1, 1, 0]}}")
	data, err := targets(t, 300).Select("x", "three")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := training.Train(bg, training.Request{Table: data, Config: cfg}); err != nil {
		t.Error(err)
	}
}
