package neural

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
)

// training is the state of one Train.
type training struct {
	params   *Params
	features []Feature
	target   []float64
	net      *network
	model    *Model
	theta    []float64
	train    *sample
	scorer   *scorer // nil without validation rows
	unseen   *unseen // nil where the first weights are given
	pool     *pool
	report   func(Epoch) error
	history  History
	best     []float64 // weights of the best score
}

// newTraining checks what it is given and makes ready. The caller closes the pool.
func newTraining(ctx context.Context, data *Dataset, p *Params, o *Options) (*training, error) {
	rows, err := data.rows()
	if err != nil {
		return nil, err
	}
	if err := data.checkTarget(p); err != nil {
		return nil, err
	}
	inputs, err := newMatrix(ctx, data.Features, rows)
	if err != nil {
		return nil, err
	}
	t := &training{params: p, features: data.Features, target: data.Target, report: o.OnEpoch}
	if t.model, err = newModel(data.Features, p); err != nil {
		return nil, err
	}
	t.net = t.model.net
	t.train = &sample{data: inputs, target: data.Target, weight: data.Weight, rows: upTo(rows)}
	valid, err := t.validation(ctx, o.Validation)
	if err != nil {
		return nil, err
	}
	if o.Initial != nil {
		if err := t.model.sameShape(o.Initial); err != nil {
			return nil, err
		}
		t.theta = slices.Clone(o.Initial.theta)
	} else {
		t.theta = t.net.firstWeights(p.RandomState)
		t.unseen = newUnseen(t.net, inputs, t.train.rows, data.Weight)
		t.clearUnseen()
	}
	threads := p.NumThreads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	t.pool = newPool(ctx, min(threads, maxSlots))
	if valid != nil {
		t.scorer = newScorer(t.net, valid, t.pool)
	}
	return t, nil
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// validation gives the rows to score: the caller's, or those held out for early
// stopping, which then leave the training rows; nil for none.
func (t *training) validation(ctx context.Context, given *Dataset) (*sample, error) {
	p := t.params
	if given != nil {
		return t.givenValidation(ctx, given)
	}
	if !p.stopsEarly() {
		return nil, nil
	}
	train, valid, err := holdOut(t.train.target, p)
	if err != nil {
		return nil, err
	}
	held := *t.train
	t.train.rows, held.rows = train, valid
	for _, part := range []*sample{t.train, &held} {
		if !part.weighs() {
			return nil, &ParamError{Key: "validation_fraction", Reason: "all rows that weigh more than 0 fell into one part; give validation rows, or leave out the rows of weight 0"}
		}
	}
	return &held, nil
}

// weighs tells whether any of the rows has a weight above 0.
func (s *sample) weighs() bool {
	return slices.ContainsFunc(s.rows, func(row int) bool { return s.weightOf(row) > 0 })
}

func (t *training) givenValidation(ctx context.Context, given *Dataset) (*sample, error) {
	rows, err := given.rows()
	if err != nil {
		return nil, fmt.Errorf("validation data: %w", err)
	}
	if len(given.Features) != len(t.features) {
		return nil, fmt.Errorf("neural: the validation data has %d columns, the training data %d", len(given.Features), len(t.features))
	}
	for i, f := range given.Features {
		if want := t.features[i]; f.Name != want.Name || f.Categories != want.Categories {
			return nil, fmt.Errorf("neural: column %d of the validation data is %q with %d categories, of the training data %q with %d", i, f.Name, f.Categories, want.Name, want.Categories)
		}
	}
	if err := given.checkTarget(t.params); err != nil {
		return nil, fmt.Errorf("validation data: %w", err)
	}
	inputs, err := newMatrix(ctx, given.Features, rows)
	if err != nil {
		return nil, fmt.Errorf("validation data: %w", err)
	}
	return &sample{data: inputs, target: given.Target, weight: given.Weight, rows: upTo(rows)}, nil
}

// byIterations trains with lbfgs.
func (t *training) byIterations(ctx context.Context) error {
	rows := t.train.rows
	g := newGradient(t.net, t.train, t.params.Alpha, len(rows), t.pool)
	w := newWatch(t.params)
	l := &lbfgs{x: t.theta, tol: t.params.Tol, maxIter: t.params.MaxIter, maxEvals: t.params.MaxFun}
	l.evaluate = func(x, grad []float64) (float64, error) {
		loss, _ := g.loss(x, rows)
		if ctx.Err() != nil {
			return 0, cancelled(ctx)
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return 0, t.diverged(l.iteration+1, "the loss")
		}
		g.apply(func(sum []float64, lo, hi int) { copy(grad[lo:hi], sum[lo:hi]) })
		return loss, nil
	}
	l.iterated = func(iteration int, f float64) error {
		_, err := t.endEpoch(ctx, &Epoch{Number: iteration, Loss: f}, w)
		return err
	}
	return l.minimize()
}

func (t *training) clearUnseen() {
	if t.unseen != nil {
		t.unseen.clear(t.theta)
	}
}

func (t *training) fillUnseen() {
	if t.unseen != nil {
		t.unseen.fill(t.theta)
	}
}

func (t *training) keepBest(epoch int) {
	t.best = append(t.best[:0], t.theta...)
	t.history.BestEpoch = epoch
}

func (t *training) restoreBest() {
	if t.best != nil {
		copy(t.theta, t.best)
	}
}

func (t *training) finished() (*Model, error) {
	t.fillUnseen()
	if slices.ContainsFunc(t.theta, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
		return nil, t.diverged(t.history.NIter, "a weight")
	}
	t.model.theta, t.model.history = t.theta, t.history
	return t.model, nil
}

// diverged says what left the range of numbers, and what is likely to help.
func (t *training) diverged(epoch int, what string) error {
	advice := "scale the inputs"
	if t.params.Solver != LBFGS {
		advice = fmt.Sprintf("lower learning_rate_init (it is %v), or scale the inputs", t.params.LearningRateInit)
	}
	if name, size := widest(t.features); name != "" {
		advice += fmt.Sprintf(": column %q reaches %.3g", name, size)
	}
	if t.params.Loss != LogLoss {
		_, size := widest([]Feature{{Values: t.target}})
		advice += fmt.Sprintf("; the target reaches %.3g and may be scaled, too", size)
	}
	return &DivergedError{Epoch: epoch, What: what + " is not a finite number", Advice: advice}
}
