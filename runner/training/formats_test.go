package training_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"mlops/runner/table"
	"mlops/runner/training"
)

func TestOneTableGivesOneModelFromEveryFileFormat(t *testing.T) {
	tab := one(t, shop(t, 300), "tier")
	cfg := parse(t, "preprocessing: {handle_missing: median}\ntraining: {backend: lightgbm, cv_folds: 0, params: {num_iterations: 8}}")
	var first []byte
	var firstState []byte
	for _, ending := range []string{"csv", "tsv", "json", "jsonl", "parquet"} {
		path := filepath.Join(t.TempDir(), "shop."+ending)
		if err := table.WriteFile(path, tab, table.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		read, err := table.ReadFile(bg, path, table.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := training.Train(bg, training.Request{Table: read, Config: cfg})
		if err != nil {
			t.Fatal(err)
		}
		state, err := out.Preprocess.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		model := saved(t, out.Model)
		if first == nil {
			first, firstState = model, state
		}
		if !bytes.Equal(first, model) {
			t.Errorf("%s gives another model than csv", ending)
		}
		if !bytes.Equal(firstState, state) {
			t.Errorf("%s gives other preprocessing than csv:\n%s\n%s", ending, state, firstState)
		}
	}
}
