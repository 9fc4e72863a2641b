package master

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"mlops/master/artifacts"
	"mlops/statestore"
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
		References: m.references,
		MinAge:     m.opts.ArtifactMinAge,
		Logger:     m.opts.Logger,
	}
	_, err := collector.Collect(ctx)
	return err
}

// references yields every workflow and every unfinished task, encoded.
func (m *Master) references(ctx context.Context, each func([]byte)) error {
	for token := ""; ; {
		page, next, err := m.store.List(ctx, statestore.Filter{Limit: maxPage, Token: token})
		if err != nil {
			return err
		}
		for _, w := range page {
			if err := encode(w, each); err != nil {
				return err
			}
		}
		if next == "" {
			break
		}
		token = next
	}
	for t, err := range m.store.Unfinished(ctx) {
		if err != nil {
			return err
		}
		if err := encode(t, each); err != nil {
			return err
		}
	}
	return nil
}

func encode(message proto.Message, each func([]byte)) error {
	encoded, err := proto.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode %s: %w", message.ProtoReflect().Descriptor().Name(), err)
	}
	each(encoded)
	return nil
}
