package tplgenkey

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"mlops/runner/etl"
	"mlops/runner/table"
)

const (
	// qualityFile is the table of all findings.
	qualityFile = "metadata/quality.parquet"
	// maxReportBytes bounds what is read of a case's report.
	maxReportBytes = 64 << 20
	// maxWarned is how many differences between cases are warned of.
	maxWarned = 5
)

// gatherQuality makes the table of the cases' findings, compares their trends, and
// fails where that is what a difference does.
func (p *pipeline) gatherQuality(ctx context.Context, w *etl.Work, outcomes []etl.Outcome) error {
	var all *comparison
	var differences []difference
	err := w.Create(ctx, qualityFile, func(out io.Writer) (err error) {
		all, differences, err = p.writeFindings(ctx, w, outcomes, out)
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range differences[:min(maxWarned, len(differences))] {
		w.Warnf(ctx, "quality: %s", d.text)
	}
	if more := len(differences) - maxWarned; more > 0 {
		w.Warnf(ctx, "quality: %d more differences between cases stand in %s", more, qualityFile)
	}
	if keys := all.neverMatched(); len(keys) > 0 {
		return p.section.ErrorAt(keys[0], "no trend that is kept has this name or pattern in any case; %s has %s",
			all.first.Case, listed(all.first.Columns, func(c reportedColumn) string { return c.Name }))
	}
	return nil
}

// writeFindings writes the table.
func (p *pipeline) writeFindings(ctx context.Context, w *etl.Work, outcomes []etl.Outcome, out io.Writer) (*comparison, []difference, error) {
	all := newComparison()
	tw, err := table.NewWriter(out, table.WriteOptions{Format: table.Parquet})
	if err != nil {
		return nil, nil, err
	}
	write := func(found []reportedFinding) error {
		rows, err := findingRows(found)
		if err != nil {
			return err
		}
		return tw.Write(rows)
	}
	if err := write(nil); err != nil { // so that it has its columns where nothing was found
		return nil, nil, err
	}
	for _, o := range outcomes {
		made := o.Output(reportOf(o.Item))
		if made == nil {
			continue
		}
		report, err := readReport(ctx, w, *made)
		if err == nil {
			err = write(report.Findings)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", o.Item, err)
		}
		if o.Output(IndexPart(o.Item)) != nil { // a case that was left out need not fit the others
			all.add(report)
		}
	}
	differences := all.differences(p.settings.Quality)
	for _, d := range differences {
		if d.Action == Fail {
			return nil, nil, fmt.Errorf("quality: %s; leave one of them out, make them alike, or set quality.%s.action", d.text, d.Check)
		}
		if err := write([]reportedFinding{d.reportedFinding}); err != nil {
			return nil, nil, err
		}
	}
	return all, differences, tw.Close()
}

func readReport(ctx context.Context, w *etl.Work, o etl.Output) (*caseReport, error) {
	file, err := w.OpenOutput(ctx, o)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	report := &caseReport{}
	if err := json.NewDecoder(io.LimitReader(file, maxReportBytes)).Decode(report); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	return report, nil
}

// findingRows are findings as rows. What is between cases has no time and no value.
func findingRows(found []reportedFinding) (*table.Table, error) {
	n := len(found)
	cases, columns, checks, actions := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	counts, times, values, between := make([]int64, n), make([]float64, n), make([]float64, n), make([]bool, n)
	for i, f := range found {
		cases[i], columns[i], checks[i], actions[i] = f.Case, f.Column, string(f.Check), string(f.Action)
		counts[i], times[i], values[i] = f.Count, f.FirstTime, f.Value
		between[i] = f.Check == unitsCheck || f.Check == missingColumnsCheck
	}
	return table.New(
		table.NewString("case", cases, nil), table.NewString("column", columns, nil), table.NewString("check", checks, nil), table.NewInt64("count", counts, nil),
		table.NewFloat64("first_time", times, between), table.NewFloat64("value", values, between), table.NewString("action", actions, nil),
	)
}
