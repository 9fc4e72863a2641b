package training_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

// What is said to be held out is what a training validates on.
func TestHoldOutIsTheTrainingsSplit(t *testing.T) {
	const rows = 240
	number, label, flow := make([]float64, rows), make([]int64, rows), make([]float64, rows)
	groups := make([]string, rows)
	for i := range rows {
		number[i], label[i], flow[i] = float64(i), int64(i/7%2), float64(i*i%97)
		groups[i] = fmt.Sprint("case ", i/11)
	}
	group := table.NewString("case", groups, nil)
	for name, target := range map[string]*table.Column{
		"classes": table.NewInt64("label", label, nil), "numbers": table.NewFloat64("flow", flow, nil),
		"classes, some missing": table.NewInt64("label", label, slices.Collect(func(yield func(bool) bool) {
			for i := range rows {
				if !yield(i%5 == 0) {
					return
				}
			}
		})),
	} {
		for _, by := range []*table.Column{nil, group} {
			t.Run(fmt.Sprint(name, ", by cases: ", by != nil), func(t *testing.T) {
				columns := []*table.Column{table.NewFloat64("number", number, nil), target}
				cfg := config.Default()
				cfg.Preprocessing.Steps = []config.Step{}
				cfg.Training.Backend, cfg.Training.CVFolds, cfg.Training.RandomState = "lightgbm", 0, 5
				if by != nil {
					columns = append(columns, by)
					cfg.Training.GroupColumn = by.Name()
				}
				data, err := table.New(columns...)
				if err != nil {
					t.Fatal(err)
				}
				trained, err := training.Train(t.Context(), training.Request{Table: data, Target: target.Name(), Config: cfg})
				if err != nil {
					t.Fatal(err)
				}
				held, err := training.HoldOut(cfg, target, by, nil)
				if err != nil {
					t.Fatal(err)
				}
				var want []float64
				for i, is := range held {
					if is {
						want = append(want, float64(i))
					}
				}
				if got := trained.Sample.Features.Column("number").Floats(); len(want) != trained.ValidationRows || !slices.Equal(got, want) {
					t.Errorf("held out are %v, validated are %v", want, got)
				}
			})
		}
	}
}

// Rows that stand for several are held out as those several are.
func TestHoldOutOfCountedRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"auto", "classification", "regression"}).Draw(t, "problem_type")
		values := rapid.SampledFrom([]int{2, 3, 21, 40}).Draw(t, "values") // 21 of few rows are numbers, of many classes
		var target, allTargets []int64
		var missing, allMissing []bool
		var group, allGroups []string
		var counts, from []int
		for i := range rapid.IntRange(2, 60).Draw(t, "runs") {
			n := rapid.IntRange(1, 30).Draw(t, "rows")
			v, is := int64(rapid.IntRange(0, values-1).Draw(t, "target")), rapid.IntRange(0, 9).Draw(t, "missing") == 0
			of := fmt.Sprint("case ", rapid.IntRange(0, 8).Draw(t, "group"))
			target, missing, group, counts = append(target, v), append(missing, is), append(group, of), append(counts, n)
			for range n {
				allTargets, allMissing, allGroups, from = append(allTargets, v), append(allMissing, is), append(allGroups, of), append(from, i)
			}
		}
		cfg := config.Default()
		cfg.Training.Backend, cfg.Training.ProblemType, cfg.Training.GroupColumn = "lightgbm", kind, "case"
		cfg.Training.TestSize = rapid.SampledFrom([]float64{0.2, 0.5, 7}).Draw(t, "test_size")
		cfg.Training.RandomState = int64(rapid.IntRange(0, 5).Draw(t, "random_state"))
		want, wantErr := training.HoldOut(cfg, table.NewInt64("label", allTargets, allMissing), table.NewString("case", allGroups, nil), nil)
		got, err := training.HoldOut(cfg, table.NewInt64("label", target, missing), table.NewString("case", group, nil), counts)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, and of the rows themselves %v", err, wantErr)
		}
		for row, is := range want {
			if i := from[row]; got[i] != is {
				t.Fatalf("run %d of %d rows: %v, and of the rows themselves %v", i, counts[i], got[i], is)
			}
		}
	})
}

func TestCountedRowsAreOfGroups(t *testing.T) {
	if _, err := training.HoldOut(config.Default(), table.NewInt64("label", []int64{0, 1}, nil), nil, []int{3, 4}); err == nil {
		t.Error("rows that stand for several were divided")
	}
}
