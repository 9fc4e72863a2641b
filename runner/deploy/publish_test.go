package deploy_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mlops/runner/config"
	"mlops/runner/deploy"
)

func TestWhatIsPublishedOpensAndPredictsTheSame(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "models")
	o := options(t, parent)
	o.Owner = deploy.Owner{Task: "flow/0", Attempt: 2}
	c := candidate(t)
	published, err := deploy.Publish(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	wantNames(t, parent, "deployment_20260301_123015")
	wantNames(t, published.Dir, "checksums.txt", "inference.json", "logs", "metadata.json", "model.txt", "preprocessor.json", "schema.json")

	b, err := deploy.Open(t.Context(), published.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.Files, published.Files) || len(b.Files) != 6 {
		t.Errorf("files %v, published as %v", b.Files, published.Files)
	}
	if m := b.Metadata; m.TaskID != "flow/0" || m.Attempt != 2 || !m.CreatedAt.Equal(noon) || m.Run.Metrics["rmse"] != 0.5 || m.Artifacts["model"] != "model.txt" {
		t.Errorf("metadata %+v", m)
	}
	got, err := b.Predict(t.Context(), c.Validation)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Values.Floats() {
		if math.Float64bits(v) != math.Float64bits(c.Expected.Values[i]) {
			t.Errorf("row %d: %v, want %v", i, v, c.Expected.Values[i])
		}
	}
}

func TestADeploymentThatPredictsOtherwiseIsNotPublished(t *testing.T) {
	parent := t.TempDir()
	c := candidate(t)
	c.Expected.Values[2] = math.Nextafter(c.Expected.Values[2], 100)
	_, err := deploy.Publish(t.Context(), c, options(t, parent))
	if err == nil || !strings.Contains(err.Error(), "predicts otherwise than in memory, first at validation row 3") {
		t.Errorf("got %v", err)
	}
	wantNames(t, parent)
}

func TestWithoutLeaveNothingIsLeft(t *testing.T) {
	parent := t.TempDir()
	o := options(t, parent)
	denied := errors.New("the lease has run out")
	o.Permit = func(context.Context) error {
		if got := names(t, parent); len(got) != 1 || !strings.HasPrefix(got[0], ".staging-") {
			t.Errorf("while leave was asked for there was %q", got)
		}
		return denied
	}
	if _, err := deploy.Publish(t.Context(), candidate(t), o); !errors.Is(err, denied) {
		t.Errorf("got %v", err)
	}
	wantNames(t, parent)
}

// faultyDisk fails one call, counted from 0, as a full disk does.
type faultyDisk struct {
	deploy.LocalDisk
	calls  atomic.Int64
	failAt int64
}

func (d *faultyDisk) fault() error {
	if d.calls.Add(1)-1 == d.failAt {
		return &fs.PathError{Op: "write", Path: "disk", Err: syscall.ENOSPC}
	}
	return nil
}

func (d *faultyDisk) MkdirAll(path string, perm fs.FileMode) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.MkdirAll(path, perm) })
}

func (d *faultyDisk) Mkdir(path string, perm fs.FileMode) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.Mkdir(path, perm) })
}

func (d *faultyDisk) SyncDir(path string) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.SyncDir(path) })
}

func (d *faultyDisk) RenameNew(from, to string) error {
	return cmpErr(d.fault(), func() error { return d.LocalDisk.RenameNew(from, to) })
}

func (d *faultyDisk) Create(path string, perm fs.FileMode) (deploy.File, error) {
	if err := d.fault(); err != nil {
		return nil, err
	}
	f, err := d.LocalDisk.Create(path, perm)
	return faultyFile{File: f, disk: d}, err
}

func cmpErr(fault error, otherwise func() error) error {
	if fault != nil {
		return fault
	}
	return otherwise()
}

type faultyFile struct {
	deploy.File
	disk *faultyDisk
}

func (f faultyFile) Write(p []byte) (int, error) {
	if err := f.disk.fault(); err != nil {
		n, _ := f.File.Write(p[:len(p)/2]) // a full disk takes what fits
		return n, err
	}
	return f.File.Write(p)
}

func (f faultyFile) Sync() error { return cmpErr(f.disk.fault(), f.File.Sync) }

func (f faultyFile) Close() error {
	return errors.Join(f.File.Close(), f.disk.fault())
}

func TestAFullDiskLeavesNothingWhereverItStrikes(t *testing.T) {
	send := func(_ context.Context, dir string) (string, error) { return "artifact://" + dir, nil }
	for _, send := range []func(context.Context, string) (string, error){nil, send} {
		fillDisk(t, send)
	}
}

func fillDisk(t *testing.T, send func(context.Context, string) (string, error)) {
	for n := int64(0); ; n++ {
		parent := t.TempDir()
		o := options(t, parent)
		disk := &faultyDisk{failAt: n}
		o.Disk, o.Send = disk, send
		_, err := deploy.Publish(t.Context(), candidate(t), o)
		if disk.calls.Load() <= n {
			if err != nil || n < 20 {
				t.Fatalf("publishing made %d calls and gave %v", disk.calls.Load(), err)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("fault at call %d: got %v", n, err)
		}
		wantNames(t, parent)
	}
}

func TestPublishersAtTheSameInstantGetNamesOfTheirOwn(t *testing.T) {
	const publishers = 8
	parent := t.TempDir()
	dirs := make([]string, publishers)
	var group errgroup.Group
	for i := range publishers {
		c, o := candidate(t), options(t, parent)
		group.Go(func() error {
			p, err := deploy.Publish(t.Context(), c, o)
			if err == nil {
				dirs[i] = p.Dir
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(dirs)
	if got := slices.Compact(slices.Clone(dirs)); len(got) != publishers || filepath.Base(got[1]) != "deployment_20260301_123015_1" {
		t.Errorf("got %q", dirs)
	}
	for _, dir := range dirs {
		if _, err := deploy.Open(t.Context(), dir); err != nil {
			t.Error(err)
		}
	}
	if got := names(t, parent); len(got) != publishers {
		t.Errorf("left %q", got)
	}
}

func TestAConfiguredTimeNamesTheDeployment(t *testing.T) {
	o := options(t, t.TempDir())
	o.Config.DeploymentTime, o.Config.DeploymentPrefix = "2020-01-02T03:04:05+02:00", "model"
	if got := filepath.Base(publish(t, o)); got != "model_20200102_010405" {
		t.Errorf("got %q, want the time in UTC", got)
	}
}

func TestANewAttemptClearsAwayDeadOnes(t *testing.T) {
	parent := t.TempDir()
	old := noon.Add(-2 * time.Hour)
	for name, touched := range map[string]time.Time{
		".staging-flow-0-1":         noon, // this task's first attempt
		".staging-flow-0-4":         noon, // a later attempt: not ours to judge
		".staging-flow-01-1":        noon, // another task that is at work
		".staging-other-3":          old,  // another task whose process is gone
		".trash-other-2":            noon, // was being cleared away
		"deployment_20250101_00000": old,
	} {
		if err := os.MkdirAll(filepath.Join(parent, name, "logs"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(parent, name), touched, touched); err != nil {
			t.Fatal(err)
		}
	}
	o := options(t, parent)
	o.Owner = deploy.Owner{Task: "flow/0", Attempt: 2}
	publish(t, o)
	wantNames(t, parent, ".staging-flow-0-4", ".staging-flow-01-1", "deployment_20250101_00000", "deployment_20260301_123015")
}

func TestAStagingDirectoryOfALiveProcessIsLeftAlone(t *testing.T) {
	parent := t.TempDir()
	slow := options(t, parent)
	slow.Owner = deploy.Owner{Task: "slow", Attempt: 1}
	slow.Permit = func(context.Context) error {
		stale := noon.Add(-24 * time.Hour)
		if err := os.Chtimes(filepath.Join(parent, ".staging-slow-1"), stale, stale); err != nil {
			return err
		}
		publish(t, options(t, parent)) // another run, which clears away what is abandoned
		return nil
	}
	publish(t, slow)
	wantNames(t, parent, "deployment_20260301_123015", "deployment_20260301_123015_1")
}

func TestAnEarlierAttemptsDeploymentIsFound(t *testing.T) {
	parent := t.TempDir()
	o := options(t, parent)
	o.Owner = deploy.Owner{Task: "flow/0", Attempt: 1}
	first := publish(t, o)
	o.Owner.Task = "flow/1"
	publish(t, o)
	for task, want := range map[string]string{"flow/0": first, "flow/2": ""} {
		got, err := deploy.FindPublished(t.Context(), parent, "deployment", task)
		if err != nil || got != want {
			t.Errorf("task %s: got %q, %v; want %q", task, got, err, want)
		}
	}
	got, err := deploy.FindPublished(t.Context(), filepath.Join(parent, "missing"), "deployment", "flow/0")
	if got != "" || err != nil {
		t.Errorf("without an output directory: %q, %v", got, err)
	}
}

func TestADeploymentCanBeSentElsewhere(t *testing.T) {
	parent := t.TempDir()
	o := options(t, parent)
	o.Send = func(ctx context.Context, dir string) (string, error) {
		if got := filepath.Base(dir); got != "deployment_20260301_123015" {
			t.Errorf("sent as %s", got)
		}
		_, err := deploy.Open(ctx, dir)
		return "artifact://0123/model.tar", err
	}
	if got := publish(t, o); got != "artifact://0123/model.tar" {
		t.Errorf("got %q", got)
	}
	wantNames(t, parent)
}

func TestACancelledPublishLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, parent)
	o.Log = func(context.Context, string) error { cancel(); return context.Cause(ctx) }
	if _, err := deploy.Publish(ctx, candidate(t), o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantNames(t, parent)
}

// uploadStep stands for a step of a user's own.
type uploadStep struct {
	Bucket string `yaml:"bucket"`
}

func (s uploadStep) Run(_ context.Context, c *deploy.Context) error {
	c.Artifacts["upload"] = s.Bucket + "/" + filepath.Base(c.Dir)
	return c.Write("notes/upload.txt", 0o666, func(w io.Writer) error {
		_, err := io.WriteString(w, s.Bucket)
		return err
	})
}

// idleStep makes a list one that is only checked as it runs.
type idleStep struct{}

func (idleStep) Run(context.Context, *deploy.Context) error { return nil }

func TestStepsOfTheConfiguration(t *testing.T) {
	deploy.Register("test_upload", func(s config.Step) (deploy.Step, error) {
		return config.DecodeParamsOver(s, uploadStep{})
	})
	deploy.Register("test_nothing", func(config.Step) (deploy.Step, error) { return idleStep{}, nil })
	step := func(name string) config.Step { return config.Step{Type: name} }
	all := []config.Step{step("create_directory"), step("save_model"), step("save_preprocessor"), step("save_metadata")}
	for _, c := range []struct {
		name  string
		steps []config.Step
		want  string // of the error
	}{
		{"a step of the user's own", slices.Insert(slices.Clone(all), 1, config.Step{Type: "test_upload", Params: map[string]any{"bucket": "b"}}), ""},
		{"no directory", all[1:], "deployment step save_model: there is no directory yet; put the step create_directory first"},
		{"two directories", append(slices.Clone(all[:1]), all...), "create_directory: the directory is there already"},
		{"metadata before the model", []config.Step{all[0], all[3]}, "save_metadata: no model was saved; put the step save_model before"},
		{"metadata before preprocessing", []config.Step{all[0], all[1], all[3]}, "put the step save_preprocessor before"},
		{"a step twice", append(slices.Clone(all), all[1]), "save_model: two steps write model.txt"},
		{"no metadata", all[:3], "inference.json is missing"},
		{"no steps", []config.Step{}, "list create_directory first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parent := t.TempDir()
			o := options(t, parent)
			o.Config.Steps = append([]config.Step{step("test_nothing")}, c.steps...)
			o.Steps = steps(t, o.Config)
			p, err := deploy.Publish(t.Context(), candidate(t), o)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				wantNames(t, parent)
				return
			}
			if err != nil || !strings.HasPrefix(p.Artifacts["upload"], "b/.staging-") {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

func TestAListThatMakesNoDeploymentIsToldBeforeItRuns(t *testing.T) {
	const directory, model, preprocessor, metadata = "create_directory", "save_model", "save_preprocessor", "save_metadata"
	for _, c := range []struct {
		steps []string
		want  string
	}{
		{[]string{directory, preprocessor, model, metadata}, ""},
		{[]string{model, preprocessor, metadata}, "deployment step save_model needs what create_directory makes; list create_directory before it"},
		{[]string{directory, model, metadata}, "step save_metadata needs what save_preprocessor makes"},
		{[]string{directory, model, preprocessor, "endpoint_script", model, metadata}, "step save_model is listed twice"},
		{[]string{directory, model, preprocessor}, "cannot be opened without what save_metadata writes"},
		{[]string{}, "cannot be opened without what save_metadata writes"},
	} {
		d := config.Default().Deployment
		d.Steps = []config.Step{}
		for _, name := range c.steps {
			d.Steps = append(d.Steps, config.Step{Type: name})
		}
		if _, err := deploy.NewSteps(d); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.steps, err, c.want)
		}
	}
}

func TestUnknownStepsAndParametersAreTold(t *testing.T) {
	for want, step := range map[string]config.Step{
		`did you mean "save_model"? (known: create_directory, endpoint_script, `: {Type: "save_modle"},
		`unknown deployment step "docker" (known: create_directory`:              {Type: "docker"},
		`bucket`: {Type: "save_model", Params: map[string]any{"bucket": "x"}},
	} {
		c := config.Default().Deployment
		c.Steps = []config.Step{step}
		_, err := deploy.NewSteps(c)
		var typed *config.Error
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", step.Type, err, want)
		}
	}
}

func TestFileNamesOfTheConfigurationDoNotClash(t *testing.T) {
	for want, change := range map[string]func(*config.Deployment){
		`deployment.metadata_filename: "Schema.json" is the name of another part`: func(c *config.Deployment) { c.MetadataFilename = "Schema.json" },
		`two steps write model.txt`: func(c *config.Deployment) { c.MetadataFilename = "model.txt" },
		`deployment.endpoint_filename: "checksums.txt" is the name of another part`: func(c *config.Deployment) { c.CreateEndpoint, c.EndpointFilename = true, "checksums.txt" },
		`endpoint_filename: "metadata.json" is the name of another part`:            func(c *config.Deployment) { c.CreateEndpoint, c.EndpointFilename = true, "metadata.json" },
		`"../x" is no file name for a deployment`:                                   func(c *config.Deployment) { c.MetadataFilename = "../x" },
		`deployment_time: parsing time "soon"`:                                      func(c *config.Deployment) { c.DeploymentTime = "soon" },
		`deployment.endpoint_filename is empty; name the file`:                      func(c *config.Deployment) { c.CreateEndpoint, c.EndpointFilename = true, "" },
	} {
		parent := t.TempDir()
		o := options(t, parent)
		change(&o.Config)
		var err error
		if o.Steps, err = deploy.NewSteps(o.Config); err == nil {
			_, err = deploy.Publish(t.Context(), candidate(t), o)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		wantNames(t, parent)
	}
}
