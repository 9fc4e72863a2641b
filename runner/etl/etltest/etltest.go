// Package etltest runs sections of pipelines files in tests.
package etltest

import (
	"testing"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/table"
)

// Open opens a section of a pipelines file's text for the types that are given.
func Open(t testing.TB, root, text, section string, types ...etl.Type) (*etl.Job, error) {
	t.Helper()
	file, err := config.ParsePipelines("pipelines_config.yml", []byte(text), config.PipelinesOptions{})
	if err != nil {
		return nil, err
	}
	return etl.NewRegistry(types...).Open(file, section, root, etl.Env{Version: "1"})
}

// Run opens a section and runs it.
func Run(t testing.TB, root, text, section string, types ...etl.Type) (*etl.Result, error) {
	t.Helper()
	job, err := Open(t, root, text, section, types...)
	if err != nil {
		return nil, err
	}
	return job.Run(t.Context(), etl.Options{})
}

// ReadTable reads a table that must be there.
func ReadTable(t testing.TB, path string) *table.Table {
	t.Helper()
	read, err := table.ReadFile(t.Context(), path, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return read
}
