package pipeline_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"mlops/runner/pipeline"
	"mlops/runner/progress"
	"mlops/runner/table"
)

// TestFromRawFileToWatchedModel is the whole way of a classifier.
func TestFromRawFileToWatchedModel(t *testing.T) {
	dir, env := environment(t)
	customers(t, dir, "train.csv", 400)
	customers(t, dir, "new.csv", 25)
	env.TaskID, env.Attempt = "flow/0", 1
	var told []string
	ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) {
		if len(told) == 0 || told[len(told)-1] != r.Stage {
			told = append(told, r.Stage)
		}
	}))
	trained, err := pipeline.Train(ctx, pipeline.TrainRequest{Data: "train.csv", Config: settings(t, "")}, env)
	if err != nil {
		t.Fatal(err)
	}
	want := pipeline.TrainResult{
		ModelName: "lightgbm", ProblemType: "binary_classification", Rows: 400, Columns: 5, Target: "leaves",
		Features: []string{"age", "plan", "spend", "active"}, Classes: []string{"no", "yes"},
	}
	if trained.ModelName != want.ModelName || trained.ProblemType != want.ProblemType || trained.Rows != want.Rows ||
		trained.Columns != want.Columns || trained.Target != want.Target || !slices.Equal(trained.Features, want.Features) ||
		!slices.Equal(trained.Classes, want.Classes) {
		t.Errorf("got %+v", trained)
	}
	if !strings.HasPrefix(trained.DataFingerprint, "sha256:") || !strings.HasPrefix(trained.ConfigHash, "config-v1:") || trained.PeakRSSBytes < 1<<20 {
		t.Errorf("fingerprint %q, config %q, peak %d", trained.DataFingerprint, trained.ConfigHash, trained.PeakRSSBytes)
	}
	for _, name := range []string{"accuracy", "f1_score", "roc_auc", "cv_mean"} {
		if v := trained.Metrics[name]; v < 0.7 || v > 1 {
			t.Errorf("%s is %v", name, v)
		}
	}
	for _, stage := range []string{"read", "preprocess", "split", "cross_validate", "train", "evaluate", "deploy", "total"} {
		if _, ok := trained.Timings[stage]; !ok {
			t.Errorf("no timing of %s: %v", stage, trained.Timings)
		}
		if stage != "total" && !slices.Contains(told, stage) {
			t.Errorf("no progress of %s: %v", stage, told)
		}
	}
	model := filepath.Join(dir, "models", "deployment_20260301_123015")
	if trained.Deployment.Dir != model || trained.Deployment.Version != "1.0.0" || !trained.Deployment.CreatedAt.Equal(noon) {
		t.Fatalf("deployment %+v", trained.Deployment)
	}

	env.TaskID = "flow2/0"
	predicted, err := pipeline.Predict(ctx, pipeline.PredictRequest{Data: "new.csv", Model: model, Output: "out/p.json", Proba: true}, env)
	if err != nil {
		t.Fatal(err)
	}
	if predicted.Count != 25 || len(predicted.Head) != 10 || predicted.Output != "out/p.json" || len(predicted.Warnings) != 0 ||
		predicted.ClassCounts["yes"]+predicted.ClassCounts["no"] != 25 {
		t.Errorf("got %+v", predicted)
	}
	for _, stage := range []string{"read", "load", "predict", "write", "total"} {
		if _, ok := predicted.Timings[stage]; !ok {
			t.Errorf("no timing of %s: %v", stage, predicted.Timings)
		}
	}
	var written struct {
		Predictions   []string             `json:"predictions"`
		Classes       []string             `json:"classes"`
		Probabilities []map[string]float64 `json:"probabilities"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "out", "p.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &written); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	if len(written.Predictions) != 25 || !slices.Equal(written.Predictions[:10], predicted.Head) || !slices.Equal(written.Classes, want.Classes) {
		t.Errorf("wrote %+v", written)
	}
	for i, p := range written.Probabilities {
		if sum := p["yes"] + p["no"]; math.Abs(sum-1) > 1e-9 || (p["yes"] > p["no"]) != (written.Predictions[i] == "yes") {
			t.Errorf("row %d: %v and %q", i+1, p, written.Predictions[i])
		}
	}

	status, err := pipeline.Status(ctx, pipeline.StatusRequest{Model: model}, env)
	if err != nil {
		t.Fatal(err)
	}
	if status.Status != "deployed" || status.ModelName != "lightgbm" || !maps.Equal(status.Metrics, trained.Metrics) || len(status.Files) != len(trained.Deployment.Files) ||
		status.MetricSummaries["accuracy"].Latest != trained.Metrics["accuracy"] || status.MetricSummaries["accuracy"].Count != 1 ||
		status.Predictions.Calls != 1 || status.Predictions.Rows != 25 || !maps.Equal(status.Predictions.ClassCounts, predicted.ClassCounts) {
		t.Errorf("got %+v", status)
	}

	observed, err := pipeline.Observe(ctx, pipeline.ObserveRequest{Model: model, Config: settings(t,
		"observability: {alert_threshold: 0, metric_thresholds: {log_loss: 0.0001, acuracy: 0.5}}")}, env)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, c := range observed.Checks {
		if !c.OK {
			failed = append(failed, c.Metric+" "+c.Direction)
		}
	}
	if !observed.Alert || fmt.Sprint(failed) != "[log_loss lower]" || observed.Status.Predictions.Rows != 25 {
		t.Errorf("failed %v of %+v", failed, observed.Checks)
	}
	for _, part := range []string{"Monitoring report", model, "25 rows in 1 call", `did you mean "accuracy"?`, "ALERT: 1 of "} {
		if !strings.Contains(observed.Report, part) {
			t.Errorf("the report lacks %q:\n%s", part, observed.Report)
		}
	}
}

func TestARegressorPredictsNumbersIntoEveryFormat(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 300)
	trained := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Target: "price", Config: settings(t, "")})
	if trained.ProblemType != "regression" || trained.Metrics["r2_score"] < 0.5 || trained.Classes != nil {
		t.Fatalf("got %+v", trained)
	}
	var want []float64
	for _, output := range []string{"p.json", "p.csv", "p.parquet"} {
		r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{
			Data: "houses.csv", Model: trained.Deployment.Dir, Output: output, Proba: true,
		}, env)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = r.Predictions.Values.Floats()
		}
		var got []float64
		if output == "p.json" {
			var written map[string][]float64
			data, err := os.ReadFile(filepath.Join(dir, output))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(data, &written); err != nil {
				t.Fatal(err)
			}
			got = written["predictions"]
		} else {
			read, err := table.ReadFile(t.Context(), filepath.Join(dir, output), table.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got = read.Column("prediction").Floats()
		}
		if !slices.Equal(got, want) || len(want) != 300 {
			t.Errorf("%s holds other figures", output)
		}
	}
	status, err := pipeline.Status(t.Context(), pipeline.StatusRequest{Model: trained.Deployment.Dir}, env)
	if err != nil {
		t.Fatal(err)
	}
	if v := status.Predictions.Values; v == nil || v.Count != 900 || v.Min != slices.Min(want) || v.Max != slices.Max(want) {
		t.Errorf("got %+v", v)
	}
}

func TestLabelsKeepTheirType(t *testing.T) {
	for name, c := range map[string]struct{ negative, positive, json string }{
		"whole numbers": {"0", "1", "[0, 1]"},
		"fractions":     {"0.5", "1.5", "[0.5, 1.5]"},
		"truth":         {"false", "true", "[false, true]"},
		"text":          {"<b>", "a\"b", `["<b>", "a\"b"]`},
	} {
		t.Run(name, func(t *testing.T) {
			dir, env := environment(t)
			quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
			if name != "text" {
				quote = func(s string) string { return s }
			}
			var b strings.Builder
			b.WriteString("x,y\n")
			for i := range 200 {
				label := c.negative
				if i%2 == 1 {
					label = c.positive
				}
				fmt.Fprintf(&b, "%d,%s\n", i%2*10+i%7, quote(label))
			}
			write(t, dir, "train.csv", b.String())
			write(t, dir, "two.csv", "x\n0\n16\n")
			trained := train(t, env, pipeline.TrainRequest{Data: "train.csv", Config: settings(t, "")})
			for _, output := range []string{"p.json", "p.csv"} {
				_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "two.csv", Model: trained.Deployment.Dir, Output: output, Proba: output == "p.csv"}, env)
				if err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(filepath.Join(dir, "p.json"))
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(data, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(`{"predictions": `+c.json+`}`), &want); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
				t.Errorf("wrote %s, want %s", data, c.json)
			}
			csv, err := table.ReadFile(t.Context(), filepath.Join(dir, "p.csv"), table.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{"prediction", "probability_" + c.negative, "probability_" + c.positive}; !slices.Equal(csv.Names(), want) {
				t.Errorf("columns %q, want %q", csv.Names(), want)
			}
		})
	}
}

func TestPredictsAtOnceAreAllRecorded(t *testing.T) {
	const calls = 12
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	model := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")}).Deployment.Dir
	var group errgroup.Group
	for i := range calls {
		env := env
		env.TaskID = fmt.Sprintf("flow%d/0", i)
		group.Go(func() error {
			_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model}, env)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	env.TaskID = "flow0/0" // tried again: the same call, not another one
	if _, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model}, env); err != nil {
		t.Fatal(err)
	}
	status, err := pipeline.Status(t.Context(), pipeline.StatusRequest{Model: model}, env)
	if err != nil || status.Predictions.Calls != calls || status.Predictions.Rows != calls*120 {
		t.Errorf("got %+v, %v", status.Predictions, err)
	}
}

func TestEveryFormatOfATableTrainsToTheSameModel(t *testing.T) {
	dir, env := environment(t)
	source := customers(t, dir, "data.csv", 200)
	read, err := table.ReadFile(t.Context(), source, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var models []string
	for _, name := range []string{"data.csv", "data.tsv", "data.json", "data.jsonl", "data.parquet"} {
		if name != "data.csv" {
			if err := table.WriteFile(filepath.Join(dir, name), read, table.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		deployed := train(t, env, pipeline.TrainRequest{Data: name, Config: settings(t, "")}).Deployment
		for _, f := range deployed.Files {
			if f.Path == "model.txt" || f.Path == "preprocessor.json" {
				models = append(models, f.SHA256)
			}
		}
	}
	slices.Sort(models)
	if got := slices.Compact(models); len(got) != 2 {
		t.Errorf("five formats gave %d distinct models and preprocessors, want one of each", len(got))
	}
}
