package resample

import (
	"fmt"
	"iter"
	"math"
)

// Options of a [Grid].
type Options struct {
	// Step between two points, in units of time, above 0.
	Step float64
	// Origin is the time of a point, from which the others are counted; nil: the
	// first row's.
	Origin *float64
	// MaxGap is how far apart two rows may be for points between them to be known;
	// 0: any distance.
	MaxGap float64
	// MaxPoints is the number of points from which on the grid is refused; 0 means
	// [DefaultMaxPoints].
	MaxPoints int64
}

const (
	// DefaultMaxPoints bounds a grid: a step that was meant otherwise would else fill
	// the disk.
	DefaultMaxPoints = 100_000_000
	// runPoints is how many points are handed over at once, which bounds memory
	// however far apart two rows are.
	runPoints = 4096
)

// OrderError says that a row's time is before that of the row before it.
type OrderError struct {
	Row         int64 // counted from 0
	Before, Now float64
}

// Error tells the times.
func (e *OrderError) Error() string {
	return fmt.Sprintf("the time goes back from %v to %v at row %d; a series is resampled in the order of time", e.Before, e.Now, e.Row+1)
}

// LimitError says that a grid has too many points.
type LimitError struct {
	Limit      int64
	Step, Time float64 // the step, and the time that was reached
}

// Error tells what to do.
func (e *LimitError) Error() string {
	return fmt.Sprintf("a step of %v gives more than %d points by the time %v; make it longer", e.Step, e.Limit, e.Time)
}

// Points are a run of the grid's points, with the rows that each lies between. They
// are valid until the next run.
type Points struct {
	// Times of the points.
	Times []float64
	// InGap tells the points that lie within a gap.
	InGap []bool

	places []place
	// last tells the last run of a batch: columns then keep the rows that later
	// points may need.
	last bool
	keep [2]int
}

// place is where a point lies. Rows are counted within their batch; -2 and -1 are the
// two that were kept of those before.
type place struct {
	left, right int
	after       float64 // the left row, in units of time
	width       float64 // from left to right; 0: the point is on the left row
}

// The rows that are kept between batches.
const (
	older = -2
	newer = -1
)

// Grid places a series' times. It is not safe for concurrent use.
type Grid struct {
	options Options
	origin  float64
	next    int64 // the number of the next point
	points  int64 // so far
	rows    int64 // before this batch

	// The series is placed segment by segment. Of rows of one time the last counts,
	// so that a segment is known only once its right row's time is over.
	left, right row
	known       int // of left and right: 0 to 2

	out Points
	err error
}

type row struct {
	time float64
	at   int
}

// New makes a grid of a series that has not begun.
func New(o Options) (*Grid, error) {
	if !(o.Step > 0) || math.IsInf(o.Step, 0) {
		return nil, fmt.Errorf("the step must be a finite number above 0, not %v", o.Step)
	}
	if !(o.MaxGap >= 0) {
		return nil, fmt.Errorf("the greatest gap must be at least 0, not %v", o.MaxGap)
	}
	if o.Origin != nil && (math.IsNaN(*o.Origin) || math.IsInf(*o.Origin, 0)) {
		return nil, fmt.Errorf("the origin must be a finite number, not %v", *o.Origin)
	}
	if o.MaxPoints == 0 {
		o.MaxPoints = DefaultMaxPoints
	}
	return &Grid{options: o}, nil
}

// Push takes the times of the next rows and hands out the points that they settle, in
// one or more runs, of which the last may be empty: all are to be taken, and each
// column is to be told of each. An error, which may be an [*OrderError] or a
// [*LimitError], ends the series.
func (g *Grid) Push(times []float64) iter.Seq2[Points, error] {
	return func(yield func(Points, error) bool) {
		ok := g.begin(yield)
		for i := 0; i < len(times) && ok; i++ {
			ok = g.add(row{times[i], i}, yield)
		}
		if ok {
			g.rows += int64(len(times))
			g.finish(yield)
		}
	}
}

// End hands out the points that remain, as Push does.
func (g *Grid) End() iter.Seq2[Points, error] {
	return func(yield func(Points, error) bool) {
		ok := g.begin(yield)
		switch {
		case !ok:
			return
		case g.known == 1:
			g.left = g.right
			ok = g.segment(yield, true)
		case g.known == 2:
			ok = g.segment(yield, true)
		}
		if ok {
			g.finish(yield)
		}
	}
}

// begin starts a batch.
func (g *Grid) begin(yield func(Points, error) bool) bool {
	g.clear()
	if g.err != nil {
		yield(Points{}, g.err)
		return false
	}
	g.left.at, g.right.at = older, newer
	return true
}

func (g *Grid) clear() {
	g.out.Times, g.out.InGap, g.out.places, g.out.last = g.out.Times[:0], g.out.InGap[:0], g.out.places[:0], false
}

// finish ends a batch.
func (g *Grid) finish(yield func(Points, error) bool) {
	g.out.last, g.out.keep = true, [2]int{g.left.at, g.right.at}
	yield(g.out, nil)
}

func (g *Grid) fail(yield func(Points, error) bool, err error) bool {
	g.err = err
	yield(Points{}, err)
	return false
}

// add takes a row. It is false where the caller has enough or there is an error.
func (g *Grid) add(r row, yield func(Points, error) bool) bool {
	switch {
	case math.IsNaN(r.time) || math.IsInf(r.time, 0):
		return g.fail(yield, fmt.Errorf("the time of row %d is %v", g.rows+int64(r.at), r.time))
	case g.known == 0:
		if err := g.start(r.time); err != nil {
			return g.fail(yield, err)
		}
		g.right, g.known = r, 1
		return true
	case r.time < g.right.time:
		return g.fail(yield, &OrderError{Row: g.rows + int64(r.at), Before: g.right.time, Now: r.time})
	case r.time == g.right.time:
		g.right = r
		return true
	case g.known == 2 && !g.segment(yield, false):
		return false
	}
	g.left, g.right, g.known = g.right, r, 2
	return true
}

// start finds the first point.
func (g *Grid) start(first float64) error {
	if g.origin = first; g.options.Origin == nil {
		return nil
	}
	g.origin = *g.options.Origin
	steps := math.Ceil((first - g.origin) / g.options.Step)
	if !(math.Abs(steps) <= 1<<53) {
		return fmt.Errorf("the first row's time, %v, is more steps of %v from the origin, %v, than can be counted", first, g.options.Step, g.origin)
	}
	// The quotient is rounded: the point before or behind may be the first one.
	isBefore := func() bool { return g.time()-first < -g.tolerance(first) }
	for g.next = int64(steps); !isBefore(); g.next-- {
	}
	for isBefore() {
		g.next++
	}
	return nil
}

func (g *Grid) time() float64 { return g.origin + float64(float64(g.next)*g.options.Step) }

// tolerance is how near to a row's time a point is on the row.
func (g *Grid) tolerance(time float64) float64 {
	return 1e-9*g.options.Step + 0x1p-50*math.Abs(time)
}

// segment hands out the points from the left row up to the right one, but for those
// on the right one, which belong to the next segment unless this is the last.
func (g *Grid) segment(yield func(Points, error) bool, last bool) bool {
	width := g.right.time - g.left.time
	gap := g.options.MaxGap > 0 && width > g.options.MaxGap
	nearLeft, nearRight := g.tolerance(g.left.time), g.tolerance(g.right.time)
	// Looked at before any point is made, so that a slip costs no time.
	if more := (g.right.time + nearRight - g.time()) / g.options.Step; float64(g.points)+math.Floor(more)+1 > float64(g.options.MaxPoints) {
		return g.fail(yield, &LimitError{Limit: g.options.MaxPoints, Step: g.options.Step, Time: g.right.time})
	}
	for {
		now := g.time()
		p := place{left: g.left.at, right: g.right.at, after: now - g.left.time, width: width}
		inGap := false
		switch {
		case g.right.time-now <= nearRight:
			if !last || now-g.right.time > nearRight {
				return true
			}
			p.left, p.width = g.right.at, 0
		case p.after <= nearLeft:
			p.width = 0
		default:
			inGap = gap
		}
		g.points++
		if g.next++; g.time() <= now {
			return g.fail(yield, fmt.Errorf("a step of %v is too short to be told at the time %v; make it longer", g.options.Step, now))
		}
		g.out.Times, g.out.InGap, g.out.places = append(g.out.Times, now), append(g.out.InGap, inGap), append(g.out.places, p)
		if len(g.out.Times) == runPoints {
			if !yield(g.out, nil) {
				return false
			}
			g.clear()
		}
	}
}
