package olga_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/needs"
	"mlops/runner/olga"
)

// A text as it may stand between quotes.
func text(t *rapid.T, name string) string {
	return strings.TrimSpace(rapid.StringMatching(`[A-Za-zäñ0-9@.:/_ -]{0,12}`).Draw(t, name))
}

func preamble(t *rapid.T) olga.Preamble {
	p := olga.Preamble{
		Header: olga.Header{
			Version: "OLGA 2017.2.0.107", InputFile: text(t, "input"), Date: text(t, "date"), Project: text(t, "project"),
			Title: text(t, "title"), Author: text(t, "author"), TimeUnit: rapid.SampledFrom([]string{"S", "M", "H"}).Draw(t, "time unit"),
		},
		PVTFiles: []string{"./a b.tab", "c.tab"}[:rapid.IntRange(0, 2).Draw(t, "PVT files")],
		CRLF:     rapid.Bool().Draw(t, "CRLF"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "branches") {
		n := rapid.IntRange(2, 12).Draw(t, "points")
		p.Branches = append(p.Branches, text(t, "branch"))
		p.Profiles = append(p.Profiles, olga.Profile{X: rapid.SliceOfN(rapid.Float64(), n, n).Draw(t, "x"), Z: rapid.SliceOfN(rapid.Float64(), n, n).Draw(t, "z")})
	}
	for range rapid.IntRange(1, 5).Draw(t, "trends") {
		trend := olga.Trend{
			Variable: rapid.StringMatching(`[A-Z]{1,8}`).Draw(t, "variable"), Unit: rapid.SampledFrom([]string{"PA", "KG/S", "-", "1/Pa"}).Draw(t, "unit"),
			Description: text(t, "description"), Location: []string{rapid.SampledFrom([]string{"SECTION:", "BOUNDARY:", "POSITION:"}).Draw(t, "place")},
		}
		for range rapid.IntRange(0, 3).Draw(t, "words") {
			trend.Location = append(trend.Location, text(t, "word"))
		}
		p.Trends = append(p.Trends, trend)
	}
	return p
}

// rounded is a value at the precision of a trend file.
func rounded(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 6, 64), 64)
	return r
}

// The reader finds what was written, at that precision: texts, units, names, values.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := preamble(t)
		var file bytes.Buffer
		w, err := olga.NewWriter(&file, p)
		if err != nil {
			t.Fatal(err)
		}
		want := make([][]float64, len(p.Trends)+1)
		time := 0.0
		for range rapid.IntRange(1, 20).Draw(t, "rows") {
			time += rapid.Float64Range(0, 1e3).Draw(t, "step")
			row := make([]float64, len(p.Trends))
			for i := range row {
				row[i] = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 9.9999996, 1e-5, 1e100})).Draw(t, "value")
			}
			if err := w.Write(time, row); err != nil {
				t.Fatal(err)
			}
			want[0] = append(want[0], rounded(time))
			for i, v := range row {
				want[i+1] = append(want[i+1], rounded(v))
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r, all, err := read(&file, 7)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p.Header, r.Header); d != "" {
			t.Error(d)
		}
		names := map[string]bool{olga.TimeColumn: true}
		for i, trend := range r.Trends {
			if names[trend.Name] {
				t.Errorf("two columns are called %s", trend.Name)
			}
			names[trend.Name] = true
			trend.Name = ""
			if d := cmp.Diff(p.Trends[i], trend); d != "" {
				t.Error(d)
			}
		}
		for i, c := range all.Columns() {
			if d := cmp.Diff(want[i], c.Floats(), cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })); d != "" {
				t.Errorf("column %d: %s", i, d)
			}
		}
	})
}

// profiles reads the geometry, which the reader passes over, and the PVT files.
func profiles(t *testing.T, file string) (p olga.Preamble) {
	lines := strings.Split(strings.ReplaceAll(file, "\r\n", "\n"), "\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "CATALOG"):
			return p
		case strings.HasPrefix(line, "PVT FILE"):
			for j, name := range strings.Split(lines[i+1], "'") {
				if j%2 == 1 {
					p.PVTFiles = append(p.PVTFiles, name)
				}
			}
		case line == "BRANCH":
			sections, err := strconv.Atoi(lines[i+2])
			if err != nil {
				t.Fatal(err)
			}
			var numbers []float64
			for _, word := range strings.Fields(strings.Join(lines[i+3:], " "))[:2*(sections+1)] {
				v, err := strconv.ParseFloat(word, 64)
				if err != nil {
					t.Fatal(err)
				}
				numbers = append(numbers, v)
			}
			p.Profiles = append(p.Profiles, olga.Profile{X: numbers[:sections+1], Z: numbers[sections+1:]})
		}
	}
	t.Fatal("no catalog")
	return p
}

// A file of OLGA that is read and written again is the same, byte for byte.
func TestRealTrendFilesAreWrittenAsOLGAWroteThem(t *testing.T) {
	for _, name := range []string{"leak/Leak111.tpl", "leak/Leak116.tpl", "gasoline/Steady State/D0/TPL/01.tpl", "gasoline/Shut In/TPL/01.tpl"} {
		want, err := os.ReadFile(needs.RealData(t, "olga", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		r, all, err := read(bytes.NewReader(want), 4096)
		if err != nil {
			t.Fatal(err)
		}
		p := profiles(t, string(want))
		p.Header, p.Trends, p.CRLF = r.Header, r.Trends, bytes.Contains(want, []byte("\r\n"))
		var got bytes.Buffer
		w, err := olga.NewWriter(&got, p)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float64, len(p.Trends))
		for i := range all.NumRows() {
			for j := range row {
				row[j] = all.Columns()[j+1].Floats()[i]
			}
			if err := w.Write(all.Columns()[0].Floats()[i], row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			a, b := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Fatalf("%s, line %d: %q, not %q", name, i+1, a[i], b[i])
				}
			}
			t.Fatalf("%s: %d lines, not %d", name, len(a), len(b))
		}
	}
}

func TestWhatCouldNotBeReadBackIsRefused(t *testing.T) {
	good := func() olga.Preamble {
		return olga.Preamble{
			Header: olga.Header{Version: "OLGA 2017.2", TimeUnit: "S", Branches: []string{"B"}}, Profiles: []olga.Profile{{X: []float64{0, 1}, Z: []float64{0, 0}}},
			Trends: []olga.Trend{{Variable: "PT", Location: []string{"POSITION:", "P1"}, Unit: "PA", Description: "Pressure"}},
		}
	}
	for name, c := range map[string]struct {
		change func(*olga.Preamble)
		want   string
	}{
		"no trend":                 {func(p *olga.Preamble) { p.Trends = nil }, "0 trends"},
		"another simulator":        {func(p *olga.Preamble) { p.Version = "LEDA" }, `"LEDA"; it begins with OLGA`},
		"a profile too few":        {func(p *olga.Preamble) { p.Profiles = nil }, "0 profiles of 1 branches"},
		"an uneven profile":        {func(p *olga.Preamble) { p.Profiles[0].Z = nil }, `branch "B" has 2 distances and 0 heights`},
		"a quote":                  {func(p *olga.Preamble) { p.Author = "O'Hara" }, `"O'Hara" has a quote`},
		"a line break":             {func(p *olga.Preamble) { p.Title = "a\nCATALOG" }, "a line break"},
		"a blank":                  {func(p *olga.Preamble) { p.Branches[0] = " B" }, "a blank at an end"},
		"a variable of two words":  {func(p *olga.Preamble) { p.Trends[0].Variable = "P T" }, "its variable must be a word"},
		"no variable":              {func(p *olga.Preamble) { p.Trends[0].Variable = "" }, "its variable must be a word"},
		"a quote in a place":       {func(p *olga.Preamble) { p.Trends[0].Location[1] = "P'1" }, "would not be read back"},
		"a line break in a place":  {func(p *olga.Preamble) { p.Trends[0].Location[1] = "P\n1" }, "would not be read back"},
		"a description like units": {func(p *olga.Preamble) { p.Trends[0].Description = "(BAR)" }, "would not be read back"},
	} {
		p := good()
		c.change(&p)
		if _, err := olga.NewWriter(io.Discard, p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	w, err := olga.NewWriter(io.Discard, good())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(1, []float64{1}); err != nil {
		t.Error(err)
	}
	for _, time := range []float64{0.5, math.NaN(), math.Inf(1)} {
		if err := w.Write(time, []float64{1}); err == nil || !strings.Contains(err.Error(), "its time is no number, or before") {
			t.Errorf("time %v: %v", time, err)
		}
	}
	if err := w.Write(2, nil); err == nil || !strings.Contains(err.Error(), "0 values of 1 trends") {
		t.Error(err)
	}
}

// full takes so many bytes.
type full struct{ room int }

var errFull = errors.New("the disk is full")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAFullDiskIsTold(t *testing.T) {
	w, err := olga.NewWriter(&full{100}, olga.Preamble{Header: olga.Header{Version: "OLGA 2017.2"}, Trends: []olga.Trend{{Variable: "PT", Unit: "PA"}}})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		err = w.Write(1, []float64{1})
	}
	if !errors.Is(err, errFull) || !errors.Is(w.Flush(), errFull) {
		t.Errorf("the error is %v", err)
	}
}
