package training_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var bg = context.Background()

func parse(t testing.TB, yaml string) *config.Config {
	t.Helper()
	c, err := config.Parse("conf.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shop is a table of customers with numbers, text, truth values and holes, and
// three targets that follow from them but for some noise.
func shop(t testing.TB, rows int) *table.Table {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	age, visits := make([]int64, rows), make([]float64, rows)
	city, member := make([]string, rows), make([]bool, rows)
	churned, tier, spend := make([]int64, rows), make([]string, rows), make([]float64, rows)
	for i := range rows {
		age[i] = 18 + random.Int64N(60)
		visits[i] = math.Round(random.Float64()*1000) / 10
		city[i] = []string{"Lima", "Quito", "Bogotá", "La Paz", "Cusco", "Iquitos"}[random.IntN(6)]
		member[i] = random.IntN(2) == 0
		score := visits[i]/20 + map[string]float64{"Lima": 2, "Quito": -2, "Bogotá": 1, "La Paz": -1, "Cusco": 0, "Iquitos": 3}[city[i]]
		if member[i] {
			score++
		}
		spend[i] = score*10 + random.NormFloat64()*3
		if score+random.NormFloat64()*0.5 < 3 {
			churned[i] = 1
		}
		tier[i] = []string{"bronze", "silver", "gold"}[min(2, max(0, int((score+1)/3)))]
		if random.IntN(40) == 0 {
			visits[i] = math.NaN()
		}
	}
	out, err := table.New(
		table.NewInt64("age", age, nil), table.NewFloat64("visits", visits, nil), table.NewString("city", city, nil),
		table.NewBool("member", member, nil), table.NewString("tier", tier, nil), table.NewFloat64("spend", spend, nil),
		table.NewInt64("churned", churned, nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// one keeps the features and a single target.
func one(t testing.TB, tab *table.Table, target string) *table.Table {
	t.Helper()
	out, err := tab.Select("age", "visits", "city", "member", target)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func saved(t testing.TB, m training.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTrainLearnsAndJudges(t *testing.T) {
	small, boosted := "n_estimators: 12", "num_iterations: 30, learning_rate: 0.3"
	cases := []struct {
		target, backend, params string
		problem                 training.ProblemType
		name                    string
		least                   map[string]float64 // metrics at least; a negative bound means at most its size
	}{
		{"churned", "lightgbm", boosted, training.Binary, "lightgbm", map[string]float64{"accuracy": 0.8, "roc_auc": 0.9, "log_loss": -0.6, "f1_score": 0.8, "precision": 0.8, "recall": 0.8, "cv_mean": 0.75}},
		{"churned", "sklearn", small, training.Binary, "random_forest_classifier", map[string]float64{"accuracy": 0.8, "roc_auc": 0.9, "log_loss": -0.6, "cv_mean": 0.75}},
		{"tier", "lightgbm", boosted, training.Multiclass, "lightgbm", map[string]float64{"accuracy": 0.8, "roc_auc": 0.9, "log_loss": -0.6, "cv_mean": 0.75}},
		{"tier", "classic", small, training.Multiclass, "random_forest_classifier", map[string]float64{"accuracy": 0.8, "roc_auc": 0.9, "log_loss": -0.6, "cv_mean": 0.75}},
		{"spend", "lightgbm", boosted, training.Regression, "lightgbm", map[string]float64{"r2_score": 0.9, "rmse": -8, "mse": -64, "mae": -6, "cv_mean": 0.85}},
		{"spend", "classic", small, training.Regression, "random_forest_regressor", map[string]float64{"r2_score": 0.9, "rmse": -8, "mse": -64, "mae": -6, "cv_mean": 0.85}},
	}
	tab := shop(t, 600)
	for _, c := range cases {
		t.Run(c.backend+" "+c.target, func(t *testing.T) {
			t.Parallel()
			cfg := parse(t, fmt.Sprintf("training: {backend: %s, cv_folds: 2, params: {%s}}", c.backend, c.params))
			out, err := training.Train(bg, training.Request{Table: one(t, tab, c.target), Config: cfg})
			if err != nil {
				t.Fatal(err)
			}
			if out.Problem != c.problem || out.Model.Name() != c.name || out.Model.FileName() != "model.txt" || out.Target.Name != c.target {
				t.Errorf("problem %s, model %s, target %s", out.Problem, out.Model.Name(), out.Target.Name)
			}
			for name, bound := range c.least {
				got, ok := out.Metrics[name]
				if !ok || bound >= 0 && got < bound || bound < 0 && got > -bound {
					t.Errorf("%s is %v (there: %t), want %v", name, got, ok, bound)
				}
			}
			if std, ok := out.Metrics["cv_std"]; !ok || std < 0 || len(out.CVScores) != 2 {
				t.Errorf("cv_std %v of %v", std, out.CVScores)
			}
			for _, stage := range []string{"split", "cross_validate", "preprocess", "train", "evaluate"} {
				if _, ok := out.Timings[stage]; !ok {
					t.Errorf("no timing of %s", stage)
				}
			}
			if diff := cmp.Diff([]string{"age", "visits", "city", "member"}, out.Schema.Names()); diff != "" {
				t.Error(diff)
			}
			if out.FeatureImportance["visits"] < out.FeatureImportance["age"] {
				t.Errorf("importance %v", out.FeatureImportance)
			}
			if out.ValidationRows != 120 || out.TrainRows >= 480 || out.TrainRows < 440 {
				t.Errorf("%d and %d rows", out.TrainRows, out.ValidationRows)
			}
			checkSample(t, out)
		})
	}
}

// checkSample saves, loads and repeats the validation predictions bit for bit.
func checkSample(t *testing.T, out *training.Outcome) {
	t.Helper()
	info, err := out.Model.Info().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var back training.ModelInfo
	if err := back.UnmarshalJSON(info); err != nil {
		t.Fatal(err)
	}
	loaded, err := training.Load(back, bytes.NewReader(saved(t, out.Model)))
	if err != nil {
		t.Fatal(err)
	}
	features, err := out.Preprocess.TransformForInference(bg, out.Sample.Features)
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Predict(bg, features)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(out.Sample.Prediction, got, cmp.Comparer(func(a, b training.Label) bool { return a == b })); diff != "" {
		t.Errorf("the loaded model predicts otherwise:\n%s", diff)
	}
	if got.Len() != out.Sample.Features.NumRows() || got.Len() == 0 {
		t.Errorf("%d predictions of %d rows", got.Len(), out.Sample.Features.NumRows())
	}
	classes := len(got.Classes)
	for row := range got.Class {
		sum := 0.0
		for _, p := range got.Proba[row*classes : (row+1)*classes] {
			sum += p
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("row %d: probabilities add up to %v", row, sum)
		}
	}
}

func TestOneTableGivesOneModelWhateverItsFormAndThreads(t *testing.T) {
	tab := one(t, shop(t, 300), "tier")
	// The same cells with other dictionaries and kinds, as other readers give.
	var columns []*table.Column
	for _, c := range tab.Columns() {
		switch {
		case c.Kind() == table.String:
			dict := slices.Clone(c.Dict())
			slices.Reverse(dict)
			codes := make([]uint32, c.Len())
			for i := range codes {
				codes[i] = uint32(len(dict)-1) - c.Codes()[i]
			}
			columns = append(columns, table.NewDictionary(c.Name(), codes, append(dict, "unused"), nil))
		case c.Kind() == table.Int64:
			values, err := c.AsFloats()
			if err != nil {
				t.Fatal(err)
			}
			columns = append(columns, table.NewFloat64(c.Name(), values, nil))
		default:
			columns = append(columns, c)
		}
	}
	other, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, yaml := range []string{
		"training: {backend: lightgbm, cv_folds: 2, params: {num_iterations: 10, num_threads: %d}}",
		"training: {backend: classic, cv_folds: 0, params: {n_estimators: 10, n_jobs: %d}}",
		"preprocessing: {encode_categorical: false}\ntraining: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 10, num_threads: %d}}",
	} {
		var first []byte
		var figures map[string]float64
		for i, tab := range []*table.Table{tab, other, tab} {
			runtime.GOMAXPROCS(i + 1)
			out, err := training.Train(bg, training.Request{Table: tab, Config: parse(t, fmt.Sprintf(yaml, i+1))})
			if err != nil {
				t.Fatal(err)
			}
			switch model := saved(t, out.Model); {
			case first == nil:
				first, figures = model, out.Metrics
			case !maps.Equal(figures, out.Metrics):
				t.Errorf("%s: run %d gave other metrics:%s", yaml, i+1, cmp.Diff(figures, out.Metrics))
			case !bytes.Equal(first, model):
				t.Errorf("%s: run %d gave another model", yaml, i+1)
			}
		}
	}
}

func TestEarlyStoppingOnlyStopsWhereAsked(t *testing.T) {
	tab := one(t, shop(t, 300), "churned")
	count := func(params string) (int, *training.Outcome) {
		out, err := training.Train(bg, training.Request{Table: tab, Config: parse(t, "training: {backend: lightgbm, cv_folds: 2, params: {"+params+"}}")})
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(saved(t, out.Model), []byte("\nTree=")), out
	}
	if n, _ := count("num_iterations: 20"); n != 20 {
		t.Errorf("%d trees without early stopping, want 20", n)
	}
	n, out := count("num_iterations: 200, early_stopping_round: 5, learning_rate: 0.5")
	if n >= 200 || !strings.Contains(strings.Join(out.Warnings, "\n"), "metrics are optimistic") {
		t.Errorf("%d trees with early stopping; warnings %q", n, out.Warnings)
	}
}

func TestClassesAreTheOriginalLabels(t *testing.T) {
	tab := one(t, shop(t, 200), "churned")
	values := make([]bool, 200)
	for i, v := range tab.Column("churned").Ints() {
		values[i] = v == 1
	}
	flags, err := tab.With(table.NewBool("churned", values, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tab  *table.Table
		want []any
	}{{tab, []any{int64(0), int64(1)}}, {flags, []any{false, true}}, {one(t, shop(t, 200), "tier"), []any{"bronze", "gold", "silver"}}} {
		out, err := training.Train(bg, training.Request{Table: c.tab, Config: parse(t, "training: {cv_folds: 0, params: {n_estimators: 5}}")})
		if err != nil {
			t.Fatal(err)
		}
		var got []any
		for _, l := range out.Sample.Prediction.Classes {
			got = append(got, l.Value())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
		if l := out.Sample.Prediction.Label(0); l != out.Sample.Prediction.Classes[out.Sample.Prediction.Class[0]] {
			t.Errorf("label %v", l)
		}
	}
}

// A class whose every training row has a hole is dropped with them; the model
// still tells the other classes apart and gives that one no probability.
func TestAClassCanBeLostToMissingCells(t *testing.T) {
	tab := one(t, shop(t, 300), "tier")
	visits := slices.Clone(tab.Column("visits").Floats())
	for i := range visits {
		if tab.Column("tier").Text(i) == "gold" {
			visits[i] = math.NaN()
		}
	}
	tab, err := tab.With(table.NewFloat64("visits", visits, nil))
	if err != nil {
		t.Fatal(err)
	}
	tab, err = tab.Select("age", "visits", "city", "member", "tier")
	if err != nil {
		t.Fatal(err)
	}
	for _, backend := range []string{"lightgbm", "classic"} {
		out, err := training.Train(bg, training.Request{Table: tab, Config: parse(t, "training: {backend: "+backend+", cv_folds: 2, params: {n_estimators: 10}}")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{0, 2}, out.Model.Info().Present); diff != "" {
			t.Errorf("%s: present classes: %s", backend, diff)
		}
		for row := range out.Sample.Prediction.Len() {
			if p := out.Sample.Prediction.Proba[row*3+1]; p != 0 {
				t.Fatalf("%s: an unknown class has probability %v", backend, p)
			}
		}
		checkSample(t, out)
	}
}

func TestWrongInputIsTold(t *testing.T) {
	tab := one(t, shop(t, 100), "churned")
	with := func(c *table.Column) *table.Table {
		out, err := tab.With(c)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := make([]int64, 100)
	cases := []struct {
		name, yaml, target string
		tab                *table.Table
		message            string
		kind               any
	}{
		{"backend", "training: {backend: lightgmb}", "", tab, `conf.yaml:1:12: training.backend: unknown backend "lightgmb"; did you mean "lightgbm"? (known: callable, classic, deep_learning, lightgbm, nearest_centroid, neural_network, nlp, xgboost)`, new(*config.Error)},
		{"model type", "training: {model_type: random_forest}", "", tab, "known: auto, decision_tree_classifier, decision_tree_regressor, elastic_net,", new(*config.Error)},
		{"model type of another problem", "training: {model_type: random_forest_regressor}", "", tab, "cannot be used for a target of binary_classification", new(*config.Error)},
		{"forest parameter", "training:\n  params:\n    n_estimator: 5\n", "", tab, `conf.yaml:3:5: training.params.n_estimator: unknown key; did you mean "n_estimators"`, new(*config.Error)},
		{"forest range", "training: {params: {max_features: 1.5}}", "", tab, "training.params.max_features: must be sqrt, log2", new(*config.Error)},
		{"unknown forest parameter", "training: {params: {warm_start: true}}", "", tab, "known here: n_estimators, max_depth, min_samples_split", new(*config.Error)},
		{"class weight", "training: {params: {class_weight: balance}}", "", tab, `training.params.class_weight: unknown value "balance"; did you mean "balanced"? (known: balanced)`, new(*config.Error)},
		{"target beyond the objective", "training: {backend: lightgbm, problem_type: regression, cv_folds: 0, params: {objective: poisson}}", "", with(table.NewFloat64("churned", signed(100), nil)), `row 3, column "churned": the target -1 cannot be used: the objective poisson needs`, new(*training.DataError)},
		{"objective of code", "training: {backend: lightgbm, problem_type: regression, cv_folds: 0, params: {objective: custom}}", "", tab, "training.params.objective: the objective custom does not fit", new(*config.Error)},
		{"class weight of a regression", "training: {problem_type: regression, cv_folds: 0, params: {class_weight: balanced}}", "", tab, "training.params.class_weight: a regression has no classes", new(*config.Error)},
		{"rows of a leaf", "training: {params: {min_samples_leaf: 1.5}}", "", tab, "training.params.min_samples_leaf: must be a whole number of rows or a fraction up to 1, not 1.5", new(*config.Error)},
		{"rows to split", "training: {params: {min_samples_split: 1}}", "", tab, "a single row cannot be split", new(*config.Error)},
		{"rows drawn", "training: {cv_folds: 0, params: {max_samples: 500}}", "", tab, "training.params.max_samples: is 500, but there are only", new(*config.Error)},
		{"rows drawn in part", "training: {params: {max_samples: 1.4}}", "", tab, "training.params.max_samples: must be a whole number of rows or a fraction up to 1, not 1.4", new(*config.Error)},
		{"rows drawn without bootstrap", "training: {params: {bootstrap: false, max_samples: 0.5}}", "", tab, "has no meaning without bootstrap", new(*config.Error)},
		{"boosting parameter", "training:\n  backend: lightgbm\n  params:\n    num_leafs: 5\n", "", tab, "conf.yaml:4:5: training.params.num_leafs: ", new(*config.Error)},
		{"boosting range", "training: {backend: lightgbm, params: {num_leaves: 1}}", "", tab, "training.params.num_leaves", new(*config.Error)},
		{"objective", "training: {backend: lightgbm, problem_type: classification, params: {loss: mae}}", "", tab, "training.params.loss: the objective regression_l1 is of a regression and does not fit training.problem_type classification; for that use one of binary, multiclass, multiclassova", new(*config.Error)},
		{"step", "preprocessing: {steps: [scaler]}", "", tab, "unknown preprocessing step", new(*config.Error)},
		{"target", "", "churn", tab, `no column "churn"; did you mean "churned"?`, new(*table.MissingColumnError)},
		{"constant target", "", "", with(table.NewInt64("churned", same, nil)), "constant", new(*training.DataError)},
		{"too few rows for folds", "", "", tab.Slice(0, 5), "cross-validation folds", new(*training.DataError)},
		{"no rows", "", "", tab.Slice(0, 0), "no rows", new(*training.DataError)},
		{"holes everywhere", "training: {cv_folds: 0}", "", with(table.NewFloat64("visits", holes(100, 1), nil)), "handle_missing drop leaves", new(*training.DataError)},
		{"unseen category", "preprocessing: {steps: [missing_values, {type: categorical_encoder, params: {handle_unknown: error}}]}\ntraining: {cv_folds: 0, test_size: 0.5}", "", with(uniqueTexts("city", 100)), "was not seen in training", new(*training.DataError)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := training.Train(bg, training.Request{Table: c.tab, Target: c.target, Config: parse(t, c.yaml)})
			if err == nil || !strings.Contains(err.Error(), c.message) || !errors.As(err, c.kind) {
				t.Errorf("error is %T: %v\nwant %T with %q", err, err, c.kind, c.message)
			}
		})
	}
}

// signed are n numbers, of which every third is -1.
func signed(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
		if i%3 == 2 {
			out[i] = -1
		}
	}
	return out
}

// holes are n cells of which only the first few have a value.
func holes(n, values int) []float64 {
	out := make([]float64, n)
	for i := range out {
		if i >= values {
			out[i] = math.NaN()
		}
	}
	return out
}

func uniqueTexts(name string, n int) *table.Column {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("place %d", i)
	}
	return table.NewString(name, values, nil)
}

func TestAModelWithoutASplitIsWarnedOf(t *testing.T) {
	out, err := training.Train(bg, training.Request{
		Table: one(t, shop(t, 12), "churned"), Config: parse(t, "training: {backend: lightgbm, cv_folds: 0}")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(out.Warnings, "\n"), "found no split") {
		t.Errorf("warnings %q", out.Warnings)
	}
}
