package quality_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/runner/signal/quality"
)

var nan, inf = math.NaN(), math.Inf(1)

func number(v float64) *float64 { return &v }

// find looks through a case of one signal, in batches that end where ends says.
func find(t quality.Times, c quality.Column, times, values []float64, ends ...int) []quality.Finding {
	checker := quality.New("case", t, []quality.Column{c})
	lo := 0
	for _, hi := range append(ends, len(times)) {
		checker.Add(times[lo:hi], [][]float64{values[lo:hi]})
		lo = hi
	}
	found, _ := checker.Findings()
	return found
}

func line(f quality.Finding) string {
	return fmt.Sprintf("%s %s: %d, first row %d at %v, worst %v of %v", f.Column, f.Check, f.Count, f.FirstRow, f.FirstTime, f.Value, f.Limit)
}

func TestWhatIsFound(t *testing.T) {
	for _, c := range []struct {
		name   string
		times  quality.Times
		column quality.Column
		rows   []float64 // times; nil: 0, 1, 2, …
		values []float64
		want   []string
	}{
		{name: "nothing", values: []float64{1, 2, 1, 2}},
		{name: "no row"},
		{name: "one row", values: []float64{1}},
		{name: "backwards", rows: []float64{0, 5, 4, 5, 1}, values: []float64{1, 2, 1, 2, 1}, want: []string{"TIME backwards: 2, first row 2 at 4, worst -4 of 0"}},
		{name: "duplicates", rows: []float64{0, 1, 1, 2, 2, 2, 2, 3}, values: []float64{1, 2, 1, 2, 1, 2, 1, 2}, want: []string{"TIME duplicates: 4, first row 2 at 1, worst 4 of 1"}},
		{name: "gaps", times: quality.Times{MaxGap: 2}, rows: []float64{0, 2, 4.5, 5, 9, 10}, values: []float64{1, 2, 1, 2, 1, 2}, want: []string{"TIME gaps: 2, first row 2 at 4.5, worst 4 of 2"}},
		{name: "gaps by the median", times: quality.Times{GapFactor: 3}, rows: []float64{0, 7, 7, 8, 9, 10, 14}, values: []float64{1, 2, 1, 2, 1, 2, 1}, want: []string{
			"TIME duplicates: 1, first row 2 at 7, worst 2 of 1", "TIME gaps: 2, first row 1 at 7, worst 7 of 3",
		}},
		{name: "the shorter limit of gaps", times: quality.Times{GapFactor: 3, MaxGap: 5}, rows: []float64{0, 1, 2, 6}, values: []float64{1, 2, 1, 2}, want: []string{"TIME gaps: 1, first row 3 at 6, worst 4 of 3"}},
		{name: "missing", values: []float64{1, nan, 2, nan}, want: []string{"PT missing: 2, first row 1 at 1, worst 0.5 of 0"}},
		{name: "so many may be missing", column: quality.Column{MissingShare: 0.5}, values: []float64{1, nan, 2, nan}},
		{name: "infinite", values: []float64{1, 2, -inf, 4}, want: []string{"PT non_finite: 1, first row 2 at 2, worst 0.25 of 0"}},
		{name: "range", column: quality.Column{Low: number(0), High: number(10)}, values: []float64{0, 10, 11, -3, 12.5}, want: []string{"PT range: 3, first row 2 at 2, worst -3 of 0"}},
		{name: "half a range", column: quality.Column{High: number(10)}, values: []float64{-99, 10, 11}, want: []string{"PT range: 1, first row 2 at 2, worst 11 of 10"}},
		{name: "constant", values: []float64{nan, 3, 3, 3}, want: []string{"PT missing: 1, first row 0 at 0, worst 0.25 of 0", "PT constant: 3, first row 1 at 1, worst 3 of 0"}},
		{name: "nearly constant", column: quality.Column{ConstantTolerance: 0.5}, values: []float64{3, 3.5, 3.2}, want: []string{"PT constant: 3, first row 0 at 0, worst 3 of 0.5"}},
		{name: "stuck", column: quality.Column{StuckFor: 2, StuckTolerance: 0.1}, values: []float64{1, 1.05, 0.95, 1.09, 2, 2, 2, 3, 4, nan, 4, 4, 4, 4}, want: []string{
			"PT missing: 1, first row 9 at 9, worst 0.07142857142857142 of 0", "PT stuck: 2, first row 0 at 0, worst 5 of 2",
		}},
		{name: "numbers stay finite", column: quality.Column{MaxJump: 2}, values: []float64{-1e308, 1e308}, want: []string{"PT jumps: 1, first row 1 at 1, worst 1.7976931348623157e+308 of 2"}},
		{name: "jumps", column: quality.Column{MaxJump: 2}, values: []float64{1, 3, 6, nan, 1, 1.5}, want: []string{
			"PT missing: 1, first row 3 at 3, worst 0.16666666666666666 of 0", "PT jumps: 2, first row 2 at 2, worst 5 of 2",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.rows == nil {
				for i := range c.values {
					c.rows = append(c.rows, float64(i))
				}
			}
			c.times.Column, c.column.Name = "TIME", "PT"
			var got []string
			for _, f := range find(c.times, c.column, c.rows, c.values) {
				if f.Case != "case" {
					t.Errorf("the case is %q", f.Case)
				}
				got = append(got, line(f))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBatchesDoNotChangeWhatIsFound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 50).Draw(rt, "rows")
		times, values := make([]float64, n), make([]float64, n)
		now := 0.0
		for i := range n {
			times[i] = now
			now += rapid.SampledFrom([]float64{0, 1, 1, 1, 2, 8, -1}).Draw(rt, "step")
			values[i] = rapid.SampledFrom([]float64{0, 0, 1, 5, -4, nan, inf}).Draw(rt, "value")
		}
		limits := quality.Times{Column: "TIME", MaxGap: rapid.SampledFrom([]float64{0, 1.5}).Draw(rt, "gap"), GapFactor: rapid.SampledFrom([]float64{0, 2}).Draw(rt, "factor")}
		column := quality.Column{Name: "PT", Low: number(-1), High: number(2), StuckFor: 2, MaxJump: 3}
		ends := rapid.SliceOfN(rapid.IntRange(0, n), 0, 8).Draw(rt, "batches")
		slices.Sort(ends)
		want := find(limits, column, times, values)
		if d := cmp.Diff(want, find(limits, column, times, values, ends...)); d != "" {
			rt.Fatal(d)
		}
		// The counts are those of counting over the whole case.
		count := func(is func(i int) bool) (n int64) {
			for i := range times {
				if is(i) {
					n++
				}
			}
			return n
		}
		for check, n := range map[quality.Check]int64{
			quality.Backwards:  count(func(i int) bool { return i > 0 && times[i] < times[i-1] }),
			quality.Duplicates: count(func(i int) bool { return i > 0 && times[i] == times[i-1] }),
			quality.Missing:    count(func(i int) bool { return math.IsNaN(values[i]) }),
			quality.NonFinite:  count(func(i int) bool { return math.IsInf(values[i], 0) }),
			quality.Range:      count(func(i int) bool { return !math.IsInf(values[i], 0) && (values[i] < -1 || values[i] > 2) }),
		} {
			found := slices.IndexFunc(want, func(f quality.Finding) bool { return f.Check == check })
			if n == 0 && found >= 0 || n > 0 && (found < 0 || want[found].Count != n) {
				rt.Fatalf("%s: there are %d, found %+v", check, n, want)
			}
		}
	})
}

// The median is that of the first rows; gaps behind them are found as they come.
func TestGapsOfALongCase(t *testing.T) {
	n := quality.MedianRows + 1000
	times := make([]float64, n)
	for i := 1; i < n; i++ {
		times[i] = times[i-1] + 0.5
		if i == 10 || i == n-5 {
			times[i] += float64(i % 7)
		}
	}
	found := find(quality.Times{Column: "TIME", GapFactor: 2}, quality.Column{Name: "PT"}, times, times, 17, 70_000)
	want := fmt.Sprintf("TIME gaps: 2, first row 10 at 8, worst %v of 1", 0.5+max(3, float64((n-5)%7)))
	if len(found) != 1 || line(found[0]) != want {
		t.Errorf("found %+v, not %s", found, want)
	}
}

func TestFindingsAreBoundedAndChecksAreIgnored(t *testing.T) {
	columns, values := make([]quality.Column, 2*quality.MaxFindings), make([][]float64, 2*quality.MaxFindings)
	for i := range columns {
		columns[i].Name, values[i] = fmt.Sprint("C", i), []float64{1, 1}
	}
	look := func(ignored ...quality.Check) ([]quality.Finding, int) {
		c := quality.New("case", quality.Times{}, columns)
		c.Add([]float64{0, 1}, values)
		return c.Findings(ignored...)
	}
	if found, more := look(); len(found) != quality.MaxFindings || more != quality.MaxFindings || !strings.HasPrefix(line(found[1]), "C1 constant") {
		t.Errorf("%d are told, %d counted", len(found), more)
	}
	if found, more := look(quality.Constant); len(found) != 0 || more != 0 {
		t.Errorf("%d are told, %d counted", len(found), more)
	}
}

func BenchmarkCheck(b *testing.B) {
	const n = 8192
	times, values := make([]float64, n), make([]float64, n)
	for i := range n {
		times[i], values[i] = float64(i), float64(i%97)
	}
	c := quality.New("case", quality.Times{}, []quality.Column{{Name: "A", StuckFor: 10, MaxJump: 200, Low: number(-1), High: number(100)}})
	b.ReportAllocs()
	for b.Loop() {
		c.Add(times, [][]float64{values})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
}
