package registry_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mlops/runner/registry"
)

func TestADamagedRegistryIsToldAndLeftAlone(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, new, 1) }
	}
	for name, c := range map[string]struct {
		change func(string) string
		want   string
	}{
		"empty":           {func(string) string { return "" }, "is not valid JSON"},
		"cut":             {func(s string) string { return s[:len(s)/2] }, "is not valid JSON"},
		"another format":  {replace("mlops-registry-model", "mlops-registry"), `has format "mlops-registry"`},
		"a later version": {replace(`"format_version": 1`, `"format_version": 2`), "has version 2 of its format; this program reads version 1"},
		"an unknown key":  {replace(`"aliases"`, `"alias"`), `unknown field "alias"`},
		"a changed alias": {replace(`"champion": 1`, `"champion": 2`), "does not match its checksum"},
		"a changed name":  {replace(`"name": "churn"`, `"name": "other"`), "does not match its checksum"},
		"more behind it":  {func(s string) string { return s + s }, "is not valid JSON"},
		"not there":       {nil, "is missing, though there are versions beside it"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			register(t, r, "churn", "one", "champion")
			register(t, r, "churn", "two")
			path := filepath.Join(r.Dir(), "churn", "model.json")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := ""
			if c.change == nil {
				err = os.Remove(path)
			} else {
				changed = c.change(string(text))
				err = os.WriteFile(path, []byte(changed), 0o666)
			}
			if err != nil || changed == string(text) {
				t.Fatal("nothing was damaged:", err)
			}
			_, _, resolve := r.Resolve(ref(t, "models:/churn/1"))
			_, models := r.Models(t.Context())
			_, model := r.Model("churn")
			_, again := r.Register(t.Context(), registry.Registration{Name: "churn", Dir: deployment(t, "three")})
			_, promote := r.Promote(t.Context(), registry.Promotion{To: ref(t, "models:/churn/1"), Alias: "a"})
			_, remove := r.Delete(t.Context(), registry.Deletion{Ref: ref(t, "models:/churn"), Force: true})
			for _, err := range []error{resolve, models, model, again, promote, remove} {
				var corrupt *registry.CorruptError
				if !errors.As(err, &corrupt) || corrupt.File != path {
					t.Errorf("got %v, want a CorruptError of %s", err, path)
				}
				wantError(t, err, c.want, "nothing was changed: restore it")
			}
			for _, version := range []string{"1", "2"} {
				if _, err := os.Stat(filepath.Join(r.Dir(), "churn", version, "model.txt")); err != nil {
					t.Error(err)
				}
			}
			if got, _ := os.ReadFile(path); string(got) != changed {
				t.Errorf("the damaged file became %q", got)
			}
		})
	}
	r := open(t)
	register(t, r, "churn", "one")
	if err := os.RemoveAll(filepath.Join(r.Dir(), "churn", "1")); err != nil {
		t.Fatal(err)
	}
	_, _, err := r.Resolve(ref(t, "models:/churn/1"))
	wantError(t, err, filepath.Join("churn", "1")+" is missing, though model.json tells of it")
}

func TestWhatACrashLeftIsIgnoredAndClearedAway(t *testing.T) {
	r := open(t)
	register(t, r, "churn", "one")
	for _, name := range []string{"churn/2/model.txt", "churn/.model-1234", ".staging-dead/model.txt", ".trash-dead/1/model.txt"} {
		path := filepath.Join(r.Dir(), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("half of"), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	// A first registration that came no further than the model's directory.
	if err := os.MkdirAll(filepath.Join(r.Dir(), "begun"), 0o777); err != nil {
		t.Fatal(err)
	}
	models, err := r.Models(t.Context())
	if err != nil || len(models) != 1 || len(models[0].Versions) != 1 {
		t.Errorf("got %+v, %v", models, err)
	}
	_, _, err = r.Resolve(ref(t, "models:/churn/2"))
	wantError(t, err, "there is no such version")
	if got := content(t, r, "models:/churn"); got != "one" {
		t.Errorf("the newest is %q", got)
	}
	if got := register(t, r, "churn", "two"); got != 2 || content(t, r, "models:/churn/2") != "two" {
		t.Errorf("got version %d", got)
	}
	register(t, r, "begun", "first")
	if got := names(t, r.Dir()); !slices.Equal(got, []string{"begun", "churn"}) {
		t.Errorf("left %q", got)
	}
	if got := names(t, filepath.Join(r.Dir(), "churn")); !slices.Equal(got, []string{"1", "2", "model.json"}) {
		t.Errorf("left %q", got)
	}
}

// registerForever names a registry that this test program, started anew, fills
// until it is killed.
const registerForever = "MLOPS_TEST_REGISTER_FOREVER"

func registerInto(dir string) int {
	r := registry.New(dir, nil)
	for {
		v, err := r.Register(context.Background(), registry.Registration{Name: "churn", Dir: os.Getenv("MLOPS_TEST_DEPLOYMENT"), Aliases: []string{"champion"}})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(v.Number)
	}
}

func TestAKilledProcessLosesNothingThatItWasToldOf(t *testing.T) {
	r := open(t)
	dir := deployment(t, strings.Repeat("a model of some length\n", 2000))
	acknowledged := 0
	for round := range 6 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), registerForever+"="+r.Dir(), "MLOPS_TEST_DEPLOYMENT="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range round + 1 {
			if !lines.Scan() {
				t.Fatal("the process ended by itself")
			}
			n, err := strconv.Atoi(lines.Text())
			if err != nil || n <= acknowledged {
				t.Fatalf("after version %d the process says %q", acknowledged, lines.Text())
			}
			acknowledged = n
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed, as it says
		m, err := r.Model("churn")
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= acknowledged; n++ {
			if got := content(t, r, fmt.Sprintf("models:/churn/%d", n)); len(got) != 46000 {
				t.Errorf("version %d has %d bytes", n, len(got))
			}
		}
		if m.Aliases["champion"] != m.Versions[len(m.Versions)-1].Number {
			t.Errorf("the alias points to %d of %+v", m.Aliases["champion"], m.Versions)
		}
		acknowledged = len(m.Versions) // one more may have been made than was told
	}
	last := register(t, r, "churn", "after")
	if got := names(t, r.Dir()); !slices.Equal(got, []string{"churn"}) {
		t.Errorf("left %q", got)
	}
	if got := names(t, filepath.Join(r.Dir(), "churn")); len(got) != last+1 {
		t.Errorf("beside %d versions and model.json there is something in %q", last, got)
	}
}

func FuzzModelDocument(f *testing.F) {
	r := registry.New(filepath.Join(f.TempDir(), "registry"), nil)
	register(f, r, "churn", "one", "champion")
	written, err := os.ReadFile(filepath.Join(r.Dir(), "churn", "model.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(written)
	f.Add([]byte(`{"format":"mlops-registry-model","format_version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		again, err := registry.Recode(data, "churn")
		if err != nil {
			return
		}
		if third, err := registry.Recode(again, "churn"); err != nil || string(third) != string(again) {
			t.Errorf("%q reads, but as written again it gives %q, %v", data, third, err)
		}
	})
}
