package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/runner/deploy"
	"mlops/runner/registry"
)

func newModelsShow(a *app, open openRegistry) *cobra.Command {
	return &cobra.Command{
		Use:   "show MODEL",
		Short: "Describe a registered model, or one version of it",
		Long: `Describe a registered model: its versions, its aliases and who moved them when; or,
of a version or an alias, that version: where it comes from, its figures and files,
whose checksums are verified.`,
		Example: `  mlops-cli models show churn
  mlops-cli models show churn@champion
  mlops-cli models show churn/3 -o json`,
		Args:              exactly("MODEL"),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.modelsShow(cmd.Context(), open, args[0]) },
		ValidArgsFunction: completeModelName(open, 1),
	}
}

func (a *app) modelsShow(ctx context.Context, open openRegistry, text string) error {
	ref, err := modelRef(text)
	if err != nil {
		return err
	}
	models, err := open()
	if err != nil {
		return err
	}
	m, err := models.Model(ref.Name)
	if err != nil {
		return registryError(err)
	}
	if ref.Version == 0 && ref.Alias == "" {
		return a.printModel(models, m)
	}
	v, dir, err := models.Resolve(ref)
	if err != nil {
		return registryError(err)
	}
	b, err := deploy.Open(ctx, dir)
	if err != nil {
		return usage(err)
	}
	return a.printVersion(m, v, b)
}

func (a *app) printModel(models *registry.Registry, m registry.Model) error {
	return a.print(
		func() output.Document {
			versions := make([]any, len(m.Versions))
			for i, v := range m.Versions {
				versions[i] = versionDocument(m, v)
			}
			history := make([]any, len(m.History))
			for i, move := range m.History {
				history[i] = moveDocument(move)
			}
			return output.Document{
				{Key: "registry", Value: models.Dir()}, {Key: "name", Value: m.Name}, {Key: "latest", Value: int64(m.Versions[len(m.Versions)-1].Number)},
				{Key: "aliases", Value: aliasDocument(m)}, {Key: "versions", Value: versions}, {Key: "history", Value: history},
			}
		},
		func(w io.Writer) {
			output.Pairs(w, "Model", [2]string{"name", m.Name}, [2]string{"aliases", aliasText(m)}, [2]string{"registry", a.short(models.Dir())})
			rows := make([][]string, len(m.Versions))
			for i, v := range m.Versions {
				rows[len(rows)-1-i] = []string{ // the newest first
					fmt.Sprint(v.Number), joined(aliasesOf(m, v.Number)), v.ModelName, mainMetric(v.Metrics), v.By, local(v.CreatedAt),
				}
			}
			output.Rows(w, "Versions", []string{"version", "aliases", "model", "metric", "by", "registered"}, rows, 0)
			rows = nil
			for _, move := range m.History {
				rows = append(rows, []string{local(move.Time), move.By, move.Alias, versionText(move.From), versionText(move.To), move.Reason})
			}
			if len(rows) > 0 {
				output.Rows(w, "Aliases over time", []string{"time", "by", "alias", "from", "to", "reason"}, rows, 3, 4)
			}
		},
		func() []string {
			var names []string
			for _, v := range m.Versions {
				names = append(names, registry.Ref{Name: m.Name, Version: v.Number}.String())
			}
			return names
		},
	)
}

func versionText(number int) string {
	if number == 0 {
		return "-"
	}
	return fmt.Sprint(number)
}

// mainMetric is the figure that people ask for first.
func mainMetric(metrics map[string]float64) string {
	for _, name := range []string{"roc_auc", "accuracy", "rmse", "cv_mean"} {
		if v, ok := metrics[name]; ok {
			return name + " " + output.Figure(v)
		}
	}
	return ""
}

func versionDocument(m registry.Model, v registry.Version) output.Document {
	metrics := output.Document{}
	for _, name := range output.Sorted(v.Metrics) {
		metrics = append(metrics, output.Field{Key: name, Value: v.Metrics[name]})
	}
	return output.Document{
		{Key: "uri", Value: registry.Ref{Name: m.Name, Version: v.Number}.String()}, {Key: "version", Value: int64(v.Number)},
		{Key: "aliases", Value: texts(aliasesOf(m, v.Number))}, {Key: "created_at", Value: v.CreatedAt.Format(time.RFC3339Nano)},
		{Key: "by", Value: v.By}, {Key: "description", Value: v.Description}, {Key: "source", Value: v.Source},
		{Key: "deployment_version", Value: v.DeploymentVersion}, {Key: "workflow_id", Value: v.WorkflowID}, {Key: "task_id", Value: v.Task},
		{Key: "model_name", Value: v.ModelName}, {Key: "problem_type", Value: v.ProblemType}, {Key: "metrics", Value: metrics}, {Key: "digest", Value: v.Digest},
	}
}

func moveDocument(m registry.Move) output.Document {
	return output.Document{
		{Key: "time", Value: m.Time.Format(time.RFC3339Nano)}, {Key: "by", Value: m.By}, {Key: "alias", Value: m.Alias},
		{Key: "from", Value: int64(m.From)}, {Key: "to", Value: int64(m.To)}, {Key: "reason", Value: m.Reason},
	}
}

func (a *app) printVersion(m registry.Model, v registry.Version, b *deploy.Bundle) error {
	var size int64
	for _, f := range b.Files {
		size += f.Size
	}
	run := b.Metadata.Run
	return a.print(
		func() output.Document {
			files := make([]any, len(b.Files))
			for i, f := range b.Files {
				files[i] = output.Document{{Key: "path", Value: f.Path}, {Key: "size", Value: f.Size}, {Key: "sha256", Value: f.SHA256}}
			}
			artifacts := output.Document{}
			for _, name := range output.Sorted(b.Metadata.Artifacts) {
				artifacts = append(artifacts, output.Field{Key: name, Value: b.Metadata.Artifacts[name]})
			}
			return append(versionDocument(m, v), output.Document{
				{Key: "dir", Value: b.Dir}, {Key: "target", Value: run.Target}, {Key: "features", Value: texts(b.Columns())}, {Key: "classes", Value: texts(run.Classes)},
				{Key: "data", Value: run.Data}, {Key: "data_fingerprint", Value: run.DataFingerprint}, {Key: "config_hash", Value: run.ConfigHash},
				{Key: "rows", Value: run.Rows}, {Key: "columns", Value: run.Columns}, {Key: "size", Value: size}, {Key: "files", Value: files},
				{Key: "artifacts", Value: artifacts},
			}...)
		},
		func(w io.Writer) {
			output.Pairs(w, "Version",
				[2]string{"model", registry.Ref{Name: m.Name, Version: v.Number}.String()},
				[2]string{"aliases", joined(aliasesOf(m, v.Number))},
				[2]string{"description", v.Description},
				[2]string{"registered", local(v.CreatedAt) + " by " + v.By},
				[2]string{"directory", a.short(b.Dir)},
				[2]string{"deployed as", v.Source},
				[2]string{"version", v.DeploymentVersion},
				[2]string{"kind", run.ModelName + ", " + strings.ReplaceAll(run.ProblemType, "_", " ")},
				[2]string{"target", run.Target},
				[2]string{"classes", listed(run.Classes)},
				[2]string{"features", listed(b.Columns())},
				[2]string{"data", a.short(run.Data)},
				[2]string{"fingerprint", run.DataFingerprint},
				[2]string{"rows × columns", output.Count(run.Rows) + " × " + output.Count(run.Columns)},
				[2]string{"files", fmt.Sprintf("%d, %s, checksums hold", len(b.Files), output.Bytes(size))},
			)
			printMetrics(w, run.Metrics, run.CVMetric)
		},
		func() []string { return []string{b.Dir} },
	)
}
