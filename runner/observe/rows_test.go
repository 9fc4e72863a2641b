package observe_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mlops/runner/observe"
	"mlops/runner/table"
)

func TestRowsAreRecordedAndExported(t *testing.T) {
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			if _, err := observe.Export(t.Context(), store); !errors.Is(err, observe.ErrNothingRecorded) {
				t.Errorf("an empty record gave %v", err)
			}
			with := steps(t, "[{type: predictions_logger, params: {rows: true, row_id: id, proba: true}}]")
			without := steps(t, "[{type: predictions_logger, params: {rows: true}}]")
			first := call(t, store, at(1), "w/1", customers(t, 2, 3, 0), 2)
			first.Proba = []float64{0.9, 0.1, 0.2, 0.8, 0.7, 0.3}
			err := errors.Join(
				with.Predicted(t.Context(), first),
				with.Predicted(t.Context(), first), // tried again
				without.Predicted(t.Context(), call(t, store, at(2), "w/2", customers(t, 3, 2, 0), 1)),
				without.Predicted(t.Context(), call(t, store, at(3), "", customers(t, 4, 1, 0), 1)),
			)
			if err != nil {
				t.Fatal(err)
			}
			got, err := observe.Export(t.Context(), store)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "export.parquet")
			if err := table.WriteFile(path, got, table.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			back, err := table.ReadFile(t.Context(), path, table.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if !back.Equal(got) {
				t.Error("Parquet reads back otherwise")
			}
			var lines []string
			for i := range got.NumRows() {
				var cells []string
				for _, c := range got.Columns() {
					cells = append(cells, c.Text(i))
				}
				lines = append(lines, strings.Join(cells, " "))
			}
			want := "2026-03-01T12:01:00Z w-1 c2-0 leaves 0.9 0.1|2026-03-01T12:01:00Z w-1 c2-1 stays 0.2 0.8|2026-03-01T12:01:00Z w-1 c2-2 leaves 0.7 0.3|" +
				"2026-03-01T12:02:00Z w-2 w/2/1 leaves  |2026-03-01T12:02:00Z w-2 w/2/2 leaves  |2026-03-01T12:03:00Z  1 leaves  "
			if got := strings.Join(lines, "|"); got != want {
				t.Errorf("exported %s\nwant     %s", got, want)
			}
		})
	}
}

func TestCallsAreExportedWhereNoRowsAre(t *testing.T) {
	store := observe.DirStore{Logs: t.TempDir()}
	sum := observe.Summarize([]float64{1, 3})
	for i, e := range []observe.PredictionEntry{
		{TaskID: "a", Rows: 3, Data: "x.csv", ClassCounts: map[string]int64{"no": 1, "yes": 2}}, {TaskID: "b", Rows: 2, Values: &sum},
	} {
		e.Time = at(i)
		if err := store.AppendPrediction(t.Context(), e, observe.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := observe.Export(t.Context(), store)
	if err != nil || fmt.Sprint(got.Names()) != "[time task_id data rows class_no class_yes mean std min max]" {
		t.Fatalf("got %v, %v", got.Names(), err)
	}
	if got.Column("class_yes").Ints()[0] != 2 || !got.Column("mean").IsNull(0) || got.Column("mean").Floats()[1] != 2 {
		t.Errorf("got %v %v", got.Column("class_yes").Ints(), got.Column("mean").Floats())
	}
}

func TestASampleIsTheSameRowsEachTime(t *testing.T) {
	watch := steps(t, "[{type: predictions_logger, params: {rows: true, row_id: id, sample_rate: 0.25}}]")
	var ids []string
	for range 2 {
		store := observe.DirStore{Logs: t.TempDir()}
		if err := watch.Predicted(t.Context(), call(t, store, at(1), "w/1", customers(t, 2, 2000, 0), 3)); err != nil {
			t.Fatal(err)
		}
		got, err := observe.Export(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		if n := got.NumRows(); math.Abs(float64(n)-500) > 80 {
			t.Errorf("%d of 2000 rows at a rate of a quarter", n)
		}
		ids = append(ids, fmt.Sprint(got.Column("row_id").Dict()))
	}
	if ids[0] != ids[1] {
		t.Error("the sample differs")
	}
}

func TestRowsStayWithinTheirBound(t *testing.T) {
	logs := t.TempDir()
	store := observe.DirStore{Logs: logs}
	watch := func(limits string) {
		t.Helper()
		for i := range 9 {
			p := call(t, store, at(i), fmt.Sprint("w/", i), customers(t, 2, 20, 0), 3)
			if err := steps(t, "[{type: predictions_logger, params: {rows: true, "+limits+"}}]").Predicted(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
	}
	store.Now = func() time.Time { return at(8) }
	watch("max_bytes: 3000, max_segments: 1")
	files, err := os.ReadDir(filepath.Join(logs, observe.RowsDir))
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if newest := files[len(files)-1].Name(); size > 6000 || !strings.HasSuffix(newest, "-w-8.parquet") {
		t.Errorf("%d files of %d bytes, the newest %s", len(files), size, newest)
	}
	watch("max_age: 4m")
	if files, err = os.ReadDir(filepath.Join(logs, observe.RowsDir)); err != nil || len(files) != 5 {
		t.Errorf("%d files within 4 minutes, want 5 (%v)", len(files), err)
	}
}

func TestWhatACrashLeavesAmongTheRows(t *testing.T) {
	logs := t.TempDir()
	store := observe.DirStore{Logs: logs}
	watch := steps(t, "[{type: predictions_logger, params: {rows: true}}]")
	dir := filepath.Join(logs, observe.RowsDir)
	if err := watch.Predicted(t.Context(), call(t, store, at(1), "w/1", customers(t, 2, 4, 0), 3)); err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(dir, "20260301T120500.000000000Z-w-9.parquet")
	half := filepath.Join(dir, ".20260301T120500.000000000Z-w-8.parquet123")
	if err := errors.Join(os.WriteFile(torn, []byte("PAR1 and no end"), 0o666), os.WriteFile(half, []byte("PAR1"), 0o666), os.Chtimes(half, at(0), at(0))); err != nil {
		t.Fatal(err)
	}
	seen := 0
	damaged, err := store.Rows(t.Context(), func(observe.RowsEntry) error { seen++; return nil })
	if err != nil || seen != 1 || damaged != 1 {
		t.Errorf("%d files read, %d damaged, %v", seen, damaged, err)
	}
	if err := watch.Predicted(t.Context(), call(t, store, at(2), "w/2", customers(t, 2, 4, 0), 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was half-written is still there: %v", err)
	}
}

func TestARowWithoutItsIdentifier(t *testing.T) {
	store := observe.DirStore{Logs: t.TempDir()}
	watch := steps(t, "[{type: predictions_logger, params: {rows: true, row_id: idd}}, drift]")
	err := watch.Predicted(t.Context(), call(t, store, at(1), "w/1", customers(t, 2, 4, 0), 3))
	if err == nil || !strings.Contains(err.Error(), `no column "idd"; did you mean "id"?`) {
		t.Errorf("got %v", err)
	}
	// The call, and what other steps record of it, are there all the same.
	h, err := store.History(t.Context())
	if err != nil || len(h.Predictions) != 1 {
		t.Errorf("%d calls, %v", len(h.Predictions), err)
	}
	if profiles, _, err := store.Profiles(t.Context(), time.Time{}); err != nil || len(profiles) != 1 {
		t.Errorf("%d profiles, %v", len(profiles), err)
	}
}
