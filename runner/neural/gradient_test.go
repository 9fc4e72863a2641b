package neural

import (
	"context"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// For every activation, loss and with and without embeddings, loss and gradient are
// those of the definition: the gradient by finite differences.
func TestGradientIsTheLossesDerivative(t *testing.T) {
	for _, k := range allKinds() {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := drawNetOf(t, 70, k)
				checkGradient(t, &d)
			})
		})
	}
}

func checkGradient(t *rapid.T, d *drawnNet) {
	inputs, err := newMatrix(context.Background(), d.data.Features, len(d.data.Target))
	if err != nil {
		t.Fatal(err)
	}
	pool := newPool(context.Background(), 2)
	defer pool.close()
	rows := upTo(len(d.data.Target))
	g := newGradient(d.model.net, &sample{data: inputs, target: d.data.Target, weight: d.data.Weight, rows: rows}, d.params.Alpha, len(rows), pool)
	theta := d.model.theta
	loss, _ := g.loss(theta, rows)
	grad := make([]float64, len(theta))
	g.apply(func(sum []float64, lo, hi int) { copy(grad[lo:hi], sum[lo:hi]) })

	plain := d.plainLoss(theta)
	if math.Abs(loss-plain) > 1e-9*max(1, math.Abs(plain)) {
		t.Fatalf("loss %v, by the definition %v", loss, plain)
	}
	for range 6 {
		i := rapid.IntRange(0, len(theta)-1).Draw(t, "weight")
		const h = 1e-6
		keep := theta[i]
		theta[i] = keep + h
		after := (d.plainLoss(theta) - plain) / h
		theta[i] = keep - h
		before := (plain - d.plainLoss(theta)) / h
		theta[i] = keep
		// At a kink of relu the derivative is between those of both sides.
		slack := 1e-4 * (1 + math.Abs(grad[i]) + math.Abs(plain))
		if grad[i] < min(after, before)-slack || grad[i] > max(after, before)+slack {
			t.Fatalf("derivative by weight %d: %v, by differences %v and %v", i, grad[i], before, after)
		}
	}
}

// A batch's memory is made once: with several goroutines two small things
// are allocated a batch, with one nothing.
func TestBatchesAllocateNothing(t *testing.T) {
	for threads, most := range map[int]float64{1: 0, 2: 2} {
		built := buildQualitySet("categories")
		p := DefaultParams()
		p.Loss, p.NumClass, p.HiddenLayerSizes, p.NumThreads = LogLoss, 2, []int{300, 100}, threads
		tr, err := newTraining(context.Background(), &built.Dataset, &p, &Options{})
		if err != nil {
			t.Fatal(err)
		}
		g := newGradient(tr.net, tr.train, p.Alpha, 200, tr.pool)
		s := newSolver(&p, tr.net.size)
		update := func(grad []float64, lo, hi int) { s.step(tr.theta, grad, lo, hi) }
		got := testing.AllocsPerRun(10, func() {
			g.loss(tr.theta, tr.train.rows[:200])
			s.begin()
			g.apply(update)
		})
		tr.pool.close()
		if got > most {
			t.Errorf("%d threads: %v allocations a batch, want at most %v", threads, got, most)
		}
	}
}
