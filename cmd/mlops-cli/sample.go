package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/cmd/mlops-cli/inputs"
	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/olga/sample"
)

func newSample(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sample",
		Short: "Make data to try things with",
		Long:  `Make data to try things with: it is simulated, the same for the same seed.`,
		Example: `  mlops-cli sample olga demo
  mlops-cli run --all -c demo/pipelines_config.yml`,
	}
	cmd.AddCommand(newSampleOLGA(a))
	return cmd
}

func newSampleOLGA(a *app) *cobra.Command {
	o := sample.Default()
	layout := string(o.Layout)
	cmd := &cobra.Command{
		Use:   "olga DIR",
		Short: "Make simulated cases in the form of OLGA: .tpl and .genkey files",
		Long: `Make simulated cases in the form of OLGA 2017.2, a trend file (.tpl) and a keyword
file (.genkey) each, in DIR/raw, and DIR/pipelines_config.yml, which makes labelled
windows and features of them, unless there is one.

A case is a pipeline of 5 km that carries oil, with a pump and a valve, one operation
(a pump's trip, a valve that shuts, …) or none, and in a share of the cases a leak that
opens and closes. Rows are half a second apart. CONTR … 'CONTROL - FUGA' is above zero
while the leak is open: it is the label.

A case depends on the seed, its number, its rows and the share of leaks, and not on
how many are made.`,
		Example: `  mlops-cli sample olga demo
  mlops-cli sample olga demo --cases 1000 --leaks 0.3 --seed 7
  mlops-cli sample olga demo --layout tpl_folder --force -o json
  mlops-cli run --all -c demo/pipelines_config.yml`,
		Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Layout = sample.Layout(layout)
			return a.sampleOLGA(cmd.Context(), args[0], o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Cases, "cases", o.Cases, fmt.Sprintf("how many, up to %d", sample.MaxCases))
	f.IntVar(&o.Rows, "rows", o.Rows, fmt.Sprintf("rows of each, from %d to %d", sample.MinRows, sample.MaxRows))
	f.Float64Var(&o.Leaks, "leaks", o.Leaks, "share of the cases that have a leak, from 0 to 1")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "what the cases are drawn by")
	f.StringVar(&layout, "layout", layout, "where trend files are: beside their keyword file, or in a folder TPL beside it (tpl_folder)")
	f.BoolVar(&o.Replace, "force", false, "write to a folder that holds files, and replace those of the same names")
	mustComplete(cmd, "layout", sample.Layouts())
	return cmd
}

// The names in a sample's directory.
const (
	sampleRaw       = "raw"
	samplePipelines = "pipelines_config.yml"
)

// samplePipelinesText makes labelled windows of a sample's cases, and features of these.
const samplePipelinesText = `# What becomes of the cases in raw: Parquet of each, windows of 20 s with a label, and
# a row of features of each window, with where its case's leak is and how large.
tpl_genkey_pipeline:
  source_folder: raw
  output_folder: cases
  label_trend: "CONTR_*FUGA"
windows_pipeline:
  source_folder: cases
  output_folder: windows
  window_size: 40
  step_size: 10
features_pipeline:
  source_folder: windows
  output_folder: features
  feature_columns: [PT_*, TM_*, GT_*, PUMPSPEED_*]
  case_columns: [leak_position_m, leak_diameter_m]
`

func (a *app) sampleOLGA(ctx context.Context, location string, o sample.Options) error {
	if err := o.Check(); err != nil {
		return usage(err)
	}
	if inputs.IsBucket(location) {
		return usagef("%s: cases are made in a directory of this host", location)
	}
	dir := inputs.Absolute(a.dir, location)
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usagef("%s is a file; name a directory", location)
	}
	raw := filepath.Join(dir, sampleRaw)
	made, err := sample.Generate(ctx, raw, o, a.sampleProgress(o.Cases))
	if errors.Is(err, sample.ErrNotEmpty) {
		return usagef("%s is not empty; name another directory, or replace cases of the same names with --force", a.short(raw))
	}
	if err != nil {
		return err
	}
	others, err := otherTrends(raw, made)
	if err != nil {
		return fmt.Errorf("look through %s: %w", raw, err)
	}
	if others > 0 {
		a.display.Warn("%s holds %s other trend files, which are cases as well", a.short(raw), output.Count(int64(others)))
	}
	pipelines := filepath.Join(dir, samplePipelines)
	_, err = os.Lstat(pipelines)
	kept := err == nil
	if errors.Is(err, fs.ErrNotExist) {
		err = renameio.WriteFile(pipelines, []byte(samplePipelinesText), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", pipelines, err)
	}
	return a.printSample(raw, pipelines, kept, o, made)
}

// sampleProgress shows how many cases are done.
func (a *app) sampleProgress(cases int) func(int) {
	return func(done int) {
		a.display.Event(&mlopsv1.Event{Time: timestamppb.New(time.Now()), Kind: &mlopsv1.Event_Progress{Progress: &mlopsv1.Progress{
			Stage: "simulate", Fraction: float64(done) / float64(cases), Message: fmt.Sprintf("%s of %s cases", output.Count(int64(done)), output.Count(int64(cases))),
		}}})
		if done == cases {
			a.display.Close()
		}
	}
}

// otherTrends counts the trend files that a pipeline would find besides those made.
func otherTrends(raw string, made []sample.Made) (int, error) {
	own := map[string]bool{}
	for _, m := range made {
		own[m.Trends] = true
	}
	others := 0
	err := filepath.WalkDir(raw, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.EqualFold(filepath.Ext(path), ".tpl") && !own[path] {
			others++
		}
		return err
	})
	return others, err
}

// shownCases bounds the cases that are listed for people; -o json has all.
const shownCases = 50

func (a *app) printSample(raw, pipelines string, kept bool, o sample.Options, made []sample.Made) error {
	return a.print(
		func() output.Document {
			cases := make([]any, len(made))
			for i, m := range made {
				var leak any
				if m.Leak != nil {
					leak = output.Document{
						{Key: "position_m", Value: m.Leak.Position}, {Key: "diameter_m", Value: m.Leak.Diameter}, {Key: "start_s", Value: m.Leak.Start},
						{Key: "end_s", Value: m.Leak.End}, {Key: "largest_flow_kg_s", Value: m.LeakFlow},
					}
				}
				cases[i] = output.Document{
					{Key: "name", Value: m.Name}, {Key: "trends", Value: m.Trends}, {Key: "keywords", Value: m.Keywords}, {Key: "rows", Value: int64(m.Rows)},
					{Key: "operation", Value: string(m.Operation)}, {Key: "leak", Value: leak},
				}
			}
			return output.Document{
				{Key: "folder", Value: raw}, {Key: "pipelines", Value: pipelines}, {Key: "pipelines_kept", Value: kept}, {Key: "seed", Value: o.Seed}, {Key: "cases", Value: cases},
			}
		},
		func(w io.Writer) {
			var rows [][]string
			leaks := 0
			for i, m := range made {
				row := []string{m.Name, string(m.Operation), "", "", "", ""}
				if m.Leak != nil {
					leaks++
					row = append(row[:2], fmt.Sprintf("%.0f m", m.Leak.Position), fmt.Sprintf("%.1f mm", m.Leak.Diameter*1000),
						fmt.Sprintf("%.1f–%.1f s", m.Leak.Start, m.Leak.End), fmt.Sprintf("%.1f kg/s", m.LeakFlow))
				}
				if i < shownCases {
					rows = append(rows, row)
				}
			}
			output.Rows(w, "", []string{"case", "operation", "leak at", "diameter", "open", "largest flow"}, rows, 2, 3, 4, 5)
			if left := len(made) - len(rows); left > 0 {
				fmt.Fprintf(w, "and %s more\n\n", output.Count(int64(left)))
			}
			fmt.Fprintf(w, "%s cases of %s rows in %s, %s with a leak\n", output.Count(int64(len(made))), output.Count(int64(o.Rows)), output.Clean(a.short(raw)), output.Count(int64(leaks)))
			verb := "wrote"
			if kept {
				verb = "kept"
			}
			fmt.Fprintf(w, "%s %s\n\n", verb, output.Clean(a.short(pipelines)))
			printNext(w, "mlops-cli run --all -c "+shellWord(a.short(pipelines)))
		},
		func() []string {
			names := make([]string, len(made))
			for i, m := range made {
				names[i] = m.Trends
			}
			return names
		},
	)
}
