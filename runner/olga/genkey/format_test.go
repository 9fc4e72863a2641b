package genkey_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/runner/olga/genkey"
)

// A document that is written is read back the same, whatever texts it holds.
func TestDocumentsAreReadBack(t *testing.T) {
	name := rapid.StringMatching(`[A-Za-z][A-Za-z0-9_-]{0,12}`).Filter(func(s string) bool {
		return !strings.EqualFold(s, "ENDCASE") && !strings.EqualFold(s, "NETWORKCOMPONENT") && !strings.EqualFold(s, "ENDNETWORKCOMPONENT")
	})
	text := rapid.OneOf(
		rapid.StringMatching(`[ -~]{0,30}`), rapid.StringMatching(`[ \\",!()=*A-Ã©€]{0,9}`), rapid.StringMatching(`[\t\r\x00é水ÿ]{0,9}`),
	)
	word := rapid.OneOf(name, rapid.StringMatching(`[0-9]{1,2}/[0-9]{1,2}`), rapid.SampledFrom([]string{"ON", "1-4", "C7*", "LEAK@VALVESIG", "02/09/2022", `..\a.tab`, "é", "Ã©", "1e", "-"}))
	unit := rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"m", "W/m2-C", "%", "-", "1/C", "INLET"}), text)
	finite := rapid.Float64Range(-1e300, 1e300)
	var value func(depth int) *rapid.Generator[genkey.Value]
	value = func(depth int) *rapid.Generator[genkey.Value] {
		return rapid.Custom(func(t *rapid.T) genkey.Value {
			u := unit.Draw(t, "unit")
			kinds := 4
			if depth == 0 {
				kinds = 3
			}
			var v genkey.Value
			switch rapid.IntRange(1, kinds).Draw(t, "kind") {
			case 1:
				v = genkey.NewWord(word.Draw(t, "word"))
			case 2:
				v = genkey.NewText(text.Draw(t, "text"))
			case 3:
				return genkey.NewNumber(finite.Draw(t, "number"), u)
			default:
				return genkey.NewList(u, rapid.SliceOfN(value(depth-1), 0, 5).Draw(t, "list")...)
			}
			v.Unit = u
			return v
		})
	}
	section := ""
	var keyword func(depth int) *rapid.Generator[genkey.Keyword]
	keyword = func(depth int) *rapid.Generator[genkey.Keyword] {
		return rapid.Custom(func(t *rapid.T) genkey.Keyword {
			if rapid.IntRange(0, 3).Draw(t, "heading") == 0 {
				section = rapid.SampledFrom([]string{genkey.SectionGlobal, "GEOMETRÍA", "! x"}).Draw(t, "section")
			}
			k := genkey.Keyword{Name: name.Draw(t, "name"), Section: section}
			for _, n := range rapid.SliceOfNDistinct(name, 0, 4, strings.ToUpper).Draw(t, "parameters") {
				k.Parameters = append(k.Parameters, genkey.Parameter{Name: n, Value: value(2).Draw(t, "value")})
			}
			if depth > 0 && rapid.Bool().Draw(t, "component") {
				k.Name = "NetworkComponent"
				k.Keywords = rapid.SliceOfN(keyword(depth-1), 0, 2).Draw(t, "keywords")
			}
			return k
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		section = ""
		doc := &genkey.Document{
			Version:  rapid.SampledFrom([]string{"", "2017.2.0"}).Draw(t, "version"),
			Keywords: rapid.SliceOfN(keyword(2), 0, 3).Draw(t, "keywords"),
			Ended:    rapid.Bool().Draw(t, "ended"),
		}
		var out strings.Builder
		if err := doc.Format(&out); err != nil {
			t.Fatal(err)
		}
		again, err := genkey.Parse(strings.NewReader(out.String()), "again.genkey")
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if d := difference(doc, again); d != "" {
			t.Fatalf("%s\n%s", d, out.String())
		}
	})
}

func TestTheFormIsOLGAs(t *testing.T) {
	stars := "!" + strings.Repeat("*", 86)
	want := strings.Join([]string{
		"", stars, "! Generated with OLGA version 2017.2.0", stars,
		"", stars, "! Global keywords", stars,
		"CASE AUTHOR=\"J. \"\"Jo\"\" N\xfa\xf1ez\", DATE=02/09/2022, \\",
		"        TITLE=\"50% = half, (or so)! ok\"",
		"integration EndTime=3 M, MAXDT=.1 s, MINDT=1.0D-3 s",
		"", stars, "! Library keywords", stars,
		"WALL LABEL=\"W-1\", THICKNESS=(1, 1.5875, 1E+0) cm, MATERIAL=(\"Stainless Steel\", \\",
		"        Soil), ELASTIC=ON",
		"TABLE LABEL=T, XVARIABLE=DELTAP bara, POINT=((0, 1) m, (2 ft, 3) m)",
		"", stars, "! Network Component", stars,
		"NETWORKCOMPONENT TYPE=FLOWPATH, TAG=FLOWPATH_1",
		" PARAMETERS LABEL=Pipeline",
		" BRANCH FLUID=DIESEL, PIPE=(1-4)",
		"ENDNETWORKCOMPONENT",
		"CONNECTION TERMINALS=(FLOWPATH_1 INLET, NODE_1 FLOWTERM_1)",
		"", "ENDCASE", "",
	}, "\r\n")
	var out strings.Builder
	if err := parse(t, sample).Format(&out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}

func TestWhatAFileCannotHoldIsNotWritten(t *testing.T) {
	set := func(v genkey.Value) genkey.Keyword {
		return genkey.Keyword{Name: "A", Parameters: []genkey.Parameter{{Name: "B", Value: v}}}
	}
	for name, c := range map[string]struct {
		keyword genkey.Keyword
		want    string
	}{
		"a name with blanks":  {genkey.Keyword{Name: "A B"}, `"A B" is no name of a keyword`},
		"no name":             {genkey.Keyword{}, `"" is no name of a keyword`},
		"a parameter's name":  {genkey.Keyword{Name: "A", Parameters: []genkey.Parameter{{Name: "1", Value: genkey.NewWord("x")}}}, `"1" is no name of a parameter`},
		"a word with blanks":  {set(genkey.NewWord("x y")), `"x y" is no word`},
		"a word of digits":    {set(genkey.NewWord("10")), `"10" is no word`},
		"a backslash":         {set(genkey.NewWord(`x\`)), `is no word`},
		"two lines":           {set(genkey.NewList("", genkey.NewText("x\ny"))), `the text "x\ny" holds the end of a line`},
		"another number":      {set(genkey.Value{Kind: genkey.Number, Text: "1", Number: 2}), `"1" is no spelling of the number 2`},
		"nothing":             {set(genkey.Value{}), "a value has no kind"},
		"a heading":           {genkey.Keyword{Name: "A", Section: "***"}, `a section's heading is one line of text, not "***"`},
		"an end":              {genkey.Keyword{Name: "EndCase"}, "the keyword EndCase is written of itself"},
		"keywords of another": {genkey.Keyword{Name: "A", Keywords: []genkey.Keyword{{Name: "B"}}}, "a A has no keywords of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&genkey.Document{Keywords: []genkey.Keyword{c.keyword}}).Format(&strings.Builder{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
