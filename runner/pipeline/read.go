package pipeline

import (
	"context"

	"mlops/runner/table"
)

// nameOf is what messages call data.
func nameOf(location, name string) string {
	if name != "" {
		return name
	}
	return location
}

// readTable reads the table at a location; it must have rows.
func readTable(ctx context.Context, env Env, location, name string, o table.ReadOptions) (*table.Table, error) {
	o.Name = nameOf(location, name)
	format, err := table.FormatOf(location)
	if err != nil {
		return nil, err
	}
	o.Format = format
	path, err := env.localFile(ctx, location)
	if err != nil {
		return nil, err
	}
	t, err := table.ReadFile(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return t, table.RequireRows(o.Name, t)
}
