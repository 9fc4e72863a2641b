package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plantProject is a project of so many trend files, each a task of a fan-out.
func plantProject(t *testing.T, cases int) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("pipelines_config.yml", "tpl_genkey_pipeline:\n  source_folder: raw\n  output_folder: cases\n  shard_size: 1\n")
	for i := range cases {
		write(fmt.Sprintf("raw/Leak%d.tpl", i), "'OLGA 2017.2.0.107'\nTIME PLOT\nINPUT FILE\n'x.genkey'\nCATALOG\n1\n"+
			"PT 'POSITION:' 'P1' '(PA)' 'Pressure'\nTIME SERIES ' (S) '\n0 1\n1 2\n")
	}
	return dir
}

// Who follows a fan-out sees how far all of it is.
func TestTheProgressOfAFanOutIsThatOfAllItsTasks(t *testing.T) {
	t.Parallel()
	address, _ := fleet(t, true)
	c := newConsole(plantProject(t, 4), address)
	if code := c.run(t.Context(), []string{"run", "tpl_genkey_pipeline", "-o", "json"}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, c.errors())
	}
	var document struct {
		Result struct{ Done, Shards int }
	}
	if err := json.Unmarshal(c.out.Bytes(), &document); err != nil || document.Result.Done != 4 || document.Result.Shards != 4 {
		t.Errorf("%v\n%s", err, c.out.String())
	}
	if told := c.errors(); !strings.Contains(told, "tpl_genkey 100%: item 4/4") || strings.Contains(told, "item 1/1") {
		t.Errorf("told\n%s", told)
	}
}
