package tplgenkey_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rewrite replaces the first of a text in a file.
func rewrite(t testing.TB, path, old, replacement string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte(old), []byte(replacement), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCasesMustHaveTheSameUnits(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		write(t, filepath.Join(root, "in", name+".tpl"), "0 1 2 0\n1 2 3 0\n")
	}
	rewrite(t, filepath.Join(root, "in", "b.tpl"), "(PA)", "(BARA)")
	rewrite(t, filepath.Join(root, "in", "d.tpl"), "(PA)", "(PSIA)")
	_, err := run(t, root, "  source_folder: in\n")
	if err == nil || !strings.Contains(err.Error(), "the unit of PT_POSITION_P1 is PA in case a, and BARA in case b; leave one of them out, make them alike, or set quality.units.action") {
		t.Fatalf("the error is %v", err)
	}
	result, err := run(t, root, "  source_folder: in\n  quality: {units: {action: warn}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(result.Gathered.Warnings, "\n"); got != "quality: the unit of PT_POSITION_P1 is PA in case a, and BARA in case b" {
		t.Errorf("warnings %s", got)
	}
	if d := cmp.Diff([]string{"b|PT_POSITION_P1|units|2|||warn"}, found(t, root)); d != "" {
		t.Error(d)
	}
	if _, err := run(t, root, "  source_folder: in\n  quality: {units: {action: ignore}}\n"); err != nil || found(t, root) != nil {
		t.Errorf("found %v, %v", found(t, root), err)
	}
}

func TestTrendsThatSomeCasesLackAreTold(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(root, "in", name+".tpl"), "0 1 2 0\n1 2 3 0\n")
	}
	rewrite(t, filepath.Join(root, "in", "b.tpl"), "GT 'POSITION:'", "GL 'POSITION:'")
	result, err := run(t, root, "  source_folder: in\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"quality: GT_POSITION_P1 is not in 1 of 3 cases, such as b, and is in a", "quality: GL_POSITION_P1 is not in 2 of 3 cases, such as a, and is in b"}
	if d := cmp.Diff(want, result.Gathered.Warnings); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"b|GT_POSITION_P1|missing_columns|1|||warn", "a|GL_POSITION_P1|missing_columns|2|||warn"}, found(t, root)); d != "" {
		t.Error(d)
	}
	if _, err := run(t, root, "  source_folder: in\n  quality: {missing_columns: {action: fail}}\n"); err == nil || !strings.Contains(err.Error(), "GT_POSITION_P1 is not in 1 of 3 cases") {
		t.Errorf("the error is %v", err)
	}
	// A key that names a trend of one case only is right; one of none is a slip.
	if _, err := run(t, root, "  source_folder: in\n  noise: {'GL_*': {accuracy: 1}}\n"); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"noise: {'TM_*': {accuracy: 1}}", "resample: {step: 1, hold: ['TM_*']}", "quality: {jumps: {limits: {'TM_*': 1}}}", "quality: {range: {limits: {'TM_*': [0, 1]}}}"} {
		_, err = run(t, root, "  source_folder: in\n  "+key+"\n")
		if err == nil || !strings.Contains(err.Error(), "pipelines_config.yml:4:") || !strings.Contains(err.Error(), "TM_*: no trend that is kept has this name or pattern in any case; a has PT_POSITION_P1, GT_POSITION_P1") {
			t.Errorf("%s: the error is %v", key, err)
		}
	}
}
