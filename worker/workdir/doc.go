// Package workdir is a worker's directory: its lock, its name, its journal, its
// cache and its attempts' scratch.
//
//	lock        held while a worker runs
//	worker-id   the worker's id, drawn at the first start
//	journal/    results not yet acknowledged
//	artifacts/  fetched artifacts
//	.snapshots/ of interrupted trainings whose deployments are artifacts
//	attempts/   scratch of running attempts; cleaned at each start
package workdir
