package gbdt

// histogram holds the sums of gradient and hessian of a leaf's rows in each bin
// of each slot, as the data's layout has them. Depending on the precision one of
// the two is used:
//
//	packed  one word a bin: gradient in the upper, hessian in the lower bits
//	floats  two numbers a bin: gradient, hessian
type histogram struct {
	packed []uint64
	floats []float64
}

// binSum is the content of a bin in units of the loss.
type binSum struct{ gradient, hessian float64 }

// histograms builds, subtracts and reads histograms of one dataset.
type histograms struct {
	data    *Dataset
	workers *pool
	float   bool
	code    *packing
	free    []*histogram
	private []*histogram // of the parts after the first, while building
	buffers [][]uint64   // per worker: words gathered for the inner loop
	parts   int          // of the last build
	tasks   []histogramTask
}

// histogramTask is a part of the columns that one goroutine sums.
type histogramTask struct {
	kind        placeKind
	first, last int // words, or a wide column
}

// windowBins is the length of the array that the inner loop of closely packed
// columns indexes with a byte, so that it needs no bounds check. Such columns
// overlap; the last one is followed by so much padding.
const windowBins = byteBins

func newHistograms(d *Dataset, workers *pool, float bool) *histograms {
	h := &histograms{data: d, workers: workers, float: float}
	h.buffers = make([][]uint64, workers.threads)
	for i := range h.buffers {
		h.buffers[i] = make([]uint64, min(d.words, wordsPerTask)*blockRows)
	}
	return h
}

func (h *histograms) get() *histogram {
	if n := len(h.free); n > 0 {
		hist := h.free[n-1]
		h.free = h.free[:n-1]
		return hist
	}
	// One more window takes the adds for the unused columns of the last word.
	if h.float {
		return &histogram{floats: make([]float64, 2*(h.data.bins+windowBins))}
	}
	return &histogram{packed: make([]uint64, h.data.bins+windowBins)}
}

func (h *histograms) put(hist *histogram) { h.free = append(h.free, hist) }

const (
	// blockRows is how many rows are gathered at once: their words and gradients
	// fit the first-level cache beside the sums of eight columns.
	blockRows = 256
	// wordsPerTask makes a row's words of a task one cache line.
	wordsPerTask = 8
	// smallLeaf is the number of additions below which one goroutine is faster
	// than several.
	smallLeaf = 1 << 15
)

// build sums the rows' values into hist, for the slots that need is true for
// (nil: all); what hist holds for others is undefined. rows is nil for the rows
// 0 to len(values)-1. Columns are dealt out to the workers; in packed precision
// rows are dealt out too where there are few columns, because integer sums do
// not depend on the order.
func (h *histograms) build(hist *histogram, rows []uint32, values []uint64, need []bool) {
	d, threads := h.data, h.workers.threads
	perRow := d.words*slotsPerWord + len(d.wide)
	if d.entries != nil {
		perRow += len(d.entries.entries) / d.rows
	}
	small := threads == 1 || len(values)*perRow < smallLeaf
	width, groups := wordsPerTask, (d.words+wordsPerTask-1)/wordsPerTask+len(d.wide)
	h.parts = 1
	if !small && groups < 2*threads {
		switch {
		case h.float:
			width = 1
		case len(values)*perRow > 4*threads*d.bins: // else merging costs more than it saves
			h.parts = threads
		}
	}
	h.plan(width, need)
	for len(h.private) < h.parts-1 {
		h.private = append(h.private, h.get())
	}
	run := func(worker, task int) { h.sum(worker, task, hist, rows, values) }
	if small {
		for task := range h.tasks {
			run(0, task)
		}
		return
	}
	h.workers.share(len(h.tasks)*h.parts, len(values)*perRow > 4*smallLeaf, run)
}

// plan lists the tasks, with at most width words each.
func (h *histograms) plan(width int, need []bool) {
	d := h.data
	needed := func(slots []int) bool {
		for _, slot := range slots {
			if need == nil || need[slot] {
				return true
			}
		}
		return false
	}
	h.tasks = h.tasks[:0]
	for word := range d.words {
		wanted := need == nil
		for i := word * slotsPerWord; i < min((word+1)*slotsPerWord, len(d.bytes)) && !wanted; i++ {
			wanted = needed(d.bytes[i].slots)
		}
		if !wanted {
			continue
		}
		if n := len(h.tasks); n > 0 && h.tasks[n-1].last == word && word-h.tasks[n-1].first < width {
			h.tasks[n-1].last++
		} else {
			h.tasks = append(h.tasks, histogramTask{inByte, word, word + 1})
		}
	}
	for i := range d.wide {
		if needed(d.wide[i : i+1]) {
			h.tasks = append(h.tasks, histogramTask{inWide, i, i + 1})
		}
	}
	if needed(d.sparse) {
		h.tasks = append(h.tasks, histogramTask{kind: inSparse})
	}
}

// sum does one of the tasks for one part of the rows.
func (h *histograms) sum(worker, task int, hist *histogram, rows []uint32, values []uint64) {
	part, t := task/len(h.tasks), h.tasks[task%len(h.tasks)]
	if part > 0 {
		hist = h.private[part-1]
	}
	from, to := len(values)*part/h.parts, len(values)*(part+1)/h.parts
	values = values[from:to]
	if rows != nil {
		rows = rows[from:to]
	}
	switch t.kind {
	case inWide:
		h.addWide(hist, t.first, rows, from, values)
	case inSparse:
		h.addSparse(hist, rows, from, values)
	default:
		h.addWords(h.buffers[worker], hist, t.first, t.last, rows, from, values)
	}
}

func (h *histograms) clear(hist *histogram, from, to int) {
	if h.float {
		clear(hist.floats[2*from : 2*to])
		return
	}
	clear(hist.packed[from:to])
}
