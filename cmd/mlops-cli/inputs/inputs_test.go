package inputs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/runner/config"
)

// here makes a directory with a few files and returns it.
func here(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"churn.csv": "a,b\n1,2\n", "notes.txt": "", "good.yaml": "training:\n  backend: lightgbm\n",
		"bad.yaml": "training:\n  bakend: lightgbm\n", "models/deployment_1/model.txt": "tree\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var artifact = "artifact://" + strings.Repeat("0a", 32) + "/churn.csv"

func TestWhatIsThereIsFound(t *testing.T) {
	dir := here(t)
	for _, c := range []struct {
		name string
		get  func() (string, error)
		want string
	}{
		{"a relative data file", func() (string, error) { return inputs.DataFile(dir, "churn.csv") }, filepath.Join(dir, "churn.csv")},
		{"an absolute data file", func() (string, error) { return inputs.DataFile("/", filepath.Join(dir, "churn.csv")) }, filepath.Join(dir, "churn.csv")},
		{"a file URL", func() (string, error) { return inputs.DataFile("/", "file://"+filepath.Join(dir, "churn.csv")) }, filepath.Join(dir, "churn.csv")},
		{"an artifact", func() (string, error) { return inputs.DataFile(dir, artifact) }, artifact},
		{"a model", func() (string, error) { return inputs.ModelDir(dir, "models/deployment_1/") }, filepath.Join(dir, "models/deployment_1")},
		{"a model's artifact", func() (string, error) { return inputs.ModelDir(dir, artifact) }, artifact},
		{"an output", func() (string, error) { return inputs.OutputFile(dir, "new.json", ".json") }, filepath.Join(dir, "new.json")},
	} {
		if got, err := c.get(); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	dir := here(t)
	data := func(l string) func() error {
		return func() error { _, err := inputs.DataFile(dir, l); return err }
	}
	model := func(l string) func() error {
		return func() error { _, err := inputs.ModelDir(dir, l); return err }
	}
	out := func(l string) func() error {
		return func() error { _, err := inputs.OutputFile(dir, l, ".json", ".csv"); return err }
	}
	conf := func(l string, set ...string) func() error {
		return func() error { _, err := inputs.ReadConfig(dir, l, set); return err }
	}
	for _, c := range []struct {
		call func() error
		want []string
	}{
		{data("chrun.csv"), []string{"chrun.csv does not exist", `did you mean "churn.csv"?`}},
		{data("other.parquet"), []string{"other.parquet does not exist"}},
		{data("nowhere/churn.csv"), []string{"nowhere/churn.csv does not exist", "no directory", "nowhere"}},
		{data("."), []string{". is a directory; name a data file in it: churn.csv"}},
		{data("notes.txt"), []string{"notes.txt", ".csv", ".parquet"}},
		{data("artifact://x/y"), []string{"artifact://x/y", "64"}},
		{data(strings.TrimSuffix(artifact, ".csv")), []string{"churn", ".csv", ".parquet"}},
		{model("models/deployment_2"), []string{"models/deployment_2 does not exist", `"deployment_1"`}},
		{model("models/deployment_1/model.txt"), []string{"is a file", "models/deployment_1"}},
		{out("a.xls"), []string{"a.xls", ".json, .csv"}},
		{out("models"), []string{"models", ".json"}},
		{out("nowhere/a.csv"), []string{"nowhere/a.csv", "does not exist"}},
		{out("notes.txt/a.csv"), []string{"notes.txt"}},
		{conf("goood.yaml"), []string{"goood.yaml does not exist", `"good.yaml"`, "init"}},
		{conf("models"), []string{"models is a directory"}},
		{conf("bad.yaml"), []string{"bad.yaml:2:3", "bakend", "backend"}},
		{conf("", "training.params"), []string{"--set training.params"}},
		{conf("", "training.cv_folds=many"), []string{"--set training.cv_folds=many", "cv_folds"}},
		{func() error { _, err := inputs.Labels([]string{"a"}); return err }, []string{`"a"`, "key=value"}},
		{func() error { _, err := inputs.Labels([]string{"a=1", "a=2"}); return err }, []string{`"a"`, "twice"}},
	} {
		err := c.call()
		if err == nil {
			t.Errorf("no error, want one of %q", c.want)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %q", err, want)
			}
		}
	}
}

func TestConfigurations(t *testing.T) {
	dir := here(t)
	none, err := inputs.ReadConfig(dir, "", nil)
	if err != nil || none != (inputs.Config{}) {
		t.Errorf("without a file: %v, %v", none, err)
	}
	file, err := inputs.ReadConfig(dir, "good.yaml", nil)
	if d := cmp.Diff(inputs.Config{YAML: "training:\n  backend: lightgbm\n", Name: "good.yaml"}, file); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	set, err := inputs.ReadConfig(dir, "good.yaml", []string{"training.params.num_leaves=63", "training.cv_folds=0"})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := config.Parse(set.Name, []byte(set.YAML))
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Training.Backend != "lightgbm" || parsed.Training.CVFolds != 0 || parsed.Training.Params["num_leaves"] != int64(63) {
		t.Errorf("got %+v", parsed.Training)
	}
}

func TestLabels(t *testing.T) {
	got, err := inputs.Labels([]string{"team=growth", "empty=", "a=b=c"})
	if d := cmp.Diff(map[string]string{"team": "growth", "empty": "", "a": "b=c"}, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}
