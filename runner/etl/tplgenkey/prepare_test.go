package tplgenkey_test

import (
	"path/filepath"
	"strings"
	"testing"

	"mlops/runner/table"
)

// lines are all rows of a table as text.
func lines(t *table.Table) []string {
	var rows []string
	for i := range t.NumRows() {
		var cells []string
		for _, column := range t.Columns() {
			cells = append(cells, column.Text(i))
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	return rows
}

func TestKeysThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"noise: {'[a': {}}", `noise.[a: the pattern "[a" has a [ without its end`},
		{"noise: {'': {}}", "a name or pattern must not be empty"},
		{"noise: {PT_*: {accuracy: -1}}", "noise.PT_*.accuracy: must be at least 0, not -1"},
		{"noise: {PT_*: {acuracy: 1}}", `noise.PT_*.acuracy: unknown key; did you mean "accuracy"?`},
		{"noise: {PT_*: {range: [1]}}", "noise.PT_*.range: must be two numbers, the least and the greatest, not 1"},
		{"noise: {PT_*: {range: [1, 0]}}", "noise.PT_*.range: must go from a number to a greater one"},
		{"noise: {PT_*: {accuracy_of_span: 1}}", "noise.PT_*.accuracy_of_span: is a share of the range's span, and there is no range; give one"},
		{"noise: {PT_*: {dropout: {samples: 2}}}", "noise.PT_*.dropout.probability: is 0, so that nothing drops out"},
		{"noise: {PT_*: {dropout: {probability: 0.1, samples: 2, time: 3}}}", "noise.PT_*.dropout.time: is given beside a length in samples"},
		{"noise: {PT_*: {accuracy: 1}, '*_P1': {accuracy: 2}}", `noise: the trend PT_POSITION_P1 matches both "*_P1" and "PT_*"; narrow one of them`},
		{"quality: {gaps: {action: stop}}", `quality.gaps.action: unknown value "stop"`},
		{"quality: {units: {action: skip}}", `quality.units.action: unknown value "skip"`},
		{"quality: {range: {limits: {PT_*: [5, 1]}}}", "quality.range.limits.PT_*: must be two numbers, the least and a greater one"},
		{"quality: {range: {limits: {'PT_*': [0, 1], '*1': [0, 1]}}}", `quality.range.limits: the trend PT_POSITION_P1 matches both "*1" and "PT_*"`},
		{"quality: {jumps: {limits: {PT_*: 0}}}", "quality.jumps.limits.PT_*: must be above 0, not 0"},
		{"quality: {jumps: {limits: {'[': 1}}}", "has a [ without its end"},
		{"resample: {step: -1}", "resample.step: must be at least 0, not -1"},
		{"resample: {max_gap: 1}", "resample.step: is not given"},
		{"resample: {step: 1, hold: ['[']}", "resample.hold: the pattern"},
		{"resample: {step: 1.0e-9}", "resample.step: a step of 1e-09 gives more than 100000000 points"},
		{"resample: {step: 1}\n  quality: {backwards: {action: warn}}", "quality.backwards.action: is warn, but a case whose times go back cannot be resampled; set it to fail or skip"},
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "in", "a.tpl"), "0 1 2 0\n100 2 3 0\n")
		if _, err := run(t, root, "  source_folder: in\n  "+c.keys+"\n"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v", c.keys, err)
		}
	}
}
