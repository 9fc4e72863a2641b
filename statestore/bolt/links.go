package bolt

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// PutLink implements [statestore.Store].
func (s *Store) PutLink(ctx context.Context, link *mlopsv1.ArtifactLink) error {
	name := link.GetName()
	if name == "" || len(name) > maxNameBytes {
		return fmt.Errorf("linking an artifact: its name has %d bytes; 1 to %d are allowed", len(name), maxNameBytes)
	}
	var rows rows
	if err := rows.addMessage(bucketLink, []byte(name), link); err != nil {
		return fmt.Errorf("linking artifact %q: %w", name, err)
	}
	return s.write(ctx, func(v view) error { return rows.put(v.tx) })
}

// linksDefault is how many links a page has that names no limit.
const linksDefault = 1000

// Links implements [statestore.Store].
func (s *Store) Links(_ context.Context, prefix, token string, limit int) (links []*mlopsv1.ArtifactLink, next string, err error) {
	after, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, "", fmt.Errorf("listing links: %w", statestore.ErrBadToken)
	}
	if limit <= 0 {
		limit = linksDefault
	}
	err = s.read(func(v view) error {
		from := []byte(prefix)
		if bytes.Compare(after, from) > 0 {
			from = after
		}
		var last []byte
		c := v.tx.Bucket(bucketLink).Cursor()
		for k, b := c.Seek(from); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, b = c.Next() {
			if len(after) > 0 && bytes.Compare(k, after) <= 0 {
				continue
			}
			if len(links) == limit {
				next = base64.RawURLEncoding.EncodeToString(last)
				return nil
			}
			link := new(mlopsv1.ArtifactLink)
			if err := proto.Unmarshal(b, link); err != nil {
				return fmt.Errorf("decoding link %q: %w", k, err)
			}
			links, last = append(links, link), k
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing links: %w", err)
	}
	return links, next, nil
}
