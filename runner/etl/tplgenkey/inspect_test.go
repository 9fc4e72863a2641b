package tplgenkey_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
)

// found are the findings of all cases.
func found(t testing.TB, root string) []string {
	t.Helper()
	return lines(etltest.ReadTable(t, filepath.Join(root, "cases", "metadata", "quality.parquet")))
}

func TestFindingsAreToldAndWritten(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "in", "D 0", "a.tpl"), "0 1 7 0\n1 2 7 0\n1 ** 7 0\n2 3 7 0\n3 300 7 0\n60 3 7 0\n")
	write(t, filepath.Join(root, "in", "b.tpl"), "0 1 2 0\n1 2 3 0\n")
	keys := "  source_folder: in\n  quality:\n    range: {limits: {PT_*: [0, 100]}}\n    jumps: {limits: {PT_*: 50}, action: ignore}\n    stuck: {longer_than: 10}\n"
	result, err := run(t, root, keys)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"D 0/a|TIME|duplicates|1|1|2|warn", "D 0/a|TIME|gaps|1|60|57|warn", "D 0/a|PT_POSITION_P1|missing|1|1|0.16666666666666666|warn",
		"D 0/a|PT_POSITION_P1|range|1|3|300|warn", "D 0/a|GT_POSITION_P1|constant|6|0|7|warn", "D 0/a|GT_POSITION_P1|stuck|1|0|60|warn",
	}
	if d := cmp.Diff(want, found(t, root)); d != "" {
		t.Error(d)
	}
	wantWarnings := []string{
		"quality: TIME is that of the step before in 1 of 6 time steps, first at step 3, 1; up to 2 steps have one time",
		"quality: gaps in TIME longer than 10: 1, the longest 57; the first ends at step 6, 60",
		"quality: PT_POSITION_P1 lacks 1 of 6 values, first at step 3, 1",
		"quality: values of PT_POSITION_P1 out of range: 1, the furthest 300, beyond 100; first at step 5, 3",
		"quality: GT_POSITION_P1 is 7 in all steps",
		"quality: stretches of GT_POSITION_P1 stuck for longer than 10: 1, the longest 60; the first from step 1, 0, on",
	}
	var warnings []string
	for _, w := range result.Outcomes[0].Warnings {
		if strings.HasPrefix(w, "quality: ") {
			warnings = append(warnings, w)
		}
	}
	if d := cmp.Diff(wantWarnings, warnings); d != "" || len(result.Outcomes[1].Warnings) != 0 {
		t.Error(d, result.Outcomes[1].Warnings)
	}
	data, err := os.ReadFile(filepath.Join(root, "cases", "metadata", "quality", "D 0", "a.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Case     string
		Rows     int
		EndTime  float64 `json:"end_time"`
		Columns  []struct{ Name, Unit string }
		Findings []struct {
			Check, Action string
			FirstRow      int `json:"first_row"`
			Limit         float64
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v", report.Findings[1]); got != "{Check:gaps Action:warn FirstRow:5 Limit:10}" || report.Case != "D 0/a" || report.Rows != 6 || report.EndTime != 60 || report.Columns[1].Unit != "KG/S" {
		t.Errorf("the report is %s", data)
	}
	// A case that is up to date warns again, and what is no input of the checks changes
	// nothing.
	again, err := run(t, root, keys)
	if err != nil || again.Outcomes[0].Reason != etl.UpToDate || len(again.Outcomes[0].Warnings) != len(result.Outcomes[0].Warnings) {
		t.Errorf("%+v, %v", again, err)
	}
	changed, err := run(t, root, strings.Replace(keys, "longer_than: 10", "longer_than: 20", 1))
	if err != nil || !strings.Contains(changed.Outcomes[0].Reason, "quality.stuck.longer_than 10 → 20") {
		t.Errorf("%+v, %v", changed, err)
	}
}

func TestFindingsEndOrLeaveOutACase(t *testing.T) {
	const gap = "0 1 2 0\n1 2 3 0\n2 3 4 0\n3 1 2 0\n90 2 3 0\n"
	const back = "0 1 2 0\n2 2 3 0\n1 3 4 0\n"
	for _, c := range []struct {
		name, rows, keys string
		fails, skips     string
		found            string
	}{
		{name: "gaps fail", rows: gap, keys: "{gaps: {action: fail}}", fails: "a.tpl: quality: gaps in TIME longer than 10: 1, the longest 87; the first ends at step 5, 90"},
		{name: "gaps skip", rows: gap, keys: "{gaps: {action: skip}}", skips: "quality: gaps in TIME longer than 10: 1", found: "a|TIME|gaps|1|90|87|skip"},
		{name: "gaps are ignored", rows: gap, keys: "{gaps: {action: ignore}}"},
		{name: "back fails", rows: back, keys: "{}", fails: "the time goes back from 2 to 1 at time step 3; a case must be one series"},
		{name: "back is skipped", rows: back, keys: "{backwards: {action: skip}}\n  resample: {step: 1}", skips: "quality: TIME goes back in 1 of 3 time steps, by up to 1, first at step 3 to 1", found: "a|TIME|backwards|1|1|-1|skip"},
		{name: "back is told", rows: back, keys: "{backwards: {action: warn}}", found: "a|TIME|backwards|1|1|-1|warn"},
		{name: "an endless value", rows: "0 1 2 0\n1 1e999 3 0\n", keys: "{non_finite: {action: fail}}", fails: "infinite values of PT_POSITION_P1: 1, first at step 2, 1"},
		{name: "an endless time", rows: "0 1 2 0\n1e999 1 3 0\n", keys: "{}", fails: "the time of time step 2 is +Inf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, batch := range []int{1, 100} {
				root := t.TempDir()
				write(t, filepath.Join(root, "in", "a.tpl"), c.rows)
				wave(t, filepath.Join(root, "in", "b.tpl"), 30)
				result, err := run(t, root, fmt.Sprintf("  source_folder: in\n  batch_size: %d\n  quality: %s\n", batch, c.keys))
				if c.fails != "" {
					if err == nil || !strings.Contains(err.Error(), c.fails) {
						t.Errorf("the error is %v", err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				_, statErr := os.Stat(filepath.Join(root, "cases", "a.parquet"))
				if o := result.Outcomes[0]; (o.Status == etl.Skipped) != (c.skips != "") || !strings.Contains(o.Reason, c.skips) || (statErr != nil) != (c.skips != "") {
					t.Errorf("outcome %+v, %v", o, statErr)
				}
				if got := strings.Join(found(t, root), "\n"); got != c.found {
					t.Errorf("found %s", got)
				}
			}
		})
	}
}
