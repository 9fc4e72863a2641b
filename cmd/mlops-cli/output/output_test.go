package output_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

func write(t *testing.T, format output.Format, d output.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := output.Write(&b, format, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAMessageAsJSON(t *testing.T) {
	d := output.Of(&mlopsv1.TrainResult{
		ModelName: "a <b> & c", Rows: 1 << 60, Metrics: map[string]float64{"roc_auc": 0.5, "accuracy": math.NaN()},
		Deployment: &mlopsv1.Deployment{Dir: "/m", CreatedAt: timestamppb.New(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))},
		Features:   []string{"x"},
	})
	want := `{
  "model_name": "a <b> & c",
  "problem_type": "",
  "metrics": {
    "accuracy": null,
    "roc_auc": 0.5
  },
  "deployment": {
    "dir": "/m",
    "version": "",
    "files": [],
    "created_at": "2026-01-02T03:04:05Z",
    "artifacts": {}
  },
  "timings": {},
  "rows": 1152921504606846976,
  "columns": 0,
  "peak_rss_bytes": 0,
  "data_fingerprint": "",
  "config_hash": "",
  "target": "",
  "features": [
    "x"
  ],
  "classes": [],
  "warnings": [],
  "cv_metric": ""
}
`
	if diff := cmp.Diff(want, write(t, output.JSON, d)); diff != "" {
		t.Error(diff)
	}
}

func TestEnumsDurationsOneofsAndUnsetMessages(t *testing.T) {
	d := output.Of(&mlopsv1.Task{
		State: mlopsv1.TaskState_TASK_STATE_RUNNING,
		Spec: &mlopsv1.TaskSpec{
			Timeout:   durationpb.New(1500 * time.Millisecond),
			Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{Ending: mlopsv1.ProbeEnding_PROBE_ENDING_PANIC}}},
		},
	})
	if got := d.Get("state"); got != "RUNNING" {
		t.Errorf("state is %v", got)
	}
	if got := d.Get("result"); got != nil {
		t.Errorf("an unset message is %v", got)
	}
	spec := d.Get("spec").(output.Document)
	if got := spec.Get("timeout"); got != 1.5 {
		t.Errorf("timeout is %v", got)
	}
	operation := spec.Get("operation").(output.Document)
	if len(operation) != 1 || operation[0].Key != "probe" {
		t.Errorf("operation is %v", operation)
	}
	if got := operation[0].Value.(output.Document).Get("ending"); got != "PANIC" {
		t.Errorf("ending is %v", got)
	}
}

func TestYAMLSaysWhatJSONSays(t *testing.T) {
	d := output.Document{{"b", int64(1)}, {"a", []any{"x: y", nil, output.Document{{"n", math.Inf(1)}}}}, {"empty", output.Document(nil)}}
	var fromJSON, fromYAML map[string]any
	if err := json.Unmarshal([]byte(write(t, output.JSON, d)), &fromJSON); err != nil {
		t.Fatal(err)
	}
	text := write(t, output.YAML, d)
	if err := yaml.Unmarshal([]byte(text), &fromYAML); err != nil {
		t.Fatal(err)
	}
	fromYAML["b"] = float64(fromYAML["b"].(uint64))
	if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
		t.Error(diff)
	}
	if text[0] != 'b' {
		t.Errorf("the order was lost:\n%s", text)
	}
}

func TestTables(t *testing.T) {
	var b bytes.Buffer
	output.Pairs(&b, "Model", [2]string{"name", "light\x1b[31mgbm"}, [2]string{"nothing", ""}, [2]string{"rows", "7,000"})
	output.Pairs(&b, "", [2]string{"left out", ""})
	output.Rows(&b, "", []string{"metric", "value"}, [][]string{{"accuracy", "0.5"}, {"f1_score", "12.25"}}, 1)
	want := `Model
  name  light?[31mgbm
  rows  7,000

  METRIC    VALUE
  accuracy    0.5
  f1_score  12.25

`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestFigures(t *testing.T) {
	for want, got := range map[string]string{
		"0.123457": output.Number(0.12345678), "7000": output.Number(7000), "not defined": output.Number(math.NaN()),
		"1,234,567": output.Count(1234567), "-1,234": output.Count(-1234), "12": output.Count(12),
		"12 B": output.Bytes(12), "1.5 KiB": output.Bytes(1536), "3.0 GiB": output.Bytes(3 << 30),
		"12 ms": output.Seconds(0.012), "3.2 s": output.Seconds(3.24), "4m10s": output.Seconds(250),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, name := range output.Formats() {
		if f, err := output.ParseFormat(name); err != nil || string(f) != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := output.ParseFormat("xml"); err == nil || err.Error() != `"xml" is no output format; use table, json, yaml, name` {
		t.Errorf("error is %v", err)
	}
}
