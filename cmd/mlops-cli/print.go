package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/cmd/mlops-cli/output"
)

// maxListed bounds how many names a table's cell lists.
const maxListed = 12

func listed(names []string) string {
	if len(names) > maxListed {
		return fmt.Sprintf("%s, … (%d)", strings.Join(names[:maxListed], ", "), len(names))
	}
	return strings.Join(names, ", ")
}

func counts(byClass map[string]int64) string {
	var parts []string
	for _, class := range output.Sorted(byClass) {
		parts = append(parts, class+": "+output.Count(byClass[class]))
	}
	return listed(parts)
}

func printMetrics(w io.Writer, metrics map[string]float64, cvMetric string) {
	var rows [][]string
	for _, name := range output.Sorted(metrics) {
		label := name
		if cvMetric != "" && (name == "cv_mean" || name == "cv_std") {
			label += " (" + cvMetric + ")"
		}
		rows = append(rows, []string{label, output.Figure(metrics[name])})
	}
	if len(rows) > 0 {
		output.Rows(w, "Metrics", []string{"metric", "value"}, rows, 1)
	}
}

// stageOrder is the order in which a pipeline's stages run.
var stageOrder = []string{"config", "read", "load", "preprocess", "split", "cross_validate", "train", "evaluate", "predict", "report", "deploy", "write"}

func printTimings(w io.Writer, timings map[string]float64, peakRSSBytes int64) {
	names := output.Sorted(timings)
	slices.SortStableFunc(names, func(a, b string) int { return stageRank(a) - stageRank(b) })
	var rows [][]string
	for _, name := range names {
		if timings[name] < 0.0005 {
			continue // it would read as nothing
		}
		rows = append(rows, []string{name, output.Seconds(timings[name])})
	}
	if peakRSSBytes > 0 {
		rows = append(rows, []string{"peak memory", output.Bytes(peakRSSBytes)})
	}
	if len(rows) > 0 {
		output.Rows(w, "Cost", []string{"stage", "time"}, rows, 1)
	}
}

func stageRank(name string) int {
	if i := slices.Index(stageOrder, name); i >= 0 {
		return i
	}
	if name == "total" {
		return len(stageOrder) + 1
	}
	return len(stageOrder)
}

func printWarnings(w io.Writer, warnings []string) {
	if len(warnings) == 0 {
		return
	}
	fmt.Fprintln(w, "Warnings")
	for _, text := range warnings {
		fmt.Fprintln(w, "  "+output.Clean(text))
	}
	fmt.Fprintln(w)
}

func printNext(w io.Writer, commands ...string) {
	fmt.Fprintln(w, "Next")
	for _, c := range commands {
		fmt.Fprintln(w, "  "+output.Clean(c))
	}
}

// short is a path as it is typed from the working directory, where it lies
// beneath that.
func (a *app) short(path string) string {
	relative, err := filepath.Rel(a.dir, path)
	if err != nil || !filepath.IsAbs(path) || !filepath.IsLocal(relative) {
		return path
	}
	return relative
}

// shellWord quotes a word where a shell would not take it as one.
func shellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func when(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Local().Format(time.DateTime)
}
