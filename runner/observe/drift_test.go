package observe_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"mlops/runner/observe"
	"mlops/runner/profile"
	"mlops/runner/table"
)

// stores are the two places that a history can be in.
func stores(t *testing.T) map[string]observe.Store {
	return map[string]observe.Store{
		"directory": observe.DirStore{Logs: t.TempDir()},
		"links":     observe.LinkStore{Logs: t.TempDir(), Digest: "d", Scratch: t.TempDir(), Artifacts: &links{dir: t.TempDir(), files: make(map[string]string)}},
	}
}

func TestDriftIsFound(t *testing.T) {
	for name, store := range stores(t) {
		for _, c := range []struct {
			name   string
			params string
			rows   *table.Table
			leave  int
			want   string
		}{
			{"nothing has changed", "", customers(t, 2, 3000, 0), 3, "[]"},
			{"ages and plans have moved", "", customers(t, 3, 3000, 0.7), 3, "[drift.age.psi drift.plan.psi]"},
			{"the predictions have moved", "", customers(t, 4, 3000, 0), 30, "[drift.predictions.psi]"},
			{"a few rows prove nothing", "", customers(t, 5, 12, 0), 3, "[]"},
			{"a column is not watched", "ignore: [age]", customers(t, 6, 3000, 0.7), 3, "[drift.plan.psi]"},
			{"one column is watched", "columns: [age]", customers(t, 7, 3000, 0.5), 3, "[drift.age.psi]"},
			{"other thresholds", "psi: 50, js: 1, ks: 0.9", customers(t, 8, 3000, 0.5), 3, "[]"},
		} {
			t.Run(name+" "+c.name, func(t *testing.T) {
				watch := steps(t, "[{type: drift, params: {"+c.params+"}}]")
				store := fresh(t, store)
				if err := watch.Predicted(t.Context(), call(t, store, at(1), "w/1", c.rows, c.leave)); err != nil {
					t.Fatal(err)
				}
				s := scene(t, store, "", at(2))
				s.Profile = trainingProfile(t, 5000)
				o, err := watch.Observe(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(failed(o)); got != c.want || o.Drift.Rows != int64(c.rows.NumRows()) {
					t.Errorf("failed %s of %+v (%v), want %s", got, o.Drift, o.Notes, c.want)
				}
			})
		}
	}
}

// fresh is an empty store of the same sort.
func fresh(t *testing.T, s observe.Store) observe.Store {
	if _, ok := s.(observe.DirStore); ok {
		return stores(t)["directory"]
	}
	return stores(t)["links"]
}

func TestDriftJoinsCallsWithinItsWindow(t *testing.T) {
	store := observe.DirStore{Logs: t.TempDir()}
	watch := steps(t, "[{type: drift, params: {window: 2h}}]")
	for i, shift := range []float64{0.9, 0, 0} { // the first one is too old
		p := call(t, store, at(0).Add(time.Duration(i)*2*time.Hour), fmt.Sprint("w/", i), customers(t, uint64(10+i), 1000, shift), 3)
		if err := watch.Predicted(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := watch.Predicted(t.Context(), p); err != nil { // tried again: the same call
			t.Fatal(err)
		}
	}
	s := scene(t, store, "", at(0).Add(4*time.Hour))
	s.Profile = trainingProfile(t, 5000)
	o, err := watch.Observe(t.Context(), s)
	if err != nil || o.Drift.Rows != 2000 || o.Drift.Calls != 2 || !o.Drift.From.Equal(at(0).Add(2*time.Hour)) || o.Alert() {
		t.Errorf("got %+v, failed %v, %v", o.Drift, failed(o), err)
	}
}

func TestWhatDriftCannotCompareIsTold(t *testing.T) {
	store := observe.DirStore{Logs: t.TempDir()}
	watch := steps(t, "[{type: drift, params: {ignore: [agee]}}]")
	observed := func(p *profile.Profile) *observe.Observation {
		t.Helper()
		s := scene(t, store, "", at(2))
		s.Profile = p
		o, err := watch.Observe(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := observed(nil); o.Drift != nil || !strings.Contains(fmt.Sprint(o.Notes), "has no profile of its training data") {
		t.Errorf("without a profile: %+v", o)
	}
	trained := trainingProfile(t, 100)
	if o := observed(trained); o.Alert() || !strings.Contains(fmt.Sprint(o.Notes), "nothing was predicted within 30d") {
		t.Errorf("without predictions: %v", o.Notes)
	}
	changed, err := customers(t, 2, 500, 0).Drop("spend").With(table.NewString("spend", labels(t, 500, 2).Dict()[:1], nil).Take(make([]int, 500)))
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Predicted(t.Context(), call(t, store, at(1), "", changed, 3)); err != nil {
		t.Fatal(err)
	}
	if err := store.AppendProfile(t.Context(), observe.ProfileEntry{Time: at(1), Profile: []byte(`{"format":"other"}`)}, observe.Limits{}); err != nil {
		t.Fatal(err)
	}
	o := observed(trained)
	notes := fmt.Sprint(o.Notes)
	for _, want := range []string{"1 records could not be read", `"spend" was float64 and is now string`, `no column "agee" in the training data; did you mean "age"?`} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q: %s", want, notes)
		}
	}
	if got := fmt.Sprint(failed(o)); got != "[drift.spend.kind]" {
		t.Errorf("failed %s", got)
	}
}

func TestMissingCellsAreDrift(t *testing.T) {
	store := observe.DirStore{Logs: t.TempDir()}
	watch := steps(t, "[drift]")
	rows := customers(t, 2, 2000, 0)
	gaps := make([]bool, 2000)
	for i := range gaps {
		gaps[i] = i%4 == 0
	}
	full := rows.Column("spend").Floats()
	gapped, err := rows.With(table.NewFloat64("spend", append([]float64(nil), full...), gaps))
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Predicted(t.Context(), call(t, store, at(1), "", gapped, 3)); err != nil {
		t.Fatal(err)
	}
	s := scene(t, store, "", at(2))
	s.Profile = trainingProfile(t, 5000)
	o, err := watch.Observe(t.Context(), s)
	if err != nil || fmt.Sprint(failed(o)) != "[drift.spend.missing_rate]" {
		t.Errorf("failed %v, %v", failed(o), err)
	}
}

// TestChanceRaisesNoAlarm draws samples of the training data's own distribution of
// every size and counts the alarms.
func TestChanceRaisesNoAlarm(t *testing.T) {
	trained := trainingProfile(t, 4000)
	alarms, runs := 0, 0
	store := stores(t)["links"].(observe.LinkStore) // which waits for no disk
	for seed := range uint64(50) {
		for _, rows := range []int{5, 40, 300} {
			store.Digest = fmt.Sprint(seed, "-", rows)
			watch := steps(t, "[{type: drift, params: {psi: 0, js: 0, ks: 0, missing_rate: 0, significance: 0.05}}]")
			if err := watch.Predicted(t.Context(), call(t, store, at(1), "", customers(t, 100+seed, rows, 0), 3)); err != nil {
				t.Fatal(err)
			}
			s := scene(t, store, "", at(2))
			s.Profile = trained
			o, err := watch.Observe(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if runs++; o.Alert() {
				alarms++
			}
		}
	}
	// One in twenty for each of three measures that go together.
	if alarms > runs/8 {
		t.Errorf("%d alarms in %d runs at a significance of 0.05", alarms, runs)
	}
}

func TestPredictsAtOnceLoseNothing(t *testing.T) {
	const calls, rows = 12, 50
	store := observe.DirStore{Logs: t.TempDir()}
	watch := steps(t, "[{type: predictions_logger, params: {rows: true, row_id: id}}, drift]")
	var group errgroup.Group
	for i := range calls {
		group.Go(func() error {
			return watch.Predicted(t.Context(), call(t, store, at(1), fmt.Sprintf("w%d/0", i), customers(t, uint64(i), rows, 0), 3))
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	h, err := store.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	profiles, damaged, err := store.Profiles(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := observe.Export(t.Context(), store)
	if err != nil || len(h.Predictions) != calls || len(profiles) != calls || damaged != 0 || recorded.NumRows() != calls*rows {
		t.Errorf("%d calls, %d profiles (%d damaged), %d rows, %v", len(h.Predictions), len(profiles), damaged, recorded.NumRows(), err)
	}
}

func TestParametersOfDriftAreChecked(t *testing.T) {
	for params, want := range map[string]string{
		"window: soon":     "must be a time such as 90s, 12h or 7d",
		"window: -1h":      "must be a time",
		"ks: 2":            "at most 1",
		"bins: 1":          "at least 2",
		"significance: 0":  "above 0",
		"threshold: 0.1":   "unknown key",
		"max_age: nonsens": "must be a time",
	} {
		if _, err := observe.New(section(t, "steps: [{type: drift, params: {"+params+"}}]")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", params, err, want)
		}
	}
}
