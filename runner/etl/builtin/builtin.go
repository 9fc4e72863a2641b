// Package builtin lists the types of pipelines that the programs know. A type is
// a package of its own and one line here.
package builtin

import (
	"mlops/runner/etl"
	"mlops/runner/etl/extraction"
	"mlops/runner/etl/parquetcsv"
	"mlops/runner/etl/selection"
	"mlops/runner/etl/tplgenkey"
	"mlops/runner/etl/windows"
)

// Types returns the registry of all types of pipelines.
func Types() *etl.Registry {
	return etl.NewRegistry(
		extraction.Type(),
		parquetcsv.Type(),
		selection.Type(),
		tplgenkey.Type(),
		windows.Type(),
	)
}
