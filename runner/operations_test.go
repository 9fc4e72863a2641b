package runner_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/runner/pipeline"
	"mlops/runner/storage"
)

const quickConfig = "training: {backend: lightgbm, cv_folds: 2, params: {n_estimators: 10}}\n"

// workplace is a runner whose only allowed root is a fresh directory with data.
func workplace(t *testing.T) (dir string, r *runner.TaskRunner) {
	t.Helper()
	dir = t.TempDir()
	var b strings.Builder
	b.WriteString("x,color,label\n")
	for i := range 200 {
		fmt.Fprintf(&b, "%d,%s,%d\n", i%10, []string{"red", "blue"}[i%2], i%10/5)
	}
	if err := os.WriteFile(filepath.Join(dir, "data.csv"), []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, runner.New(runner.Environment{Storage: storage.New(storage.Options{AllowedRoots: []string{dir}}), Version: "1.2.3"})
}

func do(t *testing.T, r *runner.TaskRunner, op *mlopsv1.Operation) *mlopsv1.Outcome {
	t.Helper()
	return r.Run(t.Context(), runner.Assignment{WorkflowID: "w", TaskID: "w/0", Attempt: 1, Operation: op})
}

func trainOp(op *mlopsv1.TrainOperation) *mlopsv1.Operation {
	return &mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{Train: op}}
}

func TestOperationsFromTrainToObserve(t *testing.T) {
	dir, r := workplace(t)
	trained := do(t, r, trainOp(&mlopsv1.TrainOperation{Data: "data.csv", BaseDir: dir, ConfigYaml: quickConfig})).GetResult().GetTrain()
	deployed := trained.GetDeployment()
	if trained.GetModelName() != "lightgbm" || trained.GetTarget() != "label" || trained.GetRows() != 200 || trained.GetCvMetric() == "" ||
		deployed.GetArtifacts()["report"] == "" || filepath.Dir(deployed.GetDir()) != filepath.Join(dir, "models") || !deployed.GetCreatedAt().IsValid() {
		t.Fatalf("got %v", trained)
	}

	predicted := do(t, r, &mlopsv1.Operation{Kind: &mlopsv1.Operation_Predict{Predict: &mlopsv1.PredictOperation{
		Data: "data.csv", Model: deployed.GetDir(), Output: "p.csv", Proba: true, BaseDir: dir,
	}}}).GetResult().GetPredict()
	if predicted.GetCount() != 200 || len(predicted.GetHead()) != 10 || predicted.GetClassCounts()["0"] != 100 || predicted.GetOutput() != filepath.Join(dir, "p.csv") {
		t.Fatalf("got %v", predicted)
	}

	status := do(t, r, &mlopsv1.Operation{Kind: &mlopsv1.Operation_Status{Status: &mlopsv1.StatusOperation{Model: deployed.GetDir()}}}).GetResult().GetStatus()
	if status.GetStatus() != "deployed" || status.GetPredictions().GetRows() != 200 || status.GetPredictions().GetFirst() == nil ||
		status.GetMetricSummaries()["accuracy"].GetCount() != 1 || status.GetPredictions().GetClassCounts()["1"] != 100 {
		t.Fatalf("got %v", status)
	}

	observed := do(t, r, &mlopsv1.Operation{Kind: &mlopsv1.Operation_Observe{Observe: &mlopsv1.ObserveOperation{
		Model: deployed.GetDir(), ConfigYaml: "observability: {metric_thresholds: {log_loss: -1}}",
	}}}).GetResult().GetObserve()
	if !observed.GetAlert() || !strings.Contains(observed.GetReport(), "log_loss") || !proto.Equal(observed.GetStatus(), status) {
		t.Fatalf("got %v", observed)
	}
	for _, c := range observed.GetChecks() {
		if c.GetOk() != (c.GetMetric() != "log_loss") || (c.GetDirection() == "lower") != (c.GetMetric() == "log_loss") {
			t.Errorf("check %v", c)
		}
	}
}

func TestFailuresTellTheMasterWhatToDo(t *testing.T) {
	const (
		permanent = mlopsv1.FailureKind_FAILURE_KIND_PERMANENT
		refused   = mlopsv1.FailureKind_FAILURE_KIND_REFUSED
	)
	dir, r := workplace(t)
	for _, c := range []struct {
		op                     *mlopsv1.Operation
		kind                   mlopsv1.FailureKind
		reason, stage, message string
	}{
		{trainOp(&mlopsv1.TrainOperation{Data: "data.csv", BaseDir: dir, ConfigName: "my.yaml", ConfigYaml: "training:\n  backnd: x\n"}),
			permanent, "config", "config", "my.yaml:2:3: training.backnd"},
		{trainOp(&mlopsv1.TrainOperation{Data: "data.csv", BaseDir: dir, Target: "lable"}), permanent, "data", "split", `did you mean "label"?`},
		{trainOp(&mlopsv1.TrainOperation{Data: "/etc/passwd.csv", BaseDir: dir}), refused, "forbidden_path", "read", "outside the allowed directories"},
		{trainOp(&mlopsv1.TrainOperation{BaseDir: dir}), permanent, "data", "read", "no known data format"},
		{&mlopsv1.Operation{Kind: &mlopsv1.Operation_Status{Status: &mlopsv1.StatusOperation{Model: dir}}}, permanent, "data", "load", "is no deployment"},
		{&mlopsv1.Operation{Kind: &mlopsv1.Operation_Status{}}, permanent, "data", "load", "an empty path"},
		{&mlopsv1.Operation{Kind: &mlopsv1.Operation_Predict{}}, permanent, "data", "load", "an empty path"},
		{&mlopsv1.Operation{Kind: &mlopsv1.Operation_Observe{}}, permanent, "data", "observe", "an empty path"},
		{&mlopsv1.Operation{Kind: &mlopsv1.Operation_Train{}}, refused, "forbidden_path", "config", "deployment.output_dir: ./models"},
	} {
		o := do(t, r, c.op)
		wantFailure(t, o, c.kind, c.reason, c.message)
		if got := o.GetFailure().GetStage(); got != c.stage {
			t.Errorf("%v failed in stage %q, want %q", c.op, got, c.stage)
		}
	}
}

func TestEveryKindOfErrorHasAVerdict(t *testing.T) {
	for _, c := range []struct {
		err    error
		kind   mlopsv1.FailureKind
		reason string
	}{
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, "io"},
		{&pipeline.NotPermittedError{Err: errors.New("x")}, mlopsv1.FailureKind_FAILURE_KIND_LOST, "not_permitted"},
		{&pipeline.Error{Kind: pipeline.Conflict, Err: errors.New("x")}, mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "conflict"},
		{&pipeline.Error{Stage: "train", Kind: pipeline.Internal, Err: errors.New("x")}, mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "internal"},
		{&pipeline.Error{Stage: "deploy", Kind: pipeline.BadData, Err: &runner.RetryableError{Reason: "io", Err: errors.New("the master is away")}},
			mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE, "io"},
		{errors.New("x"), mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "internal"},
	} {
		if f := runner.FailureOf(t.Context(), c.err); f.GetKind() != c.kind || f.GetReason() != c.reason || f.GetMessage() == "" {
			t.Errorf("%v gives %v", c.err, f)
		}
	}
}

func TestAForbiddenPathNamesTheOperatorsRootsOnly(t *testing.T) {
	root, scratch := t.TempDir(), t.TempDir()
	r := runner.New(runner.Environment{
		Storage: storage.New(storage.Options{AllowedRoots: []string{root, scratch, scratch}}), ScratchDir: scratch,
	})
	o := do(t, r, trainOp(&mlopsv1.TrainOperation{Data: "/elsewhere/data.csv", NoDeploy: true}))
	want := "/elsewhere/data.csv lies outside the allowed directories: " + root
	if got := o.GetFailure().GetMessage(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
