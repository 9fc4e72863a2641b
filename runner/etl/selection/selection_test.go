package selection_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/etl/selection"
	"mlops/runner/features"
	"mlops/runner/table"
)

// project has features of 40 cases: strong and weak decide the label, twin says
// what strong says, and noise says nothing.
func project(t *testing.T) string {
	t.Helper()
	const rows = 2000
	random := rand.New(rand.NewPCG(1, 2))
	columns := map[string][]float64{}
	cases, labels, numbers := make([]string, rows), make([]int64, rows), make([]int64, rows)
	for _, name := range []string{"noise", "weak", "strong", "twin"} {
		columns[name] = make([]float64, rows)
	}
	for i := range rows {
		cases[i], numbers[i] = fmt.Sprintf("c%02d", i/50), int64(i%50)
		columns["noise"][i], columns["weak"][i], columns["strong"][i] = random.NormFloat64(), random.NormFloat64(), random.NormFloat64()
		columns["twin"][i] = -3*columns["strong"][i] + 0.3*random.NormFloat64()
		if columns["strong"][i]+0.4*columns["weak"][i] > 0 {
			labels[i] = 1
		}
	}
	all := []*table.Column{table.NewString("case", cases, nil), table.NewInt64("window", numbers, nil)}
	for _, name := range []string{"noise", "weak", "strong", "twin"} {
		all = append(all, table.NewFloat64(name, columns[name], nil))
	}
	c, err := table.New(append(all, table.NewInt64("label", labels, nil))...)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "features"), 0o700); err != nil {
		t.Fatal(err)
	}
	for part, lo := range []int{0, 1000} {
		if err := table.WriteFile(filepath.Join(root, fmt.Sprintf("features/%d.parquet", part)), c.Slice(lo, lo+1000), table.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func run(t *testing.T, root, keys string) (*etl.Result, error) {
	t.Helper()
	text := "feature_selection_pipeline:\n  input_path: features\n  output_folder: selection\n  label_column: label\n" + keys
	return etltest.Run(t, root, text, "feature_selection_pipeline", selection.Type())
}

func read[T any](t *testing.T, path string) T {
	t.Helper()
	var value T
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestTheBestFeaturesAreListed(t *testing.T) {
	root := project(t)
	for kind, want := range map[string][]string{"gain": {"strong", "weak"}, "split": {"weak", "strong"}} { // strong has fewer splits, which gain more
		if _, err := run(t, root, "  top_k: 2\n  correlation_threshold: 0.9\n  importance_type: "+kind+"\n  lgbm_params: {num_iterations: 30}\n"); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, read[[]string](t, filepath.Join(root, "selection/features_schema.json"))); d != "" {
			t.Errorf("%s: %s", kind, d)
		}
		report := read[selection.Report](t, filepath.Join(root, "selection/metadata/feature_selection.json"))
		if report.CaseColumn != "case" || report.Rows != 2000 || report.Metrics["roc_auc"] < 0.9 || len(report.Features) != 4 {
			t.Errorf("%+v", report)
		}
		for _, f := range report.Features {
			if f.Name == "twin" && (f.Outcome != "correlated" && f.Outcome != "behind" || f.Outcome == "correlated" && f.With != "strong") {
				t.Errorf("%+v", f)
			}
		}
	}
	for _, want := range []etl.Status{etl.Done, etl.Skipped} {
		result, err := run(t, root, "  top_k: 3\n  lgbm_params: {num_iterations: 30}\n")
		if err != nil || result.Outcomes[0].Status != want {
			t.Errorf("%+v, %v", result, err)
		}
	}
}

func TestFaults(t *testing.T) {
	for keys, want := range map[string]string{
		"  lgbm_params: {num_leave: 3}\n":                          `pipelines_config.yml:5:17: feature_selection_pipeline.lgbm_params.num_leave: unknown; did you mean`,
		"  case_column: cse\n":                                     `no column "cse"; did you mean "case"?`,
		"  exclude_columns: [window, noise, weak, strong, twin]\n": "there is no numeric column",
	} {
		if _, err := run(t, project(t), keys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v", keys, err)
		}
	}
}

// What a features pipeline made beside its features, such as a leak's size, is no
// feature, however much it tells of the label.
func TestATablesOwnListOfFeaturesIsTaken(t *testing.T) {
	root := project(t)
	for part := range 2 {
		path := filepath.Join(root, fmt.Sprintf("features/%d.parquet", part))
		c := etltest.ReadTable(t, path)
		size, err := c.Column("label").AsFloats()
		if err != nil {
			t.Fatal(err)
		}
		if c, err = c.With(table.NewFloat64("LEAK_SIZE", size, nil)); err != nil {
			t.Fatal(err)
		}
		if err := table.WriteFile(path, c, table.WriteOptions{Metadata: map[string]string{features.MetadataKey: `["noise", "strong", "weak"]`}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run(t, root, ""); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "selection/features_schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var selected []string
	if err := json.Unmarshal(text, &selected); err != nil {
		t.Fatal(err)
	}
	if len(selected) == 0 || selected[0] != "strong" || slices.Contains(selected, "LEAK_SIZE") || slices.Contains(selected, "twin") {
		t.Errorf("selected are %q", selected)
	}
}
