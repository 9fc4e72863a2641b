// Package master serves clients and workers: it keeps every workflow's state in a
// state store, hands tasks to workers and keeps artifacts.
//
//	m, err := master.New(store, master.Options{ArtifactDir: dir})
//	err = m.Serve(ctx, listener) // until ctx ends, then gracefully
//	err = m.Close()              // the store stays open; whoever opened it closes it
//
// What happens where:
//
//	dispatch   which worker runs what: leases, grants, expiry, progress
//	queue      the waiting tasks, in memory
//	fleet      the workers and what they hold, in memory
//	watch      news of events for WatchWorkflow
//	artifacts  files by content, on a local folder
//	auth       who may call what
//
// This package itself checks requests, speaks gRPC and deletes what retention no
// longer keeps.
package master
