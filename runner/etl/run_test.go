package etl_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/pipeline"
	"mlops/runner/progress"
)

func TestMain(m *testing.M) {
	if root := os.Getenv(holderVariable); root != "" {
		fmt.Fprintln(os.Stderr, holdUntilKilled(root))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

const linesFile = `
lines_pipeline:
  source_folder: texts
  output_folder: numbered
`

// project is a directory with texts.
type project struct {
	t    testing.TB
	root string
	env  etl.Env
	text string // of the pipelines file
}

func newProject(t testing.TB, texts map[string]string) *project {
	t.Helper()
	p := &project{t: t, root: t.TempDir(), env: etl.Env{Version: "1"}, text: linesFile}
	for name, text := range texts {
		p.write("texts/"+name, text)
	}
	return p
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) remove(name string) {
	p.t.Helper()
	if err := os.Remove(filepath.Join(p.root, name)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) open(set ...string) *etl.Job {
	p.t.Helper()
	job, err := openSection(p.text, "lines_pipeline", p.root, config.PipelinesOptions{Set: set}, p.env, linesType)
	if err != nil {
		p.t.Fatal(err)
	}
	return job
}

func (p *project) run(set ...string) *etl.Result {
	p.t.Helper()
	result, err := p.open(set...).Run(p.t.Context(), etl.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

// files returns the outputs by their paths, without the manifests.
func (p *project) files() map[string]string {
	p.t.Helper()
	found := map[string]string{}
	root := filepath.Join(p.root, "numbered")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".manifests":
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		found[name] = string(text)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

// told is a result in short: "a done (new)".
func told(r *etl.Result) []string {
	var lines []string
	for _, o := range r.Outcomes {
		lines = append(lines, fmt.Sprintf("%s %s (%s)", o.Item, o.Status, o.Reason))
	}
	if r.Gathered != nil {
		lines = append(lines, fmt.Sprintf("gather %s (%s)", r.Gathered.Status, r.Gathered.Reason))
	}
	return lines
}

func threeTexts() map[string]string {
	return map[string]string{"a.txt": "one\ntwo\n", "b.txt": "three\n", "sub/c.txt": "four\n"}
}

// Whatever changes, exactly what depends on it is done again, and the reason is
// told.
func TestWhatChangedIsDoneAgain(t *testing.T) {
	upToDate := func(item string) string { return item + " skipped (up to date)" }
	for _, c := range []struct {
		name   string
		change func(p *project) (set []string)
		want   []string
	}{
		{"nothing", func(*project) []string { return nil },
			[]string{upToDate("a"), upToDate("b"), upToDate("sub/c"), upToDate("gather")}},
		{"one input", func(p *project) []string { p.write("texts/b.txt", "THREE\n"); return nil },
			[]string{upToDate("a"), "b done (input changed: b.txt)", upToDate("sub/c"), "gather done (input changed: b)"}},
		{"an input's times only", func(p *project) []string {
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(filepath.Join(p.root, "texts/b.txt"), later, later); err != nil {
				p.t.Fatal(err)
			}
			return nil
		}, []string{upToDate("a"), upToDate("b"), upToDate("sub/c"), upToDate("gather")}},
		{"an input's content, but neither its size nor its times", func(p *project) []string {
			path := filepath.Join(p.root, "texts/b.txt")
			info, err := os.Stat(path)
			if err != nil {
				p.t.Fatal(err)
			}
			p.write("texts/b.txt", "THREE\n")
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				p.t.Fatal(err)
			}
			return nil
		}, []string{upToDate("a"), "b done (input changed: b.txt)", upToDate("sub/c"), "gather done (input changed: b)"}},
		{"a new input", func(p *project) []string { p.write("texts/d.txt", "five\n"); return nil },
			[]string{upToDate("a"), upToDate("b"), "d done (new)", upToDate("sub/c"), "gather done (input added: d)"}},
		{"an input that is gone", func(p *project) []string { p.remove("texts/b.txt"); return nil },
			[]string{upToDate("a"), upToDate("sub/c"), "gather done (input removed: b)"}},
		{"a key", func(*project) []string { return []string{"start=5"} },
			[]string{
				"a done (config changed: start 1 → 5)", "b done (config changed: start 1 → 5)", "sub/c done (config changed: start 1 → 5)",
				"gather done (config changed: start 1 → 5)",
			}},
		{"keys that change no result", func(*project) []string { return []string{"max_workers=1", "buffer_bytes=64", "on_error=skip"} },
			[]string{upToDate("a"), upToDate("b"), upToDate("sub/c"), upToDate("gather")}},
		{"the code", func(p *project) []string { p.env.Version = "2"; return nil },
			[]string{
				"a done (code version changed: 1 → 2)", "b done (code version changed: 1 → 2)", "sub/c done (code version changed: 1 → 2)",
				"gather done (code version changed: 1 → 2)",
			}},
		{"a torn output", func(p *project) []string { p.write("numbered/a.txt", "1 on"); return nil },
			[]string{"a done (output changed: a.txt)", upToDate("b"), upToDate("sub/c"), upToDate("gather")}},
		{"an edited output of the same size", func(p *project) []string { p.write("numbered/a.txt", "1 ONE\n2 two\n"); return nil },
			[]string{"a done (output changed: a.txt)", upToDate("b"), upToDate("sub/c"), upToDate("gather")}},
		{"an output that is gone", func(p *project) []string { p.remove("numbered/sub/c.txt"); return nil },
			[]string{upToDate("a"), upToDate("b"), "sub/c done (output missing: sub/c.txt)", upToDate("gather")}},
		{"what is gathered is gone", func(p *project) []string { p.remove("numbered/metadata/counts.txt"); return nil },
			[]string{upToDate("a"), upToDate("b"), upToDate("sub/c"), "gather done (output missing: metadata/counts.txt)"}},
		{"a torn manifest", func(p *project) []string { p.write("numbered/.manifests/lines/items/a.json", "{"); return nil },
			[]string{"a done (the manifest is damaged)", upToDate("b"), upToDate("sub/c"), upToDate("gather")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProject(t, threeTexts())
			p.run()
			set := c.change(p)
			dry, err := p.open(set...).Run(t.Context(), etl.Options{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			before := p.files()
			got := told(p.run(set...))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			// A dry run had told the same, and done nothing.
			var planned []string
			for _, line := range told(dry) {
				planned = append(planned, strings.Replace(line, " planned ", " done ", 1))
			}
			if d := cmp.Diff(c.want[:len(c.want)-1], planned); d != "" {
				t.Errorf("the dry run told otherwise: %s", d)
			}
			// The outputs are those of a run from the start, and nothing else.
			after := p.files()
			if err := os.RemoveAll(filepath.Join(p.root, "numbered")); err != nil {
				t.Fatal(err)
			}
			p.run(set...)
			if d := cmp.Diff(p.files(), after); d != "" {
				t.Errorf("not what a run from the start gives (before: %v): %s", before, d)
			}
			if got := doneIn(p.run(set...)); len(got) > 0 {
				t.Errorf("a further run has something to do: %q", got)
			}
		})
	}
}

func doneIn(r *etl.Result) []string {
	return slices.DeleteFunc(told(r), func(line string) bool { return strings.HasSuffix(line, "skipped (up to date)") })
}

func TestForceDoesEverythingAgain(t *testing.T) {
	p := newProject(t, threeTexts())
	p.run()
	result, err := p.open().Run(t.Context(), etl.Options{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a done (forced)", "b done (forced)", "sub/c done (forced)", "gather done (forced)"}
	if d := cmp.Diff(want, told(result)); d != "" {
		t.Error(d)
	}
}

// In a bucket, too: there the store's version of an object is what is compared.
func TestASecondRunReadsNoData(t *testing.T) {
	var p etltest.Project
	for name, text := range threeTexts() {
		p.Write(t, "data/texts/"+name, text)
	}
	run := func() *etl.Result {
		return runIn(t, &p, "storage: {type: s3, bucket: plant, prefix: data}\n"+linesFile)
	}
	if first := run(); first.Count(etl.Done) != 3 || len(p.Opened()) == 0 {
		t.Fatal(told(first))
	}
	got := doneIn(run())
	if read := p.Opened(); len(got) != 0 || len(read) != 0 {
		t.Errorf("the second run did %q, reading %q", got, read)
	}
	if got := p.Read(t, "data/numbered/sub/c.txt"); got != "1 four\n" {
		t.Errorf("the output is not where the storage section says, but %q is", got)
	}
}

// runIn runs the lines of a project in memory.
func runIn(t testing.TB, p *etltest.Project, text string, set ...string) *etl.Result {
	t.Helper()
	job, err := p.Open(text, "lines_pipeline", set, linesType)
	if err != nil {
		t.Fatal(err)
	}
	result, err := job.Run(t.Context(), etl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// However the items are spread over processes, and in whatever order these end,
// the outputs are the same bytes.
func TestShardsGiveWhatOneProcessGives(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		texts := rapid.MapOfN(rapid.StringMatching(`[a-d]{1,3}`), rapid.StringMatching(`[x-z\n]{0,6}`), 1, 7).Draw(r, "texts")
		var whole, spread etltest.Project
		for name, text := range texts {
			whole.Write(t, "texts/"+name+".txt", text)
			spread.Write(t, "texts/"+name+".txt", text)
		}
		want := runIn(t, &whole, linesFile, "max_workers=1")
		set := []string{"max_workers=3", fmt.Sprintf("shard_size=%d", rapid.IntRange(0, 5).Draw(r, "shard_size"))}
		open := func() *etl.Job {
			job, err := spread.Open(linesFile, "lines_pipeline", set, linesType)
			if err != nil {
				t.Fatal(err)
			}
			return job
		}
		plan, err := open().Plan(t.Context(), etl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		plan.Release()
		shards := open().Shards(plan)
		var outcomes []etl.Outcome
		for _, i := range rapid.Permutation(indexes(len(shards))).Draw(r, "order") {
			if rapid.Bool().Draw(r, "killed") { // an attempt before, which did the first item
				if _, err := open().Process(t.Context(), shards[i].Items[:1], nil); err != nil {
					t.Fatal(err)
				}
			}
			done, err := open().RunShard(t.Context(), shards[i], etl.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range done.Outcomes {
				o.Outputs = nil // not told to another process
				outcomes = append(outcomes, o)
			}
		}
		got, err := open().Gather(t.Context(), plan.Names(), outcomes, etl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(told(want), told(got)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(whole.Files(t, "numbered"), spread.Files(t, "numbered")); d != "" {
			t.Error(d)
		}
	})
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestAFailedItemEndsTheRunOrIsTold(t *testing.T) {
	texts := map[string]string{"a.txt": "one\n", "b.txt": "bad\n", "c.txt": "three\n", "d.txt": "bad\n"}
	t.Run("fail", func(t *testing.T) {
		p := newProject(t, texts)
		_, err := p.open("stop=bad", "max_workers=1").Run(t.Context(), etl.Options{})
		var item *etl.ItemError
		if !errors.As(err, &item) || item.Item != "b" || pipeline.KindOf(t.Context(), err, pipeline.Internal) != pipeline.BadData {
			t.Fatalf("got %v", err)
		}
		if want := `lines_pipeline: b: write `; !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), `there is the line "bad"`) {
			t.Errorf("told %q", err)
		}
		// What was done before it stays done, and nothing is half-written.
		if d := cmp.Diff(map[string]string{"a.txt": "1 one\n"}, p.files()); d != "" {
			t.Error(d)
		}
	})
	t.Run("skip", func(t *testing.T) {
		p := newProject(t, map[string]string{"a.txt": "one\n", "b.txt": "good\n", "c.txt": "three\n", "d.txt": "bad\n"})
		p.run("on_error=skip", "stop=bad")
		p.write("texts/b.txt", "bad\n")
		result := p.run("on_error=skip", "stop=bad")
		if result.Count(etl.Failed) != 2 || result.Outcomes[1].Status != etl.Failed || !strings.Contains(result.Outcomes[1].Reason, `there is the line "bad"`) {
			t.Fatalf("got %+v", result.Outcomes)
		}
		// What b gave before it was bad is gone.
		want := map[string]string{"a.txt": "1 one\n", "c.txt": "1 three\n", "metadata/counts.txt": "a: 1\nc: 1\n"}
		if d := cmp.Diff(want, p.files()); d != "" {
			t.Error(d)
		}
	})
	t.Run("too many", func(t *testing.T) {
		p := newProject(t, texts)
		_, err := p.open("stop=bad", "on_error=skip", "max_errors=1").Run(t.Context(), etl.Options{})
		var many *etl.TooManyError
		if !errors.As(err, &many) || many.Limit != 1 || len(many.Failed) != 2 {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("all", func(t *testing.T) {
		p := newProject(t, map[string]string{"b.txt": "bad\n"})
		_, err := p.open("stop=bad", "on_error=skip").Run(t.Context(), etl.Options{})
		if err == nil || !strings.Contains(err.Error(), "every item failed; the first, b: ") {
			t.Fatalf("got %v", err)
		}
	})
}

type gateFunc func() error

func (g gateFunc) Permit(context.Context) error { return g() }

// An attempt that has lost its task makes nothing visible, whatever on_error says.
func TestNothingIsPublishedWithoutLeave(t *testing.T) {
	p := newProject(t, threeTexts())
	p.env.Gate = gateFunc(func() error { return errors.New("the lease is over") })
	_, err := p.open("on_error=skip").Run(t.Context(), etl.Options{})
	if pipeline.KindOf(t.Context(), err, pipeline.Internal) != pipeline.NotPermitted {
		t.Fatalf("got %v", err)
	}
	if got := p.files(); len(got) != 0 {
		t.Errorf("there is %v", got)
	}
}

func TestAnEditedOutputOfAFormerItemIsLeft(t *testing.T) {
	p := newProject(t, threeTexts())
	p.run()
	p.remove("texts/a.txt")
	p.remove("texts/b.txt")
	p.write("numbered/b.txt", "mine\n")
	result := p.run()
	if d := cmp.Diff([]string{"a.txt"}, result.Removed); d != "" {
		t.Error(d)
	}
	if got := p.files(); got["b.txt"] != "mine\n" {
		t.Errorf("there is %v", got)
	}
}

func TestProgressTellsRateAndTimeLeft(t *testing.T) {
	p := newProject(t, threeTexts())
	at := time.Unix(0, 0)
	p.env.Now = func() time.Time { at = at.Add(time.Second); return at }
	var got []progress.Report
	var mu sync.Mutex
	ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) {
		mu.Lock()
		defer mu.Unlock()
		if r.Stage == "lines" {
			got = append(got, r)
		}
	}))
	if _, err := p.open("max_workers=1").Run(ctx, etl.Options{}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d reports: %+v", len(got), got)
	}
	first := got[0]
	if first.Left <= 0 || first.Metrics["item"] != 1 || first.Metrics["items"] != 3 || first.Metrics["rows"] != 2 || first.Metrics["rows_per_second"] <= 0 {
		t.Errorf("got %+v", first)
	}
	if last := got[2]; last.Fraction != 1 || last.Left != 0 || last.Metrics["rows"] != 4 {
		t.Errorf("got %+v", last)
	}

	// What is up to date is skipped, and so is what has nothing to offer; neither
	// counts in the rate of what is done.
	p.write("texts/a.txt", "bad\n")
	p.write("texts/b.txt", "")
	got = nil
	if _, err := p.open("max_workers=1", "stop=bad", "on_error=skip").Run(ctx, etl.Options{}); err != nil {
		t.Fatal(err)
	}
	p.write("texts/c.txt", "new\n")
	got = nil
	if _, err := p.open("max_workers=1", "stop=bad", "on_error=skip").Run(ctx, etl.Options{}); err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		t.Fatal("no report")
	}
	last := got[len(got)-1].Metrics
	delete(last, "items_per_second")
	delete(last, "rows_per_second")
	if d := cmp.Diff(map[string]float64{"item": 2, "items": 2, "failed": 1, "skipped": 2, "rows": 1}, last); d != "" {
		t.Error(d)
	}
}

// A shard's second attempt goes on where the first ended.
func TestProgressOfAResumedShard(t *testing.T) {
	p := newProject(t, threeTexts())
	plan, err := p.open().Plan(t.Context(), etl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan.Release()
	shard := p.open("shard_size=3").Shards(plan)[0]
	if _, err := p.open().Process(t.Context(), shard.Items[:2], nil); err != nil {
		t.Fatal(err)
	}
	var last progress.Report
	ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) { last = r }))
	if _, err := p.open().RunShard(ctx, shard, etl.Options{}); err != nil {
		t.Fatal(err)
	}
	if last.Metrics["item"] != 3 || last.Metrics["items"] != 3 || last.Fraction != 1 {
		t.Errorf("got %+v", last)
	}
}

// Memory does not grow with the input: batches are pulled one at a time.
func TestBatchesArePulled(t *testing.T) {
	alive, most := 0, 0
	source := func(yield func(int, error) bool) {
		for i := range 1000 {
			alive++
			most = max(most, alive)
			if !yield(i, nil) {
				return
			}
		}
	}
	double := etl.Map[int, int](func(_ context.Context, _ *etl.Work, v int) (int, error) { return 2 * v, nil })
	sum := 0
	for v, err := range double.Transform(t.Context(), nil, source) {
		if err != nil {
			t.Fatal(err)
		}
		sum += v
		alive--
	}
	if sum != 999000 || most != 1 {
		t.Errorf("sum %d with up to %d batches at once", sum, most)
	}
}

func TestWhatIsWrongWithASectionIsToldByItsPlace(t *testing.T) {
	for _, c := range []struct{ name, text, section, want string }{
		{"unknown key", "lines_pipeline:\n  source_folder: a\n  output_folder: b\n  prefx: x\n", "lines_pipeline",
			"pipelines_config.yml:4:3: lines_pipeline.prefx: unknown key; did you mean \"prefix\"?"},
		{"needed", "lines_pipeline:\n  output_folder: b\n", "lines_pipeline",
			"pipelines_config.yml:1:1: lines_pipeline.source_folder: is needed: the folder of the text files."},
		{"range", "lines_pipeline:\n  source_folder: a\n  output_folder: b\n  start: -1\n", "lines_pipeline",
			"pipelines_config.yml:4:3: lines_pipeline.start: must be at least 0, not -1"},
		{"common key", "lines_pipeline:\n  source_folder: a\n  output_folder: b\n  on_error: stop\n", "lines_pipeline",
			"pipelines_config.yml:4:3: lines_pipeline.on_error: unknown value \"stop\"; did you mean \"skip\"? (known: fail, skip)"},
		{"own check", "lines_pipeline:\n  source_folder: a\n  output_folder: b\n  stop: x\n  prefix: x\n", "lines_pipeline",
			"pipelines_config.yml:4:3: lines_pipeline.stop: is the prefix"},
		{"own source", "lines_pipeline:\n  source_folder: a\n  output_folder: ./a/\n", "lines_pipeline",
			"pipelines_config.yml:3:3: lines_pipeline.output_folder: is also what the section reads; name another folder"},
		{"section", linesFile, "line_pipeline", "pipelines_config.yml: has no section \"line_pipeline\"; did you mean \"lines_pipeline\"?"},
		{"type by name", "linse_pipeline:\n  source_folder: a\n", "linse_pipeline",
			"pipelines_config.yml:1:1: linse_pipeline: no type of pipeline has this name; did you mean \"lines_pipeline\"? Otherwise give the section the key type (known: lines)"},
		{"type", "mine:\n  type: linse\n", "mine", "pipelines_config.yml:2:3: mine.type: unknown type of pipeline \"linse\"; did you mean \"lines\"? (known: lines)"},
		{"pipeline", "pipeline:\n  source_folder: a\n", "pipeline",
			"pipelines_config.yml:1:1: pipeline: a section of this name needs the key type, which says what it runs (known: lines)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openSection(c.text, c.section, "/srv", config.PipelinesOptions{}, etl.Env{}, linesType)
			if err == nil {
				t.Fatal("nothing is told")
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			if d := cmp.Diff(c.want, first); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLocationsStartAtTheProjectsRoot(t *testing.T) {
	job, err := openSection("pipeline:\n  type: lines\n  source_folder: file:///data/in\n  output_folder: ./out\n", "pipeline", "/srv/project",
		config.PipelinesOptions{}, etl.Env{}, linesType)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"/data/in"}, job.Sources()); d != "" || job.Output() != "/srv/project/out" || job.Type() != "lines" {
		t.Errorf("sources %v, output %s", job.Sources(), job.Output())
	}
}

func TestAFaultyTypeIsRefusedAtStart(t *testing.T) {
	type noOutput struct {
		Source string `yaml:"source_folder" location:"source"`
	}
	type taken struct {
		Output  string `yaml:"output_folder" location:"output"`
		Workers int    `yaml:"max_workers"`
	}
	for name, make := range map[string]func(){
		"no output folder": func() {
			etl.NewType("x", "", noOutput{}, func(noOutput, etl.Setup) (etl.Pipeline, error) { return nil, nil })
		},
		"a key of everyone's": func() {
			etl.NewType("x", "", taken{}, func(taken, etl.Setup) (etl.Pipeline, error) { return nil, nil })
		},
		"two of one name": func() { etl.NewRegistry(linesType, linesType) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("nothing happened")
				}
			}()
			make()
		})
	}
}
