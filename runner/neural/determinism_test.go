package neural

import (
	"context"
	"runtime"
	"testing"
)

// One random_state gives one model, bit for bit, whatever the number of goroutines
// and processors; another one gives another.
func TestOneSeedOneModel(t *testing.T) {
	built := buildQualitySet("categories")
	data := built.part(0, 400)
	for name, change := range map[string]func(*Params){
		"adam":  func(p *Params) { p.EarlyStopping = true },
		"sgd":   func(p *Params) { p.Solver, p.BatchSize = SGD, 333 },
		"lbfgs": func(p *Params) { p.Solver = LBFGS },
	} {
		t.Run(name, func(t *testing.T) {
			train := func(seed, threads int) []float64 {
				p := DefaultParams()
				p.Loss, p.NumClass, p.MaxIter, p.RandomState, p.NumThreads = LogLoss, 2, 3, seed, threads
				p.HiddenLayerSizes = []int{150, 130} // weights for several tasks
				change(&p)
				m, err := Train(context.Background(), data, p, Options{})
				if err != nil {
					t.Fatal(err)
				}
				return m.theta
			}
			want := train(1, 1)
			for _, threads := range []int{2, 5} {
				sameBits(t, "several goroutines", train(1, threads), want)
			}
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			for procs := 1; procs <= 3; procs++ {
				runtime.GOMAXPROCS(procs)
				sameBits(t, "several processors", train(1, 0), want)
			}
			if train(2, 1)[0] == want[0] {
				t.Error("another seed gives the same weight")
			}
		})
	}
}
