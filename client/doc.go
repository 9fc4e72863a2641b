// Package client is the Go SDK of the runtime: it submits workflows to a master
// and follows them.
//
//	c, err := client.Dial(ctx, client.Options{ClientOptions: transport.ClientOptions{Address: "127.0.0.1:7070"}})
//	…
//	w, err := c.Submit(ctx, client.Submission{Spec: spec})
//	for event, err := range c.Watch(ctx, w.GetWorkflowId(), 0) { … }
//	w, err = c.Wait(ctx, w.GetWorkflowId())
//
// A call that finds the master away is tried again after growing pauses for
// [Options.Patience], a watch for [Options.WatchPatience], which counts anew
// with each message. That is safe for every method: a submit carries one
// idempotency key through all of its tries, and a watch resumes at the sequence
// number after the last event that it yielded.
//
// Errors are of type [*Error]; errors.Is with [ErrUnreachable], [ErrNotFound],
// [ErrDenied] and their like tells kinds apart.
package client
