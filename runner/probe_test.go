package runner_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/durationpb"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner"
	"mlops/runner/progress"
	"mlops/runner/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func probe(p *mlopsv1.ProbeOperation) runner.Assignment {
	return runner.Assignment{
		WorkflowID: "w", TaskID: "w/0", Attempt: 1,
		Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: p}},
	}
}

func run(ctx context.Context, p *mlopsv1.ProbeOperation) *mlopsv1.Outcome {
	return runner.New(runner.Environment{ProbesAllowed: true, InProcess: true}).Run(ctx, probe(p))
}

func wantFailure(t *testing.T, o *mlopsv1.Outcome, kind mlopsv1.FailureKind, reason, message string) {
	t.Helper()
	f := o.GetFailure()
	if f.GetKind() != kind || f.GetReason() != reason || !strings.Contains(f.GetMessage(), message) {
		t.Errorf("got %v, want %v, reason %q, a message with %q", o, kind, reason, message)
	}
}

func TestAProbeEndsAsItIsAsked(t *testing.T) {
	const (
		permanent = mlopsv1.FailureKind_FAILURE_KIND_PERMANENT
		retryable = mlopsv1.FailureKind_FAILURE_KIND_RETRYABLE
		refused   = mlopsv1.FailureKind_FAILURE_KIND_REFUSED
	)
	for _, c := range []struct {
		ending          mlopsv1.ProbeEnding
		kind            mlopsv1.FailureKind
		reason, message string
	}{
		{mlopsv1.ProbeEnding_PROBE_ENDING_FAIL, permanent, "config", "as it was asked to"},
		{mlopsv1.ProbeEnding_PROBE_ENDING_RETRY, retryable, "probe", "as it was asked to"},
		{mlopsv1.ProbeEnding_PROBE_ENDING_KILL, refused, "in_process", "process of its own"},
	} {
		o := run(t.Context(), &mlopsv1.ProbeOperation{Ending: c.ending, AllocateBytes: 1 << 20})
		wantFailure(t, o, c.kind, c.reason, c.message)
	}
	o := run(t.Context(), &mlopsv1.ProbeOperation{Echo: "hello"})
	if got := o.GetResult().GetProbe(); got.GetEcho() != "hello" || got.GetInputs() != 0 {
		t.Errorf("got %v", o)
	}
	if o.GetPeakRssBytes() != 0 {
		t.Errorf("%d bytes are said to be the attempt's peak; it shares its process", o.GetPeakRssBytes())
	}
	alone := runner.New(runner.Environment{ProbesAllowed: true}).Run(t.Context(), runner.Assignment{
		Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{}}},
	})
	if alone.GetPeakRssBytes() <= 0 {
		t.Errorf("an attempt in a process of its own has a peak of %d bytes", alone.GetPeakRssBytes())
	}
}

func TestAPanicPassesThrough(t *testing.T) {
	defer func() {
		if p := recover(); !strings.Contains(fmt.Sprint(p), "the probe panics, as it was asked to, with 1048576 bytes allocated") {
			t.Errorf("the panic is %v", p)
		}
	}()
	run(t.Context(), &mlopsv1.ProbeOperation{Ending: mlopsv1.ProbeEnding_PROBE_ENDING_PANIC, AllocateBytes: 1 << 20})
}

func TestAProbeWithChildrenSpawnsThemAndJoins(t *testing.T) {
	o := run(t.Context(), &mlopsv1.ProbeOperation{
		Children: 3, Duration: durationpb.New(time.Second), Echo: "joined", PublishPath: "out.txt", Stubborn: true,
	})
	spawn := o.GetSpawn()
	if len(spawn.GetChildren()) != 3 {
		t.Fatalf("got %v", o)
	}
	for _, child := range spawn.GetChildren() {
		p := child.GetOperation().GetProbe()
		if p.GetDuration().AsDuration() != time.Second || p.GetChildren() != 0 || !p.GetStubborn() || p.GetPublishPath() != "" {
			t.Errorf("child %v", p)
		}
	}
	then := spawn.GetThen().GetOperation().GetProbe()
	if then.GetEcho() != "joined" || then.GetPublishPath() != "out.txt" || then.GetChildren() != 0 {
		t.Errorf("continuation %v", then)
	}
	continuation := probe(&mlopsv1.ProbeOperation{Echo: "joined"})
	continuation.Inputs = make([]*mlopsv1.Result, 3)
	o = runner.New(runner.Environment{ProbesAllowed: true}).Run(t.Context(), continuation)
	if o.GetResult().GetProbe().GetInputs() != 3 {
		t.Errorf("the continuation gave %v", o)
	}
}

func TestAProbeSaysHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reports []progress.Report
		ctx := progress.With(t.Context(), progress.Func(func(r progress.Report) { reports = append(reports, r) }))
		start := time.Now()
		run(ctx, &mlopsv1.ProbeOperation{Duration: durationpb.New(10 * time.Second)})
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if len(reports) < 10 || reports[9].Stage != "probe" || reports[9].Fraction != 0.5 || reports[9].Left != 5*time.Second {
			t.Errorf("got %v", reports)
		}
	})
}

func TestCancellingAProbe(t *testing.T) {
	cause := errors.New("the user asked for it")
	for _, stubborn := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			start := time.Now()
			o := run(ctx, &mlopsv1.ProbeOperation{Duration: durationpb.New(time.Minute), Stubborn: stubborn})
			took := time.Since(start)
			if stubborn {
				if took != time.Minute || o.GetResult() == nil {
					t.Errorf("a stubborn probe ended after %v with %v", took, o)
				}
				return
			}
			if took != time.Second {
				t.Errorf("it took %v", took)
			}
			wantFailure(t, o, mlopsv1.FailureKind_FAILURE_KIND_CANCELLED, "cancelled", cause.Error())
		})
	}
}

func TestImpossibleProbesAreRefused(t *testing.T) {
	for message, p := range map[string]*mlopsv1.ProbeOperation{
		"duration -1s is negative":      {Duration: durationpb.New(-time.Second)},
		"allocate_bytes -1 is negative": {AllocateBytes: -1},
		"are more than":                 {Children: 1 << 30},
	} {
		wantFailure(t, run(t.Context(), p), mlopsv1.FailureKind_FAILURE_KIND_PERMANENT, "config", message)
	}
}

func TestProbesNeedLeave(t *testing.T) {
	o := runner.New(runner.Environment{}).Run(t.Context(), probe(&mlopsv1.ProbeOperation{}))
	wantFailure(t, o, mlopsv1.FailureKind_FAILURE_KIND_REFUSED, "capability", "probes allowed")
	if slices.Contains(runner.Capabilities(false), "probe") || !slices.Contains(runner.Capabilities(true), "probe") {
		t.Errorf("capabilities %v and %v", runner.Capabilities(false), runner.Capabilities(true))
	}
}

func TestAnUnknownOperationIsRefused(t *testing.T) {
	for _, op := range []*mlopsv1.Operation{nil, {}} {
		o := runner.New(runner.Environment{ProbesAllowed: true}).Run(t.Context(), runner.Assignment{Operation: op})
		wantFailure(t, o, mlopsv1.FailureKind_FAILURE_KIND_REFUSED, "capability", "does not know operation")
	}
}

type gate func(context.Context) error

func (g gate) Permit(ctx context.Context) error { return g(ctx) }

func TestAProbePublishesThroughTheGate(t *testing.T) {
	base, outside := t.TempDir(), t.TempDir()
	denied := errors.New("another attempt took over")
	env := runner.Environment{
		ProbesAllowed: true,
		Storage:       storage.New(storage.Options{AllowedRoots: []string{base}}),
		Gate: gate(func(context.Context) error {
			if _, err := os.Stat(filepath.Join(base, "out.txt")); err == nil {
				t.Error("the file was there before leave was given")
			}
			return denied
		}),
	}
	op := &mlopsv1.ProbeOperation{PublishPath: "out.txt", BaseDir: base}

	o := runner.New(env).Run(t.Context(), probe(op))
	wantFailure(t, o, mlopsv1.FailureKind_FAILURE_KIND_LOST, "not_permitted", denied.Error())
	if left, err := os.ReadDir(base); err != nil || len(left) != 0 {
		t.Errorf("a denied attempt left %v, error %v", left, err)
	}

	env.Gate = nil
	if o := runner.New(env).Run(t.Context(), probe(op)); o.GetResult() == nil {
		t.Fatalf("got %v", o)
	}
	if got, err := os.ReadFile(filepath.Join(base, "out.txt")); err != nil || string(got) != "task w/0 attempt 1\n" {
		t.Errorf("got %q, error %v", got, err)
	}

	o = runner.New(env).Run(t.Context(), probe(&mlopsv1.ProbeOperation{PublishPath: filepath.Join(outside, "x")}))
	wantFailure(t, o, mlopsv1.FailureKind_FAILURE_KIND_REFUSED, "forbidden_path", "outside the allowed directories")
}
