package extraction

import (
	"os"
	"path/filepath"
	"testing"

	"mlops/needs"
	"mlops/runner/etl/etltest"
	"mlops/runner/etl/tplgenkey"
	"mlops/runner/etl/windows"
)

const realSections = `
tpl_genkey_pipeline: {source_folder: raw, output_folder: cases, label_trend: "CONTR_*FUGA"}
windows_pipeline: {source_folder: cases, output_folder: windows, window_size: 40, step_size: 2}
features_pipeline: {source_folder: windows, output_folder: features}
`

func TestRealCasesBecomeFeatures(t *testing.T) {
	data := needs.RealData(t)
	root := t.TempDir()
	if err := os.Symlink(filepath.Join(data, "olga", "leak"), filepath.Join(root, "raw")); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"tpl_genkey_pipeline", "windows_pipeline", "features_pipeline"} {
		r, err := etltest.Run(t, root, realSections, section, tplgenkey.Type(), windows.Type(), Type())
		if err != nil {
			t.Fatal(err)
		}
		t.Log(section, r.Timings, r.Rows(), r.Gathered)
	}
	d := etltest.ReadTable(t, filepath.Join(root, "features/data/features_dataset.parquet"))
	t.Log(d.NumRows(), d.NumColumns(), d.Names())
}
