package etl_test

import (
	"strings"
	"testing"

	"mlops/runner/etl"
)

func TestExplainTellsOfSectionsAndTheirKeys(t *testing.T) {
	types := etl.NewRegistry(linesType)
	if all := types.Sections(); len(all) != 1 || all[0].Path != "lines_pipeline" || all[0].Text != "Number the lines of text files." {
		t.Errorf("the sections are %+v", all)
	}
	section, ok, err := types.Explain("lines_pipeline")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var below []string
	for _, key := range section.Below {
		below = append(below, strings.TrimPrefix(key.Path, "lines_pipeline."))
	}
	// Its own keys, and those that every section has.
	if got := strings.Join(below, " "); got != "source_folder output_folder prefix start stop buffer_bytes type on_error max_errors max_workers shard_size" {
		t.Errorf("its keys are %s", got)
	}
	key, ok, err := types.Explain(" lines_pipeline.start. ")
	if err != nil || !ok || key.Path != "lines_pipeline.start" || key.DefaultText() != "1" || len(key.Below) > 0 {
		t.Errorf("the key is %+v, %v, %v", key, ok, err)
	}
	if _, ok, err := types.Explain("lines_pipeline.stat"); !ok || err == nil || !strings.Contains(err.Error(), `did you mean "lines_pipeline.start"`) {
		t.Errorf("a key with a slip: %v, %v", ok, err)
	}
	for _, path := range []string{"", "training.test_size", "lines", "windows_pipeline"} {
		if _, ok, err := types.Explain(path); ok || err != nil {
			t.Errorf("%q is taken for a section: %v", path, err)
		}
	}
}
