package master

import (
	"context"
	"fmt"
	"time"

	"mlops/master/artifacts"
)

// runRetention deletes what is no longer kept, now and then, until ctx ends.
func (m *Master) runRetention(ctx context.Context) {
	ticker := time.NewTicker(m.opts.RetentionEvery)
	defer ticker.Stop()
	for {
		if err := m.retain(ctx); err != nil && ctx.Err() == nil {
			m.opts.Logger.Error("retention failed", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// retain deletes final workflows beyond the bounds, and then the artifacts that
// nothing names any more.
func (m *Master) retain(ctx context.Context) error {
	for {
		n, err := m.store.Retain(ctx, m.opts.Now(), m.opts.Retention)
		if err != nil {
			return fmt.Errorf("delete old workflows: %w", err)
		}
		if n == 0 || ctx.Err() != nil {
			break
		}
		m.opts.Logger.Info("old workflows deleted", "count", n)
	}
	collector := artifacts.Collector{
		Folder:     m.folder,
		Links:      m.store,
		References: m.store.Payloads,
		MinAge:     m.opts.ArtifactMinAge,
		Logger:     m.opts.Logger,
	}
	_, err := collector.Collect(ctx)
	return err
}
