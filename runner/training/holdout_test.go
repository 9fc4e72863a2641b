package training_test

import (
	"fmt"
	"slices"
	"testing"

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
				held, err := training.HoldOut(cfg, target, by)
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
