package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Artifacts keeps immutable files for many hosts.
type Artifacts interface {
	// Publish stores a file and links it by name. It returns the artifact's URL.
	Publish(ctx context.Context, file, link string) (url string, err error)
	// Fetch returns the local path of an artifact.
	Fetch(ctx context.Context, url string) (file string, err error)
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
	profilesLinks    = "profiles"
	alertsLinks      = "alerts"
	rowsLinks        = "rows"
)

// AppendMetrics publishes an entry of the metrics history.
func (s LinkStore) AppendMetrics(ctx context.Context, e MetricsEntry, _ Limits) error {
	return s.publishEntry(ctx, metricsLinks, e.TaskID, e.Time, e)
}

// AppendPrediction publishes an entry of the prediction log.
func (s LinkStore) AppendPrediction(ctx context.Context, e PredictionEntry, _ Limits) error {
	return s.publishEntry(ctx, predictionsLinks, e.TaskID, e.Time, e)
}

// AppendProfile publishes an entry of the log of profiles.
func (s LinkStore) AppendProfile(ctx context.Context, e ProfileEntry, _ Limits) error {
	return s.publishEntry(ctx, profilesLinks, e.TaskID, e.Time, e)
}

// AppendRows publishes a file of rows.
func (s LinkStore) AppendRows(ctx context.Context, e RowsEntry, _ Limits) error {
	data, err := encodeRows(e.Table)
	if err != nil {
		return fmt.Errorf("record in the %s log: %w", rowsLinks, err)
	}
	return s.publish(ctx, rowsLinks, rowsName(e), data)
}

// AppendAlert publishes an entry of the log of alerts. Between its reading and its
// writing others may write: two runs at the same moment may both send an alert.
func (s LinkStore) AppendAlert(ctx context.Context, now time.Time, decide func([]AlertEntry) (AlertEntry, bool)) (bool, error) {
	entries, _, err := readLinks[AlertEntry](ctx, s, alertsLinks)
	if err != nil {
		return false, err
	}
	slices.SortStableFunc(entries, func(a, b AlertEntry) int { return a.Time.Compare(b.Time) })
	entry, ok := decide(entries)
	if !ok {
		return false, nil
	}
	name := entry.Time.UTC().Format(linkStamp) + "-" + entry.State + "-" + safeName(entry.Step)
	return true, s.publishEntry(ctx, alertsLinks, name, now, entry)
}

// linkStamp names what has no task.
const linkStamp = "20060102T150405.000000000"

func (s LinkStore) publishEntry(ctx context.Context, log, task string, at time.Time, entry any) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("record in the %s log: %w", log, err)
	}
	if task == "" {
		task = at.UTC().Format(linkStamp)
	}
	return s.publish(ctx, log, safeName(task)+".jsonl", append(line, '\n'))
}

func (s LinkStore) publish(ctx context.Context, log, name string, data []byte) error {
	dir, err := os.MkdirTemp(s.Scratch, "entry-")
	if err != nil {
		return fmt.Errorf("record in the %s log: %w", log, err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, data, 0o666); err != nil {
		return fmt.Errorf("record in the %s log: %w", log, err)
	}
	if _, err := s.Artifacts.Publish(ctx, file, s.prefix(log)+name); err != nil {
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

// Profiles reads what the deployment recorded and every linked entry.
func (s LinkStore) Profiles(ctx context.Context, since time.Time) ([]ProfileEntry, int, error) {
	own, damaged, err := DirStore{Logs: s.Logs}.Profiles(ctx, since)
	if err != nil {
		return nil, 0, err
	}
	linked, bad, err := readLinks[ProfileEntry](ctx, s, profilesLinks)
	return tidyProfiles(recent(append(own, linked...), since)), damaged + bad, err
}

// Rows visits the linked files of rows.
func (s LinkStore) Rows(ctx context.Context, visit func(RowsEntry) error) (damaged int, err error) {
	links, err := s.Artifacts.List(ctx, s.prefix(rowsLinks))
	if err != nil {
		return 0, fmt.Errorf("list the %s log: %w", rowsLinks, err)
	}
	seen := make(map[string]bool)
	for _, link := range slices.Sorted(maps.Keys(links)) {
		stamp, task, _ := strings.Cut(strings.TrimSuffix(path.Base(link), ".parquet"), "-")
		at, err := time.Parse(rowsStamp, stamp)
		if err != nil || seen[task] {
			continue
		}
		seen[task] = true
		if strings.HasPrefix(task, anonymous) {
			task = ""
		}
		local, err := s.Artifacts.Fetch(ctx, links[link])
		if err != nil {
			return damaged, fmt.Errorf("read the %s log: %s: %w", rowsLinks, link, err)
		}
		e, err := readRows(ctx, local, rowsFile{at: at, task: task})
		if err != nil {
			damaged++
			continue
		}
		if err := visit(e); err != nil {
			return damaged, err
		}
	}
	return damaged, nil
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
			local, err := s.Artifacts.Fetch(ctx, links[name])
			if err != nil {
				return fmt.Errorf("read the %s log: %s: %w", log, name, err)
			}
			data, err := os.ReadFile(local)
			if err != nil {
				return fmt.Errorf("read the %s log: %s: %w", log, name, err)
			}
			parts[i], bad[i] = parseLines[T](data, maxProfileLine)
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
