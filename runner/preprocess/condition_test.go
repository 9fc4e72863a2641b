package preprocess_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/runner/preprocess"
	"mlops/runner/table"
)

func TestConditionKeepsTheRowsForWhichItHolds(t *testing.T) {
	rows, err := table.New(
		table.NewFloat64("PT", []float64{39, 41, 42, 43}, []bool{false, false, true, false}),
		table.NewInt64("n", []int64{1, 2, 3, 4}, nil), table.NewBool("open", []bool{true, true, true, false}, nil),
		table.NewString("case", []string{"a", "b", "c", "d"}, nil),
	)
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string][]int{
		"PT > 40": {1, 3}, "PT > 40 and n < 4": {1}, "n >= 3": {2, 3}, "open == 1 or n == 4": {0, 1, 2, 3}, "PT > 100": nil,
	} {
		c, err := preprocess.CompileCondition(source)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Rows(t.Context(), rows)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %s %v", source, d, err)
		}
	}
	for _, source := range []string{"PT", "PT + 1", "system(1) > 0", "PT >"} {
		if _, err := preprocess.CompileCondition(source); err == nil {
			t.Errorf("%q is a condition", source)
		}
	}
	missing, err := preprocess.CompileCondition("PR > 1")
	if err != nil {
		t.Fatal(err)
	}
	var lacks *table.MissingColumnError
	if _, err := missing.Rows(t.Context(), rows); !errors.As(err, &lacks) {
		t.Errorf("got %v", err)
	}
	text, err := preprocess.CompileCondition("col(\"case\") == 1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := text.Rows(t.Context(), rows); err == nil {
		t.Error("text is a number")
	}
}
