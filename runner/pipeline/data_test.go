package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mlops/runner/config"
	"mlops/runner/pipeline"
	"mlops/runner/storage"
)

// TestMain also is the process that dies in TestAKilledTrainingIsTakenUp.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killedTraining); dir != "" {
		fmt.Fprintln(os.Stderr, "the training was not killed:", trainUntilKilled(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 3, 1, 12, 30, 15, 0, time.UTC)

// customers writes a table whose target can be learned: two numbers, a category
// and a flag, some of them missing.
func customers(t testing.TB, dir, name string, rows int) string {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("age,plan,spend,active,leaves\n")
	plans := []string{"basic", "plus", "pro"}
	for range rows {
		age, plan, spend, active := 18+random.IntN(60), random.IntN(3), 10+90*random.Float64(), random.IntN(2) == 1
		leaves := "no"
		if float64(age)/60+spend/100-float64(plan)/2+0.2*random.NormFloat64() > 0.9 {
			leaves = "yes"
		}
		ageCell := fmt.Sprint(age)
		if random.IntN(20) == 0 {
			ageCell = ""
		}
		fmt.Fprintf(&b, "%s,%s,%.2f,%t,%s\n", ageCell, plans[plan], spend, active, leaves)
	}
	return write(t, dir, name, b.String())
}

// houses writes a table with a numeric target.
func houses(t testing.TB, dir, name string, rows int) string {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("area,rooms,price\n")
	for range rows {
		area, rooms := 30+120*random.Float64(), 1+random.IntN(6)
		fmt.Fprintf(&b, "%.1f,%d,%.1f\n", area, rooms, 1000*area+5000*float64(rooms)+2000*random.NormFloat64())
	}
	return write(t, dir, name, b.String())
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// settings is a small, quick configuration with more on top.
func settings(t testing.TB, more string) *config.Config {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte("training: {backend: lightgbm, cv_folds: 2, params: {n_estimators: 10}}\n"+more))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// environment is a fresh directory with a clock that stands still.
func environment(t testing.TB) (string, pipeline.Env) {
	t.Helper()
	dir := t.TempDir()
	return dir, pipeline.Env{
		Storage: storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}}),
		Now:     func() time.Time { return noon },
		Version: "test",
	}
}

func train(t testing.TB, env pipeline.Env, r pipeline.TrainRequest) *pipeline.TrainResult {
	t.Helper()
	result, err := pipeline.Train(t.Context(), r, env)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func wantError(t testing.TB, err error, stage string, kind pipeline.Kind, text ...string) {
	t.Helper()
	var e *pipeline.Error
	if !errors.As(err, &e) || e.Stage != stage || e.Kind != kind {
		t.Errorf("got %T %v (%+v), want stage %s and kind %d", err, err, e, stage, kind)
		return
	}
	for _, part := range text {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to say %q", err, part)
		}
	}
}

// gate is a gate made of a function.
type gate func(context.Context) error

func (g gate) Permit(ctx context.Context) error { return g(ctx) }

// shelf keeps artifacts in a directory, as a master would.
type shelf struct {
	dir string

	mu    sync.Mutex
	links map[string]string
	next  int
}

func (s *shelf) Publish(_ context.Context, path, link string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	digest := fmt.Sprintf("%064d", s.next)
	to := filepath.Join(s.dir, digest)
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	name := filepath.Base(path)
	if info.IsDir() {
		name += ".tar"
		err = os.CopyFS(to, os.DirFS(path))
	} else {
		data, readErr := os.ReadFile(path)
		err = errors.Join(readErr, os.WriteFile(to, data, 0o444))
	}
	url := "artifact://" + digest + "/" + name
	if link != "" {
		if s.links == nil {
			s.links = make(map[string]string)
		}
		s.links[link] = url
	}
	return url, err
}

func (s *shelf) Fetch(_ context.Context, url string) (string, error) {
	digest, _, _ := strings.Cut(strings.TrimPrefix(url, "artifact://"), "/")
	path := filepath.Join(s.dir, digest)
	_, err := os.Stat(path)
	return path, err
}

func (s *shelf) List(_ context.Context, prefix string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]string)
	for name, url := range s.links {
		if strings.HasPrefix(name, prefix) {
			out[name] = url
		}
	}
	return out, nil
}

func (s *shelf) linkNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for name := range s.links {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
