package etltest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/storage"
	"mlops/runner/table"
)

// inBucket has relative locations of a pipelines file lie in a project's bucket.
const inBucket = "storage: {type: s3, bucket: plant}\n"

// Project is a project whose files are in memory: for tests of what pipelines make
// rather than of disks. It notes which data is read. The zero value is ready.
type Project struct {
	// Env that jobs run in, but for its storage. Its version is "1" if empty.
	Env etl.Env

	bucket storage.Memory
	mu     sync.Mutex
	opened []string
}

// watched is the project's bucket as jobs see it.
type watched struct {
	*storage.Memory
	project *Project
}

// Open notes the opening of what is not hidden, as manifests are.
func (w watched) Open(ctx context.Context, key string) (storage.Reader, error) {
	if !strings.Contains("/"+key, "/.") {
		w.project.mu.Lock()
		w.project.opened = append(w.project.opened, key)
		w.project.mu.Unlock()
	}
	return w.Memory.Open(ctx, key)
}

// Opened returns the files that jobs have opened since it was asked last, sorted,
// without those that are hidden.
func (p *Project) Opened() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	opened := p.opened
	p.opened = nil
	slices.Sort(opened)
	return opened
}

// Open opens a section of a pipelines file's text, which may have a storage section
// of its own. set are key=value.
func (p *Project) Open(text, section string, set []string, types ...etl.Type) (*etl.Job, error) {
	o := config.PipelinesOptions{Section: section, Set: set}
	if !strings.HasPrefix(text, "storage:") {
		text = inBucket + text
	}
	file, err := config.ParsePipelines("pipelines_config.yml", []byte(text), o)
	if err != nil {
		return nil, err
	}
	env := p.Env
	if env.Version == "" {
		env.Version = "1"
	}
	env.Storage = storage.New(storage.Options{Buckets: map[string]storage.OpenBucket{
		"s3": func(context.Context, string) (storage.Bucket, error) { return watched{&p.bucket, p}, nil },
	}})
	return etl.NewRegistry(types...).Open(file, section, "", env)
}

// Write writes a file.
func (p *Project) Write(t testing.TB, name, text string) {
	t.Helper()
	err := p.bucket.WriteAtomic(t.Context(), name, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	if err != nil {
		t.Fatal(err)
	}
}

// WriteTable writes a file of columns, in the format that its name tells.
func (p *Project) WriteTable(t testing.TB, name string, columns ...*table.Column) {
	t.Helper()
	format, err := table.FormatOf(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := table.New(columns...)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := table.Write(&b, c, table.WriteOptions{Format: format}); err != nil {
		t.Fatal(err)
	}
	p.Write(t, name, b.String())
}

// Read returns a file's text.
func (p *Project) Read(t testing.TB, name string) string {
	t.Helper()
	file, err := p.bucket.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ReadTable returns a file's table.
func (p *Project) ReadTable(t testing.TB, name string) *table.Table {
	t.Helper()
	text := p.Read(t, name)
	read, err := table.Read(t.Context(), strings.NewReader(text), int64(len(text)), table.ReadOptions{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// Remove removes a file.
func (p *Project) Remove(t testing.TB, name string) {
	t.Helper()
	if err := p.bucket.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// Files returns the files in a folder that are not hidden, by their path within it.
func (p *Project) Files(t testing.TB, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for e, err := range p.bucket.List(t.Context(), folder+"/") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains("/"+e.Key, "/.") {
			found[strings.TrimPrefix(e.Key, folder+"/")] = p.Read(t, e.Key)
		}
	}
	return found
}
