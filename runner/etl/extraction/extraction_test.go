package extraction

import (
	"context"
	"encoding/json"
	"errors"
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
	"mlops/runner/features"
	"mlops/runner/pipeline"
	"mlops/runner/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sections are windows and features of the cases in a project's folder cases; keys
// are further ones of the features.
func sections(keys string) string {
	return "windows_pipeline: {source_folder: cases, output_folder: windows, window_size: 40, step_size: 20}\n" +
		"features_pipeline: {source_folder: windows, output_folder: features, " + keys + "}\n"
}

// project writes cases, and makes windows of them.
func project(t testing.TB, cases, rows int) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "cases"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeCases(t, filepath.Join(root, "cases"), cases, rows)
	makeWindows(t, root)
	return root
}

// lean are groups of few features, where which ones there are is not the subject.
const lean = "statistics: [mean, std], groups: {wavelet_energy: false, wavelet_entropy: false, wavelet_statistics: false, oscillation: false, spectrum: false, derivative_correlation: false, transient_score: false}"

func makeWindows(t testing.TB, root string) {
	t.Helper()
	if _, err := etltest.Run(t, root, sections(""), "windows_pipeline", windows.Type(), Type()); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, root, keys string) *etl.Result {
	t.Helper()
	r, err := etltest.Run(t, root, sections(keys), "features_pipeline", windows.Type(), Type())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outputs are what a run is for: its files but the checkpoints and manifests.
func outputs(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range []string{datasetFile, schemaFile, metadataFile, baselinesFile} {
		data, err := os.ReadFile(filepath.Join(root, "features", name))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = string(data)
	}
	return found
}

func metadata(t testing.TB, root string) Metadata {
	t.Helper()
	var m Metadata
	data, err := os.ReadFile(filepath.Join(root, "features", metadataFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func dataset(t testing.TB, root string) *table.Table {
	t.Helper()
	return etltest.ReadTable(t, filepath.Join(root, "features", datasetFile))
}

// The data set is what package features makes of each window of each case, one after
// another, and what a fit on the training cases adds.
func TestTheDataSetIsThatOfThePlainestProgram(t *testing.T) {
	root := project(t, 4, 300)
	run(t, root, `training_cases: [case0000, case0001]`)
	d := dataset(t, root)
	s := features.Default()
	s.Signals = []string{"PT_1", "PT_2", "PT_3", "GT_1", "GT_2", "GT_3"}
	s.Pressures, s.Flows, s.WindowSize = s.Signals[:3], s.Signals[3:], 40
	set, err := features.New(s)
	if err != nil {
		t.Fatal(err)
	}
	var rows, base [][]float64
	var labels []int64
	var cases []string
	for c := range 4 {
		name := fmt.Sprintf("case%04d", c)
		file := etltest.ReadTable(t, filepath.Join(root, "cases", name+".parquet"))
		computer := set.NewComputer()
		for at := 0; at+40 <= 300; at += 20 {
			var signals [][]float64
			for _, signal := range s.Signals {
				signals = append(signals, file.Column(signal).Floats()[at:at+40])
			}
			row := computer.Window(nil, file.Column("TIME").Floats()[at:at+40], signals)
			rows = append(rows, row)
			var levels []float64
			for _, place := range set.Base() {
				levels = append(levels, row[place])
			}
			base = append(base, levels)
			labels = append(labels, slices.Max(file.Column("LEAK").Ints()[at:at+40]))
			cases = append(cases, name)
		}
	}
	fit := set.NewFit(3)
	for pass := range 2 {
		for i := range rows {
			switch {
			case labels[i] != 0 || cases[i] > "case0001":
			case pass == 0:
				fit.Level(base[i])
			default:
				fit.Profile(base[i])
			}
		}
		if pass == 0 {
			fit.Bands()
		}
	}
	baseline, err := fit.Baseline()
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	var want []*table.Column
	all := append(set.Features(), set.Fitted()...)
	columns := make([][]float64, len(all))
	for i := range rows {
		for k, v := range set.Append(rows[i], baseline, base[i]) {
			columns[k] = append(columns[k], v)
		}
	}
	for k, f := range all {
		names = append(names, f.Name)
		want = append(want, numbers(f.Name, columns[k]))
	}
	if d.NumRows() != 4*14 || !slices.Equal(d.Column("label").Ints(), labels) {
		t.Errorf("%d rows, labels %v", d.NumRows(), d.Column("label").Ints())
	}
	for _, c := range want {
		if got := d.Column(c.Name()); got == nil || !mustTable(t, got).Equal(mustTable(t, c)) {
			t.Errorf("the column %s is another", c.Name())
		}
	}
	var listed []string
	if err := json.Unmarshal([]byte(outputs(t, root)[schemaFile]), &listed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names, listed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append(slices.Clone(rowColumns), append([]string{"label"}, names...)...), d.Names()); diff != "" {
		t.Error(diff)
	}
	m := metadata(t, root)
	want4 := []CaseMetadata{{"case0000", 14, true}, {"case0001", 14, true}, {"case0002", 14, false}, {"case0003", 14, false}}
	if diff := cmp.Diff(want4, m.Cases); diff != "" {
		t.Error(diff)
	}
	if m.Rows != 56 || m.SourceFolder != "../windows" || m.Baselines != baselinesFile || len(m.Features) != len(names) {
		t.Errorf("%+v", m)
	}
}

func mustTable(t testing.TB, c *table.Column) *table.Table {
	t.Helper()
	made, err := table.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Neither the buffers, the checkpoints, the workers nor the rows that are read at
// once change a byte.
func TestBytesDoNotDependOnHowItIsDone(t *testing.T) {
	root := project(t, 3, 900)
	r := run(t, root, "stability_limit: 5, "+lean)
	if len(r.Outcomes) != 3 {
		t.Fatal(len(r.Outcomes))
	}
	want := outputs(t, root)
	for keys, items := range map[string]int{
		"stability_limit: 5, write_buffer_rows: 7, checkpoint_frequency: 1":                                21,
		"stability_limit: 5, write_buffer_rows: 2, checkpoint_frequency: 5, batch_size: 41":                15,
		"stability_limit: 5, write_buffer_rows: 11, checkpoint_frequency: 2, max_workers: 1":               6,
		"stability_limit: 5, write_buffer_rows: 3, checkpoint_frequency: 4, use_parallel: false":           12,
		"stability_limit: 5, write_buffer_rows: 5, checkpoint_frequency: 1, max_workers: 8, batch_size: 1": 27,
	} {
		if err := os.RemoveAll(filepath.Join(root, "features")); err != nil {
			t.Fatal(err)
		}
		r := run(t, root, keys+", "+lean)
		if len(r.Outcomes) != items {
			t.Errorf("%s: %d items", keys, len(r.Outcomes))
		}
		if diff := cmp.Diff(hashes(want), hashes(outputs(t, root))); diff != "" {
			t.Errorf("%s:\n%s", keys, diff)
		}
	}
}

func hashes(files map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		out[name] = etl.DigestOf(text)
	}
	return out
}

// A run that is broken off at whatever output goes on, and ends with the same bytes;
// what it had done is not done again.
func TestABrokenRunGoesOnAndEndsTheSame(t *testing.T) {
	text := sections("write_buffer_rows: 2, checkpoint_frequency: 1, max_workers: 1, " + lean)
	run := func(p *etltest.Project, section string, gate pipeline.Gate) (*etl.Result, error) {
		p.Env.Gate = gate
		job, err := p.Open(text, section, nil, windows.Type(), Type())
		if err != nil {
			t.Fatal(err)
		}
		return job.Run(t.Context(), etl.Options{})
	}
	must := func(r *etl.Result, err error) *etl.Result {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	fresh := func() *etltest.Project {
		p := &etltest.Project{}
		for c := range 2 {
			p.WriteTable(t, "cases/"+caseName(c), caseColumns(c, 120)...)
		}
		must(run(p, "windows_pipeline", nil))
		return p
	}
	made := func(p *etltest.Project) map[string]string {
		found := map[string]string{}
		for _, name := range []string{datasetFile, schemaFile, metadataFile, baselinesFile} {
			found[name] = etl.DigestOf(p.Read(t, "features/"+name))
		}
		return found
	}
	whole := fresh()
	items := len(must(run(whole, "features_pipeline", nil)).Outcomes)
	want := made(whole)
	for before := 0; ; before++ {
		p := fresh()
		left := before
		_, broken := run(p, "features_pipeline", gateFunc(func(context.Context) error {
			if left--; left < 0 {
				return errBroken
			}
			return nil
		}))
		if broken != nil && !errors.Is(broken, errBroken) {
			t.Fatal(broken)
		}
		const claim, each = 1, 4 // the run's claim of its folder; an item's three files and manifest
		result := must(run(p, "features_pipeline", nil))
		if got, want := result.Count(etl.Skipped), min(max(0, before-claim)/each, items); got != want {
			t.Errorf("broken off after %d outputs, %d items are not done again, where %d were done", before, got, want)
		}
		if diff := cmp.Diff(want, made(p)); diff != "" {
			t.Errorf("broken off after %d outputs:\n%s", before, diff)
		}
		if again := must(run(p, "features_pipeline", nil)); again.Count(etl.Skipped) != items || again.Gathered.Status != etl.Skipped {
			t.Errorf("broken off after %d outputs, something is done again: %+v", before, again.Gathered)
		}
		if broken == nil {
			if least := claim + each*items + 4; before < least {
				t.Errorf("a whole run of %d items has %d outputs, fewer than %d", items, before, least)
			}
			return
		}
	}
}

var errBroken = errors.New("broken off")

// gateFunc is asked before each output appears.
type gateFunc func(ctx context.Context) error

func (f gateFunc) Permit(ctx context.Context) error { return f(ctx) }

// Only the training cases' normal windows say what is normal: whatever the others
// hold, and whatever is labelled a leak, bands and profiles are the same.
func TestHeldOutCasesChangeNothingThatIsFitted(t *testing.T) {
	root := project(t, 10, 300)
	run(t, root, "test_size: 0.3, random_state: 7")
	before := outputs(t, root)[baselinesFile]
	var held, fitted []string
	for _, c := range metadata(t, root).Cases {
		if c.Fitted {
			fitted = append(fitted, c.Case)
		} else {
			held = append(held, c.Case)
		}
	}
	if len(held) != 3 || len(fitted) != 7 {
		t.Fatalf("held out are %v, fitted on are %v", held, fitted)
	}
	change := func(name string, where func(leak int64) bool) {
		path := filepath.Join(root, "cases", name+".parquet")
		c := etltest.ReadTable(t, path)
		values := slices.Clone(c.Column("PT_1").Floats())
		for i := range values {
			if where(c.Column("LEAK").Ints()[i]) {
				values[i] *= 3
			}
		}
		c, err := c.With(table.NewFloat64("PT_1", values, nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := table.WriteFile(path, c, table.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range held {
		change(name, func(int64) bool { return true })
	}
	for _, name := range fitted {
		change(name, func(leak int64) bool { return leak == 1 })
	}
	makeWindows(t, root)
	if r := run(t, root, "test_size: 0.3, random_state: 7"); r.Count(etl.Done) < 6 {
		t.Fatalf("%d cases are made anew", r.Count(etl.Done))
	}
	if got := outputs(t, root)[baselinesFile]; got != before {
		t.Errorf("the baselines are others:\n%s", cmp.Diff(before, got))
	}
	change(fitted[0], func(leak int64) bool { return leak == 0 })
	makeWindows(t, root)
	run(t, root, "test_size: 0.3, random_state: 7")
	if got := outputs(t, root)[baselinesFile]; got == before {
		t.Error("a training case changed, and the baselines did not")
	}
}

// The bands and profiles of one run serve another, whose own cases then change
// nothing of them.
func TestBaselinesOfAnotherRunAreTaken(t *testing.T) {
	root := project(t, 4, 300)
	run(t, root, "")
	if err := os.Rename(filepath.Join(root, "features", baselinesFile), filepath.Join(root, "saved.json")); err != nil {
		t.Fatal(err)
	}
	want := dataset(t, root)
	r := run(t, root, "baselines_file: saved.json, test_size: 0.5")
	if m := metadata(t, root); m.Baselines != "../saved.json" || m.Cases[0].Fitted {
		t.Errorf("%+v", m.Cases)
	}
	if !dataset(t, root).Equal(want) {
		t.Error("the rows are others")
	}
	if _, err := os.Stat(filepath.Join(root, "features", baselinesFile)); !os.IsNotExist(err) {
		t.Errorf("baselines were fitted: %v", err)
	}
	if r.Gathered.Status != etl.Done {
		t.Error(r.Gathered)
	}
	// Another file of baselines is another data set, and no item is made anew.
	text, err := os.ReadFile(filepath.Join(root, "saved.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "saved.json"), []byte(strings.Replace(string(text), `"mean": `, `"mean": 1`, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	r = run(t, root, "baselines_file: saved.json, test_size: 0.5")
	if r.Count(etl.Skipped) != 4 || r.Gathered.Status != etl.Done || r.Gathered.Reason != "input changed: baselines_file" {
		t.Errorf("%+v", r.Gathered)
	}
}

// Targets are made of columns of the cases, and are no features.
func TestTargets(t *testing.T) {
	root := project(t, 2, 100)
	run(t, root, `feature_columns: ["PT_*"], training_cases: ["*"], targets: [
  {name: FLOW, column: "GT_1"}, {name: LAST, column: "GT_[1]", statistic: last}, {name: TOP, column: GT_1, statistic: max},
  {name: LOW, column: GT_1, statistic: min}, {name: ANY, column: LEAK, statistic: any}]`)
	d := dataset(t, root)
	x := etltest.ReadTable(t, filepath.Join(root, "cases/case0001.parquet")).Column("GT_1").Floats()[20:60]
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	const row = 4 + 1 // the second case's second window
	got := map[string]float64{}
	for _, name := range []string{"FLOW", "LAST", "TOP", "LOW", "ANY"} {
		got[name] = d.Column(name).Floats()[row]
	}
	want := map[string]float64{"FLOW": sum / 40, "LAST": x[39], "TOP": slices.Max(x), "LOW": slices.Min(x), "ANY": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.Has("GT_1_mean") || strings.Contains(outputs(t, root)[schemaFile], "FLOW") {
		t.Error("a target is a feature")
	}
}

// Columns of the index of cases come to each of a case's rows.
func TestCaseColumns(t *testing.T) {
	root := project(t, 2, 100)
	for c, size := range []string{"small", "large"} {
		index := mustTable(t, table.NewString("size", []string{size}, nil))
		path := filepath.Join(root, fmt.Sprintf("cases/metadata/cases/case%04d.parquet", c))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := table.WriteFile(path, index, table.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	run(t, root, `case_columns: [size], training_target: size, training_cases: ["*0"]`)
	d := dataset(t, root)
	if got := d.Column("size"); got.Text(0) != "small" || got.Text(3) != "small" || got.Text(4) != "large" {
		t.Errorf("%v", got)
	}
	_, err := etltest.Run(t, root, sections("case_columns: [weight]"), "features_pipeline", windows.Type(), Type())
	if err == nil || !strings.Contains(err.Error(), `"weight"`) {
		t.Error(err)
	}
}

// Cases without labels have features, too; every window of a training case is normal.
func TestCasesWithoutLabels(t *testing.T) {
	root := project(t, 3, 100)
	for c := range 3 {
		path := filepath.Join(root, fmt.Sprintf("cases/case%04d.parquet", c))
		if err := table.WriteFile(path, etltest.ReadTable(t, path).Drop("LEAK"), table.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	makeWindows(t, root)
	run(t, root, "")
	d := dataset(t, root)
	if d.NumRows() != 12 || d.Column("label").NullCount() != 12 || d.Column("baseline_distance").NullCount() != 0 {
		t.Errorf("%d rows, %d without a label", d.NumRows(), d.Column("label").NullCount())
	}
}

// One case cannot be held out: all is fitted on it, with a warning.
func TestOneCaseIsFittedOn(t *testing.T) {
	root := project(t, 1, 200)
	r := run(t, root, "")
	if len(r.Gathered.Warnings) != 1 || !strings.Contains(r.Gathered.Warnings[0], "no case can be held out") {
		t.Errorf("%q", r.Gathered.Warnings)
	}
}

func TestFaults(t *testing.T) {
	root := project(t, 2, 100)
	for _, c := range []struct{ keys, want string }{
		{"feature_columns: [PX*]", `feature_columns: no column is called "PX*"`},
		{"feature_columns: [LEAK, TIME, 'PT_[']", `the pattern "PT_[" has a [ without its end`},
		{"window_size: 50", "window_size: 50 is not that of the windows"},
		{"wavelet: db9", "windows of 40 rows can be decomposed by db9 over 1 to 1 levels, not 3"},
		{"wavelet: dbx", `unknown wavelet "dbx"`},
		{"statistics: [mena]", `did you mean "mean"?`},
		{"quantiles: [2]", "a quantile is from 0 to 1"},
		{"groups: {statistic: true}", `did you mean "statistics"?`},
		{"label_column: start", `"start" is the name of another column`},
		{"label_column: PT_1_mean", "a feature would be called PT_1_mean"},
		{"targets: [{name: X}]", "needs name, what the target is called, and column"},
		{"targets: [{name: label, column: PT_1}]", `the name "label" is taken`},
		{"targets: [{name: X, column: PT_1, statistic: median}]", "statistic is one of [mean max min last any]"},
		{"targets: [{name: X, column: 'PT_*'}]", `the target X is made of the column "PT_*", which 3 columns are called`},
		{"case_columns: [size]", "the case case0000 has no row of an index"},
		{"training_target: size", `"size" is neither the label nor a target`},
		{"training_cases: [nobody]", "no case is called so; the first of 2 is case0000"},
		{"normal_label: 7", `none of the training cases' windows is labelled "7"`},
		{"baselines_file: nothing.json", "nothing.json"},
		{"baselines_file: cases/case0000.parquet", "is no file of baselines"},
	} {
		if err := os.RemoveAll(filepath.Join(root, "features")); err != nil {
			t.Fatal(err)
		}
		_, err := etltest.Run(t, root, sections(c.keys), "features_pipeline", windows.Type(), Type())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n%v\nnot\n%s", c.keys, err, c.want)
		}
	}
	// Windows of a case that was cut since.
	path := filepath.Join(root, "cases/case0000.parquet")
	if err := table.WriteFile(path, etltest.ReadTable(t, path).Slice(0, 60), table.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := etltest.Run(t, root, sections(""), "features_pipeline", windows.Type(), Type())
	if err == nil || !strings.Contains(err.Error(), "which has 60; run the windows pipeline again") {
		t.Error(err)
	}
	if err := os.RemoveAll(filepath.Join(root, "windows")); err != nil {
		t.Fatal(err)
	}
	_, err = etltest.Run(t, root, sections(""), "features_pipeline", windows.Type(), Type())
	if err == nil || !strings.Contains(err.Error(), "run a windows pipeline first") {
		t.Error(err)
	}
}

// A checkpoint that is torn is no checkpoint: its case is made anew.
func TestATornCheckpointIsMadeAnew(t *testing.T) {
	root := project(t, 2, 100)
	run(t, root, "")
	want := hashes(outputs(t, root))
	path := filepath.Join(root, "features", featuresOf("case0001"))
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	r := run(t, root, "")
	if r.Outcomes[0].Status != etl.Skipped || r.Outcomes[1].Status != etl.Done {
		t.Errorf("%+v", r.Outcomes)
	}
	if diff := cmp.Diff(want, hashes(outputs(t, root))); diff != "" {
		t.Error(diff)
	}
}

func TestRealCasesBecomeFeatures(t *testing.T) {
	data := needs.RealData(t, "olga", "leak")
	root := t.TempDir()
	const text = `
tpl_genkey_pipeline: {source_folder: raw, output_folder: cases, label_trend: "CONTR_*FUGA"}
windows_pipeline: {source_folder: cases, output_folder: windows, window_size: 40, step_size: 2}
features_pipeline: {source_folder: windows, output_folder: features}
`
	if err := os.Symlink(data, filepath.Join(root, "raw")); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"tpl_genkey_pipeline", "windows_pipeline", "features_pipeline"} {
		if _, err := etltest.Run(t, root, text, section, tplgenkey.Type(), windows.Type(), Type()); err != nil {
			t.Fatal(err)
		}
	}
	d := dataset(t, root)
	if d.NumRows() != 1590+1588+1590+1589+1591+1590 {
		t.Errorf("%d rows", d.NumRows())
	}
	m := metadata(t, root)
	if len(m.Pressures) != 2 || len(m.Flows) != 2 {
		t.Errorf("pressures %v, flows %v", m.Pressures, m.Flows)
	}
	for _, f := range m.Features {
		if strings.HasPrefix(f.Name, "GTLEAK") || strings.Contains(f.Name, "FUGA") {
			t.Errorf("a label is a feature: %s", f.Name)
		}
		if c := d.Column(f.Name); c.NullCount() == c.Len() {
			t.Errorf("%s has no value", f.Name)
		}
	}
}

// Labels may be words, and some cases may have none.
func TestLabelsThatAreWords(t *testing.T) {
	p := &etltest.Project{}
	for c := range 4 {
		columns := caseColumns(c, 200)
		leak := columns[len(columns)-1].Ints()
		words := make([]string, len(leak))
		for i, v := range leak {
			words[i] = []string{"normal", "leak"}[v]
		}
		columns[len(columns)-1] = table.NewString("LEAK", words, nil)
		if c == 2 {
			columns = columns[:len(columns)-1]
		}
		p.WriteTable(t, "cases/"+caseName(c), columns...)
	}
	const text = "windows_pipeline: {source_folder: cases, output_folder: windows, window_size: 40, step_size: 20, label: last}\n" +
		"features_pipeline: {source_folder: windows, output_folder: features, normal_label: normal, test_size: 0.25}\n"
	for _, section := range []string{"windows_pipeline", "features_pipeline"} {
		job, err := p.Open(text, section, nil, windows.Type(), Type())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := job.Run(t.Context(), etl.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	file := p.Read(t, "features/"+datasetFile)
	d, err := table.Read(t.Context(), strings.NewReader(file), int64(len(file)), table.ReadOptions{Format: table.Parquet})
	if err != nil {
		t.Fatal(err)
	}
	labels := d.Column("label")
	if labels.Kind() != table.String || labels.NullCount() != 9 || labels.Text(0) != "normal" {
		t.Errorf("%d of %d labels are missing, of kind %s", labels.NullCount(), labels.Len(), labels.Kind())
	}
	var b features.Baseline
	if err := json.Unmarshal([]byte(p.Read(t, "features/"+baselinesFile)), &b); err != nil {
		t.Fatal(err)
	}
	normal := int64(0)
	for i := range labels.Len() {
		if !labels.IsNull(i) && labels.Text(i) == "normal" {
			normal++
		}
	}
	if b.All.Windows == 0 || b.All.Windows > normal {
		t.Errorf("%d windows were fitted on, of %d normal ones", b.All.Windows, normal)
	}
}
