package config

import (
	"errors"
	"strings"
	"testing"
)

type sampleParams struct {
	Strategy string   `yaml:"strategy" enum:"mean|median"`
	Columns  []string `yaml:"columns"`
	Fill     any      `yaml:"fill_value"`
	Share    float64  `yaml:"share" range:"(0,1]"`
	Count    *int     `yaml:"count" range:"[1,]"`
}

func steps(t *testing.T, text string) []Step {
	t.Helper()
	c, err := Parse("c.yaml", []byte("preprocessing:\n  steps:\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return c.Preprocessing.Steps
}

func TestStepParamsDecodeOverDefaults(t *testing.T) {
	step := steps(t, "  - type: x\n    params: {columns: [a], fill_value: {a: 1}, count: 2}\n")[0]
	got, err := DecodeParamsOver(step, sampleParams{Strategy: "mean", Share: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	fill, _ := got.Fill.(map[string]any)
	if got.Strategy != "mean" || got.Share != 0.5 || len(got.Columns) != 1 || fill["a"] != int64(1) || *got.Count != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestStepParamsErrorsKeepTheirPlace(t *testing.T) {
	cases := []struct {
		text         string
		line, column int
		key, message string
	}{
		{"  - type: x\n    params:\n      strategi: mean\n", 5, 7, "preprocessing.steps[0].params.strategi", `did you mean "strategy"`},
		{"  - type: x\n    params:\n      columns: a\n", 5, 7, "preprocessing.steps[0].params.columns", "must be a list"},
		{"  - type: x\n    params:\n      strategy: mode\n", 5, 7, "preprocessing.steps[0].params.strategy", "known: mean, median"},
		{"  - type: x\n    params: {strategy: mean, share: 0}\n", 4, 30, "preprocessing.steps[0].params.share", "above 0 and at most 1"},
		{"  - type: x\n    params: {strategy: mean, share: 1, count: 0}\n", 4, 40, "preprocessing.steps[0].params.count", "at least 1"},
		{"  - type: x\n    params: {columns: [a, {b: 1}]}\n", 4, 27, "preprocessing.steps[0].params.columns[1]", "must be text, not a map"},
	}
	for _, c := range cases {
		_, err := DecodeParams[sampleParams](steps(t, c.text)[0])
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.key, err)
			continue
		}
		if e.Line != c.line || e.Column != c.column || e.Key != c.key || !strings.Contains(e.Message, c.message) {
			t.Errorf("got %+v\nwant %+v", e, c)
		}
	}
}

func TestStepBuiltInCode(t *testing.T) {
	step := Step{Type: "x", Params: map[string]any{"strategy": "mean", "share": 1, "columns": []string{"a"}}}
	if got, err := DecodeParams[sampleParams](step); err != nil || got.Share != 1 || got.Columns[0] != "a" {
		t.Errorf("got %+v, %v", got, err)
	}
	step.Params["share"] = 2
	_, err := DecodeParams[sampleParams](step)
	if err == nil || err.Error() != "x.params.share: must be above 0 and at most 1, not 2" {
		t.Errorf("error %v", err)
	}
	if e := step.ErrorAt("", "unknown step"); e.Error() != "x: unknown step" {
		t.Errorf("error %v", e)
	}
	step.Params = map[string]any{"share": make(chan int)}
	if _, err := DecodeParams[sampleParams](step); err == nil {
		t.Error("a channel was taken as a parameter")
	}
}
