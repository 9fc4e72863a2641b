package builtin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/etl"
	"mlops/runner/etl/builtin"
	"mlops/runner/etl/etltest"
)

// chainFile is what turns trend files into windows.
const chainFile = `
tpl_genkey_pipeline:
  source_folder: raw
  output_folder: cases
windows_pipeline:
  source_folder: cases
  output_folder: windows
  window_size: 4
  step_size: 2
`

// trends is a trend file of a pressure and a leak, which opens at a row.
func trends(rows, leak int) string {
	var b strings.Builder
	b.WriteString("'OLGA 2017.2.0.107'\nTIME PLOT\nINPUT FILE\n'x.genkey'\nCATALOG\n2\n" +
		"PT 'POSITION:' 'P1' '(PA)' 'Pressure'\nGTLEAK 'LEAK:' 'L' '(KG/S)' 'Leakage total mass flow rate'\nTIME SERIES ' (S) '\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d %d %d\n", i, 100_000+i, min(max(i-leak, 0), 1))
	}
	return b.String()
}

// chain is both sections over a project in memory.
type chain struct {
	etltest.Project
	set map[string][]string // by section
}

func newChain(t testing.TB, cases int) *chain {
	c := &chain{set: map[string][]string{}}
	for i := range cases {
		c.Write(t, fmt.Sprintf("raw/Leak%04d.tpl", i), trends(10, 5))
		c.Write(t, fmt.Sprintf("raw/Leak%04d.genkey", i), "! a leak")
	}
	return c
}

// run runs both and returns what was not up to date, as "windows_pipeline Leak0001
// (input changed: …)".
func (c *chain) run(t testing.TB) []string {
	t.Helper()
	var did []string
	for _, section := range []string{"tpl_genkey_pipeline", "windows_pipeline"} {
		job, err := c.Open(chainFile, section, c.set[section], builtin.Types().Types()...)
		if err != nil {
			t.Fatal(err)
		}
		result, err := job.Run(t.Context(), etl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range append(slices.Clone(result.Outcomes), *result.Gathered) {
			if o.Status != etl.Skipped || o.Reason != etl.UpToDate {
				did = append(did, fmt.Sprintf("%s %s %s (%s)", section, o.Item, o.Status, o.Reason))
			}
		}
	}
	return did
}

// Of a chain exactly that is done again which depends on what changed, and nothing
// else is read.
func TestOfAChainWhatChangedIsDoneAgain(t *testing.T) {
	const tpl, windows = "tpl_genkey_pipeline ", "windows_pipeline "
	for _, c := range []struct {
		name   string
		change func(t *testing.T, c *chain)
		want   []string // what is done
		read   []string // data that is opened
	}{
		{"nothing", func(*testing.T, *chain) {}, nil, nil},
		{"one case", func(t *testing.T, c *chain) { c.Write(t, "raw/Leak0001.tpl", trends(10, 3)) },
			[]string{
				tpl + "Leak0001 done (input changed: Leak0001.tpl)", tpl + "gather done (input changed: Leak0001)",
				windows + "Leak0001 done (input changed: Leak0001.parquet)", windows + "gather done (input changed: Leak0001)",
			},
			[]string{"raw/Leak0001.tpl", "raw/Leak0001.genkey", "cases/Leak0001.parquet"}},
		{"one case, that gives the same", func(t *testing.T, c *chain) { c.Write(t, "raw/Leak0001.genkey", "! the same leak") },
			[]string{tpl + "Leak0001 done (input changed: genkey: Leak0001.genkey)"},
			// Its Parquet file is new, and read to see that it is what it was.
			[]string{"raw/Leak0001.tpl", "raw/Leak0001.genkey", "cases/Leak0001.parquet"}},
		{"a further case", func(t *testing.T, c *chain) { c.Write(t, "raw/Leak0009.tpl", trends(10, 3)) },
			[]string{
				tpl + "Leak0009 done (new)", tpl + "gather done (input added: Leak0009)",
				windows + "Leak0009 done (new)", windows + "gather done (input added: Leak0009)",
			},
			[]string{"raw/Leak0009.tpl", "cases/Leak0009.parquet"}},
		{"one case less", func(t *testing.T, c *chain) { c.Remove(t, "raw/Leak0001.tpl"); c.Remove(t, "raw/Leak0001.genkey") },
			[]string{tpl + "gather done (input removed: Leak0001)", windows + "gather done (input removed: Leak0001)"}, nil},
		{"a key of the last section", func(_ *testing.T, c *chain) { c.set["windows_pipeline"] = []string{"step_size=4"} },
			[]string{
				windows + "Leak0000 done (config changed: step_size 2 → 4)", windows + "Leak0001 done (config changed: step_size 2 → 4)",
				windows + "Leak0002 done (config changed: step_size 2 → 4)", windows + "gather done (config changed: step_size 2 → 4)",
			},
			[]string{"cases/Leak0000.parquet", "cases/Leak0001.parquet", "cases/Leak0002.parquet"}},
		{"a key of the first section, that no row meets", func(_ *testing.T, c *chain) { c.set["tpl_genkey_pipeline"] = []string{"label_above=0.5"} },
			[]string{
				tpl + "Leak0000 done (config changed: label_above 0 → 0.5)", tpl + "Leak0001 done (config changed: label_above 0 → 0.5)",
				tpl + "Leak0002 done (config changed: label_above 0 → 0.5)", tpl + "gather done (config changed: label_above 0 → 0.5)",
			},
			[]string{
				"raw/Leak0000.tpl", "raw/Leak0001.tpl", "raw/Leak0002.tpl", "raw/Leak0000.genkey", "raw/Leak0001.genkey", "raw/Leak0002.genkey",
				"cases/Leak0000.parquet", "cases/Leak0001.parquet", "cases/Leak0002.parquet",
			}},
		{"the code", func(_ *testing.T, c *chain) { c.Env.Version = "2" },
			func() (all []string) {
				for _, section := range []string{tpl, windows} {
					for _, item := range []string{"Leak0000", "Leak0001", "Leak0002", "gather"} {
						all = append(all, section+item+" done (code version changed: 1 → 2)")
					}
				}
				return all
			}(),
			[]string{
				"raw/Leak0000.tpl", "raw/Leak0001.tpl", "raw/Leak0002.tpl", "raw/Leak0000.genkey", "raw/Leak0001.genkey", "raw/Leak0002.genkey",
				"cases/Leak0000.parquet", "cases/Leak0001.parquet", "cases/Leak0002.parquet",
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := newChain(t, 3)
			all.run(t)
			all.Opened()
			c.change(t, all)
			if d := cmp.Diff(c.want, all.run(t)); d != "" {
				t.Error(d)
			}
			// What is gathered is made of the cases' metadata, in the output folder.
			opened := slices.Compact(slices.DeleteFunc(all.Opened(), func(name string) bool {
				return strings.HasPrefix(name, "cases/metadata/") || strings.HasPrefix(name, "windows/metadata/")
			}))
			slices.Sort(c.read)
			if !slices.Equal(c.read, opened) {
				t.Errorf("what was read: %s", cmp.Diff(c.read, opened))
			}
			if did := all.run(t); len(did) > 0 || len(all.Opened()) > 0 {
				t.Errorf("a further run did %q", did)
			}
		})
	}
}

// However many the cases: where nothing changed, nothing but manifests is opened.
func TestASecondRunOfManyCasesOpensNoData(t *testing.T) {
	c := newChain(t, 40)
	c.run(t)
	if first := c.Opened(); len(first) < 120 {
		t.Fatalf("the first run opened %d files", len(first))
	}
	did := c.run(t)
	if opened := c.Opened(); len(did) > 0 || len(opened) > 0 {
		t.Errorf("did %q, and opened %q", did, opened)
	}
}

// BenchmarkASecondRunOfAThousandCases looks at a thousand cases on a disk of which
// nothing has changed.
func BenchmarkASecondRunOfAThousandCases(b *testing.B) {
	root := b.TempDir()
	if err := os.Mkdir(filepath.Join(root, "raw"), 0o777); err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(root, "raw", fmt.Sprintf("Leak%04d.tpl", i)), []byte(trends(10, 5)), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	done := 0
	run := func() {
		for _, section := range []string{"tpl_genkey_pipeline", "windows_pipeline"} {
			result, err := etltest.Run(b, root, chainFile, section, builtin.Types().Types()...)
			if err != nil {
				b.Fatal(err)
			}
			done = result.Count(etl.Done)
		}
	}
	run()
	for b.Loop() {
		run()
	}
	if done != 0 {
		b.Fatalf("%d cases were done again", done)
	}
}
