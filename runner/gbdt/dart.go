package gbdt

// dart drops some of the earlier rounds while a new one is grown, and then
// scales both so that they fit together (Rashmi and Gilad-Bachrach, "DART:
// Dropouts meet Multiple Additive Regression Trees", 2015).
type dart struct {
	p       *Params
	rounds  []round
	weights []float64 // of each round, while uniform_drop is off
	sum     float64   // of the weights
	dropped []int
	rate    float64 // learning rate of the round being grown
}

// round is one iteration's trees.
type round struct{ trees []grown }

func newDart(p *Params) *dart { return &dart{p: p, rate: p.LearningRate} }

// drop chooses the rounds to leave out and takes them from the training scores.
func (a *dart) drop(b *booster, index int) {
	a.dropped = a.dropped[:0]
	random := stream(a.p.seed(drawDrops), drawDrops, uint64(index))
	if random.float() >= a.p.SkipDrop {
		a.choose(random)
	}
	for _, i := range a.dropped {
		for k, g := range a.rounds[i].trees {
			b.addRound(b.train, g, k, -1)
		}
	}
	k := float64(len(a.dropped))
	switch {
	case !a.p.XGBoostDartMode:
		a.rate = a.p.LearningRate / (1 + k)
	case k == 0:
		a.rate = a.p.LearningRate
	default:
		a.rate = a.p.LearningRate / (a.p.LearningRate + k)
	}
}

func (a *dart) choose(random *random) {
	n := len(a.rounds)
	if n == 0 {
		return
	}
	rate, mean := a.p.DropRate, a.sum/float64(n)
	if a.p.MaxDrop > 0 {
		rate = min(rate, float64(a.p.MaxDrop)/float64(n))
	}
	for i := range n {
		chance := rate
		if !a.p.UniformDrop {
			chance *= a.weights[i] / mean
		}
		if random.float() < chance {
			a.dropped = append(a.dropped, i)
			if a.p.MaxDrop > 0 && len(a.dropped) >= a.p.MaxDrop {
				break
			}
		}
	}
}

// settle gives the dropped rounds back with less weight, after the new round,
// whose trees are the model's last ones, has been added.
func (a *dart) settle(b *booster, added []grown) {
	k := float64(len(a.dropped))
	factor := k / (k + 1)
	if a.p.XGBoostDartMode {
		factor = k / (k + a.p.LearningRate)
	}
	for _, i := range a.dropped {
		for output, g := range a.rounds[i].trees {
			// The validation scores still hold the round as it was.
			if b.valid != nil {
				b.addRound(b.valid, g, output, factor-1)
			}
			g.tree.scale(factor)
			b.addRound(b.train, g, output, 1)
		}
		a.sum += a.weights[i] * (factor - 1)
		a.weights[i] *= factor
	}
	a.rounds = append(a.rounds, round{added})
	a.weights = append(a.weights, a.rate)
	a.sum += a.rate
}

// addRound adds a finished tree, times factor, to all scores.
func (b *booster) addRound(to *scored, g grown, k int, factor float64) {
	values := make([]float64, g.tree.numLeaves())
	for i, v := range g.tree.leafValue {
		values[i] = v * factor
	}
	rows := to.data.rows
	g.binned.addScores(to.data, b.workers, values, to.score[k*rows:(k+1)*rows], nil)
}
