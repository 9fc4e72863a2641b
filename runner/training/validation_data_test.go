package training_test

import (
	"strings"
	"testing"

	"mlops/runner/table"
	"mlops/runner/training"
)

// parts cuts a table in two.
func parts(tab *table.Table, at int) (first, rest *table.Table) {
	return tab.Slice(0, at), tab.Slice(at, tab.NumRows())
}

func TestGivenRowsValidateAndNothingIsFittedOnThem(t *testing.T) {
	whole := one(t, shop(t, 500), "churned")
	train, held := parts(whole, 300)
	cfg := parse(t, "training: {validation_data: held.csv, cv_folds: 3}\npreprocessing: {handle_missing: mean}")
	out, err := training.Train(t.Context(), training.Request{Table: train, Validation: held, Target: "churned", Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if out.TrainRows != 300 || out.ValidationRows != 200 {
		t.Errorf("%d rows trained on and %d validated", out.TrainRows, out.ValidationRows)
	}
	if d := out.Sample.Features; !d.Equal(held.Drop("churned").Slice(0, d.NumRows())) {
		t.Error("the sample is not of the rows that were given")
	}
	// The model is that of the training rows alone.
	alone, err := training.Train(t.Context(), training.Request{
		Table: train, Target: "churned", Config: parse(t, "training: {test_size: 0, cv_folds: 3}\npreprocessing: {handle_missing: mean}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if string(saved(t, alone.Model)) != string(saved(t, out.Model)) {
		t.Error("the model depends on the rows that it is judged by")
	}
	if alone.Metrics["cv_mean"] != out.Metrics["cv_mean"] {
		t.Error("the folds depend on the rows to validate on")
	}
}

func TestValidationDataThatCannotBeUsed(t *testing.T) {
	whole := one(t, shop(t, 100), "churned")
	train, held := parts(whole, 60)
	with := func(c *table.Column) *table.Table {
		out, err := held.With(c)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	nulls := make([]bool, 40)
	for i := range nulls {
		nulls[i] = true
	}
	weights, err := train.With(table.NewFloat64("w", make([]float64, 60), nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, yaml  string
		train, held *table.Table
		want        string
	}{
		{"a column less", "", train, held.Drop("city"), `validation data: it does not go with the training data: no column "city"`},
		{"another kind", "", train, with(table.NewString("age", make([]string, 40), nil)), `column "age" is int64 in one and string in another`},
		{"no rows", "", train, held.Slice(0, 0), "validation data: it has no rows"},
		{"no targets", "", train, with(table.NewInt64("churned", make([]int64, 40), nulls)), `validation data: column "churned": every target is missing`},
		{"a role's column less", ", sample_weight_column: w", weights, held, `validation data: it does not go with the training data: no column "w"`},
		{"a size of it, too", ", test_size: 0.3", train, held, "training.test_size: training.validation_data gives the rows"},
		{"it was not read", "", train, nil, "training.validation_data: the table is to be read before"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := training.Train(t.Context(), training.Request{
				Table: test.train, Validation: test.held, Target: "churned", Config: parse(t, "training: {validation_data: held.csv, cv_folds: 0"+test.yaml+"}"),
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestRowsOfValidationDataAreCountedInIt(t *testing.T) {
	train, held := parts(one(t, shop(t, 100), "churned"), 60)
	groups := make([]int64, 100)
	grouped := func(tab *table.Table, nulls []bool) *table.Table {
		out, err := tab.With(table.NewInt64("g", groups[:tab.NumRows()], nulls))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	missing := make([]bool, 40)
	missing[6] = true
	_, err := training.Train(t.Context(), training.Request{
		Table: grouped(train, nil), Validation: grouped(held, missing), Target: "churned",
		Config: parse(t, "training: {validation_data: held.csv, cv_folds: 0, group_column: g}"),
	})
	if err == nil || err.Error() != `validation data: row 7, column "g": the row belongs to no group; fill the cell, or remove its row` {
		t.Errorf("the error is %v", err)
	}
}

func TestAClassOfValidationDataAloneIsToldOf(t *testing.T) {
	train, held := parts(one(t, shop(t, 200), "tier"), 150)
	tiers := make([]string, 50)
	for i := range tiers {
		tiers[i] = []string{"gold", "platinum"}[i%2]
	}
	held, err := held.With(table.NewString("tier", tiers, nil))
	if err != nil {
		t.Fatal(err)
	}
	out, err := training.Train(t.Context(), training.Request{Table: train, Validation: held, Target: "tier", Config: parse(t, "training: {validation_data: held.csv, cv_folds: 0}")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(out.Warnings, "\n"), `class "platinum" is in the validation data only; the model never predicts it`) {
		t.Errorf("warnings %q", out.Warnings)
	}
	if acc := out.Metrics["accuracy"]; acc > 0.5 {
		t.Errorf("accuracy %v, where half of the rows cannot be told", acc)
	}
}
