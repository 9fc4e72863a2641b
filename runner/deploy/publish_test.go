package deploy_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

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

func TestADeploymentOfVeryManyNamesOpens(t *testing.T) {
	parent := t.TempDir()
	o := options(t, parent)
	o.Owner = deploy.Owner{Task: "flow/0", Attempt: 1}
	c := candidate(t)
	c.Model.(*sumModel).info.Target.Name = strings.Repeat("name", 1<<20+1)
	published, err := deploy.Publish(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := deploy.FindPublished(t.Context(), parent, "deployment", "flow/0"); got != published.Dir {
		t.Errorf("found %q, %v", got, err)
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
