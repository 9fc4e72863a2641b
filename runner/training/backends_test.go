package training_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"mlops/runner/progress"
	"mlops/runner/table"
	"mlops/runner/training"
)

const oneHot = "preprocessing: {steps: [{type: missing_values, params: {strategy: median}}, {type: categorical_encoder, params: {method: one_hot}}, feature_scaler]}\n"

// Every model of every backend learns the shop, is saved, and predicts the same
// bits when it is loaded.
func TestEveryModelLearnsAndIsKept(t *testing.T) {
	cases := []struct {
		target, training string
		name, file       string
		metric           string
		least            float64
	}{
		{"churned", "backend: classic, model_type: logistic_regression", "logistic_regression", "model.json", "roc_auc", 0.95},
		{"churned", "backend: classic, model_type: logistic_regression, params: {penalty: l1, C: 0.5, class_weight: balanced}", "logistic_regression", "model.json", "roc_auc", 0.95},
		{"tier", "backend: sklearn, model_type: logistic_regression, params: {penalty: elasticnet, l1_ratio: 0.5}", "logistic_regression", "model.json", "accuracy", 0.8},
		{"spend", "backend: classic, model_type: linear_regression", "linear_regression", "model.json", "r2_score", 0.95},
		{"spend", "backend: classic, model_type: ridge, params: {alpha: 0.5}", "ridge", "model.json", "r2_score", 0.95},
		{"spend", "backend: classic, model_type: lasso, params: {alpha: 0.1}", "lasso", "model.json", "r2_score", 0.95},
		{"spend", "backend: classic, model_type: elastic_net, params: {alpha: 0.01, l1_ratio: 0.7}", "elastic_net", "model.json", "r2_score", 0.95},
		{"churned", "backend: classic, model_type: decision_tree_classifier, params: {max_depth: 6}", "decision_tree_classifier", "model.txt", "accuracy", 0.75},
		{"tier", "backend: classic, model_type: decision_tree_classifier, params: {min_samples_leaf: 5}", "decision_tree_classifier", "model.txt", "accuracy", 0.75},
		{"spend", "backend: classic, model_type: decision_tree_regressor, params: {min_samples_leaf: 5}", "decision_tree_regressor", "model.txt", "r2_score", 0.85},
		{"churned", "backend: classic, model_type: extra_trees_classifier, params: {n_estimators: 30}", "extra_trees_classifier", "model.txt", "roc_auc", 0.9},
		{"tier", "backend: classic, model_type: extra_trees_classifier, params: {n_estimators: 30}", "extra_trees_classifier", "model.txt", "accuracy", 0.75},
		{"spend", "backend: classic, model_type: extra_trees_regressor, params: {n_estimators: 30}", "extra_trees_regressor", "model.txt", "r2_score", 0.9},
		{"churned", "backend: neural_network, params: {max_iter: 40}", "mlp_classifier", "model.json", "roc_auc", 0.93},
		{"tier", "backend: neural_network, params: {max_iter: 80, early_stopping: true}", "mlp_classifier", "model.json", "accuracy", 0.75},
		{"spend", "backend: neural_network", "mlp_regressor", "model.json", "r2_score", 0.95},
		{"spend", "backend: neural_network, params: {solver: lbfgs, max_iter: 100, hidden_layer_sizes: 10, alpha: 1}", "mlp_regressor", "model.json", "r2_score", 0.93},
	}
	tab := shop(t, 600)
	for _, c := range cases {
		t.Run(c.target+" "+c.training, func(t *testing.T) {
			t.Parallel()
			out, err := training.Train(bg, training.Request{Table: one(t, tab, c.target), Config: parse(t, oneHot+"training: {cv_folds: 0, "+c.training+"}")})
			if err != nil {
				t.Fatal(err)
			}
			if out.Model.Name() != c.name || out.Model.FileName() != c.file || !(out.Metrics[c.metric] >= c.least) {
				t.Errorf("%s in %s: %s is %.4f", out.Model.Name(), out.Model.FileName(), c.metric, out.Metrics[c.metric])
			}
			sum := 0.0
			for _, share := range out.FeatureImportance {
				sum += share
			}
			if math.Abs(sum-1) > 1e-9 || out.FeatureImportance["visits"] < out.FeatureImportance["age"] {
				t.Errorf("importance %v", out.FeatureImportance)
			}
			checkSample(t, out)
		})
	}
}

// One seed gives one model, whatever the number of threads; another seed another
// network.
func TestNewBackendsAreReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	tab := one(t, shop(t, 300), "tier")
	for _, c := range []struct {
		training string
		random   bool
	}{
		{"backend: classic, model_type: logistic_regression", false},
		{"backend: classic, model_type: extra_trees_classifier, params: {n_estimators: 5}", true},
		{"backend: neural_network, params: {max_iter: 8}", true},
	} {
		model := func(threads, seed int) []byte {
			runtime.GOMAXPROCS(threads)
			cfg := parse(t, fmt.Sprintf("%straining: {cv_folds: 0, test_size: 0, random_state: %d, %s}", oneHot, seed, c.training))
			out, err := training.Train(bg, training.Request{Table: tab, Config: cfg})
			if err != nil {
				t.Fatal(err)
			}
			return saved(t, out.Model)
		}
		first := model(1, 1)
		if !bytes.Equal(first, model(4, 1)) {
			t.Errorf("%s: the number of threads changes the model", c.training)
		}
		if bytes.Equal(first, model(1, 2)) == c.random {
			t.Errorf("%s: random is not %t", c.training, c.random)
		}
	}
}

// A model that computes with every cell says which one it cannot take, in training,
// in cross-validation and in prediction, by the rows of the input.
func TestCellsThatAreNoNumbersAreNamed(t *testing.T) {
	x, y := make([]float64, 60), make([]float64, 60)
	for i := range x {
		x[i], y[i] = float64(i), float64(i*i)
	}
	make := func(at int, v float64) *table.Table {
		changed := slices.Clone(x)
		if at >= 0 {
			changed[at] = v
		}
		out, err := table.New(table.NewFloat64("z", x, nil), table.NewFloat64("x", changed, nil), table.NewFloat64("y", y, nil))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, model := range []string{"backend: classic, model_type: ridge", "backend: neural_network, params: {max_iter: 3}"} {
		for _, folds := range []int{0, 3} {
			cfg := parse(t, fmt.Sprintf("preprocessing: {steps: []}\ntraining: {problem_type: regression, cv_folds: %d, %s}", folds, model))
			for _, at := range []int{3, 17, 42, 59} {
				var data *training.DataError
				_, err := training.Train(bg, training.Request{Table: make(at, math.NaN()), Config: cfg})
				if !errors.As(err, &data) || data.Column != "x" || data.Row != at+1 || !strings.Contains(data.Reason, "fill missing cells") {
					t.Errorf("%s: a hole in row %d: %v", model, at+1, err)
				}
			}
		}
		cfg := parse(t, "preprocessing: {steps: []}\ntraining: {problem_type: regression, cv_folds: 0, "+model+"}")
		out, err := training.Train(bg, training.Request{Table: make(-1, 0), Config: cfg})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{math.NaN(), math.Inf(1)} {
			raw, err := table.New(table.NewFloat64("z", x, nil), make(7, v).Column("x"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := training.Predict(bg, out.Model, raw, raw); err == nil || !strings.Contains(err.Error(), `row 8, column "x"`) {
				t.Errorf("%s: prediction of %v: %v", model, v, err)
			}
		}
	}
}

func TestNewBackendsRefuse(t *testing.T) {
	tab := shop(t, 120)
	cases := []struct{ target, training, want string }{
		{"spend", "model_type: logistic_regression", "training.model_type: logistic_regression cannot be used for a target of regression"},
		{"tier", "model_type: ridge", "training.model_type: ridge cannot be used for a target of multiclass_classification"},
		{"tier", "model_type: ridge, problem_type: classification", "training.model_type: ridge cannot be used for a target of classification"},
		{"spend", "model_type: lasso, params: {alfa: 1}", `training.params.alfa: unknown; did you mean "alpha"?`},
		{"churned", "model_type: logistic_regression, params: {class_weight: {maybe: 2}}", `training.params.class_weight: the target has no class "maybe"; its classes are 0, 1`},
		{"churned", "model_type: logistic_regression, params: {class_weight: {0: heavy}}", `training.params.class_weight: class "0": a weight must be a number`},
		{"churned", "model_type: logistic_regression, init_score_column: age", "training.init_score_column: a linear model cannot start from scores"},
		{"churned", "model_type: decision_tree_classifier, params: {n_estimators: 5}", "training.params.n_estimators: is of forests"},
		{"spend", "backend: neural_network, model_type: mlp_classifier", "training.model_type: mlp_classifier cannot be used for a target of regression"},
		{"tier", "backend: neural_network, params: {loss: poisson}", `column "tier": `},
		{"spend", "backend: neural_network, params: {loss: log_loss}", `column "spend": `},
		{"spend", "backend: neural_network, params: {hidden_layer_size: 5}", `did you mean "hidden_layer_sizes"?`},
		{"spend", "backend: neural_network, params: {class_weight: balanced}", "training.params.class_weight: a regression has no classes"},
		{"spend", "backend: neural_network, init_model: m", "training.init_model: a neural network cannot go on from a model"},
		{"spend", "backend: neural_network, problem_type: ranking", "training.problem_type: a neural network cannot rank"},
		{"spend", "backend: neural_network, params: {loss: poisson}", `column "spend": the target -`},
	}
	for _, c := range cases {
		cfg := parse(t, "training: {cv_folds: 0, "+c.training+"}")
		err := training.Check(cfg)
		if err == nil {
			_, err = training.Train(bg, training.Request{Table: one(t, tab, c.target), Config: cfg})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.training, err, c.want)
		}
	}
}

// Progress tells iteration and loss, and cancelling it ends the training.
func TestIterationsAreToldAndCancelled(t *testing.T) {
	tab := one(t, shop(t, 200), "churned")
	for _, model := range []string{"backend: classic, model_type: logistic_regression, params: {tol: 0}", "backend: neural_network, params: {max_iter: 500, tol: 0}"} {
		ctx, cancel := context.WithCancelCause(bg)
		gone := errors.New("gone home")
		told := 0
		ctx = progress.With(ctx, progress.Func(func(r progress.Report) {
			if loss, ok := r.Metrics["loss"]; ok && r.Stage == "train" && r.Metrics["iteration"] >= 1 && loss > 0 {
				told++
				cancel(gone)
			}
		}))
		_, err := training.Train(ctx, training.Request{Table: tab, Config: parse(t, oneHot+"training: {cv_folds: 0, "+model+"}")})
		if !errors.Is(err, context.Canceled) || told == 0 {
			t.Errorf("%s: told %d times, %v", model, told, err)
		}
		cancel(nil)
	}
}

// Where label codes of text reach a linear model it is said, and networks learn
// vectors of them.
func TestLabelCodes(t *testing.T) {
	tab := one(t, shop(t, 800), "spend")
	score := func(model string) (float64, []string) {
		out, err := training.Train(bg, training.Request{Table: tab, Config: parse(t, "training: {cv_folds: 0, "+model+"}")})
		if err != nil {
			t.Fatal(err)
		}
		return out.Metrics["r2_score"], out.Warnings
	}
	line, warnings := score("model_type: linear_regression")
	if !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "takes the label codes of city for numbers") }) {
		t.Errorf("warnings %q", warnings)
	}
	network, warnings := score("backend: neural_network")
	if network < 0.93 || line > network || slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "label codes") }) {
		t.Errorf("r2_score %.3f of a network with embeddings, %.3f of a line; %q", network, line, warnings)
	}
}
