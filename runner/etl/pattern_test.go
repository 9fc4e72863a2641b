package etl_test

import (
	"testing"

	"mlops/runner/etl"
)

func TestPatternsOfNames(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"PT_1", "PT_1", true}, {"PT_1", "PT_*", true}, {"PT_1", "?T_[0-9]", true}, {"PT_1", "GT_*", false}, {"PT_1", "PT", false},
		{"TPL/case1", "*", true}, {"TPL/case1", "*case?", true}, {"TPL/case1", "TPL/*", true}, {"a/TPL/case1", "TPL/*", false}, {"PT_1", "PT_[", false},
	} {
		if got := etl.Matches(c.name, c.pattern); got != c.want {
			t.Errorf("%q matches %q: %v", c.name, c.pattern, got)
		}
	}
	if etl.Matches("PT_1") || !etl.Matches("PT_1", "GT_*", "PT_*") {
		t.Error("one of the patterns is to match")
	}
}
