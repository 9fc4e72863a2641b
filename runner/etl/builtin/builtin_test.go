package builtin_test

import (
	"os"
	"regexp"
	"testing"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/etl/builtin"
)

// The docs' pipelines files are ones that the programs run, and the second section of
// the first of them reads what its first one writes.
func TestTheDocsPipelinesFilesOpen(t *testing.T) {
	page, err := os.ReadFile("../../../docs/etl.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```yaml\n(# pipelines_config.yml\n.*?)^```").FindAllSubmatch(page, -1)
	if len(found) < 5 {
		t.Fatalf("docs/etl.md shows %d pipelines files", len(found))
	}
	for i, text := range found {
		file, err := config.ParsePipelines("pipelines_config.yml", text[1], config.PipelinesOptions{})
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
		if i > 0 {
			continue
		}
		ordered, err := etl.Order(jobs)
		if err != nil || len(ordered) != 2 {
			t.Fatal(len(ordered), err)
		}
		if after := ordered[1].After; len(after) != 1 || after[0] != "tpl_genkey_pipeline" {
			t.Errorf("%s runs after %v", ordered[1].Job.Section(), after)
		}
	}
}
