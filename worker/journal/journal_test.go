package journal

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	mlopsv1 "mlops/proto/mlops/v1"
)

func result(task string, attempt uint32, echo string) *mlopsv1.HeldAttempt {
	return &mlopsv1.HeldAttempt{
		Ref:   &mlopsv1.AttemptRef{TaskId: task, Attempt: attempt, SessionId: "s1"},
		State: mlopsv1.AttemptState_ATTEMPT_STATE_ENDED,
		Outcome: &mlopsv1.Outcome{Kind: &mlopsv1.Outcome_Result{Result: &mlopsv1.Result{
			Kind: &mlopsv1.Result_Probe{Probe: &mlopsv1.ProbeResult{Echo: echo}},
		}}},
	}
}

func describe(entries []*mlopsv1.HeldAttempt) []string {
	var out []string
	for _, e := range entries {
		out = append(out, fmt.Sprintf("%s#%d=%s", e.GetRef().GetTaskId(), e.GetRef().GetAttempt(), e.GetOutcome().GetResult().GetProbe().GetEcho()))
	}
	return out
}

// open opens the journal in dir and returns what it replays and what it logged.
func open(t testing.TB, dir string) (*Journal, []string, string) {
	t.Helper()
	var logged bytes.Buffer
	j, entries, err := Open(dir, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return j, describe(entries), logged.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestResultsComeBackUntilForgotten(t *testing.T) {
	dir := t.TempDir()
	j, replayed, _ := open(t, dir)
	if len(replayed) != 0 {
		t.Fatalf("a new journal replays %v", replayed)
	}
	must(t, j.Put(result("w/0", 1, "a"), result("w/1", 1, "b")))
	must(t, j.Put(result("w/2", 3, "c")))
	must(t, j.Forget(result("w/1", 1, "").Ref, result("unknown", 1, "").Ref))
	must(t, j.Close())
	j, replayed, _ = open(t, dir)
	if want := []string{"w/0#1=a", "w/2#3=c"}; !slices.Equal(replayed, want) {
		t.Errorf("replayed %v, want %v", replayed, want)
	}
	must(t, j.Forget(result("w/0", 1, "").Ref, result("w/2", 3, "").Ref))
	must(t, j.Close())
	j, replayed, _ = open(t, dir)
	if len(replayed) != 0 {
		t.Errorf("forgotten results came back: %v", replayed)
	}
	must(t, j.Close())
	if err := j.Put(result("w/0", 1, "a")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Put after Close: %v", err)
	}
}

func TestTheSessionIsPartOfTheName(t *testing.T) {
	j, _, _ := open(t, t.TempDir())
	defer j.Close()
	must(t, j.Put(result("w/0", 1, "a")))
	other := result("w/0", 1, "")
	other.Ref.SessionId = "s2"
	must(t, j.Forget(other.Ref))
	if j.Len() != 1 {
		t.Error("a result was forgotten under another session's name")
	}
}

func TestAnEntryWithoutOutcomeIsRefused(t *testing.T) {
	j, _, _ := open(t, t.TempDir())
	defer j.Close()
	held := result("w/0", 1, "a")
	held.Outcome = nil
	if err := j.Put(held); err == nil {
		t.Error("accepted")
	}
}

// A crash may leave any prefix of what was written: whatever Put confirmed before
// the cut comes back, and nothing else.
func TestTornWrites(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	j, _, _ := open(t, dir)
	type point struct {
		size int
		want []string
	}
	var points []point
	mark := func(want ...string) {
		info, err := os.Stat(path)
		must(t, err)
		points = append(points, point{int(info.Size()), want})
	}
	mark()
	must(t, j.Put(result("w/0", 1, "a")))
	mark("w/0#1=a")
	must(t, j.Put(result("w/1", 1, strings.Repeat("b", 50))))
	mark("w/0#1=a", "w/1#1="+strings.Repeat("b", 50))
	must(t, j.Forget(result("w/0", 1, "").Ref))
	mark("w/1#1=" + strings.Repeat("b", 50))
	must(t, j.Close())
	raw, err := os.ReadFile(path)
	must(t, err)
	for cut := range len(raw) + 1 {
		torn := t.TempDir()
		must(t, os.WriteFile(filepath.Join(torn, fileName), raw[:cut], 0o600))
		j, replayed, logged := open(t, torn)
		var want []string
		for _, p := range points {
			if p.size <= cut {
				want = p.want
			}
		}
		if !slices.Equal(replayed, want) {
			t.Fatalf("cut at %d of %d: replayed %v, want %v", cut, len(raw), replayed, want)
		}
		if strings.Contains(logged, "damaged") {
			t.Fatalf("cut at %d: a torn record is called damage: %s", cut, logged)
		}
		must(t, j.Put(result("w/9", 1, "z")))
		must(t, j.Close())
		j, replayed, _ = open(t, torn)
		if !slices.Contains(replayed, "w/9#1=z") {
			t.Fatalf("cut at %d: a result written after the repair is gone: %v", cut, replayed)
		}
		must(t, j.Close())
	}
}

func TestDamageIsSetAsideAndTheRestIsSaved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	j, _, _ := open(t, dir)
	must(t, j.Put(result("w/0", 1, "aaaa"), result("w/1", 1, "bbbb"), result("w/2", 1, "cccc")))
	must(t, j.Close())
	raw, err := os.ReadFile(path)
	must(t, err)
	raw[bytes.Index(raw, []byte("bbbb"))] ^= 1
	must(t, os.WriteFile(path, raw, 0o600))
	j, replayed, logged := open(t, dir)
	defer j.Close()
	if want := []string{"w/0#1=aaaa", "w/2#1=cccc"}; !slices.Equal(replayed, want) {
		t.Errorf("replayed %v, want %v", replayed, want)
	}
	aside, _ := filepath.Glob(path + ".damaged-*")
	if len(aside) != 1 || !strings.Contains(logged, aside[0]) {
		t.Errorf("set aside %v, logged %q", aside, logged)
	}
}

func TestAForeignFileIsSetAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	must(t, os.WriteFile(path, []byte("dear diary"), 0o600))
	j, replayed, logged := open(t, dir)
	defer j.Close()
	if len(replayed) != 0 || !strings.Contains(logged, "foreign=true") {
		t.Errorf("replayed %v, logged %q", replayed, logged)
	}
	aside, _ := filepath.Glob(path + ".damaged-*")
	if len(aside) != 1 {
		t.Fatalf("set aside %v", aside)
	}
	if kept, _ := os.ReadFile(aside[0]); string(kept) != "dear diary" {
		t.Errorf("the foreign file became %q", kept)
	}
}

func TestTheFileStaysSmall(t *testing.T) {
	dir := t.TempDir()
	j, _, _ := open(t, dir)
	defer j.Close()
	must(t, j.Put(result("stays", 1, "a")))
	big := strings.Repeat("x", 1<<20)
	for i := range 12 {
		held := result("w/0", uint32(i+1), big)
		must(t, j.Put(held))
		must(t, j.Forget(held.Ref))
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	must(t, err)
	if info.Size() > rewriteAbove+2<<20 {
		t.Errorf("the file has %d bytes with one small result waiting", info.Size())
	}
	if j.Len() != 1 {
		t.Errorf("%d results wait, want 1", j.Len())
	}
}

// A write that failed leaves a file that later writes repair.
func TestAWriteErrorIsToldAndRepaired(t *testing.T) {
	dir := t.TempDir()
	j, _, _ := open(t, dir)
	must(t, j.Put(result("w/0", 1, "a")))
	readOnly, err := os.Open(j.path)
	must(t, err)
	j.file.Close()
	j.file = readOnly
	if err := j.Put(result("w/1", 1, "b")); err == nil {
		t.Fatal("writing to a file opened for reading succeeded")
	}
	must(t, j.Put(result("w/2", 1, "c")))
	must(t, j.Close())
	j, replayed, _ := open(t, dir)
	defer j.Close()
	if want := []string{"w/0#1=a", "w/2#1=c"}; !slices.Equal(replayed, want) {
		t.Errorf("replayed %v, want %v", replayed, want)
	}
}

func TestJournalBehavesLikeAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		must(t, err)
		j, _, _ := open(t, dir)
		defer func() { j.Close() }()
		var model []*mlopsv1.HeldAttempt
		drop := func(ref *mlopsv1.AttemptRef) {
			model = slices.DeleteFunc(model, func(h *mlopsv1.HeldAttempt) bool { return proto.Equal(h.Ref, ref) })
		}
		draw := func(rt *rapid.T) *mlopsv1.HeldAttempt {
			return result(fmt.Sprintf("w/%d", rapid.IntRange(0, 5).Draw(rt, "task")), rapid.Uint32Range(1, 2).Draw(rt, "attempt"), rapid.StringMatching(`[a-z\n]{0,20}`).Draw(rt, "echo"))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				batch := rapid.SliceOfNDistinct(rapid.Custom(draw), 1, 4, func(h *mlopsv1.HeldAttempt) string { return h.Ref.String() }).Draw(rt, "batch")
				must(t, j.Put(batch...))
				for _, held := range batch {
					drop(held.Ref)
					model = append(model, held)
				}
			},
			"forget": func(rt *rapid.T) {
				ref := draw(rt).Ref
				must(t, j.Forget(ref))
				drop(ref)
			},
			"reopen": func(rt *rapid.T) {
				must(t, j.Close())
				var replayed []string
				j, replayed, _ = open(t, dir)
				want := describe(model)
				slices.Sort(want)
				slices.Sort(replayed)
				if !slices.Equal(replayed, want) {
					rt.Fatalf("replayed %v, want %v", replayed, want)
				}
			},
			"": func(rt *rapid.T) {
				if j.Len() != len(model) {
					rt.Fatalf("%d wait, want %d", j.Len(), len(model))
				}
			},
		})
	})
}

func FuzzParse(f *testing.F) {
	whole := []byte(header)
	for i := range 3 {
		whole, _ = appendRecord(whole, kindPut, result("w/0", uint32(i), "echo"))
	}
	whole, _ = appendRecord(whole, kindForget, result("w/0", 1, "").Ref)
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Add([]byte(header))
	f.Add([]byte("something else"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := parse(raw)
		for _, held := range c.live {
			if !complete(held) {
				t.Fatalf("an incomplete entry: %v", held)
			}
		}
		if c.damaged+c.torn > len(raw) {
			t.Fatalf("%d bytes damaged and %d torn of %d", c.damaged, c.torn, len(raw))
		}
	})
}
