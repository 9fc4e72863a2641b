package genkey_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mlops/needs"
	"mlops/runner/olga"
	"mlops/runner/olga/genkey"
)

// meaning compares documents but for positions.
var meaning = cmp.Options{cmpopts.IgnoreTypes(genkey.Pos{}), cmpopts.EquateEmpty()}

// difference tells where documents differ, but for positions, which are removed.
func difference(a, b *genkey.Document) string {
	bare(a.Keywords)
	bare(b.Keywords)
	if reflect.DeepEqual(a, b) { // as a rule, and much faster
		return ""
	}
	return cmp.Diff(a, b, meaning)
}

// bare removes positions.
func bare(list []genkey.Keyword) {
	for i := range list {
		list[i].Pos = genkey.Pos{}
		for j := range list[i].Parameters {
			p := &list[i].Parameters[j]
			p.Pos = genkey.Pos{}
			bareValue(&p.Value)
		}
		bare(list[i].Keywords)
	}
}

func bareValue(v *genkey.Value) {
	v.Pos = genkey.Pos{}
	for i := range v.List {
		bareValue(&v.List[i])
	}
}

func parse(t testing.TB, text string) *genkey.Document {
	t.Helper()
	doc, err := genkey.Parse(strings.NewReader(text), "case.genkey")
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// sample has one of everything.
const sample = "\r\n" +
	"!*****\r\n! Generated with OLGA version 2017.2.0\r\n!*****\r\n\r\n" +
	"!*****\r\n! Global keywords\r\n!*****\r\n" +
	"CASE AUTHOR=\"J. \"\"Jo\"\" N\xfa\xf1ez\", DATE=02/09/2022, TITLE=\"50% = half, (or so)! ok\" ! a comment\r\n" +
	"integration EndTime = 3 M, MAXDT = .1 s,\\ \r\n\t MINDT=1.0D-3   s\r\n" +
	"!*****\r\n! Library keywords\r\n!*****\r\n" +
	"WALL LABEL=\"W-1\", THICKNESS=(1, 1.5875, \\\r\n! within\r\n        1E+0) cm, MATERIAL=(\"Stainless Steel\", Soil), ELASTIC=ON\r\n" +
	"TABLE LABEL=T, XVARIABLE=DELTAP bara, POINT=((0, 1) m, (2 ft,\r\n 3) m)\r\n" +
	"!*****\r\n! Network Component\r\n!*****\r\n" +
	"NETWORKCOMPONENT TYPE=FLOWPATH, TAG=FLOWPATH_1\r\n PARAMETERS LABEL=Pipeline\r\n BRANCH FLUID=DIESEL, PIPE=(1-4)\r\nENDNETWORKCOMPONENT\r\n" +
	"CONNECTION TERMINALS = (FLOWPATH_1 INLET, NODE_1 FLOWTERM_1)\r\nENDCASE\r\nwhat follows is (not read"

func TestEverythingThatAFileHolds(t *testing.T) {
	num := func(v float64, text, unit string) genkey.Value {
		return genkey.Value{Kind: genkey.Number, Number: v, Text: text, Unit: unit}
	}
	word := func(text, unit string) genkey.Value {
		return genkey.Value{Kind: genkey.Word, Text: text, Unit: unit}
	}
	text, list := genkey.NewText, genkey.NewList
	type params = []genkey.Parameter
	want := &genkey.Document{Version: "2017.2.0", Ended: true, Keywords: []genkey.Keyword{
		{Section: genkey.SectionGlobal, Name: "CASE", Parameters: params{
			{Name: "AUTHOR", Value: text(`J. "Jo" Núñez`)}, {Name: "DATE", Value: word("02/09/2022", "")}, {Name: "TITLE", Value: text("50% = half, (or so)! ok")},
		}},
		{Section: genkey.SectionGlobal, Name: "integration", Parameters: params{
			{Name: "EndTime", Value: num(3, "3", "M")}, {Name: "MAXDT", Value: num(0.1, ".1", "s")}, {Name: "MINDT", Value: num(0.001, "1.0D-3", "s")},
		}},
		{Section: genkey.SectionLibrary, Name: "WALL", Parameters: params{
			{Name: "LABEL", Value: text("W-1")}, {Name: "THICKNESS", Value: list("cm", num(1, "1", ""), num(1.5875, "1.5875", ""), num(1, "1E+0", ""))},
			{Name: "MATERIAL", Value: list("", text("Stainless Steel"), word("Soil", ""))}, {Name: "ELASTIC", Value: word("ON", "")},
		}},
		{Section: genkey.SectionLibrary, Name: "TABLE", Parameters: params{
			{Name: "LABEL", Value: word("T", "")}, {Name: "XVARIABLE", Value: word("DELTAP", "bara")},
			{Name: "POINT", Value: list("", list("m", num(0, "0", ""), num(1, "1", "")), list("m", num(2, "2", "ft"), num(3, "3", "")))},
		}},
		{Section: genkey.SectionComponents, Name: "NETWORKCOMPONENT",
			Parameters: params{{Name: "TYPE", Value: word("FLOWPATH", "")}, {Name: "TAG", Value: word("FLOWPATH_1", "")}},
			Keywords: []genkey.Keyword{
				{Section: genkey.SectionComponents, Name: "PARAMETERS", Parameters: params{{Name: "LABEL", Value: word("Pipeline", "")}}},
				{Section: genkey.SectionComponents, Name: "BRANCH", Parameters: params{{Name: "FLUID", Value: word("DIESEL", "")}, {Name: "PIPE", Value: list("", word("1-4", ""))}}},
			}},
		{Section: genkey.SectionComponents, Name: "CONNECTION", Parameters: params{
			{Name: "TERMINALS", Value: list("", word("FLOWPATH_1", "INLET"), word("NODE_1", "FLOWTERM_1"))},
		}},
	}}
	doc := parse(t, sample)
	if d := cmp.Diff(want, doc, meaning); d != "" {
		t.Error(d)
	}

	// Names compare without case; values have their place.
	k := genkey.First(doc.Keywords, "Integration")
	if v, ok := k.Get("endtime"); !ok || v.String() != "3 M" || v.Pos != (genkey.Pos{Line: 10, Column: 23}) {
		t.Errorf("%v at %v", v, v.Pos)
	}
	if v, _ := genkey.First(doc.Keywords, "CASE").Get("DATE"); v.Pos != (genkey.Pos{Line: 9, Column: 37}) {
		t.Errorf("the date stands at %v", v.Pos)
	}
	if d := cmp.Diff([]genkey.Connection{{{"FLOWPATH_1", "INLET"}, {"NODE_1", "FLOWTERM_1"}}}, doc.Connections()); d != "" {
		t.Error(d)
	}
	var library []string
	for k := range doc.In(genkey.SectionLibrary) {
		library = append(library, k.Name)
	}
	if d := cmp.Diff([]string{"WALL", "TABLE"}, library); d != "" {
		t.Error(d)
	}
}

func TestFilesAsOfOLGA5(t *testing.T) {
	doc := parse(t, `!
CASE AUTHOR="GP", \
DATE="January 2015", \
TITLE="a model"
!****
!        GEOMETRY
!****
GEOMETRY LABEL=riser_geo, XSTART=104689.20 m, YSTART=-120 m,
PIPE LABEL=PIPE-01, ROUGHNESS=0.004572 cm, DIAMETER=455.6 mm, NSEGMENT=2 , LSEGMENT=(70, 73.6)
BRANCH LABEL=riser, FROM=Base,  TO=Top, GEOMETRY=riser_geo
SOURCE LABEL="CO2", TIME=0 h, SECTION=1, 
                    GASFRACTION=-1, TEMPERATURE=29 C,  

                    MASSFLOW=138349 kg/h 
leak Label=L1, Branch=riser, Pipe=PIPE-01, Section=1, Time=0, Diameter=1 in, MAXSIGNAL=1.
ENDCASE`)
	var got []string
	for i := range doc.Keywords {
		k := &doc.Keywords[i]
		got = append(got, fmt.Sprintf("%s/%s %d", k.Section, k.Name, len(k.Parameters)))
	}
	want := []string{"/CASE 3", "GEOMETRY/GEOMETRY 3", "GEOMETRY/PIPE 5", "GEOMETRY/BRANCH 4", "GEOMETRY/SOURCE 6", "GEOMETRY/leak 7"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatIsNoKeywordFileIsTold(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no keyword":           {"A B=1\n1,2\n", `line 2, character 1: a line begins with a keyword, such as PIPE, not "1,2"`},
		"no keyword's":         {"\n B = 1", `line 2, character 2: the parameter "B" belongs to no keyword; end the line before it in a comma and a backslash`},
		"no parameter":         {"A B", `character 3: a parameter of A is NAME=value, and no equals sign follows "B"`},
		"no value":             {"A B=\nC D=1", `character 3: "B" has no value; remove it, or give it one`},
		"no value but a comma": {"A B=, C=1", `character 5: a value is a number, a word, a text in quotes or a list in parentheses, not ", C=1"`},
		"no comma":             {"A B=1 m C=1", `character 9: a comma is missing before "C=1"; text with blanks stands in quotes`},
		"no comma either":      {"A B=x C=1", `character 8: a comma is missing before "C"`},
		"two numbers":          {"A B=1 2", `character 7: "2" follows a value without a comma`},
		"three words":          {"A B=a long title", `character 12: a comma is missing before "title"; text with blanks stands in quotes`},
		"two equals signs":     {"A B=1=2", "an equals sign cannot follow a value"},
		"a parenthesis":        {"A B=1)", "a comma follows the value of B"},
		"a call":               {"A B=f(1)", "a list cannot follow a value"},
		"an open text":         {"A B=\"x\nC D=\"", `line 1, character 5: the text is not closed by a quote in its line: "x"`},
		"an open list":         {"A B=(1,\n C=2", "line 2, character 3: the list that begins at line 1, character 5 is not closed before the next parameter"},
		"a list in two lines":  {"A B=(1\n 2)", "line 1: the list that begins at line 1, character 5 is not closed; a line within it ends in a comma or a backslash"},
		"a list to the end":    {"A B=(1,\n", "the list that begins at line 1, character 5 is not closed"},
		"an empty element":     {"A B=(1,)", "a value is a number, a word, a text in quotes or a list in parentheses, not \")\""},
		"twice":                {"A B=1, b=2", `character 8: "b" stands twice in this A; remove one`},
		"too large":            {"A B=1D999", `the number "1D999" is too large`},
		"a backslash":          {`A B=c:\d\, C=1`, `character 5: a word that ends in a backslash, as "c:\\d\\" does, stands in quotes`},
		"an open component":    {"NETWORKCOMPONENT TAG=X\n A B=1\nENDCASE", `line 1, character 1: the component "X" has no ENDNETWORKCOMPONENT`},
		"a closed component":   {"ENDNETWORKCOMPONENT", `"ENDNETWORKCOMPONENT" closes no component`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := genkey.Parse(strings.NewReader(c.text), "case.genkey")
			var syntax *olga.SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "case.genkey: line ") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// endless repeats a text.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = e.text[e.at]
		e.at = (e.at + 1) % len(e.text)
	}
	return len(b), nil
}

func TestHostileFilesFail(t *testing.T) {
	const bytes, lineBytes, keywords, values = 1 << 20, 100_000, 500, 5000
	for name, c := range map[string]struct{ start, more, want string }{
		"an endless line":       {"CASE A=", "x", "the line is longer than 100000 bytes"},
		"an endless comment":    {"", "! nothing\n", "the file is longer than 1048576 bytes"},
		"endless keywords":      {"", "A\n", "the file has more than 500 keywords"},
		"endless components":    {"", "NETWORKCOMPONENT T=1\nENDNETWORKCOMPONENT\n", "the file has more than 500 keywords"},
		"deep components":       {"", "NETWORKCOMPONENT T=1\n", "more than 16 components lie within one another"},
		"deep lists":            {"A B=", "(\n", "more than 16 lists lie within one another"},
		"endless values":        {"A B=(", "1,\n", "the file has more than 5000 values"},
		"a list without values": {"A B=(", "\\\n", "the file is longer than 1048576 bytes"},
		"a list of one value":   {"A B=(", "1 \\\n \\\n", `"1" follows a value without a comma`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := genkey.ParseWithin(io.MultiReader(strings.NewReader(c.start), &endless{text: c.more}), bytes, lineBytes, keywords, values)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	if _, err := genkey.Parse(&endless{text: "x"}, "case.genkey"); err == nil || !strings.Contains(err.Error(), "the line is longer than 1048576 bytes") {
		t.Errorf("the error is %v", err)
	}
	var many strings.Builder
	for i := range 300 {
		fmt.Fprintf(&many, "P%d=1,", i)
	}
	if _, err := genkey.Parse(strings.NewReader("A "+many.String()), "case.genkey"); err == nil || !strings.Contains(err.Error(), "A has more than 256 parameters") {
		t.Errorf("the error is %v", err)
	}
}

func TestAFaultOfTheDiskIsNoFaultOfTheFile(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, start := range []string{"", "A B=1, \\\n", "A B=(1,\n", "A B=1,\n", "A B=(\\\n"} {
		_, err := genkey.Parse(io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)), "case.genkey")
		var syntax *olga.SyntaxError
		if !errors.Is(err, broken) || errors.As(err, &syntax) {
			t.Errorf("after %q the error is %v", start, err)
		}
	}
}

// realFiles are the keyword files of the real data.
func realFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	root := needs.RealData(t, "olga")
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".genkey" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil {
			files[filepath.ToSlash(name)], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestRealKeywordFiles(t *testing.T) {
	// Counted otherwise: the lines that begin with a letter but END, and the sections of
	// the branch in the trend file of the same case.
	type figures struct {
		Version                                            string
		Keywords, Components, Pipes, Sections, Connections int
	}
	want := map[string]figures{
		"gasoline/Shut In/01.genkey":           {"2017.2.0", 25, 4, 26, 1510, 3},
		"gasoline/Steady State/D0/0001.genkey": {"2021.1.0", 32, 7, 26, 1510, 6},
		"gasoline/Steady State/D0/0002.genkey": {"2021.1.0", 32, 7, 26, 1510, 6},
		"gasoline/Steady State/D0/01.genkey":   {"2017.2.0", 32, 7, 26, 1510, 6},
		"gasoline/Steady State/D0/02.genkey":   {"2017.2.0", 32, 7, 26, 1510, 6},
		"single/01.genkey":                     {"2017.2.0", 23, 2, 2, 18, 2},
	}
	got := map[string]figures{}
	for name, content := range realFiles(t) {
		doc, err := genkey.Parse(bytes.NewReader(content), name)
		if err != nil {
			t.Fatal(err)
		}
		if !doc.Ended {
			t.Errorf("%s has no ENDCASE", name)
		}
		n := figures{Version: doc.Version, Keywords: len(doc.Keywords), Connections: len(doc.Connections())}
		for c := range doc.Components() {
			n.Components++
			for p := range genkey.All(c.Keywords, "PIPE") {
				lengths, _ := p.Get("LSEGMENT")
				n.Pipes++
				n.Sections += len(lengths.List)
			}
		}
		got[name] = n

		var out strings.Builder
		if err := doc.Format(&out); err != nil {
			t.Fatal(err)
		}
		if d := difference(doc, parse(t, out.String())); d != "" {
			t.Errorf("%s is read back as another: %s", name, d)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("NETWORKCOMPONENT TYPE=FLOWPATH, TAG=FLOWPATH_1\n")
	for i := range 2000 {
		fmt.Fprintf(&text, " PIPE ROUGHNESS=0.0053 mm, LABEL=\"PIPE-%d\", WALL=\"WALL-1\", NSEGMENT=16, LSEGMENT=(0.757518, \\\n", i)
		text.WriteString(strings.Repeat("        0.757518, 1.09241, 1.06756, 1.04569, 1.0266, \\\n", 3))
		text.WriteString("        0.965369) m, LENGTH=17.2 m, ELEVATION=-17.2 m, DIAMETER=20.32 cm\n")
	}
	text.WriteString("ENDNETWORKCOMPONENT\nENDCASE\n")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		parse(b, text.String())
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	for _, text := range []string{
		"", "\\", "A B=1,\\ \n", "A B=(1,\n2) m,\nC=2", "A B=\"\" \"x y\"", "!**\n!***\n! S\n!***\nA\n!****\n!!! T\n!***\nB", "NETWORKCOMPONENT A=1\nB\nENDNETWORKCOMPONENT",
		"A B=\x81\xc3\xa9", "A B=\"\xc3\", C=\xe9", "\ufeffA B=1-4", "A B=+.5E+05 1/C, D=- -, E=a\\b",
		"NETWORKCOMPONENT TAG=F\nPIPE LABEL=P, LENGTH=3 m, NSEGMENT=2\nLEAK LABEL=L, PIPE=P, SECTION=2, TIME=(0, 1) M, OPENING=(0, 1)\nENDNETWORKCOMPONENT\nCONNECTION TERMINALS=(F L@VALVESIG, C X)",
	} {
		f.Add(text)
	}
	if root := os.Getenv("MLOPS_SHARED_DATA"); root != "" {
		for _, content := range realFiles(f) {
			f.Add(string(content))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := genkey.Parse(strings.NewReader(text), "case.genkey")
		if err != nil {
			var syntax *olga.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		var out strings.Builder
		if err := doc.Format(&out); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := genkey.Parse(strings.NewReader(out.String()), "again.genkey")
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out.String())
		}
		var value *genkey.ValueError
		if _, err := doc.Leaks(); err != nil && !errors.As(err, &value) {
			t.Fatalf("the leaks' error is %v", err)
		}
		if d := difference(doc, again); d != "" {
			t.Fatalf("%s\n%s", d, out.String())
		}
	})
}
