package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestColumnsAreANameOrAList(t *testing.T) {
	for text, want := range map[string]Columns{
		"init_score_column: base":         {"base"},
		"init_score_column: [a, b]":       {"a", "b"},
		"init_score_column: []":           nil,
		"init_score_column:":              nil,
		"group_column: q":                 nil,
		"init_score_column: ['1', 'b c']": {"1", "b c"},
	} {
		c, err := Parse("c.yaml", []byte("training: {"+text+"}"))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if d := cmp.Diff(want, c.Training.InitScoreColumn); d != "" {
			t.Errorf("%s: %s", text, d)
		}
		back, err := Parse("back.yaml", c.YAML())
		if err != nil || back.Hash() != c.Hash() {
			t.Errorf("%s does not come back: %v\n%s", text, err, c.YAML())
		}
	}
	for text, want := range map[string]string{
		"{a: b}":   "training.init_score_column: must be a column's name or a list of names, not a map",
		"[a, [b]]": "training.init_score_column[1]: must be text, not a list",
		"[a, ~]":   "training.init_score_column[1]: has no value",
		"''":       "training.init_score_column: must name a column",
		"3":        "training.init_score_column: must be text, not the number 3",
	} {
		if _, err := Parse("c.yaml", []byte("training: {init_score_column: "+text+"}")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// A key that a later version brought leaves the hashes of earlier configurations
// as they were; one that changes no model is in none.
func TestHashOfLaterKeys(t *testing.T) {
	plain := Default().Hash()
	for text, same := range map[string]bool{
		"group_column: ''": true, "init_score_column: []": true, "snapshot_freq: 0": true, "snapshot_freq: 10": true,
		"group_column: q": false, "time_column: t": false, "sample_weight_column: w": false, "init_score_column: s": false, "init_model: m": false,
	} {
		if got := mustParse(t, "training: {"+text+"}").Hash() == plain; got != same {
			t.Errorf("%s: the hash of the defaults stays: %v, want %v", text, got, same)
		}
	}
}
