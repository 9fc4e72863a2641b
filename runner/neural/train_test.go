package neural

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestTrainRefuses(t *testing.T) {
	column := func(values ...float64) Feature { return Feature{Name: "size", Values: values} }
	code := func(values ...float64) Feature { return Feature{Name: "kind", Values: values, Categories: 3} }
	good := Dataset{Features: []Feature{column(1, 2, 3, 4)}, Target: []float64{0, 1, 0, 1}}
	nan := math.NaN()
	for name, c := range map[string]struct {
		change  func(*Params)
		data    Dataset
		options Options
		want    string
	}{
		"no columns":        {nil, Dataset{Target: []float64{1}}, Options{}, "no input columns"},
		"no rows":           {nil, Dataset{Features: []Feature{column()}}, Options{}, "no rows with a weight above 0"},
		"unequal columns":   {nil, Dataset{Features: []Feature{column(1)}, Target: []float64{1, 2}}, Options{}, `column "size": has 1 values for 2 targets`},
		"unequal weights":   {nil, Dataset{Features: []Feature{column(1)}, Target: []float64{1}, Weight: []float64{1, 2}}, Options{}, "2 weights for 1 targets"},
		"missing":           {nil, Dataset{Features: []Feature{code(1, 1), column(1, nan)}, Target: []float64{0, 1}}, Options{}, `column "size", row 1 (counting from 0): is missing (NaN)`},
		"infinite":          {nil, Dataset{Features: []Feature{column(math.Inf(1), 1)}, Target: []float64{0, 1}}, Options{}, `column "size", row 0 (counting from 0): is infinite`},
		"no code":           {nil, Dataset{Features: []Feature{code(1, 1.5)}, Target: []float64{0, 1}}, Options{}, `column "kind", row 1 (counting from 0): 1.5 is no code`},
		"missing target":    {nil, Dataset{Features: []Feature{column(1, 2)}, Target: []float64{0, nan}}, Options{}, "target NaN of row 1"},
		"no class":          {func(p *Params) { p.Loss, p.NumClass = LogLoss, 2 }, Dataset{Features: []Feature{column(1, 2)}, Target: []float64{0, 2}}, Options{}, "target 2 of row 1 (counting from 0): is no class from 0 to 1"},
		"half a class":      {func(p *Params) { p.Loss, p.NumClass = LogLoss, 2 }, Dataset{Features: []Feature{column(1)}, Target: []float64{0.5}}, Options{}, "target 0.5 of row 0"},
		"below 0":           {func(p *Params) { p.Loss = Poisson }, Dataset{Features: []Feature{column(1)}, Target: []float64{-1}}, Options{}, "poisson needs numbers >= 0"},
		"negative weight":   {nil, Dataset{Features: []Feature{column(1, 1)}, Target: []float64{0, 1}, Weight: []float64{1, -1}}, Options{}, "weight -1 of row 1"},
		"weights of 0":      {nil, Dataset{Features: []Feature{column(1, 1)}, Target: []float64{0, 1}, Weight: []float64{0, 0}}, Options{}, "no rows with a weight above 0"},
		"weights too large": {nil, Dataset{Features: []Feature{column(1, 1)}, Target: []float64{0, 1}, Weight: []float64{1e308, 1e308}}, Options{}, "divide them all by the largest"},
		"parameter":         {func(p *Params) { p.Momentum = 2 }, good, Options{}, `parameter "momentum": must be a number >= 0 and <= 1, not 2`},
		"classes":           {func(p *Params) { p.Loss = LogLoss }, good, Options{}, "log_loss needs 2 to 10000 classes, not 0"},
		"too many weights":  {func(p *Params) { p.HiddenLayerSizes = []int{1 << 14, 1 << 14} }, good, Options{}, "more than 16777216 weights"},
		"categories":        {nil, Dataset{Features: []Feature{{Name: "kind", Values: []float64{1}, Categories: -1}}, Target: []float64{1}}, Options{}, `column "kind": -1 categories`},
		"too few to hold":   {func(p *Params) { p.EarlyStopping = true }, good, Options{}, `"validation_fraction": 0.1 of 4 rows leaves 1 to stop early on`},
		"validation":        {nil, good, Options{Validation: &Dataset{Features: []Feature{code(1)}, Target: []float64{1}}}, `column 0 of the validation data is "kind" with 3 categories`},
		"validation, NaN":   {nil, good, Options{Validation: &Dataset{Features: []Feature{column(nan)}, Target: []float64{1}}}, `validation data: neural: column "size", row 0`},
		"callback":          {nil, good, Options{OnEpoch: func(Epoch) error { return errors.New("enough") }}, "epoch 1: enough"},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			if c.change != nil {
				c.change(&p)
			}
			_, err := Train(context.Background(), c.data, p, c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
}

// What overflows is an error that says what to change, by every solver.
func TestDivergenceSaysWhatToChange(t *testing.T) {
	data := Dataset{Features: []Feature{{Name: "income", Values: []float64{1e200, -2e200, 5}}, {Name: "age", Values: []float64{1, 2, 3}}}, Target: []float64{1, 2, 3}}
	for _, solver := range []string{SGD, Adam, LBFGS} {
		p := DefaultParams()
		p.Solver, p.LearningRateInit = solver, 0.5
		_, err := Train(context.Background(), data, p, Options{})
		var diverged *DivergedError
		if !errors.As(err, &diverged) || diverged.Epoch != 1 {
			t.Fatalf("%s: %v", solver, err)
		}
		for _, want := range []string{"the loss is not a finite number", `column "income" reaches 2e+200`, "the target reaches 3"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q lacks %q", solver, err, want)
			}
		}
		if strings.Contains(err.Error(), "learning_rate_init (it is 0.5)") != (solver != LBFGS) {
			t.Errorf("%s: %q", solver, err)
		}
	}

	// Too high a rate only.
	p := DefaultParams()
	p.Solver, p.LearningRateInit = SGD, 1e6
	built := buildQualitySet("regression")
	_, err := Train(context.Background(), built.Dataset, p, Options{})
	var diverged *DivergedError
	if !errors.As(err, &diverged) {
		t.Fatalf("error %v", err)
	}
}

// countdown is a context that ends when it has been asked a number of times.
type countdown struct {
	context.Context
	left   atomic.Int64
	cancel func()
}

func (c *countdown) Err() error {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// The end of the context is seen between batches, not just between epochs.
func TestCancelInsideAnEpoch(t *testing.T) {
	built := buildQualitySet("regression")
	p := DefaultParams()
	p.BatchSize = 10 // 160 batches
	parent, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx := &countdown{Context: parent, cancel: cancel}
	ctx.left.Store(60)
	_, err := Train(ctx, built.Dataset, p, Options{OnEpoch: func(e Epoch) error { return fmt.Errorf("epoch %d went to its end", e.Number) }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
}

// It is seen inside of a batch, too: with lbfgs that is all rows, which here take
// seconds. How long is measured on a fiftieth of them.
func TestCancelInsideABatch(t *testing.T) {
	data := func(rows int) (d Dataset) {
		for c := range 40 {
			d.Features = append(d.Features, Feature{Name: "c", Values: bellColumn(c, rows)})
		}
		d.Target = d.Features[0].Values
		return d
	}
	p := DefaultParams()
	p.Solver, p.HiddenLayerSizes, p.MaxFun = LBFGS, []int{600, 600}, 1
	start := time.Now()
	if _, err := Train(context.Background(), data(400), p, Options{}); err != nil {
		t.Fatal(err)
	}
	few := time.Since(start)
	all := data(20000)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start = time.Now()
	_, err := Train(ctx, all, p, Options{OnEpoch: func(Epoch) error { return errors.New("an iteration went to its end") }})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	if took := time.Since(start); took > time.Second+5*few {
		t.Errorf("it took %v to stop; a fiftieth of the rows took %v", took, few)
	}
}

// The history tells each epoch as it was reported, and early stopping keeps the
// weights of the best one.
func TestHistoryAndEarlyStopping(t *testing.T) {
	built := buildQualitySet("binary")
	train, valid := built.part(0, 1000), built.part(1000, 1600)
	p := DefaultParams()
	p.Loss, p.NumClass, p.LearningRateInit, p.EarlyStopping, p.MaxIter, p.NIterNoChange = LogLoss, 2, 0.02, true, 100, 5
	var losses, scores []float64
	m, err := Train(context.Background(), train, p, Options{Validation: &valid, OnEpoch: func(e Epoch) error {
		losses, scores = append(losses, e.Loss), append(scores, e.ValidationScore)
		if e.Number != len(losses) || !e.Validated || e.ValidationLoss <= 0 || e.LearningRate <= 0 {
			t.Errorf("%+v", e)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := m.History()
	sameBits(t, "loss curve", h.LossCurve, losses)
	sameBits(t, "validation scores", h.ValidationScores, scores)
	best := slices.Index(scores, slices.Max(scores)) + 1
	if h.BestEpoch != best || h.NIter != len(scores) || h.NIter >= p.MaxIter || h.NIter < best+p.NIterNoChange {
		t.Errorf("best epoch %d of %d, want %d", h.BestEpoch, h.NIter, best)
	}
	var columns [][]float64
	for _, f := range valid.Features {
		columns = append(columns, f.Values)
	}
	classes, err := m.Predict(context.Background(), columns)
	if err != nil {
		t.Fatal(err)
	}
	right := 0.0
	for row, y := range valid.Target {
		right += oneIf(classes[row] == y) / float64(len(classes))
	}
	if math.Abs(right-slices.Max(scores)) > 1e-12 {
		t.Errorf("the model's accuracy is %v, the best epoch's was %v", right, slices.Max(scores))
	}

	// Without early stopping the same rows are only scored; the last weights stay.
	p.EarlyStopping, p.MaxIter = false, 3
	scored, err := Train(context.Background(), train, p, Options{Validation: &valid})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Train(context.Background(), train, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sameBits(t, "weights", scored.theta, plain.theta)
	if len(scored.History().ValidationScores) != 3 || len(plain.History().ValidationScores) != 0 || scored.History().BestEpoch != 0 {
		t.Errorf("%+v, %+v", scored.History(), plain.History())
	}
}

// A batch whose rows all weigh 0 changes nothing.
func TestBatchesWithoutWeightAreLeftOut(t *testing.T) {
	built := buildQualitySet("small")
	data := built.part(0, 90)
	data.Weight = slices.Repeat([]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 9)
	clear(data.Weight[30:60])
	p := DefaultParams()
	p.Loss, p.NumClass, p.BatchSize, p.Shuffle, p.MaxIter = LogLoss, 2, 30, false, 5
	m, err := Train(context.Background(), data, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	without := Dataset{Target: slices.Concat(data.Target[:30], data.Target[60:])}
	for _, f := range data.Features {
		without.Features = append(without.Features, Feature{Name: f.Name, Values: slices.Concat(f.Values[:30], f.Values[60:])})
	}
	same, err := Train(context.Background(), without, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sameBits(t, "weights", m.theta, same.theta)
}

// A model goes on from another one's weights, which stay as they are.
func TestInitialModel(t *testing.T) {
	built := buildQualitySet("categories")
	p := DefaultParams()
	p.Loss, p.NumClass, p.MaxIter, p.Solver = LogLoss, 2, 5, LBFGS
	first, err := Train(context.Background(), built.Dataset, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(first.theta)
	second, err := Train(context.Background(), built.Dataset, p, Options{Initial: first})
	if err != nil {
		t.Fatal(err)
	}
	sameBits(t, "the initial model's weights", first.theta, before)
	if a, b := first.History().LossCurve, second.History().LossCurve; b[0] >= a[len(a)-1] {
		t.Errorf("losses %v, then %v", a, b)
	}
	for want, change := range map[string]func(*Params){
		"hidden_layer_sizes": func(p *Params) { p.HiddenLayerSizes = []int{7} },
		"other columns":      func(p *Params) { p.EmbeddingDim = 2 },
		"has the loss":       func(p *Params) { p.NumClass = 3 },
	} {
		other := p
		change(&other)
		if _, err := Train(context.Background(), built.Dataset, other, Options{Initial: first}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
