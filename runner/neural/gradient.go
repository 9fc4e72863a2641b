package neural

import "gonum.org/v1/gonum/floats"

const (
	// maxSlots bounds the parts of a batch, and with it the goroutines that a batch
	// keeps busy.
	maxSlots = 16
	// maxSlotWeights bounds the memory of the parts' gradients: 8 bytes each.
	maxSlotWeights = 1 << 25
	// rangeWeights is how many weights a task updates.
	rangeWeights = 1 << 14
)

// sample is rows with their targets.
type sample struct {
	data   *matrix
	target []float64
	weight []float64 // nil: all 1
	rows   []int     // that belong to it
}

func (s *sample) weightOf(row int) float64 {
	if s.weight == nil {
		return 1
	}
	return s.weight[row]
}

// gradient computes a batch's loss and its gradient. The batch is divided into
// slots by its size alone, and their sums are added in order: the result does not
// depend on the number of goroutines.
type gradient struct {
	net    *network
	from   *sample
	alpha  float64
	pool   *pool
	passes []*pass // of each worker
	slots  []slot

	// The batch at hand, for the tasks.
	theta     []float64
	batch     []int
	used      int     // slots
	total     float64 // weight
	update    func(grad []float64, lo, hi int)
	runSlot   func(worker, task int)
	runUpdate func(worker, task int)
}

type slot struct {
	grad         []float64
	loss, weight float64
}

func newGradient(net *network, from *sample, alpha float64, largest int, pool *pool) *gradient {
	g := &gradient{net: net, from: from, alpha: alpha, pool: pool}
	g.slots = make([]slot, slotsOf(largest, net.size))
	for i := range g.slots {
		g.slots[i].grad = make([]float64, net.size)
	}
	for range pool.threads {
		g.passes = append(g.passes, newPass(net, &pool.stopped, min(tileRows, largest), true))
	}
	g.runSlot, g.runUpdate = g.slotTask, g.updateTask
	return g
}

func slotsOf(rows, size int) int {
	return max(1, min(maxSlots, (rows+tileRows-1)/tileRows, maxSlotWeights/size))
}

// loss gives the mean loss of the rows by their weight, with the penalty, and the
// sum of the weights: where that is 0 there is no loss and no gradient. After the
// context is done the result must not be used.
func (g *gradient) loss(theta []float64, batch []int) (loss, total float64) {
	g.theta, g.batch, g.used, g.total = theta, batch, slotsOf(len(batch), g.net.size), 0
	g.pool.each(g.used, g.runSlot)
	for i := range g.used {
		g.total += g.slots[i].weight
		loss += g.slots[i].loss
	}
	if g.total == 0 {
		return 0, 0
	}
	penalized := theta[:g.net.penalized]
	loss += 0.5 * g.alpha * floats.Dot(penalized, penalized)
	return loss / g.total, g.total
}

// apply hands the gradient of the last loss to update in ranges of weights,
// perhaps several at once.
func (g *gradient) apply(update func(grad []float64, lo, hi int)) {
	g.update = update
	g.pool.each((g.net.size+rangeWeights-1)/rangeWeights, g.runUpdate)
}

func (g *gradient) slotTask(worker, task int) {
	s, p := &g.slots[task], g.passes[worker]
	clear(s.grad)
	s.loss, s.weight = 0, 0
	rows := g.batch[task*len(g.batch)/g.used : (task+1)*len(g.batch)/g.used]
	for len(rows) > 0 && !g.pool.stopped.Load() {
		tile := rows[:min(tileRows, len(rows))]
		rows = rows[len(tile):]
		g.from.data.load(p, tile)
		predictions, k := p.forward(g.theta, len(tile)), g.net.outputs
		for i, row := range tile {
			of, y, w := predictions[i*k:(i+1)*k], g.from.target[row], g.from.weightOf(row)
			if w > 0 {
				s.loss += w * g.net.link.of(of, y)
			}
			s.weight += w
			g.net.link.toDelta(of, y, w)
		}
		p.backward(g.theta, s.grad, len(tile))
	}
}

func (g *gradient) updateTask(_, task int) {
	lo, hi := task*rangeWeights, min(g.net.size, (task+1)*rangeWeights)
	sum := g.slots[0].grad
	for _, s := range g.slots[1:g.used] {
		floats.Add(sum[lo:hi], s.grad[lo:hi])
	}
	for i := lo; i < min(hi, g.net.penalized); i++ {
		sum[i] += g.alpha * g.theta[i]
	}
	for i := lo; i < hi; i++ {
		sum[i] /= g.total
	}
	g.update(sum, lo, hi)
}
