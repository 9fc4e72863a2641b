package etl_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/runner/config"
	"mlops/runner/etl"
)

type foldersSettings struct {
	Sources []string `yaml:"sources" location:"source"`
	Output  string   `yaml:"output_folder" location:"output"`
}

// foldersType is a type of which only the folders matter.
var foldersType = etl.NewType("folders", "", foldersSettings{}, func(foldersSettings, etl.Setup) (etl.Pipeline, error) { return nothing{}, nil })

type nothing struct{}

func (nothing) Plan(context.Context) ([]etl.Item, error) { return nil, nil }
func (nothing) Process(context.Context, *etl.Work) error { return nil }

// section is one of a pipelines file: what it reads, and where it writes.
type section struct {
	name    string
	sources []string
	output  string
}

func reads(name, output string, sources ...string) section { return section{name, sources, output} }

// orderOf opens sections and puts them in order.
func orderOf(t testing.TB, sections []section) ([]etl.Ordered, error) {
	t.Helper()
	var jobs []*etl.Job
	for _, s := range sections {
		text := fmt.Sprintf("%s:\n  type: folders\n  sources: [%s]\n  output_folder: %s\n", s.name, strings.Join(s.sources, ", "), s.output)
		j, err := openSection(text, s.name, "/srv", config.PipelinesOptions{}, etl.Env{}, foldersType)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	return etl.Order(jobs)
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name     string
		sections []section
		want     []string // "section after others", or the error
	}{
		{"a chain, written backwards",
			[]section{reads("c", "out/c", "out/b"), reads("b", "out/b", "out/a"), reads("a", "out/a", "raw")},
			[]string{"a", "b after a", "c after b"}},
		{"sections that have nothing to do with one another stay",
			[]section{reads("z", "out/z", "raw"), reads("a", "out/a", "raw"), reads("m", "out/m", "other")},
			[]string{"z", "a", "m"}},
		{"a name that begins like another is another",
			[]section{reads("b", "out/b", "out/ab"), reads("a", "out/a", "raw")},
			[]string{"b", "a"}},
		{"a folder, and a file, within another's output",
			[]section{reads("b", "out/b", "out/a/data", "out/a/schema.json"), reads("a", "out/a", "raw")},
			[]string{"a", "b after a"}},
		{"the innermost of nested outputs is what is read",
			[]section{reads("c", "c", "a/b/data"), reads("b", "a/b", "raw"), reads("a", "a", "raw")},
			[]string{"b", "c after b", "a"}},
		{"an output within what the section reads, as features of windows",
			[]section{reads("features", "windows/features", "windows"), reads("windows", "windows", "cases")},
			[]string{"windows", "features after windows"}},
		{"the outer of nested outputs is read with all that is in it",
			[]section{reads("all", "all", "windows"), reads("features", "windows/features", "windows"), reads("windows", "windows", "cases")},
			[]string{"windows", "features after windows", "all after windows, features"}},
		{"a folder of which several sections make a part",
			[]section{reads("windows", "windows", "cases"), reads("leaks", "cases/leaks", "raw/a"), reads("sound", "cases/sound", "raw/b")},
			[]string{"leaks", "sound", "windows after leaks, sound"}},
		{"a first section that reads the folder in which everything is made",
			[]section{reads("windows", "data/windows", "data/cases"), reads("cases", "data/cases", "data")},
			[]string{"cases", "windows after cases"}},
		{"spellings of one local folder",
			[]section{reads("b", "b", "file:///srv/a%20b/", "./a b/../a b"), reads("a", "file://localhost/srv/a%20b", "raw")},
			[]string{"a", "b after a"}},
		{"spellings of one folder of a bucket",
			[]section{reads("b", "b", "S3://plant//data/./a/"), reads("a", "s3://plant/data/a", "raw")},
			[]string{"a", "b after a"}},
		{"buckets are not one another, nor local",
			[]section{reads("d", "d", "s3://other/a"), reads("c", "c", "s3://plant/a"), reads("b", "/plant/a", "raw"), reads("a", "s3://plant/a", "raw")},
			[]string{"d", "b", "a", "c after a"}},
		{"a whole bucket",
			[]section{reads("b", "b", "s3://plant"), reads("a", "s3://plant/x", "raw")},
			[]string{"a", "b after a"}},
		{"a circle of two",
			[]section{reads("a", "a", "b"), reads("b", "b", "a")},
			[]string{"sections depend on one another in a circle: a → b → a; each reads a folder that the next one writes to, or one around it"}},
		{"a circle behind a section",
			[]section{reads("x", "x", "c"), reads("a", "a", "b"), reads("b", "b", "c"), reads("c", "c", "a")},
			[]string{"sections depend on one another in a circle: c → a → b → c; each reads a folder that the next one writes to, or one around it"}},
		{"each writes into what the other reads",
			[]section{reads("a", "data/a", "data"), reads("b", "data/b", "data")},
			[]string{"sections depend on one another in a circle: a → b → a; each reads a folder that the next one writes to, or one around it"}},
		{"one output folder",
			[]section{reads("a", "out", "raw"), reads("b", "b", "raw"), reads("c", "file:///srv/out/", "raw")},
			[]string{"the sections a and c have the same output folder, /srv/out/; give each its own"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ordered, err := orderOf(t, c.sections)
			var got []string
			for _, o := range ordered {
				line := o.Job.Section()
				if len(o.After) > 0 {
					line += " after " + strings.Join(o.After, ", ")
				}
				got = append(got, line)
			}
			if err != nil {
				got = []string{err.Error()}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// isIn tells whether a location is a folder or lies in it.
func isIn(location, folder string) bool {
	return location == folder || strings.HasPrefix(location, folder+"/")
}

// plainAfter tells, the plainest way, which sections each must come after.
func plainAfter(sections []section) [][]bool {
	n := len(sections)
	made := make([][]bool, n) // of what another gives, at once; then over others, too
	after := make([][]bool, n)
	for i, s := range sections {
		made[i], after[i] = make([]bool, n), make([]bool, n)
		for _, source := range s.sources {
			best := -1
			for k, other := range sections {
				if isIn(source, other.output) && (best < 0 || len(other.output) > len(sections[best].output)) {
					best = k
				}
			}
			if best >= 0 && best != i {
				made[i][best], after[i][best] = true, true
			}
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				made[i][j] = made[i][j] || made[i][k] && made[k][j]
			}
		}
	}
	for i, s := range sections {
		for k, other := range sections {
			for _, source := range s.sources {
				if k != i && isIn(other.output, source) && !made[k][i] {
					after[i][k] = true
				}
			}
		}
	}
	return after
}

// Whatever the folders: each section comes after those that the plainest program
// tells, and as early as it can, in the order of the file; or the sections that are
// named do depend on one another in a circle, and the plainest program finds no
// order either.
func TestOrderIsThatOfThePlainestProgram(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		folder := rapid.Custom(func(r *rapid.T) string {
			return path.Join(append([]string{"/srv"}, rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3).Draw(r, "path")...)...)
		})
		outputs := rapid.SliceOfNDistinct(folder, 1, 6, rapid.ID[string]).Draw(r, "outputs")
		var sections []section
		for i, output := range outputs {
			sources := rapid.SliceOfN(folder.Filter(func(f string) bool { return f != output }), 1, 2).Draw(r, "sources")
			sections = append(sections, reads(fmt.Sprintf("s%d", i), output, sources...))
		}
		after := plainAfter(sections)
		number := func(name string) int {
			return slices.IndexFunc(sections, func(s section) bool { return s.name == name })
		}
		ready := func(placed []bool) int { // the first that waits for none
			return slices.IndexFunc(sections, func(s section) bool {
				i := number(s.name)
				for k := range sections {
					if placed[i] || after[i][k] && !placed[k] {
						return false
					}
				}
				return true
			})
		}
		placed := make([]bool, len(sections))
		ordered, err := orderOf(t, sections)
		if err != nil {
			for i := ready(placed); i >= 0; i = ready(placed) {
				placed[i] = true
			}
			if !slices.Contains(placed, false) {
				t.Fatalf("there is an order of %v, but: %v", sections, err)
			}
			_, names, _ := strings.Cut(err.Error(), "circle: ")
			names, _, _ = strings.Cut(names, ";")
			named := strings.Split(names, " → ")
			if len(named) < 3 || named[0] != named[len(named)-1] {
				t.Fatalf("no circle: %v", err)
			}
			for i := range named[1:] {
				if !after[number(named[i])][number(named[i+1])] {
					t.Fatalf("%s does not depend on %s: %v", named[i], named[i+1], sections)
				}
			}
			return
		}
		for _, o := range ordered {
			i := ready(placed)
			if i < 0 || sections[i].name != o.Job.Section() {
				t.Fatalf("%s comes where section %d should, of %v", o.Job.Section(), i, sections)
			}
			placed[i] = true
			var want []string
			for k, s := range sections {
				if after[i][k] {
					want = append(want, s.name)
				}
			}
			got := slices.Sorted(slices.Values(o.After))
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%s, of %v: %s", o.Job.Section(), sections, d)
			}
		}
		if slices.Contains(placed, false) {
			t.Fatalf("sections are missing: %v", ordered)
		}
	})
}
