package builtin_test

import (
	"os"
	"regexp"
	"testing"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/builtin"
)

// The docs' pipelines file is one that the programs run, and its second section
// reads what its first one writes.
func TestTheDocsPipelinesFileOpens(t *testing.T) {
	page, err := os.ReadFile("../../../docs/etl.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```yaml\n(# pipelines_config.yml\n.*?)^```").FindSubmatch(page)
	if found == nil {
		t.Fatal("docs/etl.md shows no pipelines file")
	}
	file, err := config.ParsePipelines("pipelines_config.yml", found[1], config.PipelinesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	var jobs []*etl.Job
	for _, section := range file.Names() {
		job, err := builtin.Types().Open(file, section, root, etl.Env{})
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	ordered, err := etl.Order(jobs)
	if err != nil || len(ordered) != 2 {
		t.Fatal(len(ordered), err)
	}
	if after := ordered[1].After; len(after) != 1 || after[0] != "tpl_genkey_pipeline" {
		t.Errorf("%s runs after %v", ordered[1].Job.Section(), after)
	}
}
