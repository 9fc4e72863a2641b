package registry_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"mlops/runner/registry"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(registerForever); dir != "" {
		os.Exit(registerInto(dir))
	}
	// Every change waits for the disk; -rapid.checks=100 and more still work.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func TestAVersionIsACopyThatReferencesFind(t *testing.T) {
	r := open(t)
	dir := deployment(t, "one")
	v, err := r.Register(t.Context(), registry.Registration{
		Name: "churn", Dir: dir, Aliases: []string{"champion"}, Facts: registry.Facts{By: "ann", Metrics: map[string]float64{"roc_auc": 0.1 + 0.2}},
	})
	if err != nil || v.Number != 1 || !v.CreatedAt.Equal(noon) {
		t.Fatalf("got %+v, %v", v, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if got := register(t, r, "churn", "two"); got != 2 {
		t.Errorf("the second version is %d", got)
	}
	for reference, want := range map[string]string{
		"models:/churn/1": "one", "models:/churn/2": "two", "models:/churn@champion": "one", "models:/churn@latest": "two",
		"models:/churn": "two", "models:/churn/latest": "two",
	} {
		if got := content(t, r, reference); got != want {
			t.Errorf("%s is %q, want %q", reference, got, want)
		}
	}
	_, path, err := r.Resolve(registry.Ref{Name: "churn", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, path); !slices.Equal(got, []string{"logs", "model.txt", "predict.sh"}) {
		t.Errorf("the version holds %q", got)
	}
	for name, executable := range map[string]bool{"predict.sh": true, "model.txt": false} {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || (info.Mode()&0o100 != 0) != executable {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if got := names(t, r.Dir()); !slices.Equal(got, []string{"churn"}) {
		t.Errorf("the registry holds %q", got)
	}
	m, err := registry.New(r.Dir(), nil).Model("churn") // as another process sees it
	if err != nil || len(m.Versions) != 2 || m.Versions[0].Metrics["roc_auc"] != 0.1+0.2 {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestMovesOfAnAliasAreOnRecord(t *testing.T) {
	r := open(t)
	register(t, r, "churn", "one", "champion")
	register(t, r, "churn", "two")
	for _, p := range []registry.Promotion{
		{To: ref(t, "models:/churn/2"), Alias: "champion", By: "bob", Reason: "better"},
		{To: ref(t, "models:/churn@champion"), Alias: "production", By: "bob"},
		{To: ref(t, "models:/churn@champion"), Alias: "production", By: "eve"}, // moves nothing
		{To: ref(t, "models:/churn/1"), Alias: "champion", By: "ann", Reason: "back"},
	} {
		if _, err := r.Promote(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	m, err := r.Model("churn")
	if err != nil {
		t.Fatal(err)
	}
	want := []registry.Move{
		{Time: noon, By: "ann", Alias: "champion", From: 0, To: 1, Reason: "registered"},
		{Time: noon, By: "bob", Alias: "champion", From: 1, To: 2, Reason: "better"},
		{Time: noon, By: "bob", Alias: "production", From: 0, To: 2},
		{Time: noon, By: "ann", Alias: "champion", From: 2, To: 1, Reason: "back"},
	}
	if d := cmp.Diff(want, m.History); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]int{"champion": 1, "production": 2}, m.Aliases); d != "" {
		t.Error(d)
	}
}

func TestWhatAnAliasPointsToIsNotDeleted(t *testing.T) {
	r := open(t)
	register(t, r, "churn", "one", "champion")
	register(t, r, "churn", "two")
	register(t, r, "churn", "three")
	var protected *registry.ProtectedError
	for text, want := range map[string]string{
		"models:/churn/1":        "models:/churn/1 is not deleted: the alias champion points to it",
		"models:/churn@champion": "models:/churn/1 is not deleted: the alias champion",
		"models:/churn/3":        "the alias latest points to it",
		"models:/churn":          "models:/churn has 3 versions, which would all be deleted",
	} {
		_, err := r.Delete(t.Context(), registry.Deletion{Ref: ref(t, text)})
		wantError(t, err, want)
		if !errors.As(err, &protected) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	deleted := func(text string, force bool, want ...int) {
		t.Helper()
		got, err := r.Delete(t.Context(), registry.Deletion{Ref: ref(t, text), Force: force, By: "ann"})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	deleted("models:/churn/2", false, 2)
	deleted("models:/churn@champion", true, 1)
	deleted("models:/churn@latest", true, 3)
	if got := register(t, r, "churn", "four"); got != 4 {
		t.Errorf("the number %d was given twice", got)
	}
	m, err := r.Model("churn")
	if err != nil || len(m.Aliases) != 0 || m.History[1].To != 0 || m.History[1].Reason != "version 1 deleted" {
		t.Errorf("got %+v, %v", m, err)
	}
	if got := names(t, filepath.Join(r.Dir(), "churn")); !slices.Equal(got, []string{"4", "model.json"}) {
		t.Errorf("left %q", got)
	}
	deleted("models:/churn", true, 4)
	if got := names(t, r.Dir()); got != nil {
		t.Errorf("left %q", got)
	}
	if got := register(t, r, "Churn", "anew"); got != 1 {
		t.Errorf("a new model begins with %d", got)
	}
}

func TestAWithdrawnRegistrationLeavesTheAliasesAsTheyWere(t *testing.T) {
	r := open(t)
	register(t, r, "churn", "one", "champion")
	n := register(t, r, "churn", "two", "champion", "challenger")
	for range 2 { // the second finds nothing to do
		if err := r.Withdraw(t.Context(), "churn", n, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	m, err := r.Model("churn")
	if err != nil || len(m.Versions) != 1 || len(m.Aliases) != 1 || m.Aliases["champion"] != 1 {
		t.Errorf("got %+v, %v", m, err)
	}
	if got := register(t, r, "churn", "three"); got != 3 {
		t.Errorf("the number %d was given twice", got)
	}
	if err := r.Withdraw(t.Context(), "nobody", 1, "ann"); err != nil {
		t.Error(err)
	}
}

func TestARepeatedAttemptRegistersOnce(t *testing.T) {
	r := open(t)
	g := registry.Registration{Name: "churn", Dir: deployment(t, "one"), Facts: registry.Facts{Task: "flow/0"}}
	for range 2 {
		if v, err := r.Register(t.Context(), g); err != nil || v.Number != 1 {
			t.Errorf("got %+v, %v", v, err)
		}
	}
	g.Facts.Task = "flow/1"
	if v, err := r.Register(t.Context(), g); err != nil || v.Number != 2 {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestRegistrationsAtOnceLoseNothing(t *testing.T) {
	const writers = 8
	r := open(t)
	numbers := make([]int, writers)
	var group errgroup.Group
	for i := range writers {
		dir := deployment(t, string(rune('a'+i)))
		// Each has a registry of its own, as processes have.
		own := registry.New(r.Dir(), nil)
		group.Go(func() error {
			v, err := own.Register(t.Context(), registry.Registration{Name: "churn", Dir: dir, Aliases: []string{"newest"}})
			if err == nil {
				numbers[i] = v.Number
				_, err = own.Promote(t.Context(), registry.Promotion{To: registry.Ref{Name: "churn", Version: v.Number}, Alias: "by-" + string(rune('a'+i))})
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	m, err := r.Model("churn")
	if err != nil || len(m.Versions) != writers || len(m.Aliases) != writers+1 || len(m.History) != 2*writers {
		t.Errorf("got %+v, %v", m, err)
	}
	for i, n := range numbers {
		if got := content(t, r, "models:/churn@by-"+string(rune('a'+i))); n == 0 || got != string(rune('a'+i)) {
			t.Errorf("writer %d got version %d, which says %q", i, n, got)
		}
	}
}

func TestWhatCannotBeRegistered(t *testing.T) {
	r := open(t)
	register(t, r, "churn", "one")
	dir := deployment(t, "x")
	linked := deployment(t, "x")
	if err := os.Symlink("/etc/passwd", filepath.Join(linked, "logs", "link")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for want, g := range map[string]registry.Registration{
		`"../x" is no model name`:         {Name: "../x", Dir: dir},
		`"Latest" is no alias`:            {Name: "churn", Dir: dir, Aliases: []string{"Latest"}},
		`an alias is listed once`:         {Name: "churn", Dir: dir, Aliases: []string{"a", "a"}},
		`"CHURN" is taken by "churn"`:     {Name: "CHURN", Dir: dir},
		`no such file or directory`:       {Name: "churn", Dir: dir + "-missing"},
		`logs/link is not a regular file`: {Name: "churn", Dir: linked},
		`not a directory`:                 {Name: "churn", Dir: file},
	} {
		_, err := r.Register(t.Context(), g)
		wantError(t, err, want)
		_, err = registry.New(filepath.Join(file, "below"), nil).Register(t.Context(), g)
		if err == nil {
			t.Errorf("%+v was registered below a file", g)
		}
	}
	if m, err := r.Model("churn"); err != nil || len(m.Versions) != 1 {
		t.Errorf("got %+v, %v", m, err)
	}
	if got := names(t, r.Dir()); !slices.Equal(got, []string{"churn"}) {
		t.Errorf("left %q", got)
	}
}

func TestWhatIsNotThereIsTold(t *testing.T) {
	r := open(t)
	_, _, err := r.Resolve(ref(t, "models:/churn/1"))
	wantError(t, err, "models:/churn/1 is not in the model registry "+r.Dir()+": there is no registry yet")
	_, err = r.Delete(t.Context(), registry.Deletion{Ref: ref(t, "models:/churn"), Force: true})
	wantError(t, err, "there is no registry yet")
	_, err = r.Promote(t.Context(), registry.Promotion{To: ref(t, "models:/churn/1"), Alias: "champion"})
	wantError(t, err, "there is no registry yet")
	if _, err := os.Stat(r.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking for a model made %s: %v", r.Dir(), err)
	}
	if models, err := r.Models(t.Context()); err != nil || models != nil {
		t.Errorf("got %v, %v", models, err)
	}
	register(t, r, "churn", "one", "champion")
	for text, want := range map[string]string{
		"models:/chrun":           `did you mean "churn"?`,
		"models:/churn/7":         "there is no such version; there are 1",
		"models:/churn@challenge": "there is no such alias (known: champion, latest)",
	} {
		_, _, err := r.Resolve(ref(t, text))
		wantError(t, err, want)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v is not fs.ErrNotExist", text, err)
		}
		_, err = r.Promote(t.Context(), registry.Promotion{To: ref(t, text), Alias: "a"})
		if text == "models:/chrun" {
			wantError(t, err, want)
		}
	}
	_, err = r.Promote(t.Context(), registry.Promotion{To: ref(t, "models:/churn/1"), Alias: "latest"})
	wantError(t, err, "latest always is the newest version")
}
