package tplgenkey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/needs"
	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/table"
)

// lines are all rows of a table as text.
func lines(t *table.Table) []string {
	var rows []string
	for i := range t.NumRows() {
		var cells []string
		for _, column := range t.Columns() {
			cells = append(cells, column.Text(i))
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	return rows
}

// folder reads all files of the cases but the manifests, which hold times of files.
func folder(t testing.TB, root string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	base := filepath.Join(root, "cases")
	err := filepath.WalkDir(base, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, string(filepath.Separator)+".") {
			return err
		}
		data, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, base)] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wave writes a case of many rows.
func wave(t testing.TB, path string, rows int) {
	t.Helper()
	var text strings.Builder
	now := 0.0
	for i := range rows {
		fmt.Fprintf(&text, "%.4f %.4f %.4f %d\n", now, 5e5+1e3*math.Sin(float64(i)/20), 40+math.Cos(float64(i)/9), i/(rows/2+1))
		now += 0.4 + 0.2*math.Abs(math.Sin(float64(i)))
	}
	write(t, path, text.String())
}

const noisy = `  noise_seed: 7
  noise:
    "PT_*": {accuracy_of_span: 0.1, range: [0, 1.0e+6], drift_walk: 5, resolution: 10, dead_band: 20, time_constant: 0.7, dropout: {probability: 0.02, samples: 3}}
    GT_POSITION_P1: {accuracy_of_reading: 1, dropout: {probability: 0.02, time: 2, hold: true}}
    "GT_*": {accuracy: 1000}
`

// The same section gives the same bytes, whatever the workers, the batches and the
// other cases.
func TestNoiseDependsOnSeedCaseAndTrendAlone(t *testing.T) {
	make := func(keys string, cases ...string) map[string][]byte {
		root := t.TempDir()
		for _, name := range cases {
			wave(t, filepath.Join(root, "in", name+".tpl"), 500)
		}
		if _, err := run(t, root, "  source_folder: in\n"+keys); err != nil {
			t.Fatal(err)
		}
		return folder(t, root)
	}
	keys := noisy + "  resample: {step: 0.25, max_gap: 0.55}\n"
	want := make(keys, "a", "b", "c")
	for name, keys := range map[string]string{
		"again": keys, "one worker, small batches": keys + "  max_workers: 1\n  batch_size: 7\n", "four workers, large batches": keys + "  max_workers: 4\n  batch_size: 100000\n",
	} {
		if got := make(keys, "a", "b", "c"); !cmp.Equal(got, want) {
			t.Errorf("%s: it gives other bytes", name)
		}
	}
	alone := make(keys, "b")
	if !bytes.Equal(alone["/b.parquet"], want["/b.parquet"]) || bytes.Equal(want["/a.parquet"], want["/b.parquet"]) {
		t.Error("a case's noise depends on the other cases, or is the same in all")
	}
	if other := make(strings.Replace(keys, "seed: 7", "seed: 8", 1), "a", "b", "c"); bytes.Equal(other["/a.parquet"], want["/a.parquet"]) {
		t.Error("another seed gives the same noise")
	}
}

func TestNoiseIsOfTheTrendsAlone(t *testing.T) {
	root := t.TempDir()
	wave(t, filepath.Join(root, "in", "a.tpl"), 2000)
	read := func(keys string) *table.Table {
		if _, err := run(t, root, "  source_folder: in\n"+keys); err != nil {
			t.Fatal(err)
		}
		return etltest.ReadTable(t, filepath.Join(root, "cases", "a.parquet"))
	}
	clean, noised := read(""), read("  noise:\n    '*': {accuracy: 2}\n    'GT_POSITION_P1': {drift: 0.5}\n")
	for _, name := range []string{"TIME", "LEAK"} {
		if !slices.Equal(clean.Column(name).Floats(), noised.Column(name).Floats()) || !slices.Equal(clean.Column(name).Ints(), noised.Column(name).Ints()) {
			t.Errorf("%s has changed", name)
		}
	}
	var squares float64
	for i, v := range noised.Column("PT_POSITION_P1").Floats() {
		e := v - clean.Column("PT_POSITION_P1").Floats()[i]
		squares += e * e
	}
	if deviation := math.Sqrt(squares / 2000); math.Abs(deviation-1) > 4/math.Sqrt(2*2000) {
		t.Errorf("the errors' standard deviation is %v, not 1", deviation)
	}
	times := clean.Column("TIME").Floats()
	for i, v := range noised.Column("GT_POSITION_P1").Floats() {
		if want := clean.Column("GT_POSITION_P1").Floats()[i] + 0.5*times[i]; v != want {
			t.Fatalf("row %d is %v, not the drifting %v", i, v, want)
		}
	}
}

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

// found are the findings of all cases.
func found(t testing.TB, root string) []string {
	t.Helper()
	return lines(etltest.ReadTable(t, filepath.Join(root, "cases", "metadata", "quality.parquet")))
}

func TestFindingsAreToldAndWritten(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "in", "D 0", "a.tpl"), "0 1 7 0\n1 2 7 0\n1 ** 7 0\n2 3 7 0\n3 300 7 0\n60 3 7 0\n")
	write(t, filepath.Join(root, "in", "b.tpl"), "0 1 2 0\n1 2 3 0\n")
	keys := "  source_folder: in\n  quality:\n    range: {limits: {PT_*: [0, 100]}}\n    jumps: {limits: {PT_*: 50}, action: ignore}\n    stuck: {longer_than: 10}\n"
	result, err := run(t, root, keys)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"D 0/a|TIME|duplicates|1|1|2|warn", "D 0/a|TIME|gaps|1|60|57|warn", "D 0/a|PT_POSITION_P1|missing|1|1|0.16666666666666666|warn",
		"D 0/a|PT_POSITION_P1|range|1|3|300|warn", "D 0/a|GT_POSITION_P1|constant|6|0|7|warn", "D 0/a|GT_POSITION_P1|stuck|1|0|60|warn",
	}
	if d := cmp.Diff(want, found(t, root)); d != "" {
		t.Error(d)
	}
	wantWarnings := []string{
		"quality: TIME is that of the step before in 1 of 6 time steps, first at step 3, 1; up to 2 steps have one time",
		"quality: gaps in TIME longer than 10: 1, the longest 57; the first ends at step 6, 60",
		"quality: PT_POSITION_P1 lacks 1 of 6 values, first at step 3, 1",
		"quality: values of PT_POSITION_P1 out of range: 1, the furthest 300, beyond 100; first at step 5, 3",
		"quality: GT_POSITION_P1 is 7 in all steps",
		"quality: stretches of GT_POSITION_P1 stuck for longer than 10: 1, the longest 60; the first from step 1, 0, on",
	}
	var warnings []string
	for _, w := range result.Outcomes[0].Warnings {
		if strings.HasPrefix(w, "quality: ") {
			warnings = append(warnings, w)
		}
	}
	if d := cmp.Diff(wantWarnings, warnings); d != "" || len(result.Outcomes[1].Warnings) != 0 {
		t.Error(d, result.Outcomes[1].Warnings)
	}
	data, err := os.ReadFile(filepath.Join(root, "cases", "metadata", "quality", "D 0", "a.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Case     string
		Rows     int
		EndTime  float64 `json:"end_time"`
		Columns  []struct{ Name, Unit string }
		Findings []struct {
			Check, Action string
			FirstRow      int `json:"first_row"`
			Limit         float64
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v", report.Findings[1]); got != "{Check:gaps Action:warn FirstRow:5 Limit:10}" || report.Case != "D 0/a" || report.Rows != 6 || report.EndTime != 60 || report.Columns[1].Unit != "KG/S" {
		t.Errorf("the report is %s", data)
	}
	// A case that is up to date warns again, and what is no input of the checks changes
	// nothing.
	again, err := run(t, root, keys)
	if err != nil || again.Outcomes[0].Reason != etl.UpToDate || len(again.Outcomes[0].Warnings) != len(result.Outcomes[0].Warnings) {
		t.Errorf("%+v, %v", again, err)
	}
	changed, err := run(t, root, strings.Replace(keys, "longer_than: 10", "longer_than: 20", 1))
	if err != nil || !strings.Contains(changed.Outcomes[0].Reason, "quality.stuck.longer_than 10 → 20") {
		t.Errorf("%+v, %v", changed, err)
	}
}

func TestFindingsEndOrLeaveOutACase(t *testing.T) {
	const gap = "0 1 2 0\n1 2 3 0\n2 3 4 0\n3 1 2 0\n90 2 3 0\n"
	const back = "0 1 2 0\n2 2 3 0\n1 3 4 0\n"
	for _, c := range []struct {
		name, rows, keys string
		fails, skips     string
		found            string
	}{
		{name: "gaps fail", rows: gap, keys: "{gaps: {action: fail}}", fails: "a.tpl: quality: gaps in TIME longer than 10: 1, the longest 87; the first ends at step 5, 90"},
		{name: "gaps skip", rows: gap, keys: "{gaps: {action: skip}}", skips: "quality: gaps in TIME longer than 10: 1", found: "a|TIME|gaps|1|90|87|skip"},
		{name: "gaps are ignored", rows: gap, keys: "{gaps: {action: ignore}}"},
		{name: "back fails", rows: back, keys: "{}", fails: "the time goes back from 2 to 1 at time step 3; a case must be one series"},
		{name: "back is skipped", rows: back, keys: "{backwards: {action: skip}}\n  resample: {step: 1}", skips: "quality: TIME goes back in 1 of 3 time steps, by up to 1, first at step 3 to 1", found: "a|TIME|backwards|1|1|-1|skip"},
		{name: "back is told", rows: back, keys: "{backwards: {action: warn}}", found: "a|TIME|backwards|1|1|-1|warn"},
		{name: "an endless value", rows: "0 1 2 0\n1 1e999 3 0\n", keys: "{non_finite: {action: fail}}", fails: "infinite values of PT_POSITION_P1: 1, first at step 2, 1"},
		{name: "an endless time", rows: "0 1 2 0\n1e999 1 3 0\n", keys: "{}", fails: "the time of time step 2 is +Inf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batch := range []int{1, 100} {
				root := t.TempDir()
				write(t, filepath.Join(root, "in", "a.tpl"), c.rows)
				wave(t, filepath.Join(root, "in", "b.tpl"), 30)
				result, err := run(t, root, fmt.Sprintf("  source_folder: in\n  batch_size: %d\n  quality: %s\n", batch, c.keys))
				if c.fails != "" {
					if err == nil || !strings.Contains(err.Error(), c.fails) {
						t.Errorf("the error is %v", err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				_, statErr := os.Stat(filepath.Join(root, "cases", "a.parquet"))
				if o := result.Outcomes[0]; (o.Status == etl.Skipped) != (c.skips != "") || !strings.Contains(o.Reason, c.skips) || (statErr != nil) != (c.skips != "") {
					t.Errorf("outcome %+v, %v", o, statErr)
				}
				if got := strings.Join(found(t, root), "\n"); got != c.found {
					t.Errorf("found %s", got)
				}
			}
		})
	}
}

// rewrite replaces the first of a text in a file.
func rewrite(t testing.TB, path, old, replacement string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte(old), []byte(replacement), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCasesMustHaveTheSameUnits(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		write(t, filepath.Join(root, "in", name+".tpl"), "0 1 2 0\n1 2 3 0\n")
	}
	rewrite(t, filepath.Join(root, "in", "b.tpl"), "(PA)", "(BARA)")
	rewrite(t, filepath.Join(root, "in", "d.tpl"), "(PA)", "(PSIA)")
	_, err := run(t, root, "  source_folder: in\n")
	if err == nil || !strings.Contains(err.Error(), "the unit of PT_POSITION_P1 is PA in case a, and BARA in case b; leave one of them out, make them alike, or set quality.units.action") {
		t.Fatalf("the error is %v", err)
	}
	result, err := run(t, root, "  source_folder: in\n  quality: {units: {action: warn}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(result.Gathered.Warnings, "\n"); got != "quality: the unit of PT_POSITION_P1 is PA in case a, and BARA in case b" {
		t.Errorf("warnings %s", got)
	}
	if d := cmp.Diff([]string{"b|PT_POSITION_P1|units|2|||warn"}, found(t, root)); d != "" {
		t.Error(d)
	}
	if _, err := run(t, root, "  source_folder: in\n  quality: {units: {action: ignore}}\n"); err != nil || found(t, root) != nil {
		t.Errorf("found %v, %v", found(t, root), err)
	}
}

func TestTrendsThatSomeCasesLackAreTold(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(root, "in", name+".tpl"), "0 1 2 0\n1 2 3 0\n")
	}
	rewrite(t, filepath.Join(root, "in", "b.tpl"), "GT 'POSITION:'", "GL 'POSITION:'")
	result, err := run(t, root, "  source_folder: in\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"quality: GT_POSITION_P1 is not in 1 of 3 cases, such as b, and is in a", "quality: GL_POSITION_P1 is not in 2 of 3 cases, such as a, and is in b"}
	if d := cmp.Diff(want, result.Gathered.Warnings); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"b|GT_POSITION_P1|missing_columns|1|||warn", "a|GL_POSITION_P1|missing_columns|2|||warn"}, found(t, root)); d != "" {
		t.Error(d)
	}
	if _, err := run(t, root, "  source_folder: in\n  quality: {missing_columns: {action: fail}}\n"); err == nil || !strings.Contains(err.Error(), "GT_POSITION_P1 is not in 1 of 3 cases") {
		t.Errorf("the error is %v", err)
	}
	// A key that names a trend of one case only is right; one of none is a slip.
	if _, err := run(t, root, "  source_folder: in\n  noise: {'GL_*': {accuracy: 1}}\n"); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"noise: {'TM_*': {accuracy: 1}}", "resample: {step: 1, hold: ['TM_*']}", "quality: {jumps: {limits: {'TM_*': 1}}}", "quality: {range: {limits: {'TM_*': [0, 1]}}}"} {
		_, err = run(t, root, "  source_folder: in\n  "+key+"\n")
		if err == nil || !strings.Contains(err.Error(), "pipelines_config.yml:4:") || !strings.Contains(err.Error(), "TM_*: no trend that is kept has this name or pattern in any case; a has PT_POSITION_P1, GT_POSITION_P1") {
			t.Errorf("%s: the error is %v", key, err)
		}
	}
}

func TestKeysThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"noise: {'[a': {}}", `noise.[a: the pattern "[a" has a [ without its end`},
		{"noise: {'': {}}", "a trend's name or pattern must not be empty"},
		{"noise: {PT_*: {accuracy: -1}}", "noise.PT_*.accuracy: must be at least 0, not -1"},
		{"noise: {PT_*: {acuracy: 1}}", `noise.PT_*.acuracy: unknown key; did you mean "accuracy"?`},
		{"noise: {PT_*: {range: [1]}}", "noise.PT_*.range: must be two numbers, the least and the greatest, not 1"},
		{"noise: {PT_*: {range: [1, 0]}}", "noise.PT_*.range: must go from a number to a greater one"},
		{"noise: {PT_*: {accuracy_of_span: 1}}", "noise.PT_*.accuracy_of_span: is a share of the range's span, and there is no range; give one"},
		{"noise: {PT_*: {dropout: {samples: 2}}}", "noise.PT_*.dropout.probability: is 0, so that nothing drops out"},
		{"noise: {PT_*: {dropout: {probability: 0.1, samples: 2, time: 3}}}", "noise.PT_*.dropout.time: and Dropout.Samples both say"},
		{"noise: {PT_*: {accuracy: 1}, '*_P1': {accuracy: 2}}", `noise: the trend PT_POSITION_P1 matches both "*_P1" and "PT_*"; narrow one of them`},
		{"quality: {gaps: {action: stop}}", `quality.gaps.action: unknown value "stop"`},
		{"quality: {units: {action: skip}}", `quality.units.action: unknown value "skip"`},
		{"quality: {range: {limits: {PT_*: [5, 1]}}}", "quality.range.limits.PT_*: must be two numbers, the least and a greater one"},
		{"quality: {range: {limits: {'PT_*': [0, 1], '*1': [0, 1]}}}", `quality.range.limits: the trend PT_POSITION_P1 matches both "*1" and "PT_*"`},
		{"quality: {jumps: {limits: {PT_*: 0}}}", "quality.jumps.limits.PT_*: must be above 0, not 0"},
		{"quality: {jumps: {limits: {'[': 1}}}", "has a [ without its end"},
		{"resample: {step: -1}", "resample.step: must be at least 0, not -1"},
		{"resample: {max_gap: 1}", "resample.step: is not given"},
		{"resample: {step: 1, hold: ['[']}", "resample.hold: the pattern"},
		{"resample: {step: 1.0e-9}", "resample.step: a step of 1e-09 gives more than 100000000 points"},
		{"resample: {step: 1}\n  quality: {backwards: {action: warn}}", "quality.backwards.action: is warn, but a case whose times go back cannot be resampled; set it to fail or skip"},
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "in", "a.tpl"), "0 1 2 0\n100 2 3 0\n")
		if _, err := run(t, root, "  source_folder: in\n  "+c.keys+"\n"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v", c.keys, err)
		}
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
