package deploy_test

import (
	"slices"
	"testing"

	"mlops/runner/deploy"
	"mlops/runner/table"
)

// The directory was made before there were archives, buckets and registries.
func TestADeploymentOfTheFirstReleaseStillOpens(t *testing.T) {
	b, err := deploy.Open(t.Context(), "testdata/first_release")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := table.New(table.NewInt64("age", []int64{21, 80}, nil), table.NewInt64("tenure", []int64{1, 20}, nil))
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Predict(t.Context(), rows)
	if err != nil || !slices.Equal(got.Head(2), []string{"yes", "no"}) {
		t.Fatalf("got %v, %v", got, err)
	}
	// As the release itself predicted them.
	if want := []float64{0.36583395884784475, 0.6341660411521552, 0.6341660411521552, 0.3658339588478448}; !slices.Equal(got.Proba, want) {
		t.Errorf("got %v, want %v", got.Proba, want)
	}
	if facts := deploy.FactsOf(b.Metadata, b.Files); facts.ModelName != "lightgbm" || facts.Metrics["roc_auc"] != 1 || len(facts.Digest) != 64 {
		t.Errorf("a registry would keep %+v", facts)
	}
}
