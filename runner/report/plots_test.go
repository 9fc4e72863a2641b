package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden compares with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; if it should, run with -update and look at what changed:\n%s", path, got)
	}
}

// The drawings are those that were looked at and found good.
func TestPlotsAreUnchanged(t *testing.T) {
	var list strings.Builder
	reports := samples(t)
	for _, name := range slices.Sorted(maps.Keys(reports)) {
		for _, p := range reports[name].Plots() {
			hash := sha256.New()
			if err := p.Write(hash, SVG); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%s %s %x\n", name, p.Name, hash.Sum(nil))
		}
	}
	golden(t, "plots.txt", list.String())
}

func TestTextIsUnchanged(t *testing.T) {
	for name, r := range samples(t) {
		var text bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", text.String())
		for _, line := range strings.Split(text.String(), "\n") {
			if utf8.RuneCountInString(line) > 120 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: the line %q is too long or ends with spaces", name, line)
			}
		}
	}
}

// Plots are drawn at once by several goroutines, twice each, and are the same.
func TestPlotsAreDeterministic(t *testing.T) {
	truth, p := multiclassData(60, 3)
	plots := must2(t)(New(t.Context(), truth, p, Options{})).Plots()[:2]
	for _, format := range []Format{SVG, PNG} {
		drawn := make([][]byte, 2*len(plots))
		var painters sync.WaitGroup
		for i := range drawn {
			painters.Go(func() {
				var out bytes.Buffer
				if err := plots[i%len(plots)].Write(&out, format); err != nil {
					t.Error(err)
				}
				drawn[i] = out.Bytes()
			})
		}
		painters.Wait()
		for i := range plots {
			if !bytes.Equal(drawn[i], drawn[i+len(plots)]) {
				t.Errorf("%s as %s: the bytes differ", plots[i].Name, format)
			}
		}
	}
}

// A PNG has the size that its plot has, and ink in every quarter of it.
func TestPNG(t *testing.T) {
	reports := samples(t)
	for name, want := range map[string][2]int{"three": {979, 864}, "regression": {1080, 720}} {
		p := reports[name].Plots()[0]
		var out bytes.Buffer
		if err := p.Write(&out, PNG); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&out)
		if err != nil {
			t.Fatal(err)
		}
		size := img.Bounds().Size()
		if size.X != want[0] || size.Y != want[1] {
			t.Errorf("%s is %v, want %v", p.Name, size, want)
		}
		for quarter := range 4 {
			inked := 0
			for y := quarter / 2 * size.Y / 2; y < (quarter/2+1)*size.Y/2; y++ {
				for x := quarter % 2 * size.X / 2; x < (quarter%2+1)*size.X/2; x++ {
					if r, g, b, _ := img.At(x, y).RGBA(); r&g&b != 0xffff {
						inked++
					}
				}
			}
			if inked < 500 {
				t.Errorf("%s: quarter %d has %d inked pixels", p.Name, quarter, inked)
			}
		}
	}
}

// texts are what an SVG writes; it must be well-formed.
func texts(t *testing.T, p Plot) []string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Write(&out, SVG); err != nil {
		t.Fatal(err)
	}
	noNaN(t, p.Name, out.String())
	var list []string
	decoder, in := xml.NewDecoder(&out), false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		switch v := token.(type) {
		case xml.StartElement:
			in = v.Name.Local == "text"
			if v.Name.Local == "script" {
				t.Errorf("%s has a script", p.Name)
			}
		case xml.CharData:
			if in {
				list = append(list, string(v))
			}
		case xml.EndElement:
			in = false
		}
	}
}

func TestPlotsSayWhatTheyShow(t *testing.T) {
	reports := samples(t)
	written := make(map[string]string)
	for name, r := range reports {
		for _, p := range r.Plots() {
			all := texts(t, p)
			if !slices.Contains(all, p.Title) || p.Alt == "" {
				t.Errorf("%s %s: the title %q or what it shows is not there", name, p.Name, p.Title)
			}
			written[name+" "+p.Name] = strings.Join(all, "\n")
		}
	}
	for plot, want := range map[string][]string{
		"binary roc":                     {"churned · validation · 4,000 rows · positive: yes", "yes (AUC 0.832)", "False positive rate", "True positive rate"},
		"binary precision_recall":        {"yes (AP 0.708)", "chance (AP 0.319)", "Recall", "Precision"},
		"binary calibration":             {"yes (ECE 0.047)", "perfect calibration"},
		"binary gain":                    {"Share of all yes found", "random order"},
		"binary confusion_matrix":        {"2,305", "84.6 %", "True class", "Predicted class"},
		"binary importance_permutation":  {"contract_two_year_with_auto…", "-0.0021", "Loss of roc_auc when shuffled"},
		"binary learning_curve":          {"log_loss", "Iteration", "kept: 241"},
		"three importance_coefficient":   {"Coefficients of species a0"},
		"three importance_coefficient_3": {"Coefficients of species c2"},
		"many roc":                       {"other (13 classes) (AUC 0.946)", "species a0 (AUC 0.985)"},
		"many confusion_matrix":          {"other (13 classes)", "1,170"},
		"many importance_split":          {"product_category · 20 of 60 features", "wavelet_19_energy"},
		"regression residuals":           {"price · validation · 5,000 rows · 2,000 of them drawn", "running median"},
		"regression residual_histogram":  {"Residual (true - predicted)", "price · validation · 5,000 rows · not shown: 9 below, 9 above"},
	} {
		for _, text := range want {
			if !strings.Contains(written[plot], text) {
				t.Errorf("%s does not say %q but\n%s", plot, text, written[plot])
			}
		}
	}
}

// Names come from data: they can be long, empty, and anything.
func TestNamesCannotBreakADrawing(t *testing.T) {
	names := []string{
		`<script>alert("x")</script>`, "\x00\x1b[31mred\n\nline", strings.Repeat("long ", 400), "", `style="font-family:Liberation Sans;font-variant:normal;`,
		"名前", "&amp;]]>", "\xff\xfe",
	}
	truth, p := multiclassData(200, len(names))
	truth.Names = names
	r := must2(t)(New(t.Context(), truth, p, Options{Target: names[1], Data: names[0], Model: names[2]}))
	r.Importances = []Importance{must2i(t)(Trees(GainImportance, names, []float64{8, 7, 6, 5, 4, 3, 2, 1}))}
	for _, p := range r.Plots() {
		for _, text := range texts(t, p) {
			if utf8.RuneCountInString(text) > 140 {
				t.Errorf("%s: a text of %d characters", p.Name, utf8.RuneCountInString(text))
			}
		}
	}
	if err := r.Plots()[0].Write(io.Discard, PNG); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String(), "\x00\x1b") || !utf8.ValidString(text.String()) {
		t.Error("the text has control characters")
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	err := samples(t)["three"].Plots()[0].Write(io.Discard, "gif")
	if err == nil || !strings.Contains(err.Error(), "known: png, svg") {
		t.Errorf("got %v", err)
	}
}

func TestNiceTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 1, "0 0.2 0.4 0.6 0.8 1.0"},
		{-3, 3, "-3 -2 -1 0 1 2 3"},
		{0, 0.013, "0 0.005 0.010"},
		{0, 60_000, "0 10,000 20,000 30,000 40,000 50,000 60,000"},
		{0, 6e6, "0 1e+06 2e+06 3e+06 4e+06 5e+06 6e+06"},
		{-2e-6, 3e-6, "-2e-06 -1e-06 0 1e-06 2e-06 3e-06"},
		{95, 105, "96 98 100 102 104"},
		{5, 5, "5"},
	} {
		var labels []string
		for _, tick := range niceTicks(c.low, c.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("from %v to %v: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{quantity(0), "0"}, {quantity(1234567), "1,234,567"}, {quantity(1234.56), "1,234.6"}, {quantity(0.96), "1.0"}, {quantity(-1234), "-1,234"}, {quantity(1e15), "1.000e+15"},
		{figure(0.12345), "0.1235"}, {figure(1e-5), "1.000e-05"}, {compact(1234.5), "1,235"}, {compact(0.00123456), "0.00123"},
		{inLine(0.1312)(0.0008), "0.00080"}, {inLine(51234)(-1234.4), "-1,234"}, {inLine(51234)(-0.2), "0"}, {inLine(0)(0), "0"}, {inLine(3e20)(1e20), "1.000e+20"},
		{short("abcdef", 4), "abc…"}, {short("a\tb", 9), "a\uFFFDb"}, {capital("éa"), "Éa"}, {capital(""), ""}, {percent(0.125), "12.5 %"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
