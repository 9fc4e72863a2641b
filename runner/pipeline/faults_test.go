package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/pipeline"
	"mlops/runner/progress"
	"mlops/runner/storage"
)

func TestWithoutLeaveNothingBecomesVisible(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}).Deployment.Dir
	denied := errors.New("another attempt has taken over")
	env.Gate = gate(func(context.Context) error { return denied })

	_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "deployment: {output_dir: denied}")}, env)
	wantError(t, err, "deploy", pipeline.NotPermitted, "another attempt has taken over")
	if got := names(t, filepath.Join(dir, "denied")); len(got) != 0 {
		t.Errorf("a denied train left %q", got)
	}

	_, err = pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model, Output: "out/p.csv"}, env)
	wantError(t, err, "write", pipeline.NotPermitted)
	if got := names(t, filepath.Join(dir, "out")); len(got) != 0 {
		t.Errorf("a denied predict left %q", got)
	}
	status, err := pipeline.Status(t.Context(), pipeline.StatusRequest{Model: model}, env)
	if err != nil || status.Predictions.Calls != 0 {
		t.Errorf("a denied predict was recorded: %+v, %v", status.Predictions, err)
	}
}

func TestARepeatedAttemptPublishesOnce(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	request := pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}
	env.TaskID, env.Attempt = "flow/0", 1
	first := train(t, env, request)
	env.Attempt = 2
	second := train(t, env, request)
	if second.Deployment.Dir != first.Deployment.Dir || !slices.Equal(second.Deployment.Files, first.Deployment.Files) ||
		second.ConfigHash != first.ConfigHash || second.DataFingerprint != first.DataFingerprint || second.Metrics["rmse"] != first.Metrics["rmse"] {
		t.Errorf("the second attempt gave %+v\nthe first %+v", second, first)
	}
	if got := names(t, filepath.Join(dir, "models")); len(got) != 1 {
		t.Errorf("there are %q", got)
	}

	env.TaskID = "flow/1"
	train(t, env, request)
	if got := names(t, filepath.Join(dir, "models")); len(got) != 2 {
		t.Errorf("another task's attempt adopted what is not its own: %q", got)
	}

	if err := os.Truncate(filepath.Join(first.Deployment.Dir, "model.txt"), 10); err != nil {
		t.Fatal(err)
	}
	env.TaskID = "flow/0"
	third := train(t, env, request)
	if third.Deployment.Dir == first.Deployment.Dir || !strings.Contains(fmt.Sprint(third.Warnings), "model.txt does not match its checksum") {
		t.Errorf("a damaged deployment was adopted: %+v", third)
	}
}

func TestANewAttemptClearsAwayADeadOneEvenIfItFailsItself(t *testing.T) {
	dir, env := environment(t)
	dead := filepath.Join(dir, "models", ".staging-flow-0-1", "logs")
	if err := os.MkdirAll(dead, 0o777); err != nil {
		t.Fatal(err)
	}
	env.TaskID, env.Attempt = "flow/0", 2
	_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "gone.csv", Config: settings(t, "")}, env)
	wantError(t, err, "read", pipeline.BadData, "gone.csv")
	if got := names(t, filepath.Join(dir, "models")); len(got) != 0 {
		t.Errorf("left %q", got)
	}
}

func TestDeploymentsAndOutputsAsArtifacts(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "data.csv", 200)
	shelf := &shelf{dir: t.TempDir()}
	env.Artifacts, env.ScratchDir = shelf, t.TempDir()
	model := train(t, env, pipeline.TrainRequest{Data: "data.csv", PublishArtifact: true, Config: settings(t, "")}).Deployment.Dir
	if !regexp.MustCompile(`^artifact://[^/]+/deployment_\d{8}_\d{6}\.tar$`).MatchString(model) || names(t, filepath.Join(dir, "models")) != nil {
		t.Fatalf("deployed to %q, local %q", model, names(t, filepath.Join(dir, "models")))
	}
	digest := strings.Split(model, "/")[2]

	for i := range 3 {
		env.TaskID = fmt.Sprintf("flow%d/0", i%2) // the first is tried again
		r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "data.csv", Model: model, OutputArtifactFormat: "csv"}, env)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(r.Output, "/predictions.csv") || len(r.Warnings) != 0 {
			t.Errorf("got %+v", r)
		}
	}
	prefix := "deployments/" + digest + "/predictions/"
	if got, want := shelf.linkNames(), []string{prefix + "flow0-0.jsonl", prefix + "flow1-0.jsonl"}; !slices.Equal(got, want) {
		t.Errorf("links %q, want %q", got, want)
	}
	observed, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model}, env)
	if err != nil {
		t.Fatal(err)
	}
	if s := observed.Status; s.Predictions.Calls != 2 || s.Predictions.Rows != 400 || s.MetricSummaries["accuracy"].Count != 1 || s.Dir != model {
		t.Errorf("got %+v", s)
	}
	if got := names(t, env.ScratchDir); len(got) != 0 {
		t.Errorf("the scratch directory still holds %q", got)
	}
	local, err := shelf.Fetch(t.Context(), model)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deploy.Open(t.Context(), local); err != nil {
		t.Error(err)
	}
}

func TestWithoutAnArtifactServiceNothingIsPublishedThere(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", PublishArtifact: true}, env)
	wantError(t, err, "config", pipeline.BadConfig, "there is no artifact service here")
	_, err = pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: "m", OutputArtifactFormat: "json"}, env)
	wantError(t, err, "config", pipeline.BadConfig, "there is no artifact service here")
	_, err = pipeline.Status(t.Context(), pipeline.StatusRequest{Model: "artifact://00/model.tar"}, env)
	wantError(t, err, "load", pipeline.BadData, "there is no artifact service")
}

func TestBadInputIsToldAndLeavesNothing(t *testing.T) {
	dir, env := environment(t)
	outside := houses(t, t.TempDir(), "houses.csv", 120)
	houses(t, dir, "houses.csv", 120)
	write(t, dir, "empty.csv", "")
	write(t, dir, "header.csv", "a,b\n")
	write(t, dir, "ragged.csv", "a,b\n1,2\n3\n")
	write(t, dir, "semicolons.csv", "a;b\n1;2\n")
	write(t, dir, "tabs.csv", "a\tb\n1\t2\n")
	write(t, dir, "commas.tsv", "a,b\n1,2\n")
	write(t, dir, "nul.csv", "a,b\n1,\x00\n")
	write(t, dir, "constant.csv", "a,b\n1,2\n3,2\n")
	write(t, dir, "cut.json", `[{"a": 1, "b": `)
	write(t, dir, "cut.parquet", "PAR1")
	for _, c := range []struct {
		data, target, config string
		stage                string
		kind                 pipeline.Kind
		text                 []string
	}{
		{"house.csv", "", "", "read", pipeline.BadData, []string{"house.csv", `did you mean "houses.csv"?`}},
		{".", "", "", "read", pipeline.BadData, []string{"a file that ends in .csv"}},
		{"empty.csv", "", "", "read", pipeline.BadData, []string{"empty.csv: the input is empty"}},
		{"header.csv", "", "", "read", pipeline.BadData, []string{"header.csv: there are 2 columns but no rows"}},
		{"semicolons.csv", "", "", "read", pipeline.BadData, []string{`semicolons.csv: there is one column, "a;b"`, "separated by commas"}},
		{"tabs.csv", "", "", "read", pipeline.BadData, []string{`seem to be separated by "\t"`, "ends in .tsv"}},
		{"commas.tsv", "", "", "read", pipeline.BadData, []string{`seem to be separated by ","`, "ends in .csv"}},
		{"ragged.csv", "", "", "read", pipeline.BadData, []string{"ragged.csv: row 2 (line 3) has 1 cell where 2"}},
		{"nul.csv", "", "", "read", pipeline.BadData, []string{"nul.csv"}},
		{"cut.json", "", "", "read", pipeline.BadData, []string{"cut.json", "offset"}},
		{"cut.parquet", "", "", "read", pipeline.BadData, []string{"cut.parquet", "truncated"}},
		{"houses.csv", "prise", "", "split", pipeline.BadData, []string{"houses.csv: ", `no column "prise"; did you mean "price"?`}},
		{"constant.csv", "", "", "split", pipeline.BadData, []string{"constant.csv: ", "the target is constant"}},
		{outside, "", "", "read", pipeline.Forbidden, []string{"outside the allowed directories"}},
		{"houses.csv", "", "deployment: {output_dir: /somewhere/else}", "config", pipeline.Forbidden, []string{"/somewhere/else"}},
		{"houses.csv", "", "deployment: {output_dir: houses.csv}", "config", pipeline.BadConfig, []string{"is a file, not a directory"}},
		{"houses.csv", "", "deployment: {steps: [create_dir]}", "config", pipeline.BadConfig, []string{"test.yaml:2:", "create_directory"}},
		{"houses.csv", "", "observability: {steps: [metrics_loger]}", "config", pipeline.BadConfig, []string{"test.yaml:2:", "metrics_logger"}},
		{"houses.csv", "", "preprocessing: {steps: [scaler]}", "config", pipeline.BadConfig, []string{"test.yaml:2:", "feature_scaler"}},
		{"houses.csv", "", "deployment: {endpoint_template: none.py, create_endpoint: true}", "config", pipeline.BadConfig, []string{"endpoint_template: none.py"}},
	} {
		_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: c.data, Target: c.target, Config: settings(t, c.config)}, env)
		wantError(t, err, c.stage, c.kind, c.text...)
		if got := names(t, filepath.Join(dir, "models")); got != nil {
			t.Errorf("%s left %q", c.data, got)
		}
	}
}

func TestAWrongCellThatMakesNumbersTextIsTold(t *testing.T) {
	dir, env := environment(t)
	var b strings.Builder
	b.WriteString("x,code,label\n")
	for i := range 100 {
		x := fmt.Sprint(i)
		if i == 41 {
			x = "n. a."
		}
		fmt.Fprintf(&b, "%s,%s,%s\n", x, []string{"7", "8a"}[i%2], []string{"yes", "no"}[i%3/2])
	}
	write(t, dir, "data.csv", b.String())
	result := train(t, env, pipeline.TrainRequest{Data: "data.csv", NoDeploy: true, Config: settings(t, "")})
	want := `column "x" is text, so that its 99 different numbers count as categories: row 42 holds "n. a."; ` +
		`if numbers are meant, correct such cells or leave them empty`
	if len(result.Warnings) == 0 || result.Warnings[0] != want || strings.Contains(fmt.Sprint(result.Warnings), "code") {
		t.Errorf("got  %q\nwant %q", result.Warnings, want)
	}
}

func TestBadInputOfAPredictIsTold(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "data.csv", 200)
	c := settings(t, "preprocessing: {steps: [{type: missing_values, params: {strategy: mean}}, {type: categorical_encoder, params: {handle_unknown: error}}]}")
	model := train(t, env, pipeline.TrainRequest{Data: "data.csv", Config: c}).Deployment.Dir
	write(t, dir, "text.csv", "age,plan,spend,active\n20,pro,1,true\n30,pro,much,true\n")
	write(t, dir, "lacks.csv", "age,plan,spent,active\n20,pro,1,true\n")
	write(t, dir, "unseen.csv", "age,plan,spend,active\n20,pro,1,true\n20,vip,1,true\n")
	write(t, dir, "fine.csv", "plan,other,age,spend,active\npro,x,20.5,1,1\n,x,,,\n")
	before := append(names(t, dir), names(t, filepath.Join(model, "logs"))...)
	for _, c := range []struct {
		data, model, output string
		stage               string
		kind                pipeline.Kind
		text                []string
	}{
		{"text.csv", model, "p.json", "read", pipeline.BadData, []string{"text.csv: row 2 (line 3), column \"spend\": \"much\" is not a number"}},
		{"lacks.csv", model, "p.json", "read", pipeline.BadData, []string{`lacks.csv: no column "spend"; did you mean "spent"?`}},
		{"fine.csv", model, "./fine.csv", "config", pipeline.BadConfig, []string{"output ./fine.csv is the data itself"}},
		{"fine.csv", model, filepath.Join(model, "inference.json"), "config", pipeline.BadConfig, []string{"lies in the deployment, which never changes"}},
		{"fine.csv", model, filepath.Join(model, "logs", "p.csv"), "config", pipeline.BadConfig, []string{"lies in the deployment, which never changes"}},
		{"unseen.csv", model, "p.json", "predict", pipeline.BadData, []string{"unseen.csv: ", "row 2, column \"plan\"", `"vip" was not seen in training`}},
		{"fine.csv", "models", "p.json", "load", pipeline.BadData, []string{"is no deployment", "did you mean " + model}},
		{"fine.csv", "modles", "p.json", "load", pipeline.BadData, []string{`did you mean "models"?`}},
		{"fine.csv", model, "p.xlsx", "config", pipeline.BadConfig, []string{"p.xlsx", ".json, .csv or .parquet"}},
		{"fine.csv", model, "p.jsonl", "config", pipeline.BadConfig, []string{"json, csv or parquet"}},
		{"fine.csv", model, "../p.json", "config", pipeline.Forbidden, []string{"outside the allowed directories"}},
	} {
		_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: c.data, Model: c.model, Output: c.output}, env)
		wantError(t, err, c.stage, c.kind, c.text...)
		if got := append(names(t, dir), names(t, filepath.Join(model, "logs"))...); !slices.Equal(got, before) {
			t.Errorf("%s and %s left %q of %q", c.data, c.output, got, before)
		}
	}
	r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "fine.csv", Model: model}, env)
	if err != nil || r.Count != 2 {
		t.Errorf("reordered, superfluous and missing cells give %+v, %v", r, err)
	}
}

func TestATamperedDeploymentIsUsedForNothing(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}).Deployment.Dir
	path := filepath.Join(model, "model.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "1", "2", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model}, env)
	wantError(t, err, "load", pipeline.BadData, "model.txt does not match its checksum")
	_, err = pipeline.Status(t.Context(), pipeline.StatusRequest{Model: model}, env)
	wantError(t, err, "load", pipeline.BadData, "model.txt")
	_, err = pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: model}, env)
	wantError(t, err, "observe", pipeline.BadData, "model.txt")
}

func TestCancellingATraining(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	for _, stage := range []string{"read", "cross_validate", "train", "evaluate", "deploy"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("the user asked for it")
		ctx = progress.With(ctx, progress.Func(func(r progress.Report) {
			if r.Stage == stage {
				cancel(cause)
			}
		}))
		_, err := pipeline.Train(ctx, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}, env)
		var e *pipeline.Error
		if !errors.As(err, &e) || e.Kind != pipeline.Cancelled || !errors.Is(err, cause) {
			t.Errorf("cancelled in %s: got %v", stage, err)
		}
		if got := names(t, filepath.Join(dir, "models")); len(got) != 0 {
			t.Errorf("cancelled in %s: left %q", stage, got)
		}
	}
}

func TestTheZeroEnvironmentIsTheLocalDisk(t *testing.T) {
	dir := t.TempDir()
	data := houses(t, dir, "houses.csv", 120)
	c := settings(t, "")
	c.Deployment.OutputDir = filepath.Join(dir, "models")
	r := train(t, pipeline.Env{}, pipeline.TrainRequest{Data: data, Config: c})
	if filepath.Dir(r.Deployment.Dir) != filepath.Join(dir, "models") {
		t.Errorf("deployed to %s", r.Deployment.Dir)
	}
	none := train(t, pipeline.Env{}, pipeline.TrainRequest{Data: "houses.csv", BaseDir: dir, Config: c, NoDeploy: true})
	if none.Deployment != nil || len(names(t, filepath.Join(dir, "models"))) != 1 {
		t.Errorf("with no_deploy: %+v", none.Deployment)
	}
}

func TestKindsOfErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want pipeline.Kind
	}{
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.EIO}, pipeline.Passing},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, pipeline.Passing},
		{&net.DNSError{Err: "no such host", Name: "x"}, pipeline.Passing},
		{fmt.Errorf("open: %w", &storage.ForbiddenError{Location: "x"}), pipeline.Forbidden},
		{fmt.Errorf("wrapped: %w", &config.Error{Key: "k"}), pipeline.BadConfig},
		{&pipeline.NotPermittedError{Err: errors.New("x")}, pipeline.NotPermitted},
		{errors.New("x"), pipeline.Internal},
		// Trying again changes nothing about these.
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, pipeline.Internal},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.ENAMETOOLONG}, pipeline.Internal},
	} {
		if got := pipeline.KindOf(t.Context(), c.err, pipeline.Internal); got != c.want {
			t.Errorf("%v is of kind %d, want %d", c.err, got, c.want)
		}
	}
}
