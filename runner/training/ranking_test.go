package training_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mlops/runner/table"
	"mlops/runner/training"
)

// searches are queries of several rows each, whose relevance follows from two of
// the features; offset by query, so that scores matter within a query only.
func searches(t testing.TB, queries, each int) *table.Table {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 3))
	n := queries * each
	query, a, b, noise, relevance := make([]string, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]int64, n)
	for q := range queries {
		for i := q * each; i < (q+1)*each; i++ {
			query[i] = "query " + string(rune('a'+q%26)) + string(rune('a'+q/26))
			a[i], b[i], noise[i] = random.Float64(), random.Float64(), random.NormFloat64()
			relevance[i] = int64(min(4, max(0, (a[i]+b[i])*2.5+random.NormFloat64()*0.2)))
		}
	}
	out, err := table.New(table.NewString("query", query, nil), table.NewFloat64("a", a, nil), table.NewFloat64("b", b, nil),
		table.NewFloat64("noise", noise, nil), table.NewInt64("relevance", relevance, nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const ranking = "training: {backend: lightgbm, cv_folds: 3, group_column: query, params: {objective: lambdarank, num_iterations: 30, min_data_in_leaf: 5}}"

func TestRankingOrdersTheRowsOfAQuery(t *testing.T) {
	out, err := training.Train(bg, training.Request{Table: searches(t, 60, 12), Config: parse(t, ranking)})
	if err != nil {
		t.Fatal(err)
	}
	if out.Problem != training.Ranking || out.Metrics["ndcg"] < 0.95 || out.Metrics["ndcg@5"] < 0.9 || out.Metrics["ndcg@10"] < 0.9 ||
		out.CVMetric != "ndcg" || out.Metrics["cv_mean"] < 0.95 || len(out.CVScores) != 3 {
		t.Errorf("%s: %v", out.Problem, out.Metrics)
	}
	if !slices.Equal(out.Features, []string{"a", "b", "noise"}) {
		t.Errorf("the query is among the features %q", out.Features)
	}
	if out.ValidationRows%12 != 0 || out.ValidationRows != 144 {
		t.Errorf("%d validation rows are not whole queries of 12", out.ValidationRows)
	}
}

// Rows of a query may stand anywhere in the table.
func TestRankingBringsQueriesTogether(t *testing.T) {
	together := searches(t, 40, 10)
	rows := make([]int, 0, together.NumRows())
	for i := range 10 { // the first row of each query, the second of each, …
		for q := range 40 {
			rows = append(rows, q*10+i)
		}
	}
	cfg := parse(t, ranking)
	want, err := training.Train(bg, training.Request{Table: together, Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	got, err := training.Train(bg, training.Request{Table: together.Take(rows), Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(saved(t, got.Model), saved(t, want.Model)) || got.Metrics["ndcg"] != want.Metrics["ndcg"] || got.Metrics["cv_mean"] != want.Metrics["cv_mean"] {
		t.Errorf("the model depends on where a query's rows stand: %v and %v", got.Metrics, want.Metrics)
	}
	if got.Sample.Features.NumRows() == 0 {
		t.Error("no sample")
	}
	features, err := got.Preprocess.TransformForInference(bg, got.Sample.Features)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := got.Model.Predict(bg, features); err != nil || !slices.Equal(p.Values, got.Sample.Prediction.Values) {
		t.Errorf("the sample's rows are not those that were predicted (%v)", err)
	}
}

func TestRankingStopsEarlyByQueries(t *testing.T) {
	cfg := parse(t, strings.Replace(ranking, "num_iterations: 30", "num_iterations: 400, early_stopping_round: 5, eval_at: [3]", 1))
	out, err := training.Train(bg, training.Request{Table: searches(t, 60, 12), Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Model.(interface{ Rounds() int }).Rounds(); n >= 400 || out.Metrics["ndcg"] < 0.9 {
		t.Errorf("%d iterations, %v", n, out.Metrics)
	}
}

// A group column keeps groups together for other problems and backends, too: here
// every group repeats its own noise, which only a divided group would betray.
func TestGroupsAreKeptApartForEveryBackend(t *testing.T) {
	const groups, each = 60, 10
	random := rand.New(rand.NewPCG(5, 5))
	n := groups * each
	group, key, y := make([]int64, n), make([]float64, n), make([]float64, n)
	for g := range groups {
		at, value := random.Float64(), random.NormFloat64()
		for i := g * each; i < (g+1)*each; i++ {
			group[i], key[i], y[i] = int64(g), at, value
		}
	}
	tab, err := table.New(table.NewInt64("patient", group, nil), table.NewFloat64("key", key, nil), table.NewFloat64("y", y, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, backend := range []string{"lightgbm, params: {num_iterations: 60}", "classic, params: {n_estimators: 8}"} {
		leaky, err := training.Train(bg, training.Request{Table: tab.Drop("patient"), Config: parse(t, "training: {backend: "+backend+", problem_type: regression, cv_folds: 3}")})
		if err != nil {
			t.Fatal(err)
		}
		honest, err := training.Train(bg, training.Request{Table: tab, Config: parse(t, "training: {backend: "+backend+", problem_type: regression, cv_folds: 3, group_column: patient}")})
		if err != nil {
			t.Fatal(err)
		}
		if leaky.Metrics["r2_score"] < 0.8 || honest.Metrics["r2_score"] > 0.5 || honest.Metrics["cv_mean"] > 0.5 {
			t.Errorf("%s: r2_score %v with divided groups, %v (cross-validated %v) with whole ones", backend,
				leaky.Metrics["r2_score"], honest.Metrics["r2_score"], honest.Metrics["cv_mean"])
		}
		if !slices.Equal(honest.Features, []string{"key"}) {
			t.Errorf("%s: the group is among the features %q", backend, honest.Features)
		}
	}
}

func TestGroupsThatCannotBeDivided(t *testing.T) {
	tab := searches(t, 6, 10)
	cases := []struct{ yaml, want string }{
		{"group_column: one, cv_folds: 0", `column "one": all rows belong to one group`},
		{"group_column: own, problem_type: classification, cv_folds: 0", `no group can be set apart for validation without taking all rows of a class`},
	}
	same, own := make([]int64, 60), make([]int64, 60)
	for i := range own {
		own[i] = tab.Column("relevance").Ints()[i] // every class is a group
	}
	for _, c := range cases {
		all := append(tab.Columns()[1:4:4], table.NewInt64("one", same, nil), table.NewInt64("own", own, nil), tab.Column("relevance"))
		with, err := table.New(all...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = training.Train(bg, training.Request{Table: with, Config: parse(t, "training: {backend: lightgbm, "+c.yaml+"}")})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.yaml, err, c.want)
		}
	}
	_, err := training.Train(bg, training.Request{Table: tab, Config: parse(t, "training: {backend: lightgbm, group_column: query, problem_type: regression, cv_folds: 6}")})
	if err == nil || !strings.Contains(err.Error(), "5 groups to train on are fewer than the 6 cross-validation folds") {
		t.Error(err)
	}
}
