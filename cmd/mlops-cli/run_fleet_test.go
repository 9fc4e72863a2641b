package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/client"
	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/live"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/proto/transport"
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

// With workers on other hosts, which look for folders there, a failure comes with
// the two ways out.
func TestAFailureOnOtherHostsNamesTheFolders(t *testing.T) {
	dir := plantProject(t, 1)
	file, err := inputs.ReadPipelines(dir, inputs.PipelinesFlags{})
	if err != nil {
		t.Fatal(err)
	}
	bucket := strings.NewReplacer("raw", "s3://plant/raw", "cases", "s3://plant/cases")
	text, err := os.ReadFile(filepath.Join(dir, "pipelines_config.yml"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "bucket.yml"), []byte(bucket.Replace(string(text))), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	inBucket, err := inputs.ReadPipelines(dir, inputs.PipelinesFlags{Path: "bucket.yml"})
	if err != nil {
		t.Fatal(err)
	}
	folders := filepath.Join(dir, "raw") + " and " + filepath.Join(dir, "cases")
	failed := &failure{&mlopsv1.Workflow{State: mlopsv1.WorkflowState_WORKFLOW_STATE_FAILED}}
	for name, c := range map[string]struct {
		host string
		file *inputs.Pipelines
		err  error
		want string
	}{
		"another host": {"another", file, failed,
			"the master is on another host, and its workers look for " + folders +
				" on theirs: use s3://bucket/folder, or a folder that every worker's host mounts at the same path\n"},
		"this host":             {transport.HostID(), file, failed, ""},
		"folders in a bucket":   {"another", inBucket, failed, ""},
		"it is no task's fault": {"another", file, client.ErrUnreachable, ""},
	} {
		at := newConsole(dir, "")
		at.display = live.New(at, live.Options{})
		j := at.runJob(runFlags{}, c.file, "tpl_genkey_pipeline")
		at.advise(&connection{info: &mlopsv1.GetServerInfoResponse{HostId: c.host}}, j, c.err)
		if got := at.errors(); got != c.want {
			t.Errorf("%s: told %q, want %q", name, got, c.want)
		}
	}
}
