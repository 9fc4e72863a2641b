package deploy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
	"mlops/runner/deploy"
)

func TestWhatDiffersBetweenTwoDeployments(t *testing.T) {
	opened := func(change func(*deploy.Candidate)) *deploy.Bundle {
		t.Helper()
		c := candidate(t)
		change(c)
		p, err := deploy.Publish(t.Context(), c, options(t, t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := deploy.Open(t.Context(), p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a := opened(func(*deploy.Candidate) {})
	same := deploy.Compare(a, a)
	half := 0.5
	if d := cmp.Diff(deploy.Comparison{Metrics: []deploy.MetricChange{{Name: "rmse", A: &half, B: &half}}, SizeA: same.SizeA, SizeB: same.SizeA}, same); d != "" {
		t.Error(d)
	}
	b := opened(func(c *deploy.Candidate) {
		c.Run.Metrics = map[string]float64{"rmse": 0.25, "mae": 0.125}
		c.Run.Rows, c.Run.DataFingerprint = 4, "abc"
		settings := config.Default()
		settings.Training.Params = map[string]any{"num_leaves": int64(63)}
		settings.Training.CVFolds = 0
		c.Config = string(settings.YAML())
	})
	got := deploy.Compare(a, b)
	quarter, eighth := 0.25, 0.125
	want := deploy.Comparison{
		Facts:      []deploy.Change{{Name: "data_fingerprint", B: "abc"}, {Name: "rows", A: "0", B: "4"}},
		Metrics:    []deploy.MetricChange{{Name: "mae", B: &eighth}, {Name: "rmse", A: &half, B: &quarter}},
		Parameters: []deploy.Change{{Name: "training.cv_folds", A: "5", B: "0"}, {Name: "training.params.num_leaves", B: "63"}},
		Files: []deploy.FileChange{
			{Path: "checksums.txt", SizeA: sizeOf(a, "checksums.txt"), SizeB: sizeOf(b, "checksums.txt")},
			{Path: "metadata.json", SizeA: sizeOf(a, "metadata.json"), SizeB: sizeOf(b, "metadata.json")},
		},
		SizeA: same.SizeA, SizeB: got.SizeB,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func sizeOf(b *deploy.Bundle, file string) int64 {
	for _, f := range b.Files {
		if f.Path == file {
			return f.Size
		}
	}
	return -1
}
