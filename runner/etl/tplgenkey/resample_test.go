package tplgenkey_test

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/needs"
	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
)

func TestCasesAreResampled(t *testing.T) {
	for _, c := range []struct {
		name, rows, keys string
		want             []string // TIME, PT, GT, LEAK
		index            string
	}{
		{"trends between rows, labels by the last", "0 0 10 0\n0.8 8 10 1\n2.8 28 30 0\n3 30 30 0\n", "  resample: {step: 1}\n", []string{"0|0|10|0", "1|10|12|1", "2|20|22|1", "3|30|30|0"}, "4|3|0|3|2|0.5"},
		{"a gap", "0 0 1 1\n1 1 1 1\n4 4 1 1\n5 5 2 1\n", "  resample: {step: 1, max_gap: 2}\n", []string{"0|0|1|1", "1|1|1|1", "2|||", "3|||", "4|4|1|1", "5|5|2|1"}, "6|3|0|5|4|0.6666666666666666"},
		{"an origin", "0.5 5 1 0\n2.5 25 1.5 1\n", "  resample: {step: 1, origin: 0}\n", []string{"1|10|1.125|0", "2|20|1.375|0"}, "2|3|1|2|0|0"},
		{"held trends", "0 0 1 0\n2 20 3 0\n", "  resample: {step: 1, hold: [GT_*]}\n", []string{"0|0|1|0", "1|10|1|0", "2|20|3|0"}, "3|3|0|2|0|0"},
		{"rows of one time", "0 0 1 0\n1 9 9 1\n1 10 2 0\n2 20 3 0\n", "  resample: {step: 1}\n", []string{"0|0|1|0", "1|10|2|0", "2|20|3|0"}, "3|3|0|2|0|0"},
		{"a missing value", "0 0 1 0\n2 ** 2 0\n3 30 3 1\n", "  resample: {step: 1}\n", []string{"0|0|1|0", "1||1.5|0", "2||2|0", "3|30|3|1"}, "4|3|0|3|1|0.25"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batch := range []int{1, 2, 100} {
				root := t.TempDir()
				write(t, filepath.Join(root, "in", "a.tpl"), c.rows)
				if _, err := run(t, root, fmt.Sprintf("  source_folder: in\n  batch_size: %d\n%s", batch, c.keys)); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(c.want, lines(etltest.ReadTable(t, filepath.Join(root, "cases", "a.parquet")))); d != "" {
					t.Error(d)
				}
				index, err := etltest.ReadTable(t, filepath.Join(root, "cases", "metadata", "cases.parquet")).Select("rows", "trends", "start_time", "end_time", "leak_rows", "leak_share")
				if err != nil {
					t.Fatal(err)
				}
				if got := lines(index)[0]; got != c.index {
					t.Errorf("the index has %s, not %s", got, c.index)
				}
			}
		})
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "in", "a.tpl"), "1 2 3 0\n2 3 4 0\n")
	result, err := run(t, root, "  source_folder: in\n  resample: {step: 10, origin: 5}\n")
	if err != nil || result.Outcomes[0].Status != etl.Skipped || !strings.Contains(result.Outcomes[0].Reason, "no whole step from resample.origin") {
		t.Errorf("%+v, %v", result, err)
	}
}

// The real simulations are sound, and at half a second have the rows that their times
// say.
func TestRealCasesAreResampledAndRead(t *testing.T) {
	source := needs.RealData(t, "olga")
	root := t.TempDir()
	keys := "  source_folder: " + source + "/leak\n  label_trend: 'CONTR_*FUGA'\n  label_above: 0.5\n"
	result, err := run(t, root, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range result.Outcomes {
		if len(o.Warnings) > 0 {
			t.Errorf("%s: %v", o.Item, o.Warnings)
		}
	}
	raw := etltest.ReadTable(t, filepath.Join(root, "cases", "Leak111.parquet"))

	if _, err := run(t, root, keys+"  resample: {step: 0.5, max_gap: 0.9}\n"); err != nil {
		t.Fatal(err)
	}
	even := etltest.ReadTable(t, filepath.Join(root, "cases", "Leak111.parquet"))
	times, label := raw.Column("TIME").Floats(), raw.Column("LEAK")
	first, last := times[0], times[len(times)-1]
	if want := int(math.Floor((last-first)/0.5)) + 1; even.NumRows() != want || want != 3241 {
		t.Errorf("%d rows from %v to %v, not %d", even.NumRows(), first, last, want)
	}
	missing := 0
	for i, at := range even.Column("TIME").Floats() {
		if at != first+float64(i)*0.5 {
			t.Fatalf("row %d is at %v", i, at)
		}
		before, on := slices.BinarySearch(times, at)
		if !on {
			before--
		}
		if !on && times[before+1]-times[before] > 0.9 {
			missing++
			if !even.Column("LEAK").IsNull(i) || !even.Columns()[1].IsNull(i) {
				t.Fatalf("row %d, within a gap, has values", i)
			}
			continue
		}
		if even.Column("LEAK").Ints()[i] != label.Ints()[before] {
			t.Fatalf("row %d has the label %s", i, even.Column("LEAK").Text(i))
		}
	}
	if missing == 0 {
		t.Error("no row is within a gap of 0.9 s")
	}

	// Units of simulations of one kind fit one another; what is constant in them is told.
	result, err = run(t, root, "  source_folder: "+source+"/gasoline\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(result.Outcomes[0].Warnings, "\n"); !strings.HasPrefix(got, "quality: STDROHL_POSITION_POS19M is 758.8687 in all steps; and so in 3 more: ") {
		t.Errorf("warnings %s", got)
	}
}
