package config

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustParse(t interface {
	Fatalf(string, ...any)
}, text string) *Config {
	c, err := Parse("c.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

func TestHashDependsOnMeaningOnly(t *testing.T) {
	plain := mustParse(t, "training:\n  params: {a: 1, b: [x]}\n  cv_folds: 3\n")
	for _, text := range []string{
		"training:\n  cv_folds: 3\n  params: {b: [x], a: 1}\n",
		"# comment\ntraining: {cv_folds: 3, params: {a: 1.0, b: ['x']}, test_size: 0.2, backend: sklearn}\n",
		"training:\n  cv_folds: 3.0\n  params:\n    a: 1\n    b:\n    - x\ndeployment:\n  version: 1.0.0\n",
	} {
		if got := mustParse(t, text).Hash(); got != plain.Hash() {
			t.Errorf("%q hashes otherwise", text)
		}
	}
	for _, text := range []string{
		"training:\n  cv_folds: 4\n  params: {a: 1, b: [x]}\n",
		"training:\n  cv_folds: 3\n  params: {a: '1', b: [x]}\n",
		"training:\n  cv_folds: 3\n  params: {a: 1, b: [x, x]}\n",
		"training:\n  cv_folds: 3\n  params: {a: 1, b: [x]}\npreprocessing:\n  steps: []\n",
	} {
		if got := mustParse(t, text).Hash(); got == plain.Hash() {
			t.Errorf("%q hashes the same", text)
		}
	}
	if mustParse(t, "training: {params: {a: 1e18}}").Hash() != mustParse(t, "training: {params: {a: 1000000000000000000}}").Hash() {
		t.Error("one number in two spellings hashes differently")
	}
	if mustParse(t, "training: {params: {a: 9007199254740993}}").Hash() == mustParse(t, "training: {params: {a: 9007199254740992.0}}").Hash() {
		t.Error("two numbers that a float64 cannot tell apart hash the same")
	}
	if !strings.HasPrefix(plain.Hash(), "config-v1:") {
		t.Errorf("hash %q has no version", plain.Hash())
	}
}

// The hash of the defaults is part of the interface: idempotency keys of
// finished runs hold it. A change of defaults or form must be deliberate.
func TestHashOfDefaultsIsStable(t *testing.T) {
	const want = "config-v1:075f22dd382a046c8d3cfa30f9f63214ace13b4a463e8627ff7e4e8f72f37e5e"
	if got := Default().Hash(); got != want {
		t.Errorf("hash of the defaults is %s, want %s", got, want)
	}
}

func TestHashOfAStepIsTheSameForBothForms(t *testing.T) {
	short := mustParse(t, "preprocessing:\n  steps: [feature_scaler]\n")
	long := mustParse(t, "preprocessing:\n  steps: [{type: feature_scaler, params: {}}]\n")
	if short.Hash() != long.Hash() {
		t.Error("a name and {type} hash differently")
	}
}

func TestYAMLParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Default()
		text := rapid.OneOf(rapid.StringMatching(`[ -~]{0,12}`), rapid.SampledFrom([]string{"true", "1.0", "~", "null", "- a", "a: b", "#x", "é\n\tü", "1_000", "0x1F", ".inf", "2001-01-01", "<<", "*a", "&a", "!t", "%", "@", "`", "|", ">", "'", `"`, " x ", "\u2028", "a\r\nb"}))
		number := rapid.OneOf(rapid.Float64Range(-1e18, 1e18), rapid.Just(0.1), rapid.Just(1e-300), rapid.Just(math.Copysign(0, -1)))
		c.Training.Params = rapid.MapOfN(text, rapid.OneOf(
			rapid.Map(text, func(s string) any { return s }),
			rapid.Map(number, func(f float64) any { return f }),
			rapid.Map(rapid.Int64(), func(i int64) any { return i }),
			rapid.Map(rapid.Bool(), func(b bool) any { return b }),
			rapid.Map(rapid.SliceOfN(text, 0, 3), func(s []string) any {
				list := make([]any, len(s))
				for i := range s {
					list[i] = s[i]
				}
				return list
			}),
		), 0, 4).Draw(t, "params")
		c.Observability.MetricThresholds = rapid.MapOfN(text, number, 0, 3).Draw(t, "thresholds")
		c.Deployment.Version = text.Draw(t, "version")
		c.Training.TestSize = rapid.OneOf(rapid.Float64Range(0.001, 0.999), rapid.SampledFrom([]float64{0, 1, 300})).Draw(t, "test_size")
		if rapid.Bool().Draw(t, "steps") {
			c.Preprocessing.Steps = []Step{}
			for range rapid.IntRange(0, 2).Draw(t, "count") {
				c.Preprocessing.Steps = append(c.Preprocessing.Steps, Step{Type: "step " + text.Draw(t, "type"), Params: map[string]any{"x": text.Draw(t, "param")}})
			}
		}
		out := c.YAML()
		back := mustParse(t, string(out))
		if back.Hash() != c.Hash() {
			t.Fatalf("differs after a round trip:\n%s\n%s", out, cmp.Diff(c, back, same))
		}
	})
}

func TestCommentedFileParsesBackToDefaults(t *testing.T) {
	for _, full := range []bool{false, true} {
		c, err := Parse("mlops-config.yaml", Commented(full))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Default(), c, same); diff != "" {
			t.Errorf("full %t:\n%s", full, diff)
		}
	}
}

func TestCommentedExamplesAreValid(t *testing.T) {
	text := string(Commented(true))
	for _, key := range []string{"steps", "params", "metric_thresholds", "metric_directions"} {
		text = strings.ReplaceAll(text, "  # "+key+": ", "  "+key+": ")
	}
	c := mustParse(t, text)
	if len(c.Preprocessing.Steps) != 3 || len(c.Training.Params) != 1 || len(c.Observability.MetricDirections) != 1 {
		t.Errorf("examples did not take effect: %+v", c)
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	for _, key := range configKeys {
		if about[key].text == "" {
			t.Errorf("%s has no description", key)
		}
	}
	if sections := 4; len(about) != len(configKeys)+sections {
		t.Errorf("%d descriptions for %d keys: one of them describes a key that is not there", len(about), len(configKeys)+sections)
	}
}

func TestSetOverridesOneKey(t *testing.T) {
	c := mustParse(t, "training:\n  params: {num_leaves: 31, seed: 1}\n")
	for _, assignment := range []string{
		"training.params.num_leaves=63", "training.cv_folds=3", "training.backend=sklearn",
		"preprocessing.steps=[feature_scaler]", "observability.metric_thresholds.a.b=0.5", "deployment.output_dir=/a=b",
	} {
		if err := c.Set(assignment); err != nil {
			t.Fatal(err)
		}
	}
	if c.Training.Params["num_leaves"] != int64(63) || c.Training.Params["seed"] != int64(1) || c.Training.CVFolds != 3 ||
		c.Preprocessing.Steps[0].Type != "feature_scaler" || c.Observability.MetricThresholds["a.b"] != 0.5 || c.Deployment.OutputDir != "/a=b" {
		t.Errorf("got %s", c.YAML())
	}
	before := c.Hash()
	for assignment, message := range map[string]string{
		"training.cv_folds":       "key=value",
		"=1":                      "key=value",
		"training.cv_folds=":      "no value",
		"training.cv_fold=3":      `did you mean "cv_folds"`,
		"cv_folds=3":              `did you mean`,
		"nothing.at.all=3":        "unknown key",
		"training.cv_folds=-3":    "at least 0",
		"training.cv_folds=x":     "whole number",
		"training.cv_folds.deep=": "no value",
		"training.cv_folds.a=1":   "whole number, not a map",
		"training=3":              "must be a map",
		"training.params=[":       "malformed YAML",
	} {
		err := c.Set(assignment)
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: error %v, want %q", assignment, err, message)
		}
	}
	if c.Hash() != before {
		t.Error("a refused override changed the configuration")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Commented(true))
	for _, seed := range []string{
		"", "a: &a [*a]", "training: {params: {a: [1, 2.5, true, ~, 'x']}}", "preprocessing:\n  steps:\n  - a\n  - type: b\n    params: {c: {d: e}}\n",
		"<<: {training: {cv_folds: 1}}", "? [a]\n: b", "- - - a", "training: |\n  x\n", "'a\": b", "!!str a: b", "%YAML 1.2\n---\na: b\n...\n",
		"training:\n  test_size: 1e999\n", "training: {random_state: 18446744073709551615}", "\xef\xbb\xbftraining: {}", "a:\n\tb", "*", "&", "&a", "- ? :", "{", "}", "[}", "a: >-\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("fuzz.yaml", data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is a %T: %v", err, err)
			}
			return
		}
		back, err := Parse("canonical.yaml", c.YAML())
		if err != nil {
			t.Fatalf("canonical form does not parse: %v\n%s", err, c.YAML())
		}
		if back.Hash() != c.Hash() {
			t.Fatalf("canonical form means something else:\n%s\n%s", c.YAML(), back.YAML())
		}
	})
}
