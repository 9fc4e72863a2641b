package deploy_test

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/registry"
	"mlops/runner/storage"
)

// standard are the standard steps with further ones behind them, as a user would
// list them.
func standard(more ...config.Step) []config.Step {
	var list []config.Step
	for _, name := range []string{"create_directory", "save_model", "save_preprocessor", "endpoint_script", "save_metadata"} {
		list = append(list, config.Step{Type: name})
	}
	return append(list, more...)
}

func stepOf(name string, params ...any) config.Step {
	s := config.Step{Type: name, Params: map[string]any{}}
	for i := 0; i < len(params); i += 2 {
		s.Params[params[i].(string)] = params[i+1]
	}
	return s
}

// outside are options whose steps may reach the directory parent.
func outside(t testing.TB, parent string, more ...config.Step) deploy.Options {
	t.Helper()
	o := options(t, filepath.Join(parent, "models"))
	o.Config.Steps = standard(more...)
	o.Steps = steps(t, o.Config)
	o.Environment = deploy.Environment{
		Storage: storage.New(storage.Options{Base: parent, AllowedRoots: []string{parent}}), Registry: filepath.Join(parent, "models", "registry"),
	}
	return o
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			list = append(list, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestADeploymentIsPushedToABucket(t *testing.T) {
	parent := t.TempDir()
	uri := "file://" + parent + "/bucket/deployment_20260301_123015"
	for i, suffix := range []string{"", "_1", "_2"} {
		o := outside(t, parent, stepOf("object_store", "url", "file://"+parent+"/bucket/"))
		p, err := deploy.Publish(t.Context(), candidate(t), o)
		if err != nil || p.Artifacts["object_store"] != uri+suffix {
			t.Fatalf("push %d: %+v, %v", i, p, err)
		}
		b, err := deploy.Open(t.Context(), p.Dir)
		if err != nil || b.Metadata.Artifacts["object_store"] != uri+suffix {
			t.Errorf("the metadata says %q, %v", b.Metadata.Artifacts, err)
		}
		pushed := strings.TrimPrefix(uri+suffix, "file://")
		if _, err := deploy.Open(t.Context(), pushed); err != nil {
			t.Errorf("what was pushed is no deployment: %v", err)
		}
		if got, want := files(t, pushed), files(t, p.Dir); !slices.Equal(got, want) {
			t.Errorf("pushed %q, published %q", got, want)
		}
	}
}

func TestOnlyTheArchiveIsPushed(t *testing.T) {
	parent := t.TempDir()
	o := outside(t, parent, stepOf("archive", "filename", "model.tar.zst"), stepOf("object_store", "url", "file://"+parent+"/bucket", "content", "archive"))
	p, err := deploy.Publish(t.Context(), candidate(t), o)
	if err != nil || p.Artifacts["object_store"] != "file://"+parent+"/bucket/deployment_20260301_123015/model.tar.zst" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got := files(t, filepath.Join(parent, "bucket")); !slices.Equal(got, []string{"deployment_20260301_123015/model.tar.zst"}) {
		t.Errorf("pushed %q", got)
	}
}

// brokenBucket fails the write of one file, and may be looked into by another.
type brokenBucket struct {
	storage.Memory
	fail  string
	onPut func(key string)
}

func (b *brokenBucket) WriteAtomic(ctx context.Context, key string, write func(io.Writer) error) error {
	if strings.HasSuffix(key, b.fail) {
		return errors.New("the bucket is full")
	}
	err := b.Memory.WriteAtomic(ctx, key, write)
	if b.onPut != nil {
		b.onPut(key)
	}
	return err
}

func (b *brokenBucket) keys(t *testing.T) (keys []string) {
	for e, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	return keys
}

// inBucket are options that push to the bucket, if that is allowed.
func inBucket(t *testing.T, parent string, b storage.Bucket, allowed error, more ...config.Step) deploy.Options {
	o := outside(t, parent, append([]config.Step{stepOf("object_store", "url", "memory://b/models")}, more...)...)
	o.Environment.Storage = storage.New(storage.Options{AllowedRoots: []string{parent}, Buckets: map[string]storage.OpenBucket{
		"memory": func(context.Context, string) (storage.Bucket, error) { return b, nil },
	}})
	o.Environment.AllowURL = func(u *url.URL) error {
		if u.String() != "memory://b/models" {
			t.Errorf("leave is asked for %s", u)
		}
		return allowed
	}
	return o
}

func TestAPushThatFailsLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	bucket := &brokenBucket{fail: "schema.json"}
	_, err := deploy.Publish(t.Context(), candidate(t), inBucket(t, parent, bucket, nil, stepOf("register", "name", "churn")))
	if err == nil || !strings.Contains(err.Error(), "deployment step object_store: push to memory://b/models/deployment_20260301_123015: the bucket is full") {
		t.Errorf("got %v", err)
	}
	if got := bucket.keys(t); got != nil {
		t.Errorf("left %q in the bucket", got)
	}
	wantNames(t, filepath.Join(parent, "models"))
}

func TestWhatWasDoneOutsideIsTakenBackWhenPublishingFails(t *testing.T) {
	parent := t.TempDir()
	bucket := &brokenBucket{fail: "never"}
	o := inBucket(t, parent, bucket, nil, stepOf("register", "name", "churn", "aliases", []any{"champion"}))
	first := outside(t, parent, stepOf("register", "name", "churn", "aliases", []any{"champion"}))
	publish(t, first)
	calls, denied := 0, errors.New("the lease has run out")
	o.Permit = func(context.Context) error {
		if calls++; calls == 1 {
			return nil
		}
		if len(bucket.keys(t)) == 0 {
			t.Error("nothing was pushed when leave was asked for again")
		}
		return denied
	}
	if _, err := deploy.Publish(t.Context(), candidate(t), o); !errors.Is(err, denied) {
		t.Errorf("got %v", err)
	}
	if got := bucket.keys(t); got != nil {
		t.Errorf("left %q in the bucket", got)
	}
	m, err := registry.New(filepath.Join(parent, "models", "registry"), nil).Model("churn")
	if err != nil || len(m.Versions) != 1 || m.Aliases["champion"] != 1 {
		t.Errorf("the registry has %+v, %v", m, err)
	}
	wantNames(t, filepath.Join(parent, "models"), "deployment_20260301_123015", "registry")
}

func TestTwoThatPushToOneNameAtOnceAreTold(t *testing.T) {
	parent := t.TempDir()
	bucket := &brokenBucket{fail: "never"}
	bucket.onPut = func(key string) {
		if strings.HasSuffix(key, "checksums.txt") {
			err := bucket.Memory.WriteAtomic(t.Context(), key, func(w io.Writer) error { _, err := io.WriteString(w, "other"); return err })
			if err != nil {
				t.Error(err)
			}
		}
	}
	_, err := deploy.Publish(t.Context(), candidate(t), inBucket(t, parent, bucket, nil))
	if err == nil || !strings.Contains(err.Error(), "another deployment of that name was pushed at the same time") {
		t.Errorf("got %v", err)
	}
}

func TestADeploymentIsRegistered(t *testing.T) {
	parent := t.TempDir()
	step := stepOf("register", "name", "churn", "aliases", []any{"champion"}, "description", "the first")
	o := outside(t, parent, step)
	o.Owner, o.WorkflowID = deploy.Owner{Task: "flow/0", Attempt: 1}, "flow"
	p, err := deploy.Publish(t.Context(), candidate(t), o)
	if err != nil || p.Artifacts["registered_model"] != "models:/churn/1" {
		t.Fatalf("got %+v, %v", p, err)
	}
	models := registry.New(filepath.Join(parent, "models", "registry"), nil)
	v, dir, err := models.Resolve(registry.Ref{Name: "churn", Alias: "champion"})
	if err != nil {
		t.Fatal(err)
	}
	if v.By != "workflow flow" || v.Source != filepath.Base(p.Dir) || v.Description != "the first" || v.Metrics["rmse"] != 0.5 || len(v.Digest) != 64 {
		t.Errorf("the registry says %+v", v)
	}
	if err := os.RemoveAll(p.Dir); err != nil {
		t.Fatal(err)
	}
	b, err := deploy.Open(t.Context(), dir)
	if err != nil || b.Metadata.Artifacts["registered_model"] != "models:/churn" {
		t.Errorf("the version is %+v, %v", b, err)
	}
	o.Owner.Attempt = 2 // the first one's end was not heard of
	if p, err := deploy.Publish(t.Context(), candidate(t), o); err != nil || p.Artifacts["registered_model"] != "models:/churn/1" {
		t.Errorf("a second attempt gives %+v, %v", p, err)
	}
	o.Owner.Task = "other/0"
	if p, err = deploy.Publish(t.Context(), candidate(t), o); err != nil || p.Artifacts["registered_model"] != "models:/churn/2" {
		t.Errorf("another task gives %+v, %v", p, err)
	}
	if v, _, err := models.Resolve(registry.Ref{Name: "churn"}); err != nil || v.Source != "deployment_20260301_123015_1" || v.Source != filepath.Base(p.Dir) {
		t.Errorf("the registry says %+v, %v; published was %s", v, err, p.Dir)
	}
}

func TestWhatStepsLackIsToldBeforeAnythingIsTrained(t *testing.T) {
	parent := t.TempDir()
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	denied := errors.New("not on the list")
	for want, o := range map[string]deploy.Options{
		"step object_store: memory://b/models may not be contacted from here: not on the list": inBucket(t, parent, &brokenBucket{}, denied),
		`unknown scheme "s3"`:                outside(t, parent, stepOf("object_store", "url", "s3://bucket/models")),
		"lies outside the allowed":           outside(t, parent, stepOf("object_store", "url", "file:///elsewhere")),
		"file is a file, not a directory":    outside(t, parent, stepOf("object_store", "url", "file://"+file)),
		"model registry: " + file + " is a":  outside(t, parent, stepOf("register", "name", "churn", "registry", file)),
		"model registry: /elsewhere":         outside(t, parent, stepOf("register", "name", "churn", "registry", "/elsewhere")),
		"the environment has no HTTP client": outside(t, parent, stepOf("mlflow", "tracking_uri", "http://127.0.0.1:1")),
		"name a registry that the worker can": func() deploy.Options {
			o := outside(t, parent, stepOf("register", "name", "churn"))
			o.Environment.Registry = ""
			return o
		}(),
	} {
		err := o.Steps.Check(t.Context(), o.Environment)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := deploy.Publish(t.Context(), candidate(t), o); err == nil {
			t.Errorf("%s: it was published all the same", want)
		}
	}
	wantNames(t, parent, "file", "models")
	wantNames(t, filepath.Join(parent, "models"))
}

func TestParametersOfStepsThatActOutside(t *testing.T) {
	long := strings.Repeat("x", 1001)
	for want, step := range map[string]config.Step{
		"archive.params.filename: must be a plain file name that ends in .tar.zst": stepOf("archive", "filename", "../x.tar.zst"),
		`ends in .tar.zst, not "model.zip"`:                                        stepOf("archive", "filename", "model.zip"),
		"archive.params.level: must be at least 1 and at most 22, not 23":          stepOf("archive", "level", 23),
		"archive.params.levle: unknown key; did you mean \"level\"?":               stepOf("archive", "levle", 3),
		"object_store.params.url: is missing; name a bucket":                       stepOf("object_store"),
		`url: "models" is no URL with a scheme`:                                    stepOf("object_store", "url", "models"),
		"must hold no user and no password":                                        stepOf("object_store", "url", "s3://key:secret@bucket"),
		"must have nothing behind its path":                                        stepOf("object_store", "url", "s3://bucket?region=x"),
		`content: unknown value "files"`:                                           stepOf("object_store", "url", "file:///x", "content", "files"),
		"register.params.name: is missing":                                         stepOf("register"),
		`name: "../x" is no model name`:                                            stepOf("register", "name", "../x"),
		`aliases: "latest" is no alias`:                                            stepOf("register", "name", "x", "aliases", []any{"latest"}),
		"description: must have at most 1000 bytes":                                stepOf("register", "name", "x", "description", long),
		"mlflow.params.tracking_uri: is missing":                                   stepOf("mlflow"),
		"must be an http:// or https:// address":                                   stepOf("mlflow", "tracking_uri", "file:///x"),
		"experiment: must not be empty":                                            stepOf("mlflow", "tracking_uri", "http://x", "experiment", " "),
		"retries: must be at least 0 and at most 20, not 21":                       stepOf("mlflow", "tracking_uri", "http://x", "retries", 21),
		"timeout_seconds: must be above 0":                                         stepOf("mlflow", "tracking_uri", "http://x", "timeout_seconds", 0),
	} {
		c := config.Default().Deployment
		c.Steps = standard(step)
		_, err := deploy.NewSteps(c)
		var typed *config.Error
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("a password is told: %v", err)
		}
	}
}

func TestStepsThatActOutsideSayWhatTheyLack(t *testing.T) {
	parent := t.TempDir()
	nothing, directory := stepOf("test_nothing"), stepOf("create_directory")
	for want, list := range map[string][]config.Step{
		"step archive: no model was saved":                            {nothing, directory, stepOf("archive")},
		"step archive: no preprocessing was saved":                    {nothing, directory, stepOf("save_model"), stepOf("archive")},
		"step object_store: there is no directory yet":                {nothing, stepOf("object_store", "url", "file://"+parent+"/b")},
		"step object_store: no archive was made; put the step archiv": {nothing, directory, stepOf("object_store", "url", "file://"+parent+"/b", "content", "archive")},
		"step register: there is no directory yet":                    {nothing, stepOf("register", "name", "churn")},
		"step mlflow: there is no directory yet":                      {nothing, stepOf("mlflow", "tracking_uri", "http://x")},
	} {
		o := outside(t, parent)
		o.Config.Steps = list
		o.Steps = steps(t, o.Config)
		_, err := deploy.Publish(t.Context(), candidate(t), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	wantNames(t, filepath.Join(parent, "models"))
}
