package etl

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"mlops/runner/pipeline"
	"mlops/runner/progress"
	"mlops/runner/storage"
)

// Work is what a pipeline is given to make one item. It is safe for concurrent
// use.
type Work struct {
	// Item is what is to be made. Its inputs have their digests.
	Item Item

	job    *Job
	former *Manifest // of the run before; nil: there is none

	mu       sync.Mutex
	keep     bool // files that the pipeline did not write are not replaced
	outputs  []Output
	rows     int64
	warnings []string
}

// Input returns the item's input of that name; asking for one that it does not
// have is a fault of the pipeline's and panics.
func (w *Work) Input(name string) Input {
	for _, in := range w.Item.Inputs {
		if in.Name == name {
			return in
		}
	}
	panic(fmt.Sprintf("etl: item %s has no input %q", w.Item.Name, name))
}

// Open opens an input. The caller closes the reader.
func (w *Work) Open(ctx context.Context, in Input) (storage.Reader, error) {
	return w.job.store.Open(ctx, in.Location)
}

// OpenOutput opens an output of any item, for [Gatherer]. One that is not what the
// item's manifest tells is an error: another run, or somebody, has written to it
// meanwhile. The caller closes the reader.
func (w *Work) OpenOutput(ctx context.Context, o Output) (storage.Reader, error) {
	location := Join(w.job.output, o.Path)
	check := &checking{job: w.job}
	state, err := check.output(ctx, &o)
	if err != nil {
		return nil, err
	}
	if state != asWritten {
		return nil, fmt.Errorf("%s is %s since this run wrote it or found it; run again once nothing else writes to it", location, state)
	}
	return w.job.store.Open(ctx, location)
}

// OutputFolder is the location that outputs' paths start from.
func (w *Work) OutputFolder() string { return w.job.output }

// Create makes an output of what write writes: whole or not at all, and not
// where this attempt has lost its task meanwhile. name is its path within the
// output folder, slash-separated, and no other item's. What write writes must
// depend on the item and the configuration alone: no times, no order of maps.
func (w *Work) Create(ctx context.Context, name string, write func(io.Writer) error) error {
	if !fs.ValidPath(name) || name == "." || isHidden(name) {
		return fmt.Errorf("output %q of item %s: a path is made of slash-separated words that do not begin with a dot", name, w.Item.Name)
	}
	location := Join(w.job.output, name)
	sum := sha256.New()
	count := &counter{}
	fill := func(out io.Writer) error { return write(io.MultiWriter(out, sum, count)) }
	var err error
	if w.mayReplace(name) {
		err = w.job.store.WriteAtomic(ctx, location, func(out io.Writer) error {
			if err := fill(out); err != nil {
				return err
			}
			return w.job.permit(ctx)
		})
	} else {
		err = w.createKeeping(ctx, location, fill, sum)
	}
	if err != nil {
		return err
	}
	written, err := w.job.store.Stat(ctx, location)
	if err != nil {
		return fmt.Errorf("look at what was written: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outputs = slices.DeleteFunc(w.outputs, func(o Output) bool { return o.Path == name })
	w.outputs = append(w.outputs, Output{Path: name, Size: count.n, Digest: digestOf(sum), Tag: written.Tag})
	return nil
}

// CreateJSON makes an output of a value, as indented JSON.
func (w *Work) CreateJSON(ctx context.Context, name string, value any) error {
	return w.Create(ctx, name, func(out io.Writer) error { return writeJSON(out, value) })
}

func writeJSON(out io.Writer, value any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// KeepOthers has Create fail with an [*ExistsError], from now on, rather than
// replace a file that the pipeline did not write for this item.
func (w *Work) KeepOthers() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep = true
}

// mayReplace tells whether Create replaces an output whatever it holds.
func (w *Work) mayReplace(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.keep || w.former != nil && slices.ContainsFunc(w.former.Outputs, func(o Output) bool { return o.Path == name })
}

// createKeeping writes a file where nothing is, or where there is the same content: that
// is what an attempt wrote that was broken off before it could note it. What somebody
// else puts there meanwhile is kept, too.
func (w *Work) createKeeping(ctx context.Context, location string, fill func(io.Writer) error, sum hash.Hash) error {
	there, err := w.job.store.Stat(ctx, location)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = w.job.store.WriteIf(ctx, location, there.Tag, func(out io.Writer) error {
		if err := fill(out); err != nil {
			return err
		}
		if there.Tag != "" {
			found, err := w.job.digests.of(ctx, location, there.Tag)
			if err != nil {
				return err
			}
			if found != digestOf(sum) {
				return &ExistsError{Location: location}
			}
		}
		return w.job.permit(ctx)
	})
	var conflict *storage.ConflictError
	if errors.As(err, &conflict) {
		return &ExistsError{Location: location}
	}
	return err
}

// AddRows counts rows that the outputs hold.
func (w *Work) AddRows(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows += n
}

// Warnf tells something that the user should know, at once and in the result.
func (w *Work) Warnf(ctx context.Context, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.mu.Lock()
	w.warnings = append(w.warnings, text)
	w.mu.Unlock()
	progress.Warnf(ctx, w.job.typeName, "%s: %s", w.Item.Name, text)
}

// Clear removes what is left, of an attempt that was broken off, among the files
// whose paths within the output folder begin with prefix, all of which are this
// item's. A pipeline whose items have many outputs, of names that depend on the
// configuration, calls it before it makes them.
func (w *Work) Clear(ctx context.Context, prefix string) error {
	folder := path.Dir(prefix)
	base := w.job.output
	if folder != "." {
		base = Join(base, folder)
	}
	if exists, err := w.job.store.IsFolder(ctx, base); err != nil || !exists {
		return err
	}
	var left []string
	for e, err := range w.job.store.List(ctx, base) {
		if err != nil {
			return err
		}
		if strings.HasPrefix(path.Join(folder, e.Name), prefix) {
			left = append(left, e.Location)
		}
	}
	for _, location := range left {
		if err := w.job.permit(ctx); err != nil {
			return err
		}
		if err := w.job.store.Remove(ctx, location); err != nil {
			return err
		}
	}
	return nil
}

// manifest is the record of the work when it has ended well.
func (w *Work) manifest(skipped string) *Manifest {
	w.mu.Lock()
	defer w.mu.Unlock()
	hash, flat := w.job.configOf(w.Item)
	return &Manifest{
		Format: manifestFormat, Type: w.job.typeName, Item: w.Item.Name, ConfigHash: hash, Config: flat, CodeVersion: w.job.env.Version,
		Inputs: w.Item.Inputs, Outputs: w.outputs, Rows: w.rows, Skipped: skipped, Warnings: w.warnings,
	}
}

// permit asks for leave to make something visible: the task must still be this
// attempt's, and the output folder this run's.
func (j *Job) permit(ctx context.Context) error {
	if err := pipeline.Permit(ctx, j.env.Gate); err != nil {
		return err
	}
	return j.owned(ctx)
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
