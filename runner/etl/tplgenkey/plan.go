package tplgenkey

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"mlops/runner/etl"
	"mlops/runner/progress"
)

// planner lists the cases.
type planner struct {
	settings Settings
	store    *etl.Store
}

// keywords is the name of the input that is a case's keyword file.
const keywords = "genkey"

// Plan makes an item of each trend file, with the keyword file of its name.
func (p planner) Plan(ctx context.Context) ([]etl.Item, error) {
	files, err := p.store.Files(ctx, p.settings.SourceFolder, ".tpl", ".genkey")
	if err != nil {
		return nil, err
	}
	var trends []etl.Entry
	genkeys := map[string][]etl.Entry{} // by lower-case base name
	for _, e := range files {
		if strings.EqualFold(path.Ext(e.Name), ".tpl") {
			trends = append(trends, e)
			continue
		}
		base := baseName(e.Name)
		genkeys[base] = append(genkeys[base], e)
	}
	if len(trends) == 0 {
		return nil, fmt.Errorf("%s holds no trend file, which ends in .tpl", p.settings.SourceFolder)
	}
	paired := map[string]bool{}
	var items []etl.Item
	for _, e := range trends {
		item := etl.NamedAfter(e)
		genkey, err := pair(e.Name, genkeys[baseName(e.Name)])
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", p.settings.SourceFolder, err)
		case genkey != nil:
			paired[genkey.Name] = true
			in := etl.InputOf(*genkey)
			in.Name = keywords + ": " + in.Name
			item.Inputs = append(item.Inputs, in)
		case p.settings.Unpaired == "skip":
			continue
		case p.settings.Unpaired == "fail":
			return nil, fmt.Errorf("%s: %s has no keyword file %s.genkey beside it, above it or in a folder beside its own; set unpaired to keep or skip, or add the file",
				p.settings.SourceFolder, e.Name, strings.TrimSuffix(path.Base(e.Name), path.Ext(e.Name)))
		}
		items = append(items, item)
	}
	if err := p.withoutTrends(ctx, files, paired); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s holds no trend file with a keyword file of its name, and unpaired is skip", p.settings.SourceFolder)
	}
	return items, nil
}

// withoutTrends tells of keyword files that no trend file belongs to: a simulation
// that was not run, or was moved. Only unpaired: skip asks for silence.
func (p planner) withoutTrends(ctx context.Context, files []etl.Entry, paired map[string]bool) error {
	var alone []string
	for _, e := range files {
		if strings.EqualFold(path.Ext(e.Name), ".genkey") && !paired[e.Name] {
			alone = append(alone, e.Name)
		}
	}
	if len(alone) == 0 || p.settings.Unpaired == "skip" {
		return nil
	}
	const most = 5
	names := strings.Join(alone[:min(most, len(alone))], ", ")
	if len(alone) > most {
		names += ", …"
	}
	if p.settings.Unpaired == "fail" {
		return fmt.Errorf("%s: %d keyword files have no trend file of their name: %s; set unpaired to keep or skip, or add the trend files", p.settings.SourceFolder, len(alone), names)
	}
	progress.Warnf(ctx, "tpl_genkey", "%d keyword files have no trend file of their name, and give no case: %s", len(alone), names)
	return nil
}

func baseName(name string) string {
	return strings.ToLower(strings.TrimSuffix(path.Base(name), path.Ext(name)))
}

// pair chooses the keyword file of a trend file among those of its name: the nearest,
// in the same folder, in the folder above, or in another folder of that one. nil:
// there is none.
func pair(trends string, candidates []etl.Entry) (*etl.Entry, error) {
	folder := path.Dir(trends)
	for _, near := range []func(dir string) bool{
		func(dir string) bool { return dir == folder },
		func(dir string) bool { return folder != "." && dir == path.Dir(folder) },
		func(dir string) bool { return folder != "." && path.Dir(dir) == path.Dir(folder) && dir != "." },
	} {
		var found []etl.Entry
		for _, c := range candidates {
			if near(path.Dir(c.Name)) {
				found = append(found, c)
			}
		}
		if len(found) > 1 {
			slices.SortFunc(found, func(a, b etl.Entry) int { return strings.Compare(a.Name, b.Name) })
			return nil, fmt.Errorf("%s has two keyword files of its name that are as near, %s and %s; rename or move one", trends, found[0].Name, found[1].Name)
		}
		if len(found) == 1 {
			return &found[0], nil
		}
	}
	return nil, nil
}
