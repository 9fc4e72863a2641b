package etl_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/pipeline"
)

// stopAt is a gate that halts the run before it makes anything visible for the
// n-th time, until it is told to go on.
type stopAt struct {
	n       int
	reached chan struct{}
	goOn    chan struct{}
}

func newStop(n int) *stopAt {
	return &stopAt{n: n, reached: make(chan struct{}), goOn: make(chan struct{})}
}

func (s *stopAt) Permit(ctx context.Context) error {
	if s.n--; s.n != 0 {
		return nil
	}
	close(s.reached)
	select {
	case <-s.goOn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// While a run is at work, another in the same folder ends at once and says who is
// in its way; nothing of the first is disturbed.
func TestASecondRunOnThisMachineIsRefused(t *testing.T) {
	p := newProject(t, threeTexts())
	stop := newStop(3) // the claim, an output, its manifest
	p.env.Gate, p.env.WorkflowID = stop, "first"
	first := p.open("max_workers=1")
	p.env.Gate, p.env.WorkflowID = nil, "second"
	ended := make(chan error, 1)
	go func() {
		_, err := first.Run(t.Context(), etl.Options{})
		ended <- err
	}()
	<-stop.reached
	before := p.files()
	for name, options := range map[string]etl.Options{"run": {}, "forced": {Force: true}} {
		_, err := p.open("start=7").Run(t.Context(), options)
		var busy *etl.BusyError
		if !errors.As(err, &busy) || busy.Holder.Run != "first" || busy.Holder.PID != os.Getpid() || pipeline.KindOf(t.Context(), err, pipeline.Internal) != pipeline.Conflict {
			t.Errorf("%s: got %v", name, err)
		}
	}
	shard := etl.Shard{Items: []etl.Item{{Name: "a"}}, Reasons: []string{"new"}}
	var busy *etl.BusyError
	if _, err := p.open().RunShard(t.Context(), shard, etl.Options{}); !errors.As(err, &busy) {
		t.Errorf("a shard of another run: %v", err)
	}
	if _, err := p.open("start=7").Run(t.Context(), etl.Options{DryRun: true}); err != nil {
		t.Errorf("a dry run is in nobody's way: %v", err)
	}
	if d := cmp.Diff(before, p.files()); d != "" {
		t.Error(d)
	}
	close(stop.goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"a.txt": "1 one\n2 two\n", "b.txt": "1 three\n", "sub/c.txt": "1 four\n", "metadata/counts.txt": "a: 2\nb: 1\nsub/c: 1\n"}, p.files()); d != "" {
		t.Error(d)
	}
	p.run("start=7")
}

// A later attempt of the same task does not wait for the one before, whose process
// may hang: that one's gate is shut.
func TestALaterAttemptIsNotRefused(t *testing.T) {
	p := newProject(t, threeTexts())
	p.env.WorkflowID = "one"
	plan, err := p.open().Plan(t.Context(), etl.Options{}) // and never released
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Release()
	p.run()
}

// The shards of one run are at work together.
func TestShardsShareTheFolder(t *testing.T) {
	p := newProject(t, threeTexts())
	p.env.WorkflowID = "one"
	plan, err := p.open("shard_size=1").Plan(t.Context(), etl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan.Release()
	shards := p.open("shard_size=1").Shards(plan)
	stop := newStop(1)
	p.env.Gate = stop
	slow := p.open()
	p.env.Gate = nil
	ended := make(chan error, 1)
	go func() {
		_, err := slow.RunShard(t.Context(), shards[0], etl.Options{})
		ended <- err
	}()
	<-stop.reached
	for _, s := range shards[1:] {
		if _, err := p.open().RunShard(t.Context(), s, etl.Options{}); err != nil {
			t.Error(err)
		}
	}
	p.env.WorkflowID = "two"
	var busy *etl.BusyError
	if _, err := p.open().Plan(t.Context(), etl.Options{}); !errors.As(err, &busy) || busy.Holder.Run != "one" {
		t.Errorf("another run while a shard is at work: %v", err)
	}
	close(stop.goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// holderVariable names the project of the process that TestAKilledRunIsInNobodysWay
// starts.
const holderVariable = "ETL_TEST_HOLDS_PROJECT"

// holdUntilKilled is that process: when it is at work it says so, and stays there.
func holdUntilKilled(root string) error {
	permits := 0
	gate := gateFunc(func() error {
		if permits++; permits < 3 { // the claim and an output
			return nil
		}
		fmt.Println("at work")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	})
	job, err := openSection(linesFile, "lines_pipeline", root, config.PipelinesOptions{Set: []string{"max_workers=1"}}, etl.Env{Version: "1", Gate: gate}, linesType)
	if err == nil {
		_, err = job.Run(context.Background(), etl.Options{})
	}
	return fmt.Errorf("it was not killed: %w", err)
}

// The lock ends with the process, however that ends.
func TestAKilledRunIsInNobodysWay(t *testing.T) {
	p := newProject(t, threeTexts())
	holder := exec.CommandContext(t.Context(), os.Args[0])
	holder.Env = append(os.Environ(), holderVariable+"="+p.root)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "at work" {
	}
	_, err = p.open("start=7").Run(t.Context(), etl.Options{})
	var busy *etl.BusyError
	if !errors.As(err, &busy) || busy.Holder.PID != holder.Process.Pid {
		t.Errorf("got %v", err)
	} else if want := fmt.Sprintf("process %d on host ", holder.Process.Pid); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "section lines_pipeline") {
		t.Errorf("told %q", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err == nil {
		t.Fatal("it was not killed")
	}
	if got := told(p.run("start=7")); len(got) != 4 {
		t.Errorf("got %q", got)
	}
}

// Where no lock reaches, as in a bucket, the run that began last has the folder: the
// one before ends, and writes nothing more.
func TestALaterRunTakesTheFolderOver(t *testing.T) {
	for _, onError := range []string{"fail", "skip"} {
		t.Run(onError, func(t *testing.T) {
			var p etltest.Project
			for name, text := range threeTexts() {
				p.Write(t, "texts/"+name, text)
			}
			stop := newStop(4) // the claim, an output, its manifest, the next output
			p.Env = etl.Env{WorkflowID: "first", Gate: stop}
			first, err := p.Open(linesFile, "lines_pipeline", []string{"max_workers=1", "on_error=" + onError}, linesType)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				_, err := first.Run(t.Context(), etl.Options{})
				ended <- err
			}()
			<-stop.reached
			p.Env = etl.Env{WorkflowID: "second"}
			second := runIn(t, &p, linesFile, "start=7")
			if d := cmp.Diff("a done (config changed: start 1 → 7)", told(second)[0]); d != "" {
				t.Error(d)
			}
			close(stop.goOn)
			var taken *etl.TakenError
			err = <-ended
			if !errors.As(err, &taken) || taken.Owner.Run != "second" || pipeline.KindOf(t.Context(), err, pipeline.Internal) != pipeline.Conflict {
				t.Fatalf("the first run ended with %v", err)
			}
			want := map[string]string{"a.txt": "7 one\n8 two\n", "b.txt": "7 three\n", "sub/c.txt": "7 four\n", "metadata/counts.txt": "a: 2\nb: 1\nsub/c: 1\n"}
			if d := cmp.Diff(want, p.Files(t, "numbered")); d != "" {
				t.Error(d)
			}
			if got := doneIn(runIn(t, &p, linesFile, "start=7")); len(got) != 0 {
				t.Errorf("there was something left to do: %q", got)
			}
		})
	}
}

// What an item's manifest tells is what is gathered, or the run fails.
func TestGatherTakesNothingOfAnotherRun(t *testing.T) {
	for _, c := range []struct {
		name, want string
		meanwhile  func(p *etltest.Project)
	}{
		{"another's manifest", "item b: another run made it meanwhile (start 1 → 7); run again", func(p *etltest.Project) {
			text := p.Read(t, "numbered/.manifests/lines/items/b.json")
			p.Write(t, "numbered/.manifests/lines/items/b.json", strings.Replace(text, `"start": "7"`, `"start": "1"`, 1))
		}},
		{"another's code", "item b: another run made it meanwhile (code version 0, not 1); run again", func(p *etltest.Project) {
			text := p.Read(t, "numbered/.manifests/lines/items/b.json")
			p.Write(t, "numbered/.manifests/lines/items/b.json", strings.Replace(text, `"code_version": "1"`, `"code_version": "0"`, 1))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p etltest.Project
			for name, text := range threeTexts() {
				p.Write(t, "texts/"+name, text)
			}
			job, err := p.Open(linesFile, "lines_pipeline", []string{"start=7"}, linesType)
			if err != nil {
				t.Fatal(err)
			}
			result, err := job.Run(t.Context(), etl.Options{})
			if err != nil {
				t.Fatal(err)
			}
			c.meanwhile(&p)
			var names []string
			for i := range result.Outcomes {
				names = append(names, result.Outcomes[i].Item)
				result.Outcomes[i].Outputs = nil
			}
			if _, err := job.Gather(t.Context(), names, result.Outcomes, etl.Options{}); err == nil || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Two runs of different configurations, whose parts come in any order: each that
// succeeds has gathered its own items alone, the one that began last does succeed,
// and a run after them gives what one from the start gives.
func TestTwoFanOutsDoNotMix(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var p etltest.Project
		for name, text := range threeTexts() {
			p.Write(t, "texts/"+name, text)
		}
		runs := []*fanOut{{p: &p, id: "one", set: []string{"start=1", "shard_size=1"}}, {p: &p, id: "two", set: []string{"start=7", "shard_size=1"}}}
		var last *fanOut
		for range 10 {
			one := rapid.SampledFrom(runs).Draw(r, "run")
			if one.plan == nil {
				last = one
			}
			if one.step(t); one.err != nil && one == last {
				t.Fatalf("run %s began last and ended with %v", one.id, one.err)
			}
			var taken *etl.TakenError
			if one.err != nil && !errors.As(one.err, &taken) {
				t.Fatal(one.err)
			}
			if one.result != nil && one == last {
				if d := cmp.Diff(freshly(t, one.set), p.Files(t, "numbered")); d != "" {
					t.Fatalf("run %s left something else: %s", one.id, d)
				}
			}
		}
		p.Env.WorkflowID = "three"
		set := rapid.SampledFrom(runs).Draw(r, "after").set
		runIn(t, &p, linesFile, set...)
		if d := cmp.Diff(freshly(t, set), p.Files(t, "numbered")); d != "" {
			t.Fatal(d)
		}
	})
}

// freshly returns what a run from the start gives.
func freshly(t *testing.T, set []string) map[string]string {
	var p etltest.Project
	for name, text := range threeTexts() {
		p.Write(t, "texts/"+name, text)
	}
	runIn(t, &p, linesFile, set...)
	return p.Files(t, "numbered")
}

// fanOut is a run of which one part after another is done.
type fanOut struct {
	p        *etltest.Project
	id       string
	set      []string
	plan     *etl.Plan
	shards   []etl.Shard
	outcomes []etl.Outcome
	result   *etl.Result
	err      error
}

// step does the next part; nothing where the run has ended.
func (f *fanOut) step(t *testing.T) {
	if f.result != nil || f.err != nil {
		return
	}
	f.p.Env.WorkflowID = f.id
	job, err := f.p.Open(linesFile, "lines_pipeline", f.set, linesType)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case f.plan == nil:
		if f.plan, f.err = job.Plan(t.Context(), etl.Options{}); f.err == nil {
			f.plan.Release()
			f.shards = job.Shards(f.plan)
			for _, o := range f.plan.Outcomes {
				if o.Status != etl.Planned {
					f.outcomes = append(f.outcomes, o)
				}
			}
		}
	case len(f.shards) > 0:
		var done *etl.Result
		if done, f.err = job.RunShard(t.Context(), f.shards[0], etl.Options{}); f.err == nil {
			f.outcomes = append(f.outcomes, done.Outcomes...)
			f.shards = f.shards[1:]
		}
	default:
		for i := range f.outcomes {
			f.outcomes[i].Outputs = nil // not told to another process
		}
		f.result, f.err = job.Gather(t.Context(), f.plan.Names(), f.outcomes, etl.Options{})
	}
}
