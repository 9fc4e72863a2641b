package gbdt

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func modelText(t testing.TB, m *Model) string {
	t.Helper()
	var text bytes.Buffer
	if err := m.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// A caller's squared error gives the trees of the built-in one.
func TestCustomObjectiveTrainsLikeTheBuiltIn(t *testing.T) {
	features, _, label := tabular(t, "y", 0, 700)
	p := DefaultParams()
	p.NumIterations, p.BoostFromAverage, p.MinDataPerGroup = 5, false, 10
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Train(context.Background(), d, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	p.Objective = CustomLoss
	squares := func(score []float64, gradient, hessian []float32) error {
		for row, s := range score {
			gradient[row], hessian[row] = float32(s-label[row]), 1
		}
		return nil
	}
	got, err := TrainWith(context.Background(), d, nil, p, Options{Objective: squares})
	if err != nil {
		t.Fatal(err)
	}
	if got.Objective() != "" {
		t.Errorf("objective %q", got.Objective())
	}
	for i := range want.trees {
		sameTree(t, i, got.trees[i], want.trees[i], 1e-5)
	}
	if _, err := ReadText(strings.NewReader(modelText(t, got))); err != nil {
		t.Errorf("the model text does not read back: %v", err)
	}
}

func TestCustomObjectiveIsChecked(t *testing.T) {
	features, label := usable()
	p := DefaultParams()
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	fill := func(gradient, hessian float32, err error) CustomObjective {
		return func(_ []float64, g, h []float32) error {
			for i := range g {
				g[i], h[i] = gradient, hessian
			}
			return err
		}
	}
	failed := errors.New("no loss today")
	for _, c := range []struct {
		name      string
		objective string
		fill      CustomObjective
		says      string
	}{
		{"no function", CustomLoss, nil, "Options.Objective"},
		{"a function without custom", Regression, fill(1, 1, nil), "not custom"},
		{"a NaN gradient", CustomLoss, fill(float32(math.NaN()), 1, nil), "row 0, output 0"},
		{"a negative hessian", CustomLoss, fill(1, -1, nil), "not negative"},
		{"a failure", CustomLoss, fill(1, 1, failed), "no loss today"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.Objective = c.objective
			if _, err := TrainWith(context.Background(), d, nil, p, Options{Objective: c.fill}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// Labels out of an objective's range are refused with the row.
func TestObjectivesRefuseLabels(t *testing.T) {
	for objective, bad := range map[string]float64{
		Poisson: -1, Tweedie: -0.5, Gamma: 0, CrossEntropy: 1.5, LambdaRank: 31, Binary: 2, MulticlassOVA: 3, Multiclass: 0.5,
	} {
		t.Run(objective, func(t *testing.T) {
			features, label := usable()
			for i := range label {
				label[i] = 1
			}
			label[5] = bad
			p := DefaultParams()
			p.Objective = objective
			if p.manyClasses() {
				p.NumClass = 3
			}
			err := fit(features, label, nil, p)
			var refused *LabelError
			if !errors.As(err, &refused) || refused.Row != 5 {
				t.Errorf("got %v, want a *LabelError of row 5", err)
			}
		})
	}
	t.Run("all zero", func(t *testing.T) {
		features, _ := usable()
		p := DefaultParams()
		p.Objective = Poisson
		var refused *LabelError
		if err := fit(features, make([]float64, 200), nil, p); !errors.As(err, &refused) {
			t.Errorf("got %v, want a *LabelError", err)
		}
	})
}

func TestGroupsAndInitScoresAreChecked(t *testing.T) {
	features, label := usable()
	p := DefaultParams()
	d, err := NewDataset(context.Background(), features, label, nil, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, sizes := range [][]int{nil, {100}, {100, 101}, {100, 0, 100}, {-5, 205}} {
		if d.SetGroups(sizes) == nil {
			t.Errorf("groups of %v rows were taken for 200 rows", sizes)
		}
	}
	for _, score := range [][]float64{nil, make([]float64, 199), slices.Repeat([]float64{math.NaN()}, 200)} {
		if d.SetInitScore(score) == nil {
			t.Errorf("%d initial scores were taken for 200 rows", len(score))
		}
	}
	p.Objective = LambdaRank
	if _, err := Train(context.Background(), d, nil, p); err == nil || !strings.Contains(err.Error(), "SetGroups") {
		t.Errorf("lambdarank without groups: got %v", err)
	}
	p.Objective = Multiclass
	p.NumClass = 2
	if err := d.SetInitScore(make([]float64, 200)); err != nil {
		t.Fatal(err)
	}
	if _, err := Train(context.Background(), d, nil, p); err == nil || !strings.Contains(err.Error(), "200 rows × 2 outputs") {
		t.Errorf("too few initial scores: got %v", err)
	}
}

// The selection gives what sorting gives.
func TestPercentileIsThatOfSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-4, 4), 1, 40).Draw(t, "values")
		if rapid.Bool().Draw(t, "ties") {
			for i := range values {
				values[i] = math.Round(values[i])
			}
		}
		alpha := rapid.Float64Range(0.01, 0.99).Draw(t, "alpha")
		sorted := slices.Sorted(slices.Values(values))
		slices.Reverse(sorted)
		at := (1 - alpha) * float64(len(sorted)-1)
		low := int(at)
		want := sorted[low]
		if low+1 < len(sorted) {
			want -= (sorted[low] - sorted[low+1]) * (at - float64(low))
		}
		if got := percentile(slices.Clone(values), alpha); math.Abs(got-want) > 1e-12 {
			t.Fatalf("got %v, sorting gives %v", got, want)
		}
		if got := weightedPercentile(values, slices.Repeat([]float64{1}, len(values)), alpha); got < sorted[len(sorted)-1] || got > sorted[0] {
			t.Fatalf("weighted: %v is outside the values", got)
		}
	})
}
