package tplgenkey_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/etl/tplgenkey"
	"mlops/runner/table"
)

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
	made := func(keys string, cases ...string) map[string][]byte {
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
	want := made(keys, "a", "b", "c")
	for name, keys := range map[string]string{
		"again": keys, "one worker, small batches": keys + "  max_workers: 1\n  batch_size: 7\n", "four workers, large batches": keys + "  max_workers: 4\n  batch_size: 100000\n",
	} {
		if got := made(keys, "a", "b", "c"); !cmp.Equal(got, want) {
			t.Errorf("%s: it gives other bytes", name)
		}
	}
	if got := spread(t, keys, "a", "b", "c"); !cmp.Equal(got, want) {
		t.Error("spread over processes it gives other bytes")
	}
	alone := made(keys, "b")
	if !bytes.Equal(alone["/b.parquet"], want["/b.parquet"]) || bytes.Equal(want["/a.parquet"], want["/b.parquet"]) {
		t.Error("a case's noise depends on the other cases, or is the same in all")
	}
	if other := made(strings.Replace(keys, "seed: 7", "seed: 8", 1), "a", "b", "c"); bytes.Equal(other["/a.parquet"], want["/a.parquet"]) {
		t.Error("another seed gives the same noise")
	}
}

// spread runs the section as a fleet does: each case, the last first, and the gathering in
// a process of its own.
func spread(t *testing.T, keys string, cases ...string) map[string][]byte {
	t.Helper()
	root := t.TempDir()
	for _, name := range cases {
		wave(t, filepath.Join(root, "in", name+".tpl"), 500)
	}
	open := func() *etl.Job {
		job, err := etltest.Open(t, root, "tpl_genkey_pipeline:\n  source_folder: in\n  output_folder: cases\n"+keys, "tpl_genkey_pipeline", tplgenkey.Type())
		if err != nil {
			t.Fatal(err)
		}
		return job
	}
	plan, err := open().Plan(t.Context(), etl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan.Release()
	var outcomes []etl.Outcome
	for _, item := range slices.Backward(plan.Items) {
		done, err := open().Process(t.Context(), []etl.Item{item}, nil)
		if err != nil {
			t.Fatal(err)
		}
		done[0].Outputs = nil // they stand in the manifest
		outcomes = append(outcomes, done...)
	}
	if _, err := open().Gather(t.Context(), plan.Names(), outcomes, etl.Options{}); err != nil {
		t.Fatal(err)
	}
	return folder(t, root)
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
