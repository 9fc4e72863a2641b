package parquetcsv_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/etl/parquetcsv"
	"mlops/runner/table"
)

func run(t *testing.T, root, keys string) (*etl.Result, error) {
	t.Helper()
	text := "parquet_csv_pipeline:\n  source_folder: cases\n  output_folder: csv\n" + keys
	return etltest.Run(t, root, text, "parquet_csv_pipeline", parquetcsv.Type())
}

func project(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	c, err := table.New(
		table.NewFloat64("TIME", []float64{0, 1, 2, 3}, nil), table.NewFloat64("PT", []float64{40, 41, 42, 43}, []bool{false, true, false, false}),
		table.NewFloat64("LEAK", []float64{0, 1, 1, 0}, []bool{false, false, false, true}),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "cases"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := table.WriteFile(filepath.Join(root, "cases/a.parquet"), c, table.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestRowsThatPass(t *testing.T) {
	for keys, want := range map[string]string{
		"":                                       "TIME,PT,LEAK\n0.0,40.0,0.0\n1.0,,1.0\n2.0,42.0,1.0\n3.0,43.0,\n",
		"  leak_filter: leak\n  columns: [PT]\n": "PT\nNA\n42.0\n",
		"  leak_filter: no_leak\n":               "TIME,PT,LEAK\n0.0,40.0,0.0\n",
		"  filter: PT > 40 and TIME < 3\n  columns: [LEAK, TIME]\n  batch_size: 1\n": "LEAK,TIME\n1.0,2.0\n",
	} {
		root := project(t)
		if _, err := run(t, root, keys); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(root, "csv/a.csv"))
		if d := cmp.Diff(want, string(got)); d != "" || err != nil {
			t.Errorf("%q: %s %v", keys, d, err)
		}
	}
}

type gateFunc func() error

func (g gateFunc) Permit(context.Context) error { return g() }

// A file that somebody puts there while the export is written is kept, too.
func TestAFileThatAppearsMeanwhileIsKept(t *testing.T) {
	root := project(t)
	file, err := config.ParsePipelines("pipelines_config.yml", []byte("parquet_csv_pipeline: {source_folder: cases, output_folder: csv}\n"), config.PipelinesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(root, "csv/a.csv")
	env := etl.Env{Version: "1", Gate: gateFunc(func() error { return os.WriteFile(mine, []byte("mine"), 0o600) })} // once all is written
	job, err := etl.NewRegistry(parquetcsv.Type()).Open(file, "parquet_csv_pipeline", root, env)
	if err != nil {
		t.Fatal(err)
	}
	_, err = job.Run(t.Context(), etl.Options{})
	var exists *etl.ExistsError
	if !errors.As(err, &exists) || exists.Location != mine {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(mine); string(got) != "mine" || err != nil {
		t.Errorf("it holds %q, %v", got, err)
	}
}

func TestNoRowPasses(t *testing.T) {
	root := project(t)
	result, err := run(t, root, "  filter: PT > 100\n")
	if err != nil || result.Outcomes[0].Status != etl.Skipped || result.Outcomes[0].Reason != "no row passes the filters" {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := os.Stat(filepath.Join(root, "csv/a.csv")); !os.IsNotExist(err) {
		t.Errorf("there is a file: %v", err)
	}
}

func TestAnothersFileIsReplacedOnlyWhenAsked(t *testing.T) {
	root := project(t)
	path := filepath.Join(root, "csv/a.csv")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, root, ""); err == nil || !strings.Contains(err.Error(), "overwrite: true") {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(path); string(text) != "mine\n" || err != nil {
		t.Errorf("it holds %q, %v", text, err)
	}
	for i, keys := range []string{"  overwrite: true\n", "", "  leak_filter: leak\n"} { // then it is the pipeline's own
		result, err := run(t, root, keys)
		if err != nil || (result.Count(etl.Done) == 1) != (i != 1) {
			t.Errorf("run %d: %+v, %v", i, result, err)
		}
	}
}

func TestFaultsOfKeys(t *testing.T) {
	for keys, want := range map[string]string{
		"  filter: PT +\n":       "pipelines_config.yml:4:3: parquet_csv_pipeline.filter: ",
		"  delimiter: ';;'\n":    "pipelines_config.yml:4:3: parquet_csv_pipeline.delimiter: must be one character",
		"  leak_filter: leaks\n": `unknown value "leaks"; did you mean "leak"?`,
		"  filter: PR > 1\n":     `no column "PR"; did you mean "PT"?`,
	} {
		if _, err := run(t, project(t), keys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v", keys, err)
		}
	}
}
