package sample_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"mlops/needs"
	"mlops/runner/olga"
	"mlops/runner/olga/genkey"
	"mlops/runner/olga/sample"
	"mlops/runner/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// options are those of small cases.
func options(cases, rows int) sample.Options {
	o := sample.Default()
	o.Cases, o.Rows = cases, rows
	return o
}

// trends is a case's trend file.
func trends(t interface{ Fatal(...any) }, c sample.Case) []byte {
	var file bytes.Buffer
	if _, err := c.WriteTrends(context.Background(), &file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func read(t interface{ Fatal(...any) }, file []byte) (*olga.Reader, *table.Table) {
	r, err := olga.NewReader(bytes.NewReader(file), "case.tpl")
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.Read(sample.MaxRows)
	if err != nil {
		t.Fatal(err)
	}
	return r, all
}

// The columns, as the reader names them.
const (
	pressureIn  = "PT_SECTION_BRANCH_TUBERIA_PIPE_Pipe1_NR_3"
	flowIn      = "GT_BOUNDARY_BRANCH_TUBERIA_PIPE_Pipe1_NR_3"
	flowOut     = "GT_BOUNDARY_BRANCH_TUBERIA_PIPE_Pipe5_NR_8"
	leakFlow    = "GTLEAK_LEAK_FUGA"
	leakControl = "CONTR_CONTROLLER_CONTROL_FUGA"
)

func TestATrendFileIsLikeARealOne(t *testing.T) {
	c := sample.Draw(options(10, 3200), 1)
	r, all := read(t, trends(t, c))
	want := olga.Header{
		Version: "OLGA 2017.2.0.107", InputFile: "case00002.genkey", Date: "26-01-01 00:00:00", Project: "sample", Title: "Simulated pipeline", Author: "mlops-cli sample",
		Branches: []string{"TUBERIA"}, TimeUnit: "S",
	}
	if d := cmp.Diff(want, r.Header); d != "" {
		t.Error(d)
	}
	names := []string{
		"TIME", pressureIn, "TM_SECTION_BRANCH_TUBERIA_PIPE_Pipe1_NR_3", flowIn, "PT_SECTION_BRANCH_TUBERIA_PIPE_Pipe5_NR_8", "TM_SECTION_BRANCH_TUBERIA_PIPE_Pipe5_NR_8",
		flowOut, "PUMPSPEED_PUMP_PUMP", leakFlow, "CONTR_CONTROLLER_CONTROL_BOMBA", leakControl,
	}
	if d := cmp.Diff(names, all.Names()); d != "" {
		t.Error(d)
	}
	if all.NumRows() != 3200 {
		t.Errorf("%d rows", all.NumRows())
	}
	steps := map[int]int{} // by tenths of a second
	times := all.Column("TIME").Floats()
	for i, time := range times {
		if late := time - float64(i)*0.5; late < -1e-3 || late > 0.4 {
			t.Errorf("row %d is at %v s", i, time)
		}
		if i > 0 {
			steps[int(10*(time-times[i-1]))]++
		}
	}
	if len(steps) < 4 {
		t.Errorf("times are as regular as %v", steps)
	}
}

// The names of a real file's columns are those of a sample, but for the pipe's numbers.
func TestTrendsAreThoseOfARealFile(t *testing.T) {
	file, err := os.ReadFile(needs.RealData(t, "olga", "leak", "Leak111.tpl"))
	if err != nil {
		t.Fatal(err)
	}
	real, _ := read(t, file)
	made, _ := read(t, trends(t, sample.Draw(options(1, 200), 0)))
	number := regexp.MustCompile(`Pipe-?\d+|NR_\d+|^\d+$`)
	plain := func(list []olga.Trend) (texts []string) {
		for _, trend := range list {
			texts = append(texts, trend.Variable+number.ReplaceAllString(trend.Name, "")+trend.Unit+trend.Description)
		}
		return texts
	}
	if d := cmp.Diff(plain(real.Trends), plain(made.Trends)); d != "" {
		t.Error(d)
	}
}

// The label is the state of the leak, and a leak is what makes more go in than out.
func TestALeakShowsAndIsLabelled(t *testing.T) {
	o := options(24, 1000)
	for number := range o.Cases {
		c := sample.Draw(o, number)
		_, all := read(t, trends(t, c))
		times, flows, controls := all.Column("TIME").Floats(), all.Column(leakFlow).Floats(), all.Column(leakControl).Floats()
		in, out := all.Column(flowIn).Floats(), all.Column(flowOut).Floats()
		leaked, missing := 0.0, 0.0
		for i, time := range times {
			open := c.Leak != nil && time > c.Leak.Start && time < c.Leak.End
			// Times have seven digits.
			atEdge := c.Leak != nil && (math.Abs(time-c.Leak.Start) < 1e-3 || math.Abs(time-c.Leak.End) < 1e-3)
			if (controls[i] > 0) != open && !atEdge {
				t.Fatalf("%s: at %v s the leak's controller is at %v, and the leak is %+v", c.Name, time, controls[i], c.Leak)
			}
			if flows[i] > 0 || flows[i] < 0 && controls[i] == 0 {
				t.Fatalf("%s: at %v s %v kg/s leak, at an opening of %v", c.Name, time, flows[i], controls[i])
			}
			if i > 0 {
				step := time - times[i-1]
				leaked -= step * flows[i]
				missing += step * (in[i] - out[i])
			}
		}
		if (leaked > 50) != (c.Leak != nil) {
			t.Errorf("%s: %v kg leaked, and the leak is %+v", c.Name, leaked, c.Leak)
		}
		// The pipeline between the instruments may hold some more or less at the end.
		if math.Abs(missing-leaked) > 60 {
			t.Errorf("%s (%s): %v kg are missing, and %v leaked", c.Name, c.Operation, missing, leaked)
		}
	}
}

// Any case can be simulated, whatever its length; the oil does not boil.
func TestAnyCaseCanBeSimulated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := options(1, rapid.IntRange(sample.MinRows, 900).Draw(t, "rows"))
		o.Seed, o.Leaks = rapid.Uint64().Draw(t, "seed"), rapid.Float64Range(0, 1).Draw(t, "leaks")
		c := sample.Draw(o, rapid.IntRange(0, sample.MaxCases-1).Draw(t, "number"))
		if _, err := c.WriteTrends(context.Background(), io.Discard); err != nil {
			t.Fatal(err)
		}
		if c.Leak != nil && (c.Leak.Start <= 0 || c.Leak.End >= c.Duration()) {
			t.Fatalf("the leak %+v is not within %v s", c.Leak, c.Duration())
		}
	})
}

func TestTheShareOfLeaksIsThatOfAnyFirstCases(t *testing.T) {
	for _, share := range []float64{0, 0.1, 0.5, 0.75, 1} {
		o := options(1000, 200)
		o.Leaks = share
		leaks := 0
		for i := range o.Cases {
			if sample.Draw(o, i).Leak != nil {
				leaks++
			}
			if want := share * float64(i+1); math.Abs(float64(leaks)-want) > 1 {
				t.Fatalf("a share of %v: %d leaks in the first %d cases", share, leaks, i+1)
			}
		}
	}
}

// Each operation is seen about as often with a leak as without.
func TestOperationsTellNothingOfLeaks(t *testing.T) {
	with, without := map[sample.Operation]int{}, map[sample.Operation]int{}
	o := options(3000, 200)
	for i := range o.Cases {
		if c := sample.Draw(o, i); c.Leak != nil {
			with[c.Operation]++
		} else {
			without[c.Operation]++
		}
	}
	for _, operation := range sample.Operations() {
		if a, b := with[operation], without[operation]; a < 200 || a > 300 || b < 200 || b > 300 {
			t.Errorf("%s is seen %d times with a leak and %d times without", operation, a, b)
		}
	}
}

// digests are of every file in a folder.
func digests(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		sum := sha256.Sum256(data)
		name, _ := filepath.Rel(folder, path)
		found[filepath.ToSlash(name)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func generate(t *testing.T, o sample.Options) (string, []sample.Made) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "raw")
	made, err := sample.Generate(context.Background(), folder, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return folder, made
}

// A case is the same whatever others are made, and on every machine. Built with
// GOAMD64=v3 the test shows it of instructions that fuse products and sums.
func TestTheSameSeedMakesTheSameFiles(t *testing.T) {
	o := options(2, 400)
	folder, _ := generate(t, o)
	few := digests(t, folder)
	want := map[string]string{
		"case00001.genkey": "49b9ddf66b6cb6cb0c1e3a27bfda1dc19832e084be643f8e521add1ffe89c3aa",
		"case00001.tpl":    "e97c041007005ce3af08b9ef270cd6ac861cd6a15b05821c2413b5cd5dd6e4a3",
		"case00002.genkey": "ff817797a08a4226691e423705293e8e93d4f2c3b54f3e9a176d14e895dae76f",
		"case00002.tpl":    "4b01ee30c117dee522a51c3ff46d002f8b7a9bdef46c12424ec6d641792042eb",
	}
	if d := cmp.Diff(want, few); d != "" {
		t.Error(d)
	}
	o.Cases, o.Layout = 5, sample.TPLFolder
	folder, _ = generate(t, o)
	many := digests(t, folder)
	for name, digest := range few {
		in := name
		if strings.HasSuffix(name, ".tpl") {
			in = "TPL/" + name
		}
		if many[in] != digest {
			t.Errorf("%s is another one among five", name)
		}
	}
	if len(many) != 10 {
		t.Errorf("there are %v", many)
	}
	o.Seed++
	if folder, _ = generate(t, o); digests(t, folder)["TPL/case00002.tpl"] == few["case00002.tpl"] {
		t.Error("another seed makes the same case")
	}
}

// No product is fused with a sum: the figures would be others than elsewhere.
func TestNoInstructionRoundsOnceForTwo(t *testing.T) {
	program := needs.Program(t, "go", "no product is fused with a sum on arm64")
	for _, pattern := range []string{"mlops/runner/olga/simulate", "mlops/runner/olga/sample"} {
		cmd := exec.Command(program, "build", "-gcflags="+pattern+"=-S", pattern)
		cmd.Env = append(os.Environ(), "GOARCH=arm64", "GOOS=linux", "CGO_ENABLED=0")
		assembly, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, assembly)
		}
		if !bytes.Contains(assembly, []byte("FMULD")) {
			t.Errorf("%s multiplies nothing: the assembly is not that of arm64", pattern)
		}
		if fused := regexp.MustCompile(`\S+\.go:\d+\)\tFN?M(ADD|SUB)D.*`).FindAll(assembly, -1); fused != nil {
			t.Errorf("%s", bytes.Join(fused, []byte("\n")))
		}
	}
}

func TestAKeywordFile(t *testing.T) {
	var got bytes.Buffer
	if err := sample.Draw(options(10, 3200), 1).WriteKeywords(&got); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "case00002.genkey"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Error(d)
	}
	for _, line := range strings.SplitAfter(got.String(), "\n") {
		if len(line) > 100 || line != "" && !strings.HasSuffix(line, "\r\n") {
			t.Errorf("the line %q", line)
		}
	}
	// A case without a leak has a hole of no size, which is not opened.
	got.Reset()
	if err := sample.Draw(options(10, 3200), 0).WriteKeywords(&got); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"DIAMETER=0 mm", "LABEL=\"CONTROL - FUGA\", TIME=0 s, SETPOINT=0, STROKETIME=0 s"} {
		if !strings.Contains(got.String(), text) {
			t.Errorf("there is no %s in\n%s", text, &got)
		}
	}
}

// What the keyword file tells of the leak is what was simulated.
func TestAKeywordFileTellsTheLeak(t *testing.T) {
	o := options(40, 400)
	leaks := 0
	for i := range o.Cases {
		c := sample.Draw(o, i)
		var text bytes.Buffer
		if err := c.WriteKeywords(&text); err != nil {
			t.Fatal(err)
		}
		doc, err := genkey.Parse(&text, c.Name)
		if err != nil {
			t.Fatal(err)
		}
		found, err := doc.Leaks()
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || found[0].MaxOpening() == nil {
			t.Fatalf("%s has the leaks %+v", c.Name, found)
		}
		l := found[0]
		if c.Leak == nil {
			if *l.MaxOpening() != 0 || *l.DiameterM != 0 {
				t.Errorf("%s has no leak, and one of %v m that opens to %v", c.Name, *l.DiameterM, *l.MaxOpening())
			}
			continue
		}
		leaks++
		near := func(what string, got *float64, want float64) {
			if got == nil || math.Abs(*got-want) > 1e-9*want {
				t.Errorf("%s: the leak's %s is not %v", c.Name, what, want)
			}
		}
		near("position", l.PositionM, c.Leak.Position)
		near("diameter", l.DiameterM, c.Leak.Diameter)
		near("opening", l.MaxOpening(), 1)
		near("start", l.StartS(), c.Leak.Start)
		near("back pressure", l.BackpressurePa, 101_325)
	}
	if leaks != 20 {
		t.Errorf("%d cases have a leak", leaks)
	}
}

func TestAFolderThatHoldsAnythingIsLeft(t *testing.T) {
	folder := t.TempDir()
	kept := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(2, 200)
	if _, err := sample.Generate(context.Background(), folder, o, nil); !errors.Is(err, sample.ErrNotEmpty) {
		t.Errorf("the error is %v", err)
	}
	if len(digests(t, folder)) != 1 {
		t.Error("something is written")
	}
	o.Replace = true
	for range 2 {
		if _, err := sample.Generate(context.Background(), folder, o, nil); err != nil {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "mine" || len(digests(t, folder)) != 5 {
		t.Errorf("%s, %v, of %v", text, err, digests(t, folder))
	}
}

// What is interrupted leaves whole files and no others.
func TestWhatIsInterruptedLeavesWholeFiles(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "raw")
	ctx, cancel := context.WithCancelCause(context.Background())
	because := errors.New("interrupted")
	var counts []int
	_, err := sample.Generate(ctx, folder, options(500, 300), func(cases int) {
		counts = append(counts, cases)
		if cases == 3 {
			cancel(because)
		}
	})
	if !errors.Is(err, because) {
		t.Errorf("the error is %v", err)
	}
	if len(counts) < 3 || len(counts) > 100 || !slices.IsSorted(counts) {
		t.Errorf("told of %v", counts)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		switch filepath.Ext(e.Name()) {
		case ".tpl":
			if _, all := read(t, data); all.NumRows() != 300 {
				t.Errorf("%s has %d rows", e.Name(), all.NumRows())
			}
		case ".genkey":
			if !bytes.HasSuffix(data, []byte("ENDCASE\r\n")) {
				t.Errorf("%s is not whole", e.Name())
			}
		default:
			t.Errorf("there is %s", e.Name())
		}
	}
}

func TestWhatCannotBeMadeIsRefused(t *testing.T) {
	for want, change := range map[string]func(*sample.Options){
		"0 cases: there can be from 1 to 99999":           func(o *sample.Options) { o.Cases = 0 },
		"100000 cases":                                    func(o *sample.Options) { o.Cases = 100_000 },
		"199 rows: a case can have from 200 to 1000000":   func(o *sample.Options) { o.Rows = 199 },
		"a share of leaks of 1.5: it must be from 0 to 1": func(o *sample.Options) { o.Leaks = 1.5 },
		"a share of leaks of NaN":                         func(o *sample.Options) { o.Leaks = math.NaN() },
		`layout "flat": it must be beside or tpl_folder`:  func(o *sample.Options) { o.Layout = "flat" },
	} {
		o := sample.Default()
		change(&o)
		folder := filepath.Join(t.TempDir(), "raw")
		if _, err := sample.Generate(context.Background(), folder, o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, not %s", err, want)
		}
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is made: %v", folder, err)
		}
	}
}

// A case of the size of a real one, on one core.
func BenchmarkCase(b *testing.B) {
	o := sample.Default()
	number := 0
	for b.Loop() {
		c := sample.Draw(o, number%100)
		if _, err := c.WriteTrends(context.Background(), io.Discard); err != nil {
			b.Fatal(err)
		}
		number++
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(number), "ms/case")
}
