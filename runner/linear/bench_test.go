package linear

import (
	"context"
	"math"
	"testing"

	"golang.org/x/sys/unix"
)

// The fits that tools/reference/linear.py --time compares with scikit-learn's.
func BenchmarkFit(b *testing.B) {
	regression := func(name string, fit func(x *Dense, y []float64) error) {
		b.Run(name, func(b *testing.B) {
			s := buildSet("bench")
			x := s.dense(b)
			b.ReportAllocs()
			defer reportProcessor(b)()
			for b.Loop() {
				if err := fit(x, s.score); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	ctx := context.Background()
	regression("LinearRegression", func(x *Dense, y []float64) error {
		_, err := NewLinearRegression().Fit(ctx, x, y, FitOptions{})
		return err
	})
	regression("Ridge", func(x *Dense, y []float64) error {
		_, err := NewRidge().Fit(ctx, x, y, FitOptions{})
		return err
	})
	regression("Lasso", func(x *Dense, y []float64) error {
		p := NewLasso()
		p.Alpha = 0.01
		_, err := p.Fit(ctx, x, y, FitOptions{})
		return err
	})
	regression("ElasticNet", func(x *Dense, y []float64) error {
		p := NewElasticNet()
		p.Alpha = 0.01
		_, err := p.Fit(ctx, x, y, FitOptions{})
		return err
	})
	logistic := func(name, set string, classes int, l1Ratio, c float64) {
		b.Run(name, func(b *testing.B) {
			s := buildSet(set)
			x, labels := s.design(b), s.labels(classes)
			p := NewLogisticRegression()
			p.L1Ratio, p.C, p.MaxIter = l1Ratio, c, 1000
			b.ReportAllocs()
			defer reportProcessor(b)()
			for b.Loop() {
				m, err := p.Fit(ctx, x, labels, classes, FitOptions{})
				if err != nil || !m.Report().Converged {
					b.Fatal(err, m)
				}
				b.ReportMetric(float64(m.Report().Iterations), "iterations")
			}
		})
	}
	logistic("LogisticL2", "bench", 2, 0, 1)
	logistic("LogisticMultinomial", "bench", 3, 0, 1)
	logistic("LogisticL1", "bench", 2, 1, 0.01)
	logistic("LogisticElasticNet", "bench", 2, 0.5, 0.01)
	logistic("LogisticTerms", "terms", 2, 0, 1)
	logistic("LogisticTermsMultinomial", "terms", 4, 0, 1)
	logistic("LogisticTermsL1", "terms", 2, 1, 1)
}

// reportProcessor reports, at its end, the processor time of an operation on all
// cores, which neighbours on a busy machine change less than the time on the clock.
func reportProcessor(b *testing.B) func() {
	used := func() float64 {
		var usage unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return float64(usage.Utime.Nano() + usage.Stime.Nano())
	}
	begin := used()
	return func() { b.ReportMetric((used()-begin)/float64(b.N), "cpu-ns/op") }
}

// One pass over the rows for the loss and its gradient, against a loop over rows and
// columns.
func BenchmarkLossAndGradient(b *testing.B) {
	s := buildSet("bench")
	p := NewLogisticRegression()
	t, err := newClassification(s.dense(b), s.labels(2), 2, &p, &FitOptions{})
	if err != nil {
		b.Fatal(err)
	}
	design, err := t.standardize(context.Background(), s.dense(b), 0)
	if err != nil {
		b.Fatal(err)
	}
	loss := newLogLoss(t, &denseRows{standard: design, outputs: 1}, make([]float64, design.cols))
	coef, grad := make([]float64, loss.dim()), make([]float64, loss.dim())
	for j := range coef {
		coef[j] = math.Sin(float64(j))
	}
	b.Run("blocks", func(b *testing.B) {
		for b.Loop() {
			if _, err := loss.evaluate(context.Background(), coef, grad); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("naive", func(b *testing.B) {
		for b.Loop() {
			naiveLossAndGradient(t, s.columns, coef, grad)
		}
	})
}

func BenchmarkPredictProba(b *testing.B) {
	s := buildSet("bench")
	x := s.dense(b)
	m, err := NewLogisticRegression().Fit(context.Background(), x, s.labels(3), 3, FitOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.PredictProba(context.Background(), x); err != nil {
			b.Fatal(err)
		}
	}
}

// naiveLossAndGradient is the binary log loss as a textbook writes it.
func naiveLossAndGradient(t *classification, columns [][]float64, coef, grad []float64) float64 {
	clear(grad)
	last, loss := len(columns), 0.0
	for i, w := range t.weight {
		m := coef[last]
		for j := range columns {
			m += coef[j] * columns[j][i]
		}
		y := float64(t.label[i])
		loss += w * (math.Log1p(math.Exp(m)) - y*m)
		r := w * (1/(1+math.Exp(-m)) - y)
		for j := range columns {
			grad[j] += r * columns[j][i]
		}
		grad[last] += r
	}
	return loss
}
