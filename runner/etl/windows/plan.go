package windows

import (
	"context"
	"fmt"
	"path"
	"strings"

	"mlops/runner/etl"
)

// planner lists the cases.
type planner struct {
	settings Settings
	store    *etl.Store
}

// Plan makes an item of each file.
func (p planner) Plan(ctx context.Context) ([]etl.Item, error) {
	files, err := p.store.Files(ctx, p.settings.SourceFolder, ".parquet", ".pq")
	if err != nil {
		return nil, err
	}
	items := make([]etl.Item, len(files))
	from := make(map[string]string, len(files))
	for i, e := range files {
		name := caseName(e.Name)
		if other, taken := from[name]; taken {
			return nil, fmt.Errorf("%s: the files %s and %s are both the case %s; rename one", p.settings.SourceFolder, other, e.Name, name)
		}
		from[name] = e.Name
		items[i] = etl.NamedAfter(e)
		items[i].Name = name
	}
	return items, nil
}

// caseName is what the case in a file is called.
func caseName(file string) string {
	return strings.TrimPrefix(strings.TrimSuffix(file, path.Ext(file)), "data/")
}
