package linear

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// manyRows is more rows than one task takes, so that the work is shared out.
func manyRows(t testing.TB) (set, *Dense) {
	t.Helper()
	x := bellColumns(3, taskRows+500, 4)
	s := set{columns: x, score: noisySignal(3, x)}
	return s, s.dense(t)
}

// fits are all the ways through the package, each giving its model's file.
func fits(t testing.TB) map[string]func(ctx context.Context, o FitOptions) ([]byte, error) {
	s, x := manyRows(t)
	sparse := sparseOf(t, s.columns...)
	wide := buildSet("wide")
	out := map[string]func(ctx context.Context, o FitOptions) ([]byte, error){}
	regression := func(name string, x *Dense, y []float64, fit func(ctx context.Context, x *Dense, y []float64, o FitOptions) (*Regressor, error)) {
		out[name] = func(ctx context.Context, o FitOptions) ([]byte, error) {
			m, err := fit(ctx, x, y, o)
			if err != nil {
				return nil, err
			}
			var file bytes.Buffer
			err = m.WriteJSON(&file)
			return file.Bytes(), err
		}
	}
	lasso := NewLasso()
	lasso.Alpha = 0.01
	regression("linear", x, s.score, NewLinearRegression().Fit)
	regression("linear wide", wide.dense(t), wide.score, NewLinearRegression().Fit)
	regression("linear singular", denseOf(t, s.columns[0], s.columns[1], s.columns[0]), s.score, NewLinearRegression().Fit)
	many := buildSet("many")
	regression("linear many", many.dense(t), many.score, NewLinearRegression().Fit)
	regression("ridge many", many.dense(t), many.score, NewRidge().Fit)
	regression("ridge", x, s.score, NewRidge().Fit)
	regression("ridge wide", wide.dense(t), wide.score, NewRidge().Fit)
	regression("lasso", x, s.score, lasso.Fit)
	classification := func(name string, x Matrix, ratio float64, classes int) {
		p := NewLogisticRegression()
		p.L1Ratio, p.C = ratio, 0.01
		labels := s.labels(classes)
		out[name] = func(ctx context.Context, o FitOptions) ([]byte, error) {
			m, err := p.Fit(ctx, x, labels, classes, o)
			if err != nil {
				return nil, err
			}
			var file bytes.Buffer
			if err := m.WriteJSON(&file); err != nil {
				return nil, err
			}
			proba, err := m.PredictProba(ctx, x)
			return fmt.Append(file.Bytes(), proba[:100]), err
		}
	}
	for _, classes := range []int{2, 3} {
		for _, ratio := range []float64{0, 0.5} {
			classification(fmt.Sprintf("logistic %d %v", classes, ratio), x, ratio, classes)
			classification(fmt.Sprintf("logistic sparse %d %v", classes, ratio), sparse, ratio, classes)
		}
	}
	return out
}

func TestSameBitsWhateverGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, fit := range fits(t) {
		var first []byte
		for _, procs := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(procs)
			got, err := fit(background, FitOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			} else if !bytes.Equal(first, got) {
				t.Errorf("%s: another model with GOMAXPROCS=%d", name, procs)
			}
		}
	}
}

// countdown is a context that is cancelled when it is asked for the n-th time.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// A fit looks at its context often, and ends with its error wherever that strikes.
func TestCancellation(t *testing.T) {
	for name, fit := range fits(t) {
		if _, err := fit(cancelled(), FitOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled before: %v", name, err)
		}
		var looks int64
		for n := int64(1); ; n = n*4 + 1 {
			ctx := &countdown{Context: background}
			ctx.left.Store(n)
			_, err := fit(ctx, FitOptions{})
			if err == nil {
				looks = n
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, cancelled at look %d: %v", name, n, err)
			}
		}
		if looks < 5 {
			t.Errorf("%s: looked at its context less than 5 times", name)
		}
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(background)
	cancel()
	return ctx
}

// A long fit ends well within a second of its cancellation, here from the progress
// function, or, where there is no iteration, from a timer.
func TestCancellationIsPrompt(t *testing.T) {
	const rows, cols = 3000, 600
	x := bellColumns(5, rows, cols)
	s := set{columns: x, score: noisySignal(5, x)}
	singular := denseOf(t, append(append([][]float64{}, x[:cols-1]...), x[0])...)
	for name, fit := range map[string]func(ctx context.Context) error{
		"linear": func(ctx context.Context) error {
			_, err := NewLinearRegression().Fit(ctx, singular, s.score, FitOptions{})
			return err
		},
		"logistic": func(ctx context.Context) error {
			p := NewLogisticRegression()
			p.Penalty, p.Tol, p.MaxIter = PenaltyNone, 0, 1_000_000
			_, err := p.Fit(ctx, singular, s.labels(2), 2, FitOptions{})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(background, 100*time.Millisecond)
		begin := time.Now()
		err := fit(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 5*time.Second { // much more than a busy machine needs
			t.Errorf("%s: ended after %v", name, took)
		}
	}
}

func TestAnErrorOfTheProgressFunctionEndsAFit(t *testing.T) {
	enough := errors.New("enough")
	for name, fit := range fits(t) {
		calls := 0
		_, err := fit(background, FitOptions{Progress: func(Iteration) error {
			calls++
			return enough
		}})
		if direct := calls == 0; direct && err != nil || !direct && (err != enough || calls != 1) {
			t.Errorf("%s: %v after %d calls", name, err, calls)
		}
	}
}

// Beside the caller's columns a fit holds one copy of the design, or none.
func TestMemory(t *testing.T) {
	x := bellColumns(3, 50_000, 20)
	s := set{columns: x, score: noisySignal(3, x)}
	d, labels := s.dense(t), s.labels(2)
	const column = 8 * 50_000
	for _, c := range []struct {
		name   string
		fit    func() error
		copies int // of columns
	}{
		{"linear", func() error { _, err := NewLinearRegression().Fit(background, d, s.score, FitOptions{}); return err }, 0},
		{"ridge", func() error { _, err := NewRidge().Fit(background, d, s.score, FitOptions{}); return err }, 0},
		{"lasso", func() error { _, err := NewLasso().Fit(background, d, s.score, FitOptions{}); return err }, 20},
		{"logistic", func() error {
			_, err := NewLogisticRegression().Fit(background, d, labels, 2, FitOptions{})
			return err
		}, 20},
		{"logistic l1", func() error {
			p := NewLogisticRegression()
			p.L1Ratio = 1
			_, err := p.Fit(background, d, labels, 2, FitOptions{})
			return err
		}, 20},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := c.fit(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		// Eight columns' worth is for vectors of rows and blocks.
		if got := int(after.TotalAlloc - before.TotalAlloc); got > (c.copies+8)*column {
			t.Errorf("%s: allocated %.1f columns, has a copy of %d", c.name, float64(got)/column, c.copies)
		}
	}
}
