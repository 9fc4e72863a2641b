package e2e_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mlops/e2e/harness"
	"mlops/runner/table"
)

// badInput is one way to get a command wrong, and what the user must be told.
type badInput struct {
	name   string
	files  map[string]string // written into the working directory before
	args   []string
	code   int
	stderr []string // each must be in what the command says
}

func rows(n int, row func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(row(i))
		b.WriteByte('\n')
	}
	return b.String()
}

// plain is a small table that trains without complaint.
func plain(n int) string {
	return "a,b,y\n" + rows(n, func(i int) string { return fmt.Sprintf("%d,%d,%s", i, i*7%13, []string{"no", "yes"}[i*3%5%2]) })
}

func TestBadTrainingInput(t *testing.T) {
	good := plain(60)
	cases := []badInput{
		{name: "missing file", files: map[string]string{"dat.csv": good}, args: []string{"train", "data.csv"}, code: 2,
			stderr: []string{"data.csv", "dat.csv"}},
		{name: "directory instead of file", args: []string{"train", "."}, code: 2, stderr: []string{"directory"}},
		{name: "unknown ending", files: map[string]string{"data.xyz": good}, args: []string{"train", "data.xyz"}, code: 2,
			stderr: []string{"data.xyz", ".csv", ".parquet"}},
		{name: "empty file", files: map[string]string{"data.csv": ""}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", "empty"}},
		{name: "header only", files: map[string]string{"data.csv": "a,b,y\n"}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", "no rows"}},
		{name: "ragged row", files: map[string]string{"data.csv": good + "1,2\n"}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", "62", "2", "3"}},
		{name: "unclosed quote", files: map[string]string{"data.csv": "a,b,y\n1,\"2,no\n3,4,yes\n"}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", "quote", "2"}},
		{name: "NUL byte", files: map[string]string{"data.csv": "a,b,y\n1,\x002,no\n"}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", "NUL", "2"}},
		{name: "not UTF-8", files: map[string]string{"data.csv": "a,b,y\n1,caf\xe9,no\n"}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", "UTF-8", "2"}},
		{name: "duplicate header name", files: map[string]string{"data.csv": "a,a,y\n1,2,no\n"}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", `"a"`}},
		{name: "empty header name", files: map[string]string{"data.csv": "a,,y\n1,2,no\n"}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"data.csv", "column 2"}},
		{name: "unknown target", files: map[string]string{"data.csv": "age,churned\n1,no\n2,yes\n"}, args: []string{"train", "data.csv", "--target", "churnd"}, code: 1,
			stderr: []string{"churnd", `"churned"`}},
		{name: "constant target", files: map[string]string{"data.csv": "a,y\n" + rows(50, func(i int) string { return fmt.Sprintf("%d,same", i) })}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"y", "same"}},
		{name: "all-missing target", files: map[string]string{"data.csv": "a,y\n" + rows(50, func(i int) string { return fmt.Sprintf("%d,", i) })}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"y", "missing"}},
		{name: "fewer rows than folds", files: map[string]string{"data.csv": plain(4)}, args: []string{"train", "data.csv"}, code: 1,
			stderr: []string{"cv_folds"}},
		{name: "malformed JSON", files: map[string]string{"data.json": `[{"a":1,"y":"no"},{"a":2,,"y":"yes"}]`}, args: []string{"train", "data.json"}, code: 1,
			stderr: []string{"data.json", "offset 25"}},
		{name: "unknown config key", files: map[string]string{"data.csv": good, "c.yaml": "training:\n  bakend: lightgbm\n"}, args: []string{"train", "data.csv", "-c", "c.yaml"}, code: 2,
			stderr: []string{"c.yaml:2:3", "bakend", "backend"}},
		{name: "wrong type in config", files: map[string]string{"data.csv": good, "c.yaml": "training:\n  cv_folds: many\n"}, args: []string{"train", "data.csv", "-c", "c.yaml"}, code: 2,
			stderr: []string{"c.yaml:2:", "cv_folds"}},
		{name: "unknown step", files: map[string]string{"data.csv": good, "c.yaml": "preprocessing:\n  steps: [feature_scalr]\n"}, args: []string{"train", "data.csv", "-c", "c.yaml"}, code: 1,
			stderr: []string{"feature_scalr", "feature_scaler", "missing_values"}},
		{name: "unknown backend", files: map[string]string{"data.csv": good, "c.yaml": "training:\n  backend: lightgmb\n"}, args: []string{"train", "data.csv", "-c", "c.yaml"}, code: 1,
			stderr: []string{"lightgmb", "lightgbm", "classic"}},
		{name: "missing config file", files: map[string]string{"data.csv": good}, args: []string{"train", "data.csv", "-c", "absent.yaml"}, code: 2,
			stderr: []string{"absent.yaml"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { checkBadInput(t, t.TempDir(), c) })
	}
	t.Run("truncated Parquet", func(t *testing.T) {
		dir := t.TempDir()
		tbl, err := table.New(table.NewFloat64("a", []float64{1, 2, 3, 4}, nil), table.NewString("y", []string{"no", "yes", "no", "yes"}, nil))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "data.parquet")
		if err := table.WriteFile(path, tbl, table.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, info.Size()*2/3); err != nil {
			t.Fatal(err)
		}
		checkBadInput(t, dir, badInput{args: []string{"train", "data.parquet"}, code: 1, stderr: []string{"data.parquet", "Parquet"}})
	})
}

func checkBadInput(t *testing.T, dir string, c badInput) {
	t.Helper()
	for name, text := range c.files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	state := filepath.Join(t.TempDir(), "state")
	r := embedded(t, dir, state, c.args...)
	if (c.code == 1 || c.code == 2) && (r.Code != 1 && r.Code != 2) {
		t.Errorf("exit code %d, want 1 or 2", r.Code)
	}
	for _, want := range c.stderr {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, r.Stderr)
		}
	}
	if strings.Contains(r.Stderr, "goroutine ") {
		t.Errorf("a stack trace is no error message:\n%s", r.Stderr)
	}
	if names := deployments(t, filepath.Join(dir, "models")); len(names) != 0 {
		t.Errorf("a failed training left %q", names)
	}
}

func TestBadPredictionInput(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	csv := exampleCSV(t, dir)
	writeFile(t, filepath.Join(dir, "strict.yaml"), `
preprocessing:
  steps:
    - {type: missing_values, params: {strategy: median}}
    - {type: categorical_encoder, params: {handle_unknown: error}}
training: {cv_folds: 0}
`)
	model := decode(t, mustSucceed(t, embedded(t, dir, state, "train", csv, "-t", "churned", "-c", "strict.yaml", "-o", "json"))).Result.Deployment.Dir
	const header = "age,tenure_months,monthly_fee,data_gb,support_calls,contract,payment,region,roaming\n"
	const good = "40,12,20.5,3.1,0,monthly,card,north,true\n"
	cases := []badInput{
		{name: "text in a numeric column", files: map[string]string{"p.csv": header + good + "old,12,20.5,3.1,0,monthly,card,north,true\n"},
			args: []string{"predict", "p.csv", model}, stderr: []string{"p.csv", "age", "old", "2"}},
		{name: "a needed column is absent", files: map[string]string{"p.csv": "age,tenure\n40,12\n"},
			args: []string{"predict", "p.csv", model}, stderr: []string{"tenure_months"}},
		{name: "unseen category under policy error", files: map[string]string{"p.csv": header + good + "40,12,20.5,3.1,0,monthly,card,moon,true\n"},
			args: []string{"predict", "p.csv", model}, stderr: []string{"moon", "region"}},
		{name: "model directory is absent", files: map[string]string{"p.csv": header + good},
			args: []string{"predict", "p.csv", "models/nowhere"}, stderr: []string{"nowhere"}},
		{name: "output with an unknown ending", files: map[string]string{"p.csv": header + good},
			args: []string{"predict", "p.csv", model, "--output", "p.xls"}, stderr: []string{"p.xls", ".json", ".csv", ".parquet"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for name, text := range c.files {
				writeFile(t, filepath.Join(dir, name), text)
			}
			r := embedded(t, dir, state, c.args...)
			if r.Code != 1 && r.Code != 2 {
				t.Errorf("exit code %d, want 1 or 2", r.Code)
			}
			for _, want := range c.stderr {
				if !strings.Contains(r.Stderr, want) {
					t.Errorf("the error does not say %q:\n%s", want, r.Stderr)
				}
			}
		})
	}
	t.Run("tampered model directory", func(t *testing.T) {
		path := filepath.Join(model, "model.txt")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, string(text))
		writeFile(t, filepath.Join(dir, "p.csv"), header+good)
		r := embedded(t, dir, state, "predict", "p.csv", model)
		if r.Code != 1 || !strings.Contains(r.Stderr, "model.txt") || !strings.Contains(r.Stderr, "checksum") {
			t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
		}
	})
}

func TestUnreachableMasterIsSaidSoon(t *testing.T) {
	dir := t.TempDir()
	csv := exampleCSV(t, dir)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	r := harness.Run(t, dir, bin.Path("mlops-cli"), []string{"train", csv, "--master", address}, nil)
	if r.Code != 3 || !strings.Contains(r.Stderr, address) {
		t.Errorf("exit code %d, want 3:\n%s", r.Code, r.Stderr)
	}
	if r.Took > 20*time.Second {
		t.Errorf("it took %v to say so", r.Took)
	}
}

func TestMasterRefusesAPortInUseAndALockedState(t *testing.T) {
	fleet := harness.NewFleet(t, bin)
	t.Run("port in use", func(t *testing.T) {
		r := harness.Run(t, fleet.Dir, bin.Path("mlops-master"), []string{"--listen", fleet.Address, "--state", filepath.Join(fleet.Dir, "other")}, nil)
		if (r.Code != 1 && r.Code != 2) || !strings.Contains(r.Stderr, fleet.Address) || !strings.Contains(r.Stderr, "in use") {
			t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
		}
	})
	t.Run("state locked", func(t *testing.T) {
		r := harness.Run(t, fleet.Dir, bin.Path("mlops-master"), []string{"--listen", "127.0.0.1:0", "--state", filepath.Join(fleet.Dir, "state")}, nil)
		if (r.Code != 1 && r.Code != 2) || !strings.Contains(r.Stderr, "state.db") || !strings.Contains(r.Stderr, "another") {
			t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
		}
	})
	t.Run("foreign state", func(t *testing.T) {
		dir := filepath.Join(fleet.Dir, "foreign")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "state.db")
		const text = "somebody's letters, not a state file\n"
		writeFile(t, path, text)
		r := harness.Run(t, fleet.Dir, bin.Path("mlops-master"), []string{"--listen", "127.0.0.1:0", "--state", dir}, nil)
		if (r.Code != 1 && r.Code != 2) || !strings.Contains(r.Stderr, path) {
			t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != text {
			t.Errorf("the foreign file was changed (%v)", err)
		}
	})
}

func TestMasterRefusesToListenBeyondLoopbackWithoutCredentials(t *testing.T) {
	dir := t.TempDir()
	r := harness.Run(t, dir, bin.Path("mlops-master"), []string{"--listen", "0.0.0.0:0", "--state", filepath.Join(dir, "state")}, nil)
	if r.Code != 2 || !strings.Contains(r.Stderr, "--tls-cert") || !strings.Contains(r.Stderr, "--insecure") {
		t.Errorf("exit code %d:\n%s", r.Code, r.Stderr)
	}
}
