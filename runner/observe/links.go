package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Artifacts keeps immutable files for many hosts.
type Artifacts interface {
	// Publish stores a file and links it by name. It returns the artifact's URL.
	Publish(ctx context.Context, path, link string) (url string, err error)
	// Fetch returns the local path of an artifact.
	Fetch(ctx context.Context, url string) (path string, err error)
	// List returns the URLs of linked artifacts whose names begin with prefix, by
	// name.
	List(ctx context.Context, prefix string) (map[string]string, error)
}

const (
	// maxLinks bounds how many recorded calls a report reads; the rest is told
	// as missing.
	maxLinks = 10_000
	// fetches is how many are read at once.
	fetches = 8
)

// LinkStore keeps the history of a deployment that was published as an artifact.
// Such a deployment never changes, so each new entry is an artifact of its own,
// linked as deployments/<digest>/<log>/<task>.jsonl. What the deployment itself
// recorded while it was made is read from its logs directory.
type LinkStore struct {
	Logs      string // logs directory of the fetched deployment; not written to
	Digest    string // the deployment's
	Artifacts Artifacts
	Scratch   string // for temporary files
}

const (
	metricsLinks     = "metrics"
	predictionsLinks = "predictions"
)

// AppendMetrics publishes an entry of the metrics history.
func (s LinkStore) AppendMetrics(ctx context.Context, e MetricsEntry) error {
	return s.publish(ctx, metricsLinks, e.TaskID, e.Time, e)
}

// AppendPrediction publishes an entry of the prediction log.
func (s LinkStore) AppendPrediction(ctx context.Context, e PredictionEntry) error {
	return s.publish(ctx, predictionsLinks, e.TaskID, e.Time, e)
}

func (s LinkStore) publish(ctx context.Context, log, task string, at time.Time, entry any) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("record in the %s log: %w", log, err)
	}
	if task == "" {
		task = at.UTC().Format("20060102T150405.000000000")
	}
	name := safeName(task) + ".jsonl"
	dir, err := os.MkdirTemp(s.Scratch, "entry-")
	if err != nil {
		return fmt.Errorf("record in the %s log: %w", log, err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, append(line, '\n'), 0o666); err != nil {
		return fmt.Errorf("record in the %s log: %w", log, err)
	}
	if _, err := s.Artifacts.Publish(ctx, path, s.prefix(log)+name); err != nil {
		return fmt.Errorf("record in the %s log: %w", log, err)
	}
	return nil
}

func (s LinkStore) prefix(log string) string { return "deployments/" + s.Digest + "/" + log + "/" }

// History reads what the deployment recorded and every linked entry.
func (s LinkStore) History(ctx context.Context) (*History, error) {
	h, err := DirStore{Logs: s.Logs}.History(ctx)
	if err != nil {
		return nil, err
	}
	metrics, bad, err := readLinks[MetricsEntry](ctx, s, metricsLinks)
	if err != nil {
		return nil, err
	}
	h.Metrics, h.Damaged = append(h.Metrics, metrics...), h.Damaged+bad
	predictions, bad, err := readLinks[PredictionEntry](ctx, s, predictionsLinks)
	if err != nil {
		return nil, err
	}
	h.Predictions, h.Damaged = append(h.Predictions, predictions...), h.Damaged+bad
	h.tidy()
	return h, nil
}

// readLinks fetches and decodes the entries of one log.
func readLinks[T any](ctx context.Context, s LinkStore, log string) (entries []T, damaged int, err error) {
	links, err := s.Artifacts.List(ctx, s.prefix(log))
	if err != nil {
		return nil, 0, fmt.Errorf("list the %s log: %w", log, err)
	}
	names := slices.Sorted(maps.Keys(links))
	if len(names) > maxLinks {
		// Task ids begin with the time, so the newest are last.
		damaged = len(names) - maxLinks
		names = names[len(names)-maxLinks:]
	}
	parts := make([][]T, len(names))
	bad := make([]int, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetches)
	for i, name := range names {
		group.Go(func() error {
			path, err := s.Artifacts.Fetch(ctx, links[name])
			if err != nil {
				return fmt.Errorf("read the %s log: %s: %w", log, name, err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("read the %s log: %s: %w", log, name, err)
			}
			parts[i], bad[i] = parseLines[T](data)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 0, err
	}
	for _, n := range bad {
		damaged += n
	}
	return slices.Concat(parts...), damaged, nil
}
