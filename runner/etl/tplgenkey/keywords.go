package tplgenkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"mlops/runner/etl"
	"mlops/runner/olga"
	"mlops/runner/olga/genkey"
	"mlops/runner/table"
)

// leaksKey is the key of the leaks in a file's metadata.
const leaksKey = "olga.leaks"

// keywordFile is what a case's keyword file says of it.
type keywordFile struct {
	about *genkey.Keyword // the CASE; nil: it has none
	fluid string
	end   *float64 // s
	leaks []genkey.Leak
}

// readKeywords reads the case's keyword file, if it has one that can be read. One that
// is not what it should be fails the case, unless on_bad_genkey is warn.
func (x extractor) readKeywords(ctx context.Context, w *etl.Work) (*keywordFile, error) {
	if len(w.Item.Inputs) < 2 {
		return nil, nil
	}
	in := w.Item.Inputs[1]
	k, err := readKeywordFile(ctx, w, in)
	var syntax *olga.SyntaxError
	var value *genkey.ValueError
	if errors.As(err, &value) {
		err = fmt.Errorf("%s: %w", in.Location, err)
	}
	if (errors.As(err, &syntax) || value != nil) && x.settings.OnBadGenkey == "warn" {
		w.Warnf(ctx, "%v; nothing of it is in the index", err)
		return nil, nil
	}
	return k, err
}

func readKeywordFile(ctx context.Context, w *etl.Work, in etl.Input) (*keywordFile, error) {
	file, err := w.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	doc, err := genkey.Parse(file, in.Location)
	if err != nil {
		return nil, err
	}
	k := &keywordFile{about: genkey.First(doc.Keywords, "CASE")}
	if k.leaks, err = doc.Leaks(); err != nil {
		return nil, err
	}
	if integration := genkey.First(doc.Keywords, "INTEGRATION"); integration != nil {
		if v, ok := integration.Get("ENDTIME"); ok {
			end, err := v.SI(genkey.Time)
			if err != nil {
				return nil, err
			}
			k.end = &end
		}
	}
	k.fluid = fluidOf(doc, k.leaks)
	return k, nil
}

// fluidOf is the fluid of the first leak's flow path, or else of the first flow path
// that states one.
func fluidOf(doc *genkey.Document, leaks []genkey.Leak) string {
	if len(leaks) > 0 && leaks[0].Fluid != "" {
		return leaks[0].Fluid
	}
	for component := range doc.Components() {
		for branch := range genkey.All(component.Keywords, "BRANCH") {
			if fluid := branch.Text("FLUID"); fluid != "" {
				return fluid
			}
		}
	}
	return ""
}

// metadata is what the case's file holds besides its rows.
func (c *caseFile) metadata(trends []byte) (map[string]string, error) {
	m := map[string]string{trendsKey: string(trends)}
	if c.keywords != nil {
		leaks, err := json.Marshal(c.keywords.leaks)
		if err != nil {
			return nil, err
		}
		m[leaksKey] = string(leaks)
	}
	return m, nil
}

// keywordColumns are the index's columns of the keyword file and of the leak.
func (c *caseFile) keywordColumns() []*table.Column {
	k := c.keywords
	if k == nil {
		k = &keywordFile{}
	}
	about, leak := k.about, &genkey.Leak{}
	if about == nil {
		about = &genkey.Keyword{}
	}
	if len(k.leaks) > 0 {
		leak = &k.leaks[0]
	}
	return append([]*table.Column{
		word("input_file", c.reader.InputFile),
		word("case_title", about.Text("TITLE")),
		word("case_author", about.Text("AUTHOR")),
		word("case_project", about.Text("PROJECT")),
		word("case_date", about.Text("DATE")),
		word("case_info", about.Text("INFO")),
		word("fluid", k.fluid),
		number("case_end_s", k.end),
		table.NewInt64("leaks", []int64{int64(len(k.leaks))}, []bool{c.keywords == nil}),
		word("leak_label", leak.Label),
		word("leak_branch", leak.Branch),
		word("leak_pipe", leak.Pipe),
		word("leak_position", leak.Position),
		number("leak_position_m", leak.PositionM),
		word("leak_diameter", leak.Diameter),
		number("leak_diameter_m", leak.DiameterM),
		number("leak_opening", leak.MaxOpening()),
		number("leak_start_s", leak.StartS()),
		number("leak_backpressure_pa", leak.BackpressurePa),
	}, c.leakage.columns()...)
}

// word is a column of one text; "" is null.
func word(name, text string) *table.Column {
	return table.NewString(name, []string{text}, []bool{text == ""})
}

// number is a column of one number; nil is null.
func number(name string, v *float64) *table.Column {
	if v == nil {
		return table.NewFloat64(name, []float64{0}, []bool{true})
	}
	return table.NewFloat64(name, []float64{*v}, nil)
}
