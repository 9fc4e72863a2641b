package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mlops/cmd/mlops-cli/output"
	"mlops/runner/deploy"
	"mlops/runner/registry"
)

func newModelsDiff(a *app, open openRegistry) *cobra.Command {
	return &cobra.Command{
		Use:   "diff MODEL MODEL",
		Short: "Show what differs between two versions",
		Long: `Show what differs between two versions: metrics, the configuration's parameters,
features, the data's fingerprint and other facts, and files with their sizes. Each
is a version of any model, or a deployment's directory.`,
		Example: `  mlops-cli models diff churn/2 churn/3
  mlops-cli models diff churn@champion churn@latest -o json
  mlops-cli models diff churn@champion models/deployment_20260101_120000`,
		Args: exactly("MODEL", "MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.modelsDiff(cmd.Context(), open, args[0], args[1])
		},
		ValidArgsFunction: completeModelName(open, 2),
	}
}

// openVersion opens a version, or the deployment in a directory, and says what to
// call it.
func (a *app) openVersion(ctx context.Context, open openRegistry, text string) (*deploy.Bundle, string, error) {
	dir, name := text, text
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(a.dir, dir)
	}
	if info, err := os.Stat(dir); registry.IsRef(text) || err != nil || !info.IsDir() {
		ref, err := modelRef(text)
		if err != nil {
			return nil, "", err
		}
		models, err := open()
		if err != nil {
			return nil, "", err
		}
		var v registry.Version
		if v, dir, err = models.Resolve(ref); err != nil {
			return nil, "", registryError(err)
		}
		name = registry.Ref{Name: ref.Name, Version: v.Number}.String()
	}
	b, err := deploy.Open(ctx, dir)
	return b, name, usage(err)
}

func (a *app) modelsDiff(ctx context.Context, open openRegistry, textA, textB string) error {
	bundleA, nameA, err := a.openVersion(ctx, open, textA)
	if err != nil {
		return err
	}
	bundleB, nameB, err := a.openVersion(ctx, open, textB)
	if err != nil {
		return err
	}
	c := deploy.Compare(bundleA, bundleB)
	return a.print(
		func() output.Document { return diffDocument(nameA, nameB, c) },
		func(w io.Writer) { printDiff(w, nameA, nameB, c) },
		func() []string {
			var names []string
			for _, change := range append(c.Facts, c.Parameters...) {
				names = append(names, change.Name)
			}
			return names
		},
	)
}

func diffDocument(nameA, nameB string, c deploy.Comparison) output.Document {
	changes := func(list []deploy.Change) []any {
		out := make([]any, len(list))
		for i, change := range list {
			out[i] = output.Document{{Key: "name", Value: change.Name}, {Key: "a", Value: change.A}, {Key: "b", Value: change.B}}
		}
		return out
	}
	metrics := make([]any, len(c.Metrics))
	for i, m := range c.Metrics {
		d := output.Document{{Key: "name", Value: m.Name}, {Key: "a", Value: nil}, {Key: "b", Value: nil}, {Key: "change", Value: nil}}
		if m.A != nil {
			d[1].Value = *m.A
		}
		if m.B != nil {
			d[2].Value = *m.B
		}
		if m.A != nil && m.B != nil {
			d[3].Value = *m.B - *m.A
		}
		metrics[i] = d
	}
	files := make([]any, len(c.Files))
	for i, f := range c.Files {
		d := output.Document{{Key: "path", Value: f.Path}, {Key: "size_a", Value: nil}, {Key: "size_b", Value: nil}}
		if f.SizeA >= 0 {
			d[1].Value = f.SizeA
		}
		if f.SizeB >= 0 {
			d[2].Value = f.SizeB
		}
		files[i] = d
	}
	return output.Document{
		{Key: "a", Value: nameA}, {Key: "b", Value: nameB}, {Key: "metrics", Value: metrics}, {Key: "parameters", Value: changes(c.Parameters)},
		{Key: "features_added", Value: texts(c.FeaturesAdded)}, {Key: "features_removed", Value: texts(c.FeaturesRemoved)},
		{Key: "facts", Value: changes(c.Facts)}, {Key: "size_a", Value: c.SizeA}, {Key: "size_b", Value: c.SizeB}, {Key: "files", Value: files},
	}
}

func printDiff(w io.Writer, nameA, nameB string, c deploy.Comparison) {
	output.Pairs(w, "Compared", [2]string{"a", nameA}, [2]string{"b", nameB})
	var rows [][]string
	for _, m := range c.Metrics {
		row := []string{m.Name, "-", "-", ""}
		if m.A != nil {
			row[1] = output.Figure(*m.A)
		}
		if m.B != nil {
			row[2] = output.Figure(*m.B)
		}
		if m.A != nil && m.B != nil {
			row[3] = signed(*m.B - *m.A)
		}
		rows = append(rows, row)
	}
	section := func(title string, header []string, right ...int) {
		if len(rows) > 0 {
			output.Rows(w, title, header, rows, right...)
		}
		rows = nil
	}
	section("Metrics", []string{"metric", "a", "b", "change"}, 1, 2, 3)
	for _, change := range c.Parameters {
		rows = append(rows, []string{change.Name, orDash(change.A), orDash(change.B)})
	}
	section("Parameters", []string{"parameter", "a", "b"})
	for _, name := range c.FeaturesRemoved {
		rows = append(rows, []string{name, "yes", "-"})
	}
	for _, name := range c.FeaturesAdded {
		rows = append(rows, []string{name, "-", "yes"})
	}
	section("Features", []string{"feature", "a", "b"})
	for _, change := range c.Facts {
		rows = append(rows, []string{change.Name, orDash(change.A), orDash(change.B)})
	}
	section("Facts", []string{"fact", "a", "b"})
	for _, f := range c.Files {
		rows = append(rows, []string{f.Path, fileSize(f.SizeA), fileSize(f.SizeB)})
	}
	if len(rows) > 0 {
		rows = append(rows, []string{"all files", output.Bytes(c.SizeA), output.Bytes(c.SizeB)})
	}
	section("Files", []string{"file", "a", "b"}, 1, 2)
	if len(c.Files) == 0 {
		fmt.Fprintln(w, "the two are the same, byte for byte")
	}
}

func signed(v float64) string {
	if v == 0 {
		return "0"
	}
	text := output.Figure(v)
	if v > 0 {
		text = "+" + text
	}
	return text
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func fileSize(n int64) string {
	if n < 0 {
		return "-"
	}
	return output.Bytes(n)
}
