package report

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mlops/runner/progress"
	"mlops/runner/table"
)

// linear is a model of three columns that looks at two of them: 3·a + (1 where b
// is "x"), and of a row's truth a little besides.
func linear(t testing.TB, rows int) PermutationRequest {
	draw := rand.New(rand.NewPCG(5, 5))
	a, b, c, y := make([]float64, rows), make([]string, rows), make([]int64, rows), make([]float64, rows)
	for i := range a {
		a[i], b[i], c[i] = draw.NormFloat64(), []string{"x", "y"}[draw.IntN(2)], int64(draw.IntN(9))
		y[i] = 3*a[i] + 0.1*draw.NormFloat64()
		if b[i] == "x" {
			y[i]++
		}
	}
	data, err := table.New(table.NewFloat64("a", a, nil), table.NewString("b", b, nil), table.NewInt64("c", c, nil))
	if err != nil {
		t.Fatal(err)
	}
	return PermutationRequest{
		Table: data, Truth: Truth{Problem: Regression, Values: y}, Metric: "mse", Seed: 7, Repeats: 4,
		Predict: func(_ context.Context, data *table.Table) (Prediction, error) {
			values := make([]float64, data.NumRows())
			for i, a := range data.Column("a").Floats() {
				values[i] = 3 * a
				if data.Column("b").Text(i) == "x" {
					values[i]++
				}
			}
			return Prediction{Values: values}, nil
		},
	}
}

// Shuffling a column adds twice the variance of what the model makes of it to
// the squared error, and nothing where it makes nothing.
func TestPermutationMeasuresWhatTheModelUses(t *testing.T) {
	q := linear(t, 4000)
	m, err := Permutation(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if m.Metric != "mse" || m.Repeats != 4 || m.Rows != 4000 || math.Abs(m.Baseline-0.01) > 0.002 {
		t.Errorf("importance %+v", m)
	}
	for i, want := range []struct {
		name string
		loss float64
	}{{"a", 18}, {"b", 0.5}, {"c", 0}} {
		got := m.Features[i]
		if got.Name != want.name || math.Abs(got.Value-want.loss) > 0.1*want.loss {
			t.Errorf("feature %d: %+v, want %s with about %v", i, got, want.name, want.loss)
		}
		if (got.Std > 0) != (want.loss > 0) {
			t.Errorf("feature %s: deviation %v", got.Name, got.Std)
		}
	}
	// Where higher is better the loss is the fall.
	q.Metric = ""
	m, err = Permutation(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if m.Metric != "r2_score" || m.Features[0].Name != "a" || m.Features[0].Value < 1 {
		t.Errorf("of r2_score: %+v", m)
	}
}

func TestPermutationIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	q := linear(t, 200)
	before := q.Table.Fingerprint()
	var first Importance
	for _, workers := range []int{1, 2, 7, 0} {
		q.Workers = workers
		m, err := Permutation(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if workers == 1 {
			first = m
		}
		if !reflect.DeepEqual(m, first) {
			t.Errorf("%d workers: %+v, one worker: %+v", workers, m, first)
		}
	}
	if q.Table.Fingerprint() != before {
		t.Error("the table is another")
	}
	q.Features = []string{"b"}
	m, err := Permutation(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Features) != 1 || m.Features[0] != first.Features[1] {
		t.Errorf("b alone: %+v, among others: %+v", m.Features, first.Features[1])
	}
	q.Seed++
	other, err := Permutation(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if other.Features[0] == m.Features[0] {
		t.Error("another seed gives the same shuffles")
	}
}

func TestPermutationPredictsWithinItsBounds(t *testing.T) {
	q := linear(t, 300)
	q.Workers, q.MaxRows, q.Truth.Weights = 2, 120, make([]float64, 300)
	for i := range q.Truth.Weights {
		q.Truth.Weights[i] = float64(1 + i%2)
	}
	var now, most, calls atomic.Int64
	predict := q.Predict
	q.Predict = func(ctx context.Context, data *table.Table) (Prediction, error) {
		calls.Add(1)
		for n := now.Add(1); ; {
			seen := most.Load()
			if n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		defer now.Add(-1)
		if data.NumRows() != 120 {
			t.Errorf("%d rows", data.NumRows())
		}
		return predict(ctx, data)
	}
	var mu sync.Mutex
	var fractions []float64
	ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) {
		mu.Lock()
		defer mu.Unlock()
		fractions = append(fractions, r.Fraction)
		if r.Stage != Stage {
			t.Errorf("stage %q", r.Stage)
		}
	}))
	m, err := Permutation(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows != 120 || calls.Load() != 13 || most.Load() > 2 {
		t.Errorf("%d rows, %d predictions, %d at once", m.Rows, calls.Load(), most.Load())
	}
	for i, f := range fractions {
		near(t, "progress", f, float64(i+1)/12)
	}
	if len(fractions) != 12 {
		t.Errorf("progress %v", fractions)
	}
}

func TestPermutationStops(t *testing.T) {
	q := linear(t, 50)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	calls := 0
	predict := q.Predict
	q.Workers = 1
	q.Predict = func(ctx context.Context, data *table.Table) (Prediction, error) {
		if calls++; calls == 3 {
			cancel(reason)
		}
		return predict(ctx, data)
	}
	if _, err := Permutation(ctx, q); !errors.Is(err, reason) {
		t.Errorf("cancelled: %v", err)
	}
	if calls > 4 {
		t.Errorf("%d predictions, the context ended at the third", calls)
	}

	broken := errors.New("broken")
	q.Predict = func(context.Context, *table.Table) (Prediction, error) {
		if calls++; calls > 6 {
			return Prediction{}, broken
		}
		return predict(t.Context(), q.Table)
	}
	if _, err := Permutation(t.Context(), q); !errors.Is(err, broken) || !strings.Contains(err.Error(), "feature") {
		t.Errorf("a broken model: %v", err)
	}
}

func TestPermutationRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*PermutationRequest)
		says   string
	}{
		"no model":            {func(q *PermutationRequest) { q.Predict = nil }, "model"},
		"no table":            {func(q *PermutationRequest) { q.Table = nil }, "table"},
		"too few values":      {func(q *PermutationRequest) { q.Truth.Values = q.Truth.Values[1:] }, "9 true values for 10 rows"},
		"a column not there":  {func(q *PermutationRequest) { q.Features = []string{"aa"} }, `"aa"`},
		"a column twice":      {func(q *PermutationRequest) { q.Features = []string{"a", "a"} }, "twice"},
		"no columns":          {func(q *PermutationRequest) { q.Features = []string{} }, "no features"},
		"an unknown metric":   {func(q *PermutationRequest) { q.Metric = "accuracy" }, "accuracy"},
		"repeats below 0":     {func(q *PermutationRequest) { q.Repeats = -1 }, "-1 repeats"},
		"an undefined metric": {func(q *PermutationRequest) { q.Metric, q.MaxRows = "r2_score", 1 }, "at least 2 rows"},
		"another number of rows": {func(q *PermutationRequest) {
			q.Predict = func(context.Context, *table.Table) (Prediction, error) { return Prediction{Values: []float64{1}}, nil }
		}, "10 true values and 1 predictions"},
	} {
		t.Run(name, func(t *testing.T) {
			q := linear(t, 10)
			c.change(&q)
			if _, err := Permutation(t.Context(), q); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error with %q", err, c.says)
			}
		})
	}
}

func TestImportancesOfModels(t *testing.T) {
	m, err := Trees(GainImportance, []string{"a", "b", "c"}, []float64{1, 5, 1})
	if err != nil {
		t.Fatal(err)
	}
	if want := []Feature{{Name: "b", Value: 5}, {Name: "a", Value: 1}, {Name: "c", Value: 1}}; !reflect.DeepEqual(m.Features, want) {
		t.Errorf("got %v, want %v", m.Features, want)
	}
	list, err := Coefficients([]string{"a", "b"}, []float64{1, -2, 3, 0}, []float64{0.5, 0}, []string{"no", "yes"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Features[0] != (Feature{Name: "b", Value: -2}) || list[1].Output != "yes" || *list[0].Intercept != 0.5 {
		t.Errorf("coefficients %+v", list)
	}
	names, values := make([]string, MaxFeatures+7), make([]float64, MaxFeatures+7)
	for i := range names {
		names[i] = "x"
	}
	if m, err = Trees(SplitImportance, names, values); err != nil || len(m.Features) != MaxFeatures || m.Left != 7 {
		t.Errorf("of many features %d are kept and %d left, %v", len(m.Features), m.Left, err)
	}
	for name, f := range map[string]func() error{
		"a kind":          func() error { _, err := Trees(PermutationImportance, []string{"a"}, []float64{1}); return err },
		"lengths":         func() error { _, err := Trees(GainImportance, []string{"a"}, nil); return err },
		"no features":     func() error { _, err := Trees(GainImportance, nil, nil); return err },
		"a negative gain": func() error { _, err := Trees(GainImportance, []string{"a"}, []float64{-1}); return err },
		"a NaN":           func() error { _, err := Trees(GainImportance, []string{"a"}, []float64{math.NaN()}); return err },
		"coefficients":    func() error { _, err := Coefficients([]string{"a"}, []float64{1, 2}, nil, nil); return err },
		"intercepts":      func() error { _, err := Coefficients([]string{"a"}, []float64{1}, []float64{1, 2}, nil); return err },
		"an infinite one": func() error { _, err := Coefficients([]string{"a"}, []float64{math.Inf(1)}, nil, nil); return err },
		"a curve of none": func() error { _, err := NewLearningCurve("mse", "step", nil, nil); return err },
		"an empty series": func() error { _, err := NewLearningCurve("mse", "step", []Series{{}}, nil); return err },
		"steps that fall": func() error {
			_, err := NewLearningCurve("mse", "step", []Series{{X: []float64{2, 1}, Y: []float64{1, 1}}}, nil)
			return err
		},
		"a value that is no number": func() error {
			_, err := NewLearningCurve("mse", "step", []Series{{X: []float64{1}, Y: []float64{math.NaN()}}}, nil)
			return err
		},
		"a best step that is no number": func() error {
			best := math.NaN()
			_, err := NewLearningCurve("mse", "step", []Series{{X: []float64{1}, Y: []float64{1}}}, &best)
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
