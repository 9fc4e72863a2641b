package windows_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/etl/windows"
	"mlops/runner/storage"
	"mlops/runner/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// writeCase writes a case of rows one second apart.
func writeCase(t testing.TB, path string, labels []float64, signals ...string) {
	t.Helper()
	writeTable(t, path, caseOf(labels, signals...)...)
}

// caseOf are the columns of a case; labels that are nil make none.
func caseOf(labels []float64, signals ...string) []*table.Column {
	times := make([]float64, len(labels))
	for i := range times {
		times[i] = float64(i)
	}
	columns := []*table.Column{table.NewFloat64("TIME", times, nil)}
	for k, name := range signals {
		cells := make([]float64, len(labels))
		for i := range cells {
			cells[i] = float64(i*(k+1)) / 8
		}
		columns = append(columns, table.NewFloat64(name, cells, nil))
	}
	if labels != nil {
		columns = append(columns, table.NewFloat64("LEAK", labels, nil))
	}
	return columns
}

func writeTable(t testing.TB, path string, columns ...*table.Column) {
	t.Helper()
	c, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := table.WriteFile(path, c, table.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, root, keys string) (*etl.Job, error) {
	t.Helper()
	return etltest.Open(t, root, sectionOf(keys), "windows_pipeline", windows.Type())
}

func sectionOf(keys string) string {
	return "windows_pipeline:\n  source_folder: cases\n  output_folder: windows\n" + keys
}

func run(t testing.TB, root, keys string) (*etl.Result, error) {
	t.Helper()
	job, err := open(t, root, keys)
	if err != nil {
		t.Fatal(err)
	}
	return job.Run(t.Context(), etl.Options{})
}

// runIn runs the section in memory.
func runIn(t testing.TB, p *etltest.Project, keys string) *etl.Result {
	t.Helper()
	job, err := p.Open(sectionOf(keys), "windows_pipeline", nil, windows.Type())
	if err != nil {
		t.Fatal(err)
	}
	result, err := job.Run(t.Context(), etl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// rows are a table's as text, for a table of golden values.
func rows(c *table.Table) []string {
	var lines []string
	for i := range c.NumRows() {
		var cells []string
		for _, column := range c.Columns() {
			cells = append(cells, column.Text(i))
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return lines
}

func TestWindowsOfTwoCases(t *testing.T) {
	root := t.TempDir()
	writeCase(t, filepath.Join(root, "cases/a.parquet"), []float64{0, 0, 0, 1, 1, 0}, "PT")
	writeCase(t, filepath.Join(root, "cases/data/b.parquet"), []float64{0, 0, 0, 0, 0}, "PT")
	writeCase(t, filepath.Join(root, "cases/short.parquet"), []float64{0, 0, 0}, "PT")
	result, err := run(t, root, "  window_size: 4\n  step_size: 2\n")
	if err != nil {
		t.Fatal(err)
	}
	got := etltest.ReadTable(t, filepath.Join(root, "windows/windows.parquet"))
	if d := cmp.Diff([]string{"case", "window", "start", "end", "start_time", "end_time", "label"}, got.Names()); d != "" {
		t.Error(d)
	}
	want := []string{
		"a 0 0 4 0 3 1",
		"a 1 2 6 2 5 1",
		"b 0 0 4 0 3 0", // never across cases; the row behind it is dropped
	}
	if d := cmp.Diff(want, rows(got)); d != "" {
		t.Error(d)
	}
	var told []string
	for _, o := range result.Outcomes {
		told = append(told, fmt.Sprintf("%s %s %s %d", o.Item, o.Status, o.Reason, o.Rows))
	}
	if d := cmp.Diff([]string{"a done new 2", "b done new 1", "short skipped 3 rows are fewer than window_size 4 0"}, told); d != "" {
		t.Error(d)
	}
	text, err := os.ReadFile(filepath.Join(root, "windows/metadata/windows_metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden := `{
  "source_folder": "../cases",
  "window_size": 4,
  "step_size": 2,
  "label": "any",
  "short_tail": "drop",
  "materialized": false,
  "columns": [
    {
      "name": "TIME",
      "kind": "float64"
    },
    {
      "name": "PT",
      "kind": "float64"
    },
    {
      "name": "LEAK",
      "kind": "float64"
    }
  ],
  "windows": 3,
  "cases": [
    {
      "case": "a",
      "file": "a.parquet",
      "windows": 2
    },
    {
      "case": "b",
      "file": "data/b.parquet",
      "windows": 1
    }
  ]
}
`
	if d := cmp.Diff(golden, string(text)); d != "" {
		t.Error(d)
	}
}

// What a later pipeline needs to read the windows' rows.
func TestCasesOfWindows(t *testing.T) {
	root := t.TempDir()
	writeCase(t, filepath.Join(root, "cases/a.parquet"), make([]float64, 6), "PT")
	writeCase(t, filepath.Join(root, "cases/data/b.parquet"), make([]float64, 5), "PT")
	if _, err := run(t, root, "  window_size: 4\n  step_size: 2\n"); err != nil {
		t.Fatal(err)
	}
	store := etl.NewStore(storage.New(storage.Options{}))
	folder := filepath.Join(root, "windows")
	m, cases, err := windows.Cases(t.Context(), store, folder)
	if err != nil {
		t.Fatal(err)
	}
	if m.WindowSize != 4 || m.StepSize != 2 || len(cases) != 2 {
		t.Fatalf("%+v, %+v", m, cases)
	}
	b := cases[1]
	if b.Name != "b" || b.File.Location != filepath.Join(root, "cases/data/b.parquet") || b.File.Tag == "" || b.Windows.Tag == "" {
		t.Errorf("%+v", b)
	}
	if d := cmp.Diff([]string{"b 0 0 4 0 3 0"}, rows(etltest.ReadTable(t, b.Windows.Location))); d != "" {
		t.Error(d)
	}
	if err := os.Remove(b.File.Location); err != nil {
		t.Fatal(err)
	}
	if _, _, err := windows.Cases(t.Context(), store, folder); err == nil || !strings.Contains(err.Error(), "b.parquet") {
		t.Errorf("without a case's file: %v", err)
	}
	if _, _, err := windows.Cases(t.Context(), store, filepath.Join(root, "cases")); err == nil || !strings.Contains(err.Error(), "run a windows pipeline first") {
		t.Errorf("where no windows are: %v", err)
	}
}

// A column of labels that is called otherwise is missed with one warning, not one a
// case; a later run, which does nothing, tells it again.
func TestNoLabelsAreToldOnce(t *testing.T) {
	labels := []float64{0, 0, 1, 0}
	missing := []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	leak := func(name string) []*table.Column {
		return append(caseOf(nil), table.NewFloat64("PT", labels, nil), table.NewFloat64(name, labels, nil))
	}
	timed := func(columns []*table.Column) []*table.Column {
		columns[0] = table.NewFloat64("TIME", []float64{0, 1, 2, 3}, nil)
		return columns
	}
	for _, c := range []struct {
		name  string
		cases map[string][]*table.Column
		keys  string
		want  []string
	}{
		{"none has one", map[string][]*table.Column{"a": timed(leak("FUGA")), "b": timed(leak("FUGA"))}, "",
			[]string{"no window of 2 of 2 cases has a label: a.parquet has no column LEAK, but TIME, PT, FUGA; name the column that labels rows with label_column"}},
		{"one has none", map[string][]*table.Column{"a": caseOf(labels), "b": timed(leak("FUGA"))}, "",
			[]string{"no window of 1 of 2 cases has a label: b.parquet has no column LEAK, but TIME, PT, FUGA; name the column that labels rows with label_column"}},
		{"all have one", map[string][]*table.Column{"a": caseOf(labels), "b": caseOf(labels)}, "", nil},
		{"its cells are missing", map[string][]*table.Column{"a": caseOf(missing)}, "", nil},
		{"it is named", map[string][]*table.Column{"a": timed(leak("FUGA"))}, "  label_column: FUGA\n", nil},
		{"no case gives a window", map[string][]*table.Column{"a": caseOf(nil)}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p etltest.Project
			for name, columns := range c.cases {
				p.WriteTable(t, "cases/"+name+".parquet", columns...)
			}
			for range 2 {
				result := runIn(t, &p, "  window_size: 2\n"+c.keys)
				if d := cmp.Diff(c.want, result.Gathered.Warnings); d != "" {
					t.Error(d)
				}
				for _, o := range result.Outcomes {
					if len(o.Warnings) > 0 {
						t.Errorf("%s warns %q", o.Item, o.Warnings)
					}
				}
			}
		})
	}
}

// What somebody else wrote since is no part of the windows.
func TestAnotherRunsWindowsAreNotGathered(t *testing.T) {
	var p etltest.Project
	p.WriteTable(t, "cases/a.parquet", caseOf(make([]float64, 6))...)
	job, err := p.Open(sectionOf("  window_size: 4\n"), "windows_pipeline", nil, windows.Type())
	if err != nil {
		t.Fatal(err)
	}
	result, err := job.Run(t.Context(), etl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.WriteTable(t, "windows/metadata/windows/a.parquet", caseOf(nil)...)
	_, err = job.Gather(t.Context(), []string{"a"}, result.Outcomes, etl.Options{Force: true})
	if err == nil || !strings.Contains(err.Error(), "metadata/windows/a.parquet is changed since this run wrote it or found it; run again once nothing else writes to it") {
		t.Errorf("got %v", err)
	}
}

func TestLabelRules(t *testing.T) {
	missing := math.NaN()
	for _, c := range []struct {
		rule   string
		labels []float64
		want   string
	}{
		{"any", []float64{0, 0, 2, 0}, "1"},
		{"any", []float64{0, 0, 0, 0}, "0"},
		{"any", []float64{missing, 0, missing, missing}, "0"},
		{"any", []float64{missing, missing, missing, missing}, ""},
		{"last", []float64{3, 3, 3, 1}, "1"},
		{"last", []float64{1, 1, 1, missing}, ""},
		{"majority", []float64{3, 1, 1, 2}, "1"},
		{"majority", []float64{1, 1, 2, 2}, "2"}, // a tie: the one that comes last
		{"majority", []float64{2, 2, 1, 1}, "1"},
		{"majority", []float64{2, 1, 2, 1}, "1"},
		{"majority", []float64{2, missing, missing, missing}, "2"},
		{"fraction", []float64{0, 1, 5, 0}, "0.5"},
		{"fraction", []float64{0, 1, missing, missing}, "0.5"},
	} {
		t.Run(fmt.Sprint(c.rule, c.labels), func(t *testing.T) {
			var p etltest.Project
			p.WriteTable(t, "cases/a.parquet", caseOf(c.labels)...)
			runIn(t, &p, "  window_size: 4\n  label: "+c.rule+"\n")
			if got := p.ReadTable(t, "windows/windows.parquet").Column("label").Text(0); got != c.want {
				t.Errorf("label %q, want %q", got, c.want)
			}
		})
	}
}

func TestTextIsALabelToo(t *testing.T) {
	root := t.TempDir()
	writeTable(t, filepath.Join(root, "cases/a.parquet"),
		table.NewInt64("t", []int64{0, 1, 2, 3}, nil), table.NewString("state", []string{"open", "shut", "shut", "open"}, nil))
	if _, err := run(t, root, "  window_size: 3\n  step_size: 1\n  label_column: state\n  label: majority\n"); err != nil {
		t.Fatal(err)
	}
	got := etltest.ReadTable(t, filepath.Join(root, "windows/windows.parquet"))
	if d := cmp.Diff([]string{"a 0 0 3 0 2 shut", "a 1 1 4 1 3 shut"}, rows(got)); d != "" {
		t.Error(d)
	}
	_, err := run(t, root, "  window_size: 3\n  label_column: state\n")
	if err == nil || !strings.Contains(err.Error(), `the column "state" is text, of which label: any cannot be made; use last or majority`) {
		t.Errorf("got %v", err)
	}
}

func TestShortTail(t *testing.T) {
	for _, c := range []struct {
		rows, size, step int
		tail             string
		want             []string // start-end
	}{
		{10, 4, 4, "drop", []string{"0-4", "4-8"}},
		{10, 4, 4, "keep", []string{"0-4", "4-8", "8-10"}},
		{10, 4, 4, "shift", []string{"0-4", "4-8", "6-10"}},
		{8, 4, 4, "keep", []string{"0-4", "4-8"}},
		{8, 4, 2, "shift", []string{"0-4", "2-6", "4-8"}},
		{9, 4, 2, "keep", []string{"0-4", "2-6", "4-8", "6-9"}},
		{9, 4, 2, "shift", []string{"0-4", "2-6", "4-8", "5-9"}},
		{3, 4, 2, "keep", []string{"0-3"}},
		{3, 4, 2, "shift", nil},
		{3, 4, 2, "drop", nil},
		{7, 2, 5, "keep", []string{"0-2", "5-7"}}, // the rows between are left out on purpose
		{5, 2, 5, "keep", []string{"0-2"}},
		{6, 2, 5, "keep", []string{"0-2", "5-6"}},
		{6, 2, 5, "shift", []string{"0-2", "4-6"}},
	} {
		t.Run(fmt.Sprint(c.rows, c.size, c.step, c.tail), func(t *testing.T) {
			for _, batch := range []int{1, 3, 1000} {
				var p etltest.Project
				p.WriteTable(t, "cases/a.parquet", caseOf(make([]float64, c.rows))...)
				result := runIn(t, &p, fmt.Sprintf("  window_size: %d\n  step_size: %d\n  short_tail: %s\n  batch_size: %d\n", c.size, c.step, c.tail, batch))
				if c.want == nil {
					if result.Outcomes[0].Status != etl.Skipped || result.Gathered.Status != etl.Skipped {
						t.Errorf("%+v", result)
					}
					continue
				}
				got := p.ReadTable(t, "windows/windows.parquet")
				var spans []string
				for i := range got.NumRows() {
					spans = append(spans, got.Column("start").Text(i)+"-"+got.Column("end").Text(i))
				}
				if d := cmp.Diff(c.want, spans); d != "" {
					t.Errorf("in batches of %d: %s", batch, d)
				}
			}
		})
	}
}

// The windows are those of the plainest program, whatever the size of batches,
// and materialized windows are their rows.
func TestWindowsAreThoseOfThePlainestProgram(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(r, "rows")
		size := rapid.IntRange(1, 12).Draw(r, "window_size")
		step := rapid.IntRange(1, 14).Draw(r, "step_size")
		rule := rapid.SampledFrom([]string{"any", "last", "majority", "fraction"}).Draw(r, "label")
		labels := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0, 1, 2, math.NaN()}), n, n).Draw(r, "labels")
		var p etltest.Project
		p.WriteTable(t, "cases/a.parquet", caseOf(labels, "PT", "GT")...)
		materialize := rapid.IntRange(0, 3).Draw(r, "materialize") == 0 // costs a file for each window
		keys := fmt.Sprintf("  window_size: %d\n  step_size: %d\n  label: %s\n  batch_size: %d\n  materialize: %t\n  selected_columns: [GT]\n",
			size, step, rule, rapid.IntRange(1, 50).Draw(r, "batch_size"), materialize)
		result := runIn(t, &p, keys)
		var want []string
		for start := 0; start+size <= n; start += step {
			want = append(want, fmt.Sprintf("a %d %d %d %d %d %s", len(want), start, start+size, start, start+size-1, plainLabel(rule, labels[start:start+size])))
		}
		if len(want) == 0 {
			if result.Outcomes[0].Status != etl.Skipped {
				t.Fatalf("%+v", result.Outcomes)
			}
			return
		}
		index := p.ReadTable(t, "windows/windows.parquet")
		if d := cmp.Diff(want, rows(index)); d != "" {
			t.Fatal(d)
		}
		if !materialize {
			return
		}
		whole := p.ReadTable(t, "cases/a.parquet").Drop("PT")
		for i := range index.NumRows() {
			got := p.ReadTable(t, fmt.Sprintf("windows/data/a/window_%06d.parquet", i))
			lo := index.Column("start").Ints()[i]
			if d := cmp.Diff(rows(whole.Slice(int(lo), int(lo)+size)), rows(got)); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func plainLabel(rule string, labels []float64) string {
	var known []float64
	counts := map[float64]int{}
	last := map[float64]int{}
	nonzero := 0
	for i, v := range labels {
		if math.IsNaN(v) {
			continue
		}
		known = append(known, v)
		counts[v]++
		last[v] = i
		if v != 0 {
			nonzero++
		}
	}
	text := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch {
	case rule == "last" && math.IsNaN(labels[len(labels)-1]), len(known) == 0:
		return ""
	case rule == "last":
		return text(labels[len(labels)-1])
	case rule == "any":
		return text(math.Min(float64(nonzero), 1))
	case rule == "fraction":
		return text(float64(nonzero) / float64(len(known)))
	}
	return text(slices.MaxFunc(known, func(a, b float64) int {
		if counts[a] != counts[b] {
			return counts[a] - counts[b]
		}
		return last[a] - last[b]
	}))
}

// Windows that are not made any more are gone, also those of an attempt that was
// broken off before it could say so.
func TestMaterializedWindowsOfAnotherStepAreGone(t *testing.T) {
	root := t.TempDir()
	writeCase(t, filepath.Join(root, "cases/a.parquet"), make([]float64, 10))
	names := func() []string {
		found, err := filepath.Glob(filepath.Join(root, "windows/data/*"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			found[i] = filepath.Base(found[i])
		}
		return found
	}
	keys := func(step int) string {
		return fmt.Sprintf("  window_size: 4\n  step_size: %d\n  materialize: true\n  create_subdirectories: false\n", step)
	}
	for _, c := range []struct {
		step int
		want []string
	}{
		{2, []string{"a_window_000000.parquet", "a_window_000001.parquet", "a_window_000002.parquet", "a_window_000003.parquet"}},
		{4, []string{"a_window_000000.parquet", "a_window_000001.parquet"}},
	} {
		if _, err := run(t, root, keys(c.step)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, names()); d != "" {
			t.Error(d)
		}
	}
	writeCase(t, filepath.Join(root, "windows/data/a_window_000007.parquet"), make([]float64, 4))
	if err := os.RemoveAll(filepath.Join(root, "windows/.manifests")); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, root, keys(4)); err != nil {
		t.Fatal(err)
	}
	if len(names()) != 2 {
		t.Errorf("there are %q", names())
	}
}

func TestFaultsOfCases(t *testing.T) {
	times := func(values ...float64) *table.Column { return table.NewFloat64("TIME", values, nil) }
	label := table.NewFloat64("LEAK", []float64{0, 0, 0}, nil)
	for _, c := range []struct {
		name    string
		columns []*table.Column
		keys    string
		want    string
	}{
		{"time goes back", []*table.Column{times(0, 2, 1), label}, "",
			`the time in column "TIME" goes back from 2 to 1 at row 3; a case must be one series in the order of time`},
		{"time goes back between batches", []*table.Column{times(0, 2, 1), label}, "  batch_size: 2\n",
			`the time in column "TIME" goes back from 2 to 1 at row 3`},
		{"no time at a row", []*table.Column{times(0, math.NaN(), 1), label}, "", `row 2 has no time in column "TIME"`},
		{"no time column", []*table.Column{table.NewFloat64("PT", []float64{1, 2, 3}, nil), label}, "",
			`no column looks like times; name it with time_column (there are PT, LEAK)`},
		{"two time columns", []*table.Column{times(0, 1, 2), table.NewInt64("t", []int64{1, 2, 3}, nil)}, "",
			`the columns TIME, t all look like times; name one with time_column`},
		{"time of text", []*table.Column{table.NewString("TIME", []string{"a", "b", "c"}, nil), label}, "  time_column: TIME\n",
			`the column "TIME" is string, not times or numbers`},
		{"no label", []*table.Column{times(0, 1, 2)}, "  label_column: LEEK\n", `no column "LEEK"`},
		{"no signal", []*table.Column{times(0, 1, 2), table.NewFloat64("PT", []float64{1, 2, 3}, nil)}, "  selected_columns: [PR]\n", `no column "PR"; did you mean "PT"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			writeTable(t, filepath.Join(root, "cases/a.parquet"), c.columns...)
			_, err := run(t, root, "  window_size: 2\n"+c.keys)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a.parquet") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("two files of one case", func(t *testing.T) {
		root := t.TempDir()
		writeCase(t, filepath.Join(root, "cases/a.parquet"), []float64{0})
		writeCase(t, filepath.Join(root, "cases/data/a.parquet"), []float64{0})
		_, err := run(t, root, "  window_size: 2\n")
		if err == nil || !strings.Contains(err.Error(), "the files a.parquet and data/a.parquet are both the case a; rename one") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a torn file, skipped", func(t *testing.T) {
		root := t.TempDir()
		writeCase(t, filepath.Join(root, "cases/a.parquet"), make([]float64, 5))
		if err := os.WriteFile(filepath.Join(root, "cases/b.parquet"), []byte("PAR1torn"), 0o666); err != nil {
			t.Fatal(err)
		}
		result, err := run(t, root, "  window_size: 2\n  on_error: skip\n")
		if err != nil || result.Count(etl.Done) != 1 || result.Count(etl.Failed) != 1 || !strings.Contains(result.Outcomes[1].Reason, "b.parquet") {
			t.Errorf("%+v, %v", result, err)
		}
	})
}

// The index is the same bytes whatever the batches and workers.
func TestBytesDoNotDependOnBatchesOrWorkers(t *testing.T) {
	var want []byte
	for _, keys := range []string{"", "  batch_size: 7\n  max_workers: 1\n", "  batch_size: 100\n  max_workers: 3\n"} {
		root := t.TempDir()
		for i := range 5 {
			labels := make([]float64, 200+i)
			labels[100] = 1
			writeCase(t, filepath.Join(root, fmt.Sprintf("cases/c%d.parquet", i)), labels, "PT")
		}
		if _, err := run(t, root, "  window_size: 40\n  step_size: 2\n"+keys); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(root, "windows/windows.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(want, got) {
			t.Errorf("other bytes with %q", keys)
		}
	}
}
