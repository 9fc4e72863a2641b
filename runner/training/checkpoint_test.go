package training_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"mlops/runner/progress"
	"mlops/runner/training"
)

// shelf is a checkpoint in memory.
type shelf struct {
	kept  map[string][]byte
	fault error // of Save
	saved int
}

func (s *shelf) Open(name string) (io.ReadCloser, error) {
	text, ok := s.kept[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(text)), nil
}

func (s *shelf) Save(name string, write func(io.Writer) error) error {
	if s.fault != nil {
		return s.fault
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	s.saved++
	s.kept[name] = b.Bytes()
	return nil
}

func (s *shelf) Remove(name string) error {
	delete(s.kept, name)
	return nil
}

func (s *shelf) names() []string {
	var names []string
	for name := range s.kept {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// seconds is a clock that goes on by one at each look.
func seconds() func() time.Time {
	at := time.Unix(0, 0)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

// until gives a context that ends when the training tells that stage has come so
// far, and what was told.
func until(t *testing.T, stage, figure string, value float64) (context.Context, *[]progress.Report) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var told []progress.Report
	return progress.With(ctx, progress.Func(func(r progress.Report) {
		told = append(told, r)
		if r.Stage == stage && r.Metrics[figure] == value {
			cancel()
		}
	})), &told
}

func iterations(told []progress.Report) []float64 {
	var of []float64
	for _, r := range told {
		if n, ok := r.Metrics["iteration"]; ok {
			of = append(of, n)
		}
	}
	return of
}

// However a training is cut up by interruptions, the model is the one of a training
// that went through.
func TestAnInterruptedTrainingIsTakenUp(t *testing.T) {
	tab := shop(t, 300)
	cases := []struct{ name, target, yaml string }{
		{"regression", "spend", ""},
		{"classes", "tier", ", cv_folds: 2"},
		{"bagging and early stopping", "churned", ", cv_folds: 2, params: {num_iterations: 20, bagging_fraction: 0.6, bagging_freq: 1, early_stopping_round: 15}"},
		{"dropouts", "spend", ", params: {num_iterations: 20, boosting: dart, feature_fraction: 0.7}"},
		{"without a validation part", "spend", ", test_size: 0, cv_folds: 2, params: {num_iterations: 20, early_stopping_round: 15}"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			yaml := "training: {backend: lightgbm, snapshot_freq: 3" + c.yaml
			if !strings.Contains(c.yaml, "cv_folds") {
				yaml += ", cv_folds: 0"
			}
			if !strings.Contains(c.yaml, "params") {
				yaml += ", params: {num_iterations: 20}"
			}
			request := training.Request{Table: one(t, tab, c.target), Config: parse(t, yaml+"}"), Now: seconds()}
			want, err := training.Train(bg, request)
			if err != nil {
				t.Fatal(err)
			}
			store := &shelf{kept: map[string][]byte{}}
			request.Checkpoint = store
			if len(want.CVScores) > 0 {
				ctx, _ := until(t, "cross_validate", "fold", 1)
				if _, err := training.Train(ctx, request); !errors.Is(err, context.Canceled) || !slices.Equal(store.names(), []string{"folds.json"}) {
					t.Fatalf("%v, kept %q", err, store.names())
				}
			}
			for _, at := range []float64{5, 10} { // 5 again would not be told: it is done
				ctx, told := until(t, "train", "iteration", at)
				if _, err := training.Train(ctx, request); !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if first := iterations(*told)[0]; at == 10 && first != 4 {
					t.Errorf("the training was interrupted after iteration 5 with a snapshot of the third, and began with iteration %v", first)
				}
			}
			ctx, told := until(t, "never", "", 0)
			got, err := training.Train(ctx, request)
			if err != nil {
				t.Fatal(err)
			}
			if of := iterations(*told); of[0] != 10 {
				t.Errorf("the last run began with iteration %v, not after the ninth", of[0])
			}
			for _, r := range *told {
				if r.Metrics["fold"] > 0 {
					t.Errorf("fold %v was done again", r.Metrics["fold"])
				}
			}
			if !bytes.Equal(saved(t, got.Model), saved(t, want.Model)) {
				t.Error("the model is not that of an uninterrupted training")
			}
			if fmt.Sprint(got.Metrics) != fmt.Sprint(want.Metrics) || !slices.Equal(got.CVScores, want.CVScores) || !slices.Equal(got.Warnings, want.Warnings) {
				t.Errorf("metrics %v, folds %v, warnings %q\nwithout interruption %v, %v, %q", got.Metrics, got.CVScores, got.Warnings, want.Metrics, want.CVScores, want.Warnings)
			}
		})
	}
}

// A fold, too, goes on where it was broken off.
func TestAnInterruptedFoldIsTakenUp(t *testing.T) {
	tab := one(t, shop(t, 300), "spend")
	cfg := parse(t, "training: {backend: lightgbm, snapshot_freq: 4, cv_folds: 2, params: {num_iterations: 10}}")
	want, err := training.Train(bg, training.Request{Table: tab, Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	store := &shelf{kept: map[string][]byte{}}
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	stop := &stopping{shelf: store, after: 3, cancel: cancel} // two snapshots of the first fold are saved, and its score
	if _, err := training.Train(ctx, training.Request{Table: tab, Config: cfg, Checkpoint: stop}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := training.Train(bg, training.Request{Table: tab, Config: cfg, Checkpoint: store}); err != nil {
		t.Fatal(err)
	}
	// A snapshot of the first fold alone.
	store.kept = map[string][]byte{}
	ctx, cancel = context.WithCancel(bg)
	defer cancel()
	stop = &stopping{shelf: store, after: store.saved + 1, cancel: cancel}
	if _, err := training.Train(ctx, training.Request{Table: tab, Config: cfg, Checkpoint: stop}); !errors.Is(err, context.Canceled) || !slices.Equal(store.names(), []string{"fold-1.snapshot"}) {
		t.Fatalf("%v, kept %q", err, store.names())
	}
	got, err := training.Train(bg, training.Request{Table: tab, Config: cfg, Checkpoint: store})
	if err != nil || !slices.Equal(got.CVScores, want.CVScores) || !bytes.Equal(saved(t, got.Model), saved(t, want.Model)) {
		t.Errorf("folds %v, want %v, %v", got.CVScores, want.CVScores, err)
	}
}

// stopping ends the run after so many saves.
type stopping struct {
	*shelf
	after  int
	cancel func()
}

func (s *stopping) Save(name string, write func(io.Writer) error) error {
	err := s.shelf.Save(name, write)
	if s.saved == s.after {
		s.cancel()
	}
	return err
}

// What is of no use, or cannot be kept, costs a warning.
func TestASnapshotOfAnotherTrainingIsIgnored(t *testing.T) {
	tab := shop(t, 300)
	run := func(iterations int, target, params string, store *shelf) (*training.Outcome, error) {
		cfg := parse(t, fmt.Sprintf("training: {backend: lightgbm, snapshot_freq: 2, cv_folds: 2, params: {num_iterations: %d%s}}", iterations, params))
		request := training.Request{Table: one(t, tab, target), Config: cfg}
		if store != nil {
			request.Checkpoint = store
		}
		return training.Train(bg, request)
	}
	left := func(target, params string) *shelf {
		store := &shelf{kept: map[string][]byte{}}
		if _, err := run(6, target, params, store); err != nil {
			t.Fatal(err)
		}
		delete(store.kept, "folds.json")
		if !slices.Equal(store.names(), []string{"model.snapshot"}) {
			t.Fatalf("kept %q", store.names())
		}
		return store
	}
	torn := left("spend", "")
	torn.kept["model.snapshot"] = torn.kept["model.snapshot"][:1000]
	longer := left("spend", "")
	for _, c := range []struct {
		name       string
		iterations int
		store      *shelf
		warning    string
	}{
		{"other data", 6, left("churned", ""), "is not used, training starts anew: gbdt: resume: "},
		{"other parameters", 6, left("spend", ", num_leaves: 7"), "with other parameters: [num_leaves: 7] then, [num_leaves: 31] now"},
		{"torn", 6, torn, "gbdt: read snapshot: the file is truncated or damaged"},
		{"of more iterations", 4, longer, "it is of iteration 6, and there are to be 4"},
		{"folds of another run", 6, &shelf{kept: map[string][]byte{"folds.json": []byte(`{"version":1,"scores":[1,2,3]}`)}}, "folds.json is not of this run's folds"},
		{"no folds", 6, &shelf{kept: map[string][]byte{"folds.json": []byte(`{"versions":1}`)}}, `folds.json cannot be read: json: unknown field "versions"`},
		{"full disk", 6, &shelf{kept: map[string][]byte{}, fault: errors.New("no space left")}, "no snapshots are kept, so that this training cannot be resumed: no space left"},
	} {
		want, err := run(c.iterations, "spend", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := run(c.iterations, "spend", "", c.store)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !bytes.Equal(saved(t, got.Model), saved(t, want.Model)) || !slices.Equal(got.CVScores, want.CVScores) {
			t.Errorf("%s: the model is another one", c.name)
		}
		if !strings.Contains(strings.Join(got.Warnings, "\n"), c.warning) {
			t.Errorf("%s: warnings %q, want %q", c.name, got.Warnings, c.warning)
		}
	}
}

func TestSnapshotsAreKeptOnlyWhereAskedFor(t *testing.T) {
	store := &shelf{kept: map[string][]byte{}}
	cfg := parse(t, "training: {backend: lightgbm, cv_folds: 2, params: {num_iterations: 3}}")
	if _, err := training.Train(bg, training.Request{Table: one(t, shop(t, 200), "spend"), Config: cfg, Checkpoint: store}); err != nil || len(store.kept) > 0 {
		t.Errorf("%v, kept %q", err, store.names())
	}
}
