package profile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"mlops/runner/profile"
	"mlops/runner/table"
)

// draw is the generator of tools/reference/drift.py.
type draw uint64

func (d *draw) uniform() float64 {
	*d = *d*6364136223846793005 + 1442695040888963407
	return float64(*d>>11) / (1 << 53)
}

func (d *draw) bell() float64 { return d.uniform() + d.uniform() + d.uniform() - 1.5 }

// sample draws a column of one of the reference's shapes.
func sample(t testing.TB, shape string, seed uint64, n int) *table.Column {
	d := draw(seed)
	values, texts := make([]float64, n), make([]string, n)
	for i := range n {
		switch shape {
		case "bell":
			values[i] = d.bell()
		case "shifted":
			values[i] = d.bell() + 0.25
		case "wide":
			values[i] = d.bell() * 2
		case "skewed":
			u := d.uniform()
			values[i] = float64(u*u) * u
		case "discrete":
			values[i] = math.Floor(d.uniform() * 6)
		case "discrete_low":
			u := d.uniform()
			values[i] = math.Floor(float64(u*u) * 6)
		case "gaps":
			if values[i] = d.bell(); i%7 == 0 {
				values[i] = math.NaN()
			}
		case "constant":
			values[i] = 3
		case "plans", "plans_moved":
			texts[i] = plan(shape, d.uniform())
		default:
			t.Fatalf("no shape %q", shape)
		}
	}
	if strings.HasPrefix(shape, "plans") {
		return table.NewString(shape, texts, nil)
	}
	return table.NewFloat64(shape, values, nil)
}

func plan(shape string, u float64) string {
	limits := map[string][]float64{"plans": {0.5, 0.8, 1, 1}, "plans_moved": {0.3, 0.7, 0.95, 1}}[shape]
	for i, name := range []string{"basic", "plus", "pro"} {
		if u < limits[i] {
			return name
		}
	}
	return "free"
}

// figures are one case of testdata/drift.json.
type figures struct {
	Reference, Current string
	N, M               int
	Seed               uint64
	PSI, KS, JS        float64
	Missing, Mean, Std float64
	Quantiles          []float64
}

func referenceFigures(t testing.TB) []figures {
	t.Helper()
	data, err := os.ReadFile("testdata/drift.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []figures
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestDistancesAreSciPys compares with figures of all values. Small samples are
// exact; large ones are sketched, and off by what the bound allows.
func TestDistancesAreSciPys(t *testing.T) {
	for _, c := range referenceFigures(t) {
		t.Run(fmt.Sprintf("%s to %s %d", c.Reference, c.Current, c.N), func(t *testing.T) {
			a, b := profile.OfColumn(sample(t, c.Reference, c.Seed, c.N)), profile.OfColumn(sample(t, c.Current, c.Seed+1, c.M))
			d, err := profile.Compare(a, b, profile.CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if exact := c.N < 2048 || a.Numbers == nil || d.ShareError == 0; !exact && d.ShareError > 0.01 {
				t.Errorf("the bound of %v is of no use", d.ShareError)
			} else if c.N < 2048 && d.ShareError != 0 {
				t.Errorf("a small sample is off by up to %v", d.ShareError)
			}
			// Every share is within the bound; what that makes of a sum of logarithms has
			// no bound of use for all samples, so these have a figure.
			off := 0.0
			if d.ShareError > 0 {
				off = 0.002
			}
			near(t, "KS", d.KS, c.KS, d.ShareError, a.Numbers != nil)
			near(t, "PSI", d.PSI, c.PSI, off, true)
			near(t, "JS", d.JS, c.JS, off, true)
			for _, cells := range []*table.Column{sample(t, c.Reference, c.Seed, c.N), sample(t, c.Current, c.Seed+1, c.M)} {
				checkShares(t, d, cells, cells.Name() == c.Reference && cells.Len() == c.N)
			}
			near(t, "missing share", d.MissingShare, c.Missing, 0, true)
			if a.Numbers == nil {
				return
			}
			near(t, "mean", a.Numbers.Mean, c.Mean, 0, true)
			near(t, "std", a.Numbers.Std, c.Std, 0, true)
			cdf := a.Numbers.Sketch.CDF()
			for i, q := range []float64{0.01, 0.25, 0.5, 0.75, 0.99} {
				if c.N < 2048 {
					near(t, "quantile", cdf.Quantile(q), c.Quantiles[i], 0, true)
				}
			}
		})
	}
}

func near(t *testing.T, what string, got, want, bound float64, there bool) {
	t.Helper()
	if there && !(math.Abs(got-want) <= bound+1e-12) {
		t.Errorf("%s is %v, SciPy's %v: off by %g, allowed %g", what, got, want, math.Abs(got-want), bound)
	}
}

// checkShares compares each bin's share with that of all values in it.
func checkShares(t *testing.T, d *profile.Distance, cells *table.Column, reference bool) {
	t.Helper()
	if cells.Floats() == nil {
		return
	}
	low := math.Inf(-1)
	for _, b := range d.Bins {
		n, valid := 0.0, 0.0
		for _, v := range cells.Floats() {
			if v == v {
				valid++
				if v > low && v <= b.Upper {
					n++
				}
			}
		}
		low = b.Upper
		got := b.Current
		if reference {
			got = b.Reference
		}
		near(t, "share", got, n/valid, d.ShareError, true)
	}
}

// everyKind has a column of each kind with a missing cell in each.
func everyKind(t testing.TB, rows int) *table.Table {
	d := draw(3)
	floats, ints, times := make([]float64, rows), make([]int64, rows), make([]int64, rows)
	bools, texts, nulls := make([]bool, rows), make([]string, rows), make([]bool, rows)
	for i := range rows {
		floats[i], ints[i], times[i] = d.bell(), int64(d.uniform()*50), 1_700_000_000_000_000_000+int64(i)*1e9
		bools[i], texts[i], nulls[i] = d.uniform() < 0.25, fmt.Sprintf("text %d", int(d.uniform()*2000)), i%10 == 9
	}
	out, err := table.New(
		table.NewFloat64("float", floats, slices.Clone(nulls)), table.NewInt64("int", ints, nulls), table.NewTime("time", times, nulls),
		table.NewBool("bool", bools, nulls), table.NewString("text", texts, nulls),
	)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAProfileTellsOfEveryKind(t *testing.T) {
	p, err := profile.Of(t.Context(), everyKind(t, 1000))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Columns {
		if c.Count != 1000 || c.Missing != 100 || c.MissingShare() != 0.1 {
			t.Errorf("%s: %d cells, %d missing", c.Name, c.Count, c.Missing)
		}
	}
	if s := p.Column("time").Numbers.Sketch; s.Min() != 1.7e9 || s.Max() != 1.7e9+998 {
		t.Errorf("times from %v to %v", s.Min(), s.Max())
	}
	if c := p.Column("bool").Categories; c.Count("true")+c.Count("false") != 900 || c.Count("true") < 150 || c.Count("true") > 300 {
		t.Errorf("truth values %v", c.Top(9))
	}
	if c := p.Column("text").Categories; c.Total() != 900 || c.Lost() != 0 {
		t.Errorf("%d texts, %d lost", c.Total(), c.Lost())
	}
}

func TestAProfileDoesNotDependOnTheNumberOfThreads(t *testing.T) {
	big := everyKind(t, 700_000)
	var first []byte
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, threads := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(threads)
		p, err := profile.Of(t.Context(), big)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if string(data) != string(first) {
			t.Errorf("%d threads give another profile", threads)
		}
	}
}

func TestAProfileOfPartsIsTheProfileOfTheWhole(t *testing.T) {
	whole := everyKind(t, 1900)
	want, err := profile.Of(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	got := &profile.Profile{}
	for _, cut := range [][2]int{{0, 700}, {700, 701}, {701, 1900}} {
		part, err := profile.Of(t.Context(), whole.Slice(cut[0], cut[1]))
		if err != nil {
			t.Fatal(err)
		}
		part.Predictions = part.Columns[0]
		// Through the form on disk, as the log of a deployment has it.
		data, err := part.Encode(2000, 2000)
		if err != nil {
			t.Fatal(err)
		}
		if part, err = profile.Parse(data); err != nil {
			t.Fatal(err)
		}
		if err := got.Merge(part); err != nil {
			t.Fatal(err)
		}
	}
	if got.Rows != 1900 || got.Predictions.Count != 1900 {
		t.Errorf("%d rows, %d predictions", got.Rows, got.Predictions.Count)
	}
	for i, c := range want.Columns {
		d, err := profile.Compare(c, got.Columns[i], profile.CompareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if d.PSI != 0 || d.JS != 0 || d.KS > 0 || d.MissingShare != 0 || d.Current != d.Reference {
			t.Errorf("%s: %+v", c.Name, d)
		}
		if c.Numbers != nil && math.Abs(c.Numbers.Std-got.Columns[i].Numbers.Std) > 1e-9*c.Numbers.Std {
			t.Errorf("%s: std %v and %v", c.Name, c.Numbers.Std, got.Columns[i].Numbers.Std)
		}
	}
}

func TestUnlikeColumnsAreNotCompared(t *testing.T) {
	p, err := profile.Of(t.Context(), everyKind(t, 10))
	if err != nil {
		t.Fatal(err)
	}
	var unlike *profile.KindError
	if _, err := profile.Compare(p.Column("float"), p.Column("text"), profile.CompareOptions{}); !errors.As(err, &unlike) || !strings.Contains(err.Error(), "was float64 and is now string") {
		t.Errorf("got %v", err)
	}
	if err := p.Column("float").Merge(p.Column("text")); err == nil {
		t.Error("they were merged")
	}
	empty := profile.OfColumn(table.NewFloat64("float", []float64{math.NaN()}, nil))
	d, err := profile.Compare(p.Column("float"), empty, profile.CompareOptions{})
	if err != nil || !math.IsNaN(d.PSI) || !math.IsNaN(d.KS) || d.MissingShare != 0.9 {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestACancelledProfileIsNone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := profile.Of(ctx, everyKind(t, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
