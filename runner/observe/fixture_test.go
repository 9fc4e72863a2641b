package observe_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mlops/runner/observe"
	"mlops/runner/observe/outbound"
	"mlops/runner/profile"
	"mlops/runner/table"
)

// customers is a table whose age and plan move by shift.
func customers(t testing.TB, seed uint64, rows int, shift float64) *table.Table {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	ids, ages, plans, spend := make([]string, rows), make([]float64, rows), make([]string, rows), make([]float64, rows)
	for i := range rows {
		ids[i] = fmt.Sprintf("c%d-%d", seed, i)
		ages[i] = 40 + 10*random.NormFloat64() + 15*shift
		plans[i] = []string{"basic", "plus", "pro"}[min(2, int(random.Float64()*3+shift))]
		spend[i] = random.ExpFloat64()
	}
	out, err := table.New(table.NewString("id", ids, nil), table.NewFloat64("age", ages, nil), table.NewString("plan", plans, nil), table.NewFloat64("spend", spend, nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var features = []string{"age", "plan", "spend"}

// trainingProfile is the profile of a table of customers, of whom a third leave.
func trainingProfile(t testing.TB, rows int) *profile.Profile {
	t.Helper()
	p, err := profile.Of(t.Context(), customers(t, 1, rows, 0).Drop("id"))
	if err != nil {
		t.Fatal(err)
	}
	p.Predictions = profile.OfColumn(labels(t, rows, 3))
	return p
}

// labels says that each n-th leaves.
func labels(t testing.TB, rows, n int) *table.Column {
	t.Helper()
	out := make([]string, rows)
	for i := range out {
		if out[i] = "stays"; i%n == 0 {
			out[i] = "leaves"
		}
	}
	return table.NewString("prediction", out, nil)
}

// call is a predict call about customers.
func call(t testing.TB, s observe.Store, when time.Time, task string, rows *table.Table, leave int) *observe.Prediction {
	t.Helper()
	predicted := labels(t, rows.NumRows(), leave)
	return &observe.Prediction{
		Store: s, Table: rows, Features: features, Values: predicted, Labels: predicted, Classes: []string{"leaves", "stays"},
		Proba: make([]float64, 2*rows.NumRows()), Entry: observe.PredictionEntry{Time: when, TaskID: task, Rows: int64(rows.NumRows())},
	}
}

func steps(t testing.TB, list string) observe.Steps {
	t.Helper()
	out, err := observe.New(section(t, "steps: "+list))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// subject is the deployment of all scenes.
var subject = observe.Subject{
	Dir: "models/deployment_20260301_120000", Version: "1.0.0", Status: "deployed", CreatedAt: at(0),
	ModelName: "lightgbm", ProblemType: "binary_classification", Target: "outcome", Features: 3,
}

// scene is a report's surroundings: a directory for files, a clock that stands.
func scene(t testing.TB, s observe.Store, dir string, now time.Time) observe.Scene {
	return observe.Scene{Subject: subject, Store: s, Services: observe.Services{
		Now:    func() time.Time { return now },
		Sender: &outbound.Sender{},
		Read: func(ctx context.Context, location string, o table.ReadOptions) (*table.Table, error) {
			o.Name = location
			return table.ReadFile(ctx, filepath.Join(dir, location), o)
		},
		Write: func(_ context.Context, location string, write func(io.Writer) error) error {
			f, err := os.Create(filepath.Join(dir, location))
			if err != nil {
				return err
			}
			defer f.Close()
			return write(f)
		},
	}}
}

// failed lists the failed checks.
func failed(o *observe.Observation) []string {
	var out []string
	for _, c := range o.Failed() {
		out = append(out, c.Metric)
	}
	return out
}
