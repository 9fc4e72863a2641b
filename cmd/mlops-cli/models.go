package main

import (
	"context"

	"mlops/proto/artifacts"
)

// reachableModel returns a location of a deployment that every worker can read:
// a local directory is uploaded as one archive.
func (a *app) reachableModel(ctx context.Context, c *connection, location string) (string, error) {
	if artifacts.IsURL(location) {
		return location, nil
	}
	a.display.Note("uploading model %s", location)
	return c.Artifacts().UploadDir(ctx, location)
}
