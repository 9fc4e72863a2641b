package olga_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/needs"
	"mlops/runner/olga"
	"mlops/runner/table"
)

const header = "'OLGA 2017.2.0.107'\nTIME PLOT\nINPUT FILE\n'Case 1.genkey'\nPVT FILE\n'../fluid.tab' \nDATE\n'20-02-15 12:57:12'\nPROJECT\n'P'\nTITLE\n''\nAUTHOR\n'A'\nNETWORK\n1\nGEOMETRY' (M)  '\nBRANCH\n'LINE'\n2\n0.0e+000 1.0e+000 \n3.0e+000 \n"

// read reads a whole file some rows at a time.
func read(in io.Reader, rows int) (*olga.Reader, *table.Table, error) {
	r, err := olga.NewReader(in, "case.tpl")
	if err != nil {
		return nil, nil, err
	}
	var parts []*table.Table
	for {
		part, err := r.Read(rows)
		if errors.Is(err, io.EOF) {
			all, err := table.Concat(parts...)
			return r, all, err
		}
		if err != nil {
			return r, nil, err
		}
		parts = append(parts, part)
	}
}

func TestTrendsOfTheCatalog(t *testing.T) {
	text := header + "CATALOG \n6\n" +
		"PT 'SECTION:' 'BRANCH:' 'TUBERIA' 'PIPE:' 'Pipe-60' 'NR:' '1'  '(PA)' 'Pressure'\n" +
		"CONTR 'CONTROLLER:' 'CONTROL - FUGA' '(-)' 'Controller output'\n" +
		"KAPPA 'POSITION:' 'PIPELINE@19.5M' '(1/Pa)' 'Compressibility of fluid'\n" +
		"PT 'SECTION:' 'BRANCH:' 'TUBERIA' 'PIPE:' 'Pipe60' 'NR:' '1'  '(PA)' 'Pressure'\n" +
		"VOLGBL '(M3)'\n" +
		"TIME 'X'\n" +
		"TIME SERIES  ' (S)  '\n0 1 2 3 4 5 6\n"
	r, all, err := read(strings.NewReader(text), 10)
	if err != nil {
		t.Fatal(err)
	}
	wantHeader := olga.Header{
		Version: "OLGA 2017.2.0.107", InputFile: "Case 1.genkey", Date: "20-02-15 12:57:12", Project: "P", Author: "A", Branches: []string{"LINE"}, TimeUnit: "S",
	}
	if d := cmp.Diff(wantHeader, r.Header); d != "" {
		t.Error(d)
	}
	first := olga.Trend{
		Variable: "PT", Location: []string{"SECTION:", "BRANCH:", "TUBERIA", "PIPE:", "Pipe-60", "NR:", "1"}, Unit: "PA", Description: "Pressure",
		Name: "PT_SECTION_BRANCH_TUBERIA_PIPE_Pipe60_NR_1",
	}
	if d := cmp.Diff(first, r.Trends[0]); d != "" {
		t.Error(d)
	}
	want := []string{"TIME", first.Name, "CONTR_CONTROLLER_CONTROL_FUGA", "KAPPA_POSITION_PIPELINE19_5M", first.Name + "_2", "VOLGBL", "TIME_X"}
	if d := cmp.Diff(want, all.Names()); d != "" {
		t.Error(d)
	}
}

// A line without text does not make what follows the version.
func TestTheVersionIsTheFirstLine(t *testing.T) {
	r, _, err := read(strings.NewReader("'OLGA 7'\nPVT FILE\n\nDATE\n'20-02-15'\nCATALOG\n1\nPT '(PA)'\nTIME SERIES ' (S) '\n0 1\n"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != "OLGA 7" || r.Date != "20-02-15" {
		t.Errorf("version %q of %q", r.Version, r.Date)
	}
}

// Headers as other versions of OLGA write them: 7.2 with several branches, a restart and
// no fluid file, 2016 and later with several fluid files, and texts in Windows-1252.
func TestHeadersOfOtherVersions(t *testing.T) {
	catalog := "CATALOG \n2\nHT 'GLOBAL' '(S)' 'Time step'\nGTLEAK 'LEAK:' 'F\xdaGA 1' '(KG/S)' 'Leakage total mass flow rate'\nTIME SERIES  ' (S)  '\n0 1 2\n"
	for name, c := range map[string]struct {
		text string
		want olga.Header
	}{
		"restarted, several branches": {
			"'OLGA 7.2.2.0'\nTIME PLOT\nINPUT FILE\n'FC1.inp'\nRESTART FILE\n'restart.rsw'\nDATE\n'2015-01-15 10:08:04'\nPROJECT\n'myproject'\nTITLE\n'mytitle'\nAUTHOR\n'GP'\nNETWORK\n3\nGEOMETRY' (M)  '\n" +
				"BRANCH\n'old_offshore'\n2\n        0.000        50.163       101.329 \n      -80.172       -81.365       -82.581 \n" +
				"BRANCH\n'riser'\n1\n        0.000        40.000 \n     -120.000       -80.000 \nBRANCH\n'TITLE'\n1\n0.0 1.0 \n0.0 1.0 \n",
			olga.Header{
				Version: "OLGA 7.2.2.0", InputFile: "FC1.inp", Date: "2015-01-15 10:08:04", Project: "myproject", Title: "mytitle", Author: "GP",
				Branches: []string{"old_offshore", "riser", "TITLE"}, TimeUnit: "S",
			},
		},
		"several fluids, CRLF": {
			"'OLGA 2021.1.0.54830'\r\nTIME PLOT\r\nINPUT FILE\r\n'01.genkey'\r\nPVT FILES\r\n'../a b.tab' '../DATE.tab' \r\nDATE\r\n'22-09-23 18:53:33'\r\nPROJECT\r\n''\r\nTITLE\r\n'F\xfaga'\r\nAUTHOR\r\n'LL'\r\nNETWORK\r\n1\r\n",
			olga.Header{Version: "OLGA 2021.1.0.54830", InputFile: "01.genkey", Date: "22-09-23 18:53:33", Title: "Fúga", Author: "LL", TimeUnit: "S"},
		},
		"a byte order mark": {"\ufeff'OLGA 2025.1.0.24773'\nTIME PLOT\n", olga.Header{Version: "OLGA 2025.1.0.24773", TimeUnit: "S"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, all, err := read(strings.NewReader(c.text+catalog), 10)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, r.Header); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"TIME", "HT_GLOBAL", "GTLEAK_LEAK_FÚGA_1"}, all.Names()); d != "" {
				t.Error(d)
			}
		})
	}
}

// series is a file of two trends.
func series(rows string) string {
	return header + "CATALOG\n2\nPT 'A' '(PA)' 'Pressure'\nGT 'A' '(KG/S)' 'Flow'\nTIME SERIES ' (S) '\n" + rows
}

func TestTimeStepsInAnyForm(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name, rows string
		want       [][3]float64
		warning    string
	}{
		{"plain", "0.0 1.5 2\n1 -3.25 4\n", [][3]float64{{0, 1.5, 2}, {1, -3.25, 4}}, ""},
		{"exponents of any width", "0e0 1.5e+003 2E-02\n1D+1 1.0+100 -2.5-003\n", [][3]float64{{0, 1500, 0.02}, {10, 1e100, -0.0025}}, ""},
		{"spaces, tabs and CRLF", "\t 0   1\t2 \r\n\r\n1 2 3\r\n", [][3]float64{{0, 1, 2}, {1, 2, 3}}, ""},
		{"a step over several lines", "0 1\n2\n1\n2\n3\n", [][3]float64{{0, 1, 2}, {1, 2, 3}}, ""},
		{"no final newline", "0.00 1.00 2.00\n1.00 2.00 3.00", [][3]float64{{0, 1, 2}, {1, 2, 3}}, ""},
		{"broken off between numbers", "0 1 2\n1 2", [][3]float64{{0, 1, 2}}, "the last, is broken off after 2 of 3 numbers"},
		{"broken off within the last number", "0.0e+000 1.0e+000 2.0e+000\n1.0e+000 2.0e+000 3.0e", [][3]float64{{0, 1, 2}}, "the last, is broken off after 2 of 3 numbers"},
		{"broken off within its digits", "0.0e+000 1.0e+000 2.0e+000\n1.0e+000 2.0e+000 3.0", [][3]float64{{0, 1, 2}}, "broken off within its last number"},
		{"stars", "0 ******* 2\n1 2 NaN\n", [][3]float64{{0, nan, 2}, {1, 2, nan}}, "2 values did not fit"},
		{"none", "", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, all, err := read(strings.NewReader(series(c.rows)), 1)
			if err != nil {
				t.Fatal(err)
			}
			var got [][3]float64
			for i := range all.NumRows() {
				got = append(got, [3]float64{all.Columns()[0].Floats()[i], all.Columns()[1].Floats()[i], all.Columns()[2].Floats()[i]})
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("read %v, not %v", got, c.want)
			}
			if warnings := strings.Join(r.Warnings(), "\n"); !strings.Contains(warnings, c.warning) || (c.warning == "") != (warnings == "") {
				t.Errorf("warnings %q, not %q", warnings, c.warning)
			}
		})
	}
}

func TestWhatIsNoTrendFileIsTold(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":             {"", "line 1: the file ends before the CATALOG"},
		"another format":    {"a,b\n1,2\n", `line 1: a trend file begins with the version of OLGA, such as 'OLGA 2017.2.0.107', not with "a,b"`},
		"a profile file":    {"'OLGA 2017.2.0.107'\nPROFILE PLOT\nCATALOG\n", "line 2: this is a profile file (.ppl)"},
		"no catalog":        {header, "the file ends before the CATALOG"},
		"no count":          {header + "CATALOG\nPT\n", `after CATALOG comes the number of trends, not "PT"`},
		"a huge count":      {header + "CATALOG\n2000000000\n", "the catalog is to have 2000000000 trends; at most 100000 are read"},
		"too few trends":    {header + "CATALOG\n3\nPT 'A' '(PA)'\n", "the file ends within its catalog: 1 of 3 trends are there"},
		"another count":     {header + "CATALOG\n1\nPT 'A' '(PA)'\nGT 'A' '(KG/S)'\n", `comes TIME SERIES, not "GT`},
		"an open quote":     {header + "CATALOG\n1\nPT 'A '(PA)'\n", "a trend is a variable, quoted words and a unit"},
		"a word":            {series("0 1 2\n1 x 3\n"), `line 29, character 3: "x" is no number`},
		"a number too much": {series("0 1 2 3\n"), "line 28, character 7: the time step has more than the 3 numbers"},
		"a time of stars":   {series("*** 1 2\n"), `line 28, character 1: the time is "***"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(strings.NewReader(c.text), 100)
			var syntax *olga.SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "case.tpl: line ") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestAnEndlessLineFails(t *testing.T) {
	for name, start := range map[string]string{"in the header": "'OLGA", "in the series": series("0 1 ")} {
		if _, _, err := read(io.MultiReader(strings.NewReader(start), zeros{}), 10); err == nil || !strings.Contains(err.Error(), "the line is longer than") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFaultOfTheDiskIsNoFaultOfTheFile(t *testing.T) {
	broken := errors.New("the disk is broken")
	_, _, err := read(io.MultiReader(strings.NewReader(series("0 1 2\n")), iotest.ErrReader(broken)), 10)
	var syntax *olga.SyntaxError
	if !errors.Is(err, broken) || errors.As(err, &syntax) {
		t.Errorf("the error is %v", err)
	}
}

// What is written is read, whatever the width of numbers and of reads.
func TestTimeStepsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.Float64(), 3, 3), 0, 20).Draw(t, "rows")
		form := rapid.SampledFrom([]string{"%.6e", "%.16e", "%v", "%.3f"}).Draw(t, "form")
		end := rapid.SampledFrom([]string{"\n", "\r\n", " \n"}).Draw(t, "end")
		var text strings.Builder
		want := make([][]float64, 3)
		for i, row := range rows {
			row[0] = float64(i)
			for j, v := range row {
				cell := fmt.Sprintf(form, v)
				var back float64
				if _, err := fmt.Sscan(cell, &back); err != nil {
					t.Fatal(err)
				}
				want[j] = append(want[j], back)
				text.WriteString(cell + " ")
			}
			text.WriteString(end)
		}
		_, all, err := read(strings.NewReader(series(text.String())), rapid.IntRange(1, 30).Draw(t, "at once"))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			return
		}
		for j, c := range all.Columns() {
			if !slices.Equal(c.Floats(), want[j]) {
				t.Fatalf("column %d: %v, not %v", j, c.Floats(), want[j])
			}
		}
	})
}

// realFile opens one of the shared data.
func realFile(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(needs.RealData(t, "olga", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRealTrendFiles(t *testing.T) {
	for name, want := range map[string]struct{ rows, trends int }{
		"leak/Leak111.tpl":                      {3219, 10},
		"gasoline/Steady State/D0/TPL/01.tpl":   {1801, 33},
		"gasoline/Steady State/D0/TPL/02.tpl":   {1801, 33},
		"gasoline/Steady State/D0/TPL/0001.tpl": {1801, 33},
		"gasoline/Steady State/D0/TPL/0002.tpl": {1801, 33},
		"gasoline/Shut In/TPL/01.tpl":           {961, 27},
	} {
		r, all, err := read(realFile(t, name), 500)
		if err != nil {
			t.Fatal(err)
		}
		if all.NumRows() != want.rows || len(r.Trends) != want.trends || len(r.Warnings()) > 0 {
			t.Errorf("%s: %d rows of %d trends, %v", name, all.NumRows(), len(r.Trends), r.Warnings())
		}
	}
	_, all, err := read(realFile(t, "leak/Leak111.tpl"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	leaking := 0
	for _, v := range all.Column("CONTR_CONTROLLER_CONTROL_FUGA").Floats() {
		if v > 0.5 {
			leaking++
		}
	}
	pressure, times := all.Column("PT_SECTION_BRANCH_TUBERIA_PIPE_Pipe60_NR_1").Floats(), all.Column(olga.TimeColumn).Floats()
	if pressure[0] != 568097.3 || times[len(times)-1] != 1620.413 || leaking != 961 {
		t.Errorf("first pressure %v, last time %v, %d rows with the leak open", pressure[0], times[len(times)-1], leaking)
	}
}

func BenchmarkTrends(b *testing.B) {
	var text strings.Builder
	text.WriteString(header + "CATALOG\n10\n")
	for i := range 10 {
		fmt.Fprintf(&text, "PT 'POSITION:' 'P%d' '(PA)' 'Pressure'\n", i)
	}
	text.WriteString("TIME SERIES ' (S) '\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "%.6e", float64(i)*0.5)
		for j := range 10 {
			fmt.Fprintf(&text, " %.6e", 568097.3+float64(i*j)*1.7)
		}
		text.WriteByte('\n')
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		r, err := olga.NewReader(strings.NewReader(text.String()), "case.tpl")
		for err == nil {
			_, err = r.Read(4096)
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}

func FuzzTrends(f *testing.F) {
	f.Add(series("0 1 2\n1 2 3\n"))
	f.Add(series("0 1.0-105 ***\n1 2"))
	f.Add(header)
	f.Add("'OLGA 5'\nCATALOG\n1\nPT ' '\nTIME SERIES\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, all, err := read(strings.NewReader(text), 7)
		if err == nil && (all.NumRows() > 0 && all.NumColumns() != len(r.Trends)+1) {
			t.Errorf("%d columns of %d trends", all.NumColumns(), len(r.Trends))
		}
	})
}
