package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"

	"mlops/client"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

type probeFlags struct {
	count, clients int
	duration       time.Duration
}

func newProbe(a *app) *cobra.Command {
	var f probeFlags
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Measure a fleet with tasks that do nothing",
		Long: `Submit tasks that do nothing, or sleep, wait for all of them and show how many
were finished in a second. Workers take them only when started with probes
allowed.`,
		Example: `  mlops-cli probe --master 127.0.0.1:7070
  mlops-cli probe --count 5000 --clients 32 -o json`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.probe(cmd.Context(), f) },
	}
	cmd.Flags().IntVarP(&f.count, "count", "n", 100, "how many tasks")
	cmd.Flags().IntVar(&f.clients, "clients", 16, "how many are submitted and watched at once")
	cmd.Flags().DurationVar(&f.duration, "duration", 0, "how long each task sleeps")
	return cmd
}

// Bounds of the probe's flags.
const (
	maxProbes       = 1_000_000
	maxProbeClients = 1024
)

func (a *app) probe(ctx context.Context, f probeFlags) error {
	if f.count < 1 || f.count > maxProbes || f.clients < 1 || f.clients > maxProbeClients || f.duration < 0 {
		return usagef("probe: --count must be 1 to %d, --clients 1 to %d, --duration not less than 0", maxProbes, maxProbeClients)
	}
	return a.with(ctx, need{worker: true, probes: true}, func(c *connection) error {
		if err := probesAllowed(ctx, c); err != nil {
			return err
		}
		begun := time.Now()
		latencies, err := a.runProbes(ctx, c, f)
		if err != nil {
			return err
		}
		took := time.Since(begun).Seconds()
		slices.Sort(latencies)
		quantile := func(q float64) float64 { return latencies[int(q*float64(len(latencies)-1))].Seconds() }
		return a.print(
			func() output.Document {
				return output.Document{
					{Key: "tasks", Value: int64(f.count)}, {Key: "seconds", Value: took}, {Key: "tasks_per_second", Value: float64(f.count) / took},
					{Key: "latency_seconds", Value: output.Document{{Key: "p50", Value: quantile(0.5)}, {Key: "p99", Value: quantile(0.99)}, {Key: "max", Value: quantile(1)}}},
				}
			},
			func(w io.Writer) {
				output.Pairs(w, "Probe",
					[2]string{"tasks", output.Count(int64(f.count))},
					[2]string{"took", output.Seconds(took)},
					[2]string{"tasks per second", fmt.Sprintf("%.0f", float64(f.count)/took)},
					[2]string{"submit to end, median", output.Seconds(quantile(0.5))},
					[2]string{"submit to end, 99 %", output.Seconds(quantile(0.99))},
				)
			},
			func() []string { return []string{fmt.Sprintf("%.0f", float64(f.count)/took)} },
		)
	})
}

// probesAllowed refuses to queue what nobody would take.
func probesAllowed(ctx context.Context, c *connection) error {
	if c.embedded {
		return nil // this process's own worker takes them
	}
	workers, err := c.Workers(ctx)
	if errors.Is(err, client.ErrDenied) {
		return nil // this caller may not know
	}
	if err != nil {
		return err
	}
	takes := func(w *mlopsv1.WorkerInfo) bool { return slices.Contains(w.GetCapabilities(), "probe") }
	if !slices.ContainsFunc(workers, takes) {
		return usagef("none of the master's %d workers takes probes; start one with --allow-probes", len(workers))
	}
	return nil
}

func (a *app) runProbes(ctx context.Context, c *connection, f probeFlags) ([]time.Duration, error) {
	latencies := make([]time.Duration, f.count)
	var finished atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(f.clients)
	for i := range f.count {
		group.Go(func() error {
			begun := time.Now()
			w, err := c.Submit(ctx, client.Submission{Labels: c.labels, Spec: &mlopsv1.TaskSpec{
				Operation: &mlopsv1.Operation{Kind: &mlopsv1.Operation_Probe{Probe: &mlopsv1.ProbeOperation{
					Duration: durationpb.New(f.duration), Ending: mlopsv1.ProbeEnding_PROBE_ENDING_SUCCEED,
				}}},
				Requirements: &mlopsv1.Requirements{Labels: c.labels},
			}})
			if err != nil {
				return err
			}
			if w, err = c.Wait(ctx, w.GetWorkflowId()); err != nil {
				return err
			}
			if w.GetState() != mlopsv1.WorkflowState_WORKFLOW_STATE_SUCCEEDED {
				return &failure{w}
			}
			latencies[i] = time.Since(begun)
			if n := finished.Add(1); n%int64(max(f.count/10, 1)) == 0 {
				a.display.Note("%s of %s tasks finished", output.Count(n), output.Count(int64(f.count)))
			}
			return nil
		})
	}
	return latencies, group.Wait()
}
