package neural

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// What is predicted for a row is the network's definition, and the same bits alone,
// in any part of the rows, and by several goroutines at once.
func TestPredictionOfARowIsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawNet(t, 700)
		rows := len(d.data.Target)
		k := d.model.net.outputs
		whole, err := d.model.outputs(context.Background(), d.columns(0, rows))
		if err != nil {
			t.Fatal(err)
		}
		row := rapid.IntRange(0, rows-1).Draw(t, "row")
		want := d.plainOutput(d.model.theta, row)
		d.model.net.link.predict(want, k)
		for i, got := range whole[row*k : (row+1)*k] {
			if math.Abs(got-want[i]) > 1e-9*max(1, math.Abs(want[i])) {
				t.Fatalf("row %d, output %d: %v, by the definition %v", row, i, got, want[i])
			}
		}
		var both sync.WaitGroup
		for range 2 {
			lo := rapid.IntRange(0, rows-1).Draw(t, "lo")
			hi := rapid.IntRange(lo+1, rows).Draw(t, "hi")
			both.Go(func() {
				part, err := d.model.outputs(context.Background(), d.columns(lo, hi))
				if err != nil || !slices.Equal(bitsOf(part), bitsOf(whole[lo*k:hi*k])) {
					t.Errorf("rows %d to %d alone differ from the same rows among %d (error %v)", lo, hi, rows, err)
				}
			})
		}
		both.Wait()
	})
}

// The class is the most likely one, and probabilities add up to 1.
func TestClassesFollowTheProbabilities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawNet(t, 80)
		columns := d.columns(0, len(d.data.Target))
		proba, err := d.model.PredictProba(context.Background(), columns)
		if d.params.Loss != LogLoss {
			if err == nil {
				t.Fatal("a regression has probabilities")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		classes, err := d.model.Predict(context.Background(), columns)
		if err != nil {
			t.Fatal(err)
		}
		k := d.params.NumClass
		for row, class := range classes {
			of := proba[row*k : (row+1)*k]
			sum := 0.0
			for _, p := range of {
				sum += p
			}
			if math.Abs(sum-1) > 1e-12 || of[int(class)] != slices.Max(of) {
				t.Fatalf("row %d: class %v of %v", row, class, of)
			}
		}
	})
}

func TestPredictRefuses(t *testing.T) {
	p := DefaultParams()
	train := Dataset{
		Features: []Feature{{Name: "size", Values: []float64{1, 2, 3}}, {Name: "kind", Values: []float64{0, 1, 1}, Categories: 2}},
		Target:   []float64{1, 2, 3},
	}
	p.MaxIter, p.Loss = 2, Poisson
	m, err := Train(context.Background(), train, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.theta {
		m.theta[i] = 1
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		columns [][]float64
		want    string
	}{
		"too few columns":   {nil, [][]float64{{1}}, "1 columns, but the network was trained on 2"},
		"unequal columns":   {nil, [][]float64{{1, 2}, {1}}, `column "kind": has 1 values, the first column 2`},
		"a missing number":  {nil, [][]float64{{1, math.NaN()}, {0, 0}}, `column "size", row 1 (counting from 0): is missing (NaN)`},
		"infinite":          {nil, [][]float64{{math.Inf(-1)}, {0}}, `column "size", row 0 (counting from 0): is infinite`},
		"no code":           {nil, [][]float64{{1}, {0.5}}, `column "kind", row 0 (counting from 0): 0.5 is no code`},
		"an infinite code":  {nil, [][]float64{{1}, {math.Inf(1)}}, ""},
		"out of range":      {nil, [][]float64{{1, 1000}, {0, 0}}, "row 1 (counting from 0) leads to no finite number"},
		"cancelled":         {cancelled, [][]float64{{1}, {0}}, "context canceled"},
		"no rows":           {nil, [][]float64{{}, {}}, ""},
		"unknown codes":     {nil, [][]float64{{1, 1, 1}, {-1, 2, math.NaN()}}, ""},
		"a code beyond int": {nil, [][]float64{{1}, {1e300}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := c.ctx
			if ctx == nil {
				ctx = context.Background()
			}
			got, err := m.Predict(ctx, c.columns)
			if c.want == "" {
				if err != nil || len(got) != len(c.columns[0]) {
					t.Fatalf("%v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := m.Predict(cancelled, [][]float64{{1}, {0}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v is not the context's", err)
	}
}
