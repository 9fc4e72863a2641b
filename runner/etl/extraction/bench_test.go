package extraction

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"mlops/runner/etl/etltest"
	"mlops/runner/etl/windows"
	"mlops/runner/table"
)

// benchSections are those of the comparison with Python: six signals, windows of 40
// rows at step 2, every group but the coefficients.
const benchSections = `
windows_pipeline: {source_folder: cases, output_folder: windows, window_size: 40, step_size: 2}
features_pipeline: {source_folder: windows, output_folder: features}
`

// caseColumns are those of a case of so many rows: times, six signals and a leak in
// every second one.
func caseColumns(c, rows int) []*table.Column {
	times, leak := make([]float64, rows), make([]int64, rows)
	for i := range rows {
		times[i] = float64(i)/2 + float64(i%7)/100
		if c%2 == 1 && i > rows/3 && i < 2*rows/3 {
			leak[i] = 1
		}
	}
	columns := []*table.Column{table.NewFloat64("TIME", times, nil)}
	for k, name := range []string{"PT_1", "PT_2", "PT_3", "GT_1", "GT_2", "GT_3"} {
		values := make([]float64, rows)
		for i := range values {
			values[i] = 1e5*float64(k+1) + 100*math.Sin(float64(i*(k+1)+17*c)/30) + float64((i*7919+k*13+c*31)%101) - 40*float64(leak[i])
		}
		columns = append(columns, table.NewFloat64(name, values, nil))
	}
	return append(columns, table.NewInt64("LEAK", leak, nil))
}

func caseName(c int) string { return fmt.Sprintf("case%04d.parquet", c) }

// writeCases writes cases to a folder.
func writeCases(t testing.TB, folder string, cases, rows int) {
	t.Helper()
	for c := range cases {
		made, err := table.New(caseColumns(c, rows)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := table.WriteFile(filepath.Join(folder, caseName(c)), made, table.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkFeatures is windows and features of cases, per window.
func BenchmarkFeatures(b *testing.B) {
	const cases, rows = 10, 3200
	for _, section := range []string{"windows_pipeline", "features_pipeline"} {
		b.Run(section, func(b *testing.B) {
			var windowsMade int64
			for range b.N {
				b.StopTimer()
				root := b.TempDir()
				if err := os.Mkdir(filepath.Join(root, "cases"), 0o755); err != nil {
					b.Fatal(err)
				}
				writeCases(b, filepath.Join(root, "cases"), cases, rows)
				if section == "features_pipeline" {
					if _, err := etltest.Run(b, root, benchSections, "windows_pipeline", windows.Type(), Type()); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				r, err := etltest.Run(b, root, benchSections, section, windows.Type(), Type())
				if err != nil {
					b.Fatal(err)
				}
				windowsMade += r.Rows()
				for stage, seconds := range r.Timings {
					b.ReportMetric(1e6*seconds/float64(r.Rows()), stage+"-µs/window")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(windowsMade), "µs/window")
		})
	}
}
