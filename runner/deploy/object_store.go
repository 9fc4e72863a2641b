package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mlops/runner/config"
	"mlops/runner/progress"
	"mlops/runner/storage"
)

// objectStoreParams are the step's parameters.
type objectStoreParams struct {
	URL     string `yaml:"url" needed:"true" doc:"Bucket to push to, without user, password and query: s3://bucket/prefix or file:///directory." example:"\"s3://team/models\""`
	Content string `yaml:"content" enum:"deployment|archive" doc:"deployment, every file; archive, the archive alone, which the step archive must have made."`
}

// objectStore pushes the deployment to a bucket and records its URI, URL/NAME. If
// that name is taken there, a counter follows it. checksums.txt comes last: a
// deployment in a bucket is complete when it has that.
type objectStore struct{ objectStoreParams }

// push is one deployment's place in the bucket.
type push struct{ name, uri string }

func newObjectStore(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, objectStoreParams{Content: "deployment"})
	if err != nil {
		return nil, err
	}
	if p.URL == "" {
		return nil, s.ErrorAt("url", "is missing; name a bucket, such as file:///srv/models or s3://bucket/models")
	}
	if _, err := parseURL(p.URL); err != nil {
		return nil, s.ErrorAt("url", "%v", err)
	}
	p.URL = strings.TrimRight(p.URL, "/")
	return &objectStore{p}, nil
}

// Check asks whether the bucket may be used, and whether there is such a scheme.
func (o *objectStore) Check(ctx context.Context, e Environment) error {
	u, err := parseURL(o.URL)
	if err != nil {
		return err
	}
	if e.Storage == nil {
		return errors.New("there is no storage to push to")
	}
	if u.Scheme == "file" {
		_, err := e.Storage.ResolveDir(o.URL)
		return err
	}
	bucket, err := e.Storage.OpenBucket(ctx, o.URL)
	if err != nil {
		return err
	}
	return errors.Join(e.allow(u), bucket.Close())
}

// open opens the bucket, if it may.
func (o *objectStore) open(ctx context.Context, e Environment) (*storage.Subtree, error) {
	if err := o.Check(ctx, e); err != nil {
		return nil, err
	}
	return e.Storage.OpenBucket(ctx, o.URL)
}

// last is the file that is pushed last.
func (o *objectStore) last(c *Context) string {
	if o.Content == "archive" {
		return c.Artifacts["archive"]
	}
	return ChecksumsFile
}

// Run finds a free name in the bucket and announces the URI.
func (o *objectStore) Run(ctx context.Context, c *Context) error {
	if c.Dir == "" {
		return errors.New("there is no directory yet; put the step create_directory first")
	}
	if o.last(c) == "" {
		return errors.New("no archive was made; put the step archive before this one")
	}
	bucket, err := o.open(ctx, c.Environment)
	if err != nil {
		return err
	}
	defer bucket.Close()
	for i := range maxNameTries {
		p := push{name: c.Name}
		if i > 0 {
			p.name += "_" + strconv.Itoa(i)
		}
		switch _, err := bucket.Stat(ctx, p.name+"/"+o.last(c)); {
		case err == nil:
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("look into %s: %w", o.URL, err)
		}
		p.uri = o.URL + "/" + p.name
		if o.Content == "archive" {
			p.uri += "/" + o.last(c)
		}
		c.artifact("object_store", p.uri)
		c.notes[o] = p
		return nil
	}
	return fmt.Errorf("%s/%s and its first %d numbered variants exist already", o.URL, c.Name, maxNameTries-1)
}

// Publish pushes every file. What was pushed is removed again if a later one
// cannot be.
func (o *objectStore) Publish(ctx context.Context, c *Context) (Undo, error) {
	bucket, err := o.open(ctx, c.Environment)
	if err != nil {
		return nil, err
	}
	defer bucket.Close()
	p := c.notes[o].(push)
	var pushed []string
	undo := func(ctx context.Context) error {
		bucket, err := o.open(ctx, c.Environment)
		if err != nil {
			return err
		}
		defer bucket.Close()
		var failed error
		for i := len(pushed) - 1; i >= 0; i-- {
			failed = errors.Join(failed, bucket.Delete(ctx, pushed[i]))
		}
		return failed
	}
	for i, f := range c.Files { // checksums.txt is the last of them
		if o.Content == "archive" && f.Path != o.last(c) {
			continue
		}
		progress.From(ctx).Report(progress.Report{Stage: "deploy", Fraction: float64(i) / float64(len(c.Files))})
		key := p.name + "/" + f.Path
		pushed = append(pushed, key)
		if err := pushFile(ctx, bucket, key, filepath.Join(c.Dir, filepath.FromSlash(f.Path))); err != nil {
			return nil, errors.Join(fmt.Errorf("push to %s: %w", p.uri, err), undos{undo}.run(ctx))
		}
	}
	if err := o.confirm(ctx, bucket, p, c); err != nil {
		return nil, err // what is there is somebody else's
	}
	progress.Logf(ctx, "deploy", "pushed to %s", p.uri)
	return undo, nil
}

func pushFile(ctx context.Context, bucket storage.Bucket, key, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return bucket.WriteAtomic(ctx, key, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}

// confirm reads back what was pushed last. No name is claimed, as the claim of an
// attempt that was killed would keep the next one out: of two that pushed to the
// same at once, the one that finds the other's there fails.
func (o *objectStore) confirm(ctx context.Context, bucket storage.Bucket, p push, c *Context) error {
	want, err := os.ReadFile(filepath.Join(c.Dir, o.last(c)))
	if err != nil {
		return err
	}
	r, err := bucket.Open(ctx, p.name+"/"+o.last(c))
	if err != nil {
		return fmt.Errorf("read %s back: %w", p.uri, err)
	}
	defer r.Close()
	got, err := io.ReadAll(io.LimitReader(r, int64(len(want))+1))
	if err != nil {
		return fmt.Errorf("read %s back: %w", p.uri, err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s holds something else than was just pushed: another deployment of that name was pushed at the same time; give each its own URL", p.uri)
	}
	return nil
}
