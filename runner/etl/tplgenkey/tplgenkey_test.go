package tplgenkey_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"mlops/needs"
	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/etl/tplgenkey"
	"mlops/runner/etl/windows"
	"mlops/runner/progress"
	"mlops/runner/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs the cases' section, and any that follow.
func run(t testing.TB, root, keys string, more ...string) (*etl.Result, error) {
	t.Helper()
	text := "tpl_genkey_pipeline:\n  output_folder: cases\n" + keys + strings.Join(more, "")
	section := "tpl_genkey_pipeline"
	if len(more) > 0 {
		section = "windows_pipeline"
	}
	return etltest.Run(t, root, text, section, tplgenkey.Type(), windows.Type())
}

// write writes a trend file of three trends, and returns its path.
func write(t testing.TB, path, rows string) {
	t.Helper()
	text := "'OLGA 2017.2.0.107'\nTIME PLOT\nINPUT FILE\n'x.genkey'\nCATALOG\n3\n" +
		"PT 'POSITION:' 'P1' '(PA)' 'Pressure'\nGT 'POSITION:' 'P1' '(KG/S)' 'Total mass flow'\nGTLEAK 'LEAK:' 'L' '(KG/S)' 'Leakage total mass flow rate'\n" +
		"TIME SERIES ' (S) '\n" + rows
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestACaseIsAParquetFileAndARowOfTheIndex(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "in", "D 0", "TPL", "01.tpl"), "0 1e5 2 0\n1 2e5 3 0.25\n2 3e5 4 0\n")
	write(t, filepath.Join(root, "in", "02.tpl"), "0 1 2 0\n5 3 4 0\n6 3")
	if err := os.WriteFile(filepath.Join(root, "in", "D 0", "01.GENKEY"), []byte("! leak"), 0o600); err != nil {
		t.Fatal(err)
	}
	result, err := run(t, root, "  source_folder: in\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Outcomes) != 2 || !strings.Contains(strings.Join(result.Outcomes[0].Warnings, ""), "02.tpl: line 13, the last, is broken off after 2 of 4 numbers") {
		t.Errorf("outcomes %+v", result.Outcomes)
	}
	c := etltest.ReadTable(t, filepath.Join(root, "cases", "D 0", "TPL", "01.parquet"))
	if d := cmp.Diff([]string{"TIME", "PT_POSITION_P1", "GT_POSITION_P1", "LEAK"}, c.Names()); d != "" {
		t.Error(d)
	}
	if got := fmt.Sprint(c.Column("PT_POSITION_P1").Floats(), c.Column("LEAK").Ints()); got != "[100000 200000 300000] [0 1 0]" {
		t.Errorf("the case holds %s", got)
	}
	index := etltest.ReadTable(t, filepath.Join(root, "cases", "metadata", "cases.parquet"))
	var rows []string
	for i := range index.NumRows() {
		var cells []string
		for _, column := range index.Columns() {
			cells = append(cells, column.Text(i))
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	want := []string{
		"02|02.tpl||OLGA 2017.2.0.107|2|3|0|5|0|0|x.genkey|||||||||||||||||||0||",
		"D 0/TPL/01|D 0/TPL/01.tpl|D 0/01.GENKEY|OLGA 2017.2.0.107|3|3|0|2|1|0.3333333333333333|x.genkey||||||||0|||||||||||0.25|1|1",
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}

	// The file's metadata tells what the columns are.
	f, err := os.Open(filepath.Join(root, "cases", "02.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	shape, err := table.ParquetShape(f, info.Size(), table.ReadOptions{Name: "02.parquet"})
	if err != nil {
		t.Fatal(err)
	}
	var about struct {
		InputFile string
		Trends    []struct{ Name, Unit, Description string }
	}
	if err := json.Unmarshal([]byte(shape.Metadata["olga.trends"]), &about); err != nil {
		t.Fatal(err)
	}
	if len(about.Trends) != 2 || about.Trends[0].Unit != "PA" || about.Trends[1].Description != "Total mass flow" || about.InputFile != "x.genkey" {
		t.Errorf("metadata %+v", about)
	}

	// Nothing is done twice; a changed keyword file is a changed case.
	again, err := run(t, root, "  source_folder: in\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range again.Outcomes {
		if o.Status != etl.Skipped || o.Reason != etl.UpToDate {
			t.Errorf("%s: %s, %s", o.Item, o.Status, o.Reason)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "in", "D 0", "01.GENKEY"), []byte("! another leak"), 0o600); err != nil {
		t.Fatal(err)
	}
	changed, err := run(t, root, "  source_folder: in\n")
	if err != nil {
		t.Fatal(err)
	}
	if changed.Outcomes[0].Status != etl.Skipped || changed.Outcomes[1].Status != etl.Done || !strings.Contains(changed.Outcomes[1].Reason, "genkey: D 0/01.GENKEY") {
		t.Errorf("outcomes %+v", changed.Outcomes)
	}
}

func TestTrendsAreChosenByNameAndPattern(t *testing.T) {
	for _, c := range []struct {
		keys string
		want []string
	}{
		{"  selected_columns: [GT_*]\n", []string{"TIME", "GT_POSITION_P1", "LEAK"}},
		{"  selected_columns: ['*']\n  label_trend: PT_POSITION_P1\n  label_above: 1.5\n", []string{"TIME", "PT_POSITION_P1", "GT_POSITION_P1", "GTLEAK_LEAK_L", "LEAK"}},
		{"  selected_columns: [PT_POSITION_P1]\n", []string{"TIME", "PT_POSITION_P1", "LEAK"}},
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "in", "a.tpl"), "0 1 2 0\n1 2 3 0\n")
		if _, err := run(t, root, "  source_folder: in\n"+c.keys); err != nil {
			t.Fatal(err)
		}
		if got := etltest.ReadTable(t, filepath.Join(root, "cases", "a.parquet")).Names(); !slices.Equal(got, c.want) {
			t.Errorf("%s gives %v", c.keys, got)
		}
	}
}

func TestFaultsOfCases(t *testing.T) {
	for _, c := range []struct{ name, rows, keys, want string }{
		{"no such trend", "0 1 2 0\n", "  selected_columns: [TM_*]\n", `selected_columns: no trend is called "TM_*"; there are PT_POSITION_P1, GT_POSITION_P1, GTLEAK_LEAK_L`},
		{"two labels", "0 1 2 0\n", "  label_trend: '*_POSITION_P1'\n", `label_trend "*_POSITION_P1" is the name of 2 trends`},
		{"time goes back", "0 1 2 0\n2 1 2 0\n1 1 2 0\n", "", "the time goes back from 2 to 1 at time step 3"},
		{"a word", "0 1 2 0\n1 1 x 0\n", "", `line 12, character 5: "x" is no number`},
		{"no keyword file", "0 1 2 0\n", "  unpaired: fail\n", "a.tpl has no keyword file a.genkey beside it"},
		{"none is paired", "0 1 2 0\n", "  unpaired: skip\n", "holds no trend file with a keyword file of its name"},
		{"a bad pattern", "0 1 2 0\n", "  selected_columns: ['[a']\n", `the pattern "[a" has a [ without its end`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, "in", "a.tpl"), c.rows)
			if _, err := run(t, root, "  source_folder: in\n"+c.keys); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(root, "cases", "*.parquet")); left != nil {
				t.Errorf("there is %v", left)
			}
		})
	}
}

func TestTwoKeywordFilesThatAreAsNearAreAnError(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "in", "TPL", "a.tpl"), "0 1 2 0\n")
	for _, dir := range []string{"X", "Y"} {
		path := filepath.Join(root, "in", dir, "a.genkey")
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run(t, root, "  source_folder: in\n"); err == nil || !strings.Contains(err.Error(), "TPL/a.tpl has two keyword files of its name that are as near, X/a.genkey and Y/a.genkey") {
		t.Errorf("the error is %v", err)
	}
}

// The real simulations, from trend files to windows.
func TestRealCasesBecomeWindows(t *testing.T) {
	source := needs.RealData(t, "olga")
	root := t.TempDir()
	keys := "  source_folder: " + source + "/leak\n  label_trend: 'CONTR_*FUGA'\n  label_above: 0.5\n"
	if _, err := run(t, root, keys); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, root, keys, "windows_pipeline:\n  source_folder: cases\n  output_folder: windows\n  window_size: 40\n  step_size: 2\n"); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	index := etltest.ReadTable(t, filepath.Join(root, "windows", "windows.parquet"))
	for i := range index.NumRows() {
		counts[index.Column("case").Text(i)]++
	}
	want := map[string]int{"Leak111": 1590, "Leak112": 1588, "Leak113": 1590, "Leak114": 1589, "Leak115": 1591, "Leak116": 1590}
	if d := cmp.Diff(want, counts); d != "" {
		t.Error(d)
	}
	cases := etltest.ReadTable(t, filepath.Join(root, "cases", "metadata", "cases.parquet"))
	if cases.Column("rows").Ints()[0] != 3219 || cases.Column("leak_rows").Ints()[0] != 961 {
		t.Errorf("Leak111 has %d rows, %d with the leak open", cases.Column("rows").Ints()[0], cases.Column("leak_rows").Ints()[0])
	}

	// Pairs, whose trend files lie one folder below.
	if _, err := run(t, root, "  source_folder: "+source+"/gasoline\n  unpaired: fail\n"); err != nil {
		t.Fatal(err)
	}
	pairs := etltest.ReadTable(t, filepath.Join(root, "cases", "metadata", "cases.parquet"))
	if pairs.NumRows() != 5 || pairs.Column("genkey").Text(0) != "Shut In/01.genkey" || pairs.Column("genkey").Text(4) != "Steady State/D0/02.genkey" {
		t.Errorf("%d pairs: %s, …, %s", pairs.NumRows(), pairs.Column("genkey").Text(0), pairs.Column("genkey").Text(pairs.NumRows()-1))
	}
}

// A keyword file without a trend file is told of, and gives no case.
func TestKeywordFilesWithoutTrends(t *testing.T) {
	for policy, want := range map[string]string{
		"keep": "1 keyword files have no trend file of their name, and give no case: b.genkey",
		"skip": "",
		"fail": "1 keyword files have no trend file of their name: b.genkey; set unpaired to keep or skip, or add the trend files",
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "in", "a.tpl"), "0 1 2 0\n")
		for _, name := range []string{"a", "b"} {
			if err := os.WriteFile(filepath.Join(root, "in", name+".genkey"), []byte("CASE TITLE=x\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		job, err := etltest.Open(t, root, "tpl_genkey_pipeline:\n  output_folder: cases\n  source_folder: in\n  unpaired: "+policy+"\n", "tpl_genkey_pipeline", tplgenkey.Type())
		if err != nil {
			t.Fatal(err)
		}
		var warnings []string
		ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) {
			if r.Level == progress.Warning && strings.Contains(r.Message, "keyword files") {
				warnings = append(warnings, r.Message)
			}
		}))
		_, err = job.Run(ctx, etl.Options{})
		if failed := err != nil; failed != (policy == "fail") || failed && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", policy, err)
		}
		if told := strings.Join(warnings, ""); policy != "fail" && told != want {
			t.Errorf("%s warns %q", policy, told)
		}
	}
}

// However many cases may be read at once, the outputs are the same; the platform's keys
// for it are taken.
func TestWorkersOfReading(t *testing.T) {
	made := func(keys string) string {
		root := t.TempDir()
		for _, name := range []string{"a", "b", "c", "d"} {
			write(t, filepath.Join(root, "in", name+".tpl"), "0 1 2 0\n1 2 3 1\n")
		}
		if _, err := run(t, root, "  source_folder: in\n  max_workers: 4\n"+keys); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(root, "cases", "metadata", "cases.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		return etl.DigestOf(string(text))
	}
	want := made("")
	for _, keys := range []string{"  io_workers: 1\n", "  parse_workers: 2\n", "  io_workers: 3\n  parse_workers: 1\n", "  io_workers: null\n"} {
		if got := made(keys); got != want {
			t.Errorf("%q gives other bytes", keys)
		}
	}
}
