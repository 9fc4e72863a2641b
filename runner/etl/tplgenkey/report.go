package tplgenkey

import (
	"fmt"
	"strings"

	"mlops/runner/signal/quality"
)

// caseReport is what was found of a case: metadata/quality/CASE.json.
type caseReport struct {
	Case      string            `json:"case"`
	Rows      int64             `json:"rows"` // of the trend file
	StartTime float64           `json:"start_time"`
	EndTime   float64           `json:"end_time"`
	Columns   []reportedColumn  `json:"columns"`
	Findings  []reportedFinding `json:"findings"`
	// MoreFindings are counted only.
	MoreFindings int `json:"more_findings,omitempty"`
	// Unmatched are keys of the section that name no trend of the case.
	Unmatched []string `json:"unmatched,omitempty"`
}

// reportedColumn is a kept trend.
type reportedColumn struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
}

// reportedFinding is a finding and what it does.
type reportedFinding struct {
	quality.Finding
	Action Action `json:"action"`
}

// reportOf is where a case's report stands.
func reportOf(name string) string { return "metadata/quality/" + name + ".json" }

// sentences tells findings in a sentence for each check.
func sentences(found []quality.Finding, rows int64) []string {
	const named = 3 // columns
	byCheck := map[quality.Check][]string{}
	var texts []string
	var checks []quality.Check
	for _, f := range found {
		if byCheck[f.Check] == nil {
			checks = append(checks, f.Check)
			texts = append(texts, sentence(f, rows))
		}
		byCheck[f.Check] = append(byCheck[f.Check], f.Column)
	}
	for i, check := range checks {
		others := byCheck[check][1:]
		if len(others) == 0 {
			continue
		}
		dots := ""
		if len(others) > named {
			dots = ", …"
		}
		texts[i] += fmt.Sprintf("; and so in %d more: %s%s", len(others), strings.Join(others[:min(named, len(others))], ", "), dots)
	}
	return texts
}

// sentence tells a finding. Time steps count from 1, as in other errors.
func sentence(f quality.Finding, rows int64) string {
	step := f.FirstRow + 1
	switch f.Check {
	case quality.Backwards:
		return fmt.Sprintf("%s goes back in %d of %d time steps, by up to %v, first at step %d to %v", f.Column, f.Count, rows, -f.Value, step, f.FirstTime)
	case quality.Duplicates:
		return fmt.Sprintf("%s is that of the step before in %d of %d time steps, first at step %d, %v; up to %v steps have one time", f.Column, f.Count, rows, step, f.FirstTime, f.Value)
	case quality.Gaps:
		return fmt.Sprintf("gaps in %s longer than %.6g: %d, the longest %.6g; the first ends at step %d, %v", f.Column, f.Limit, f.Count, f.Value, step, f.FirstTime)
	case quality.Missing:
		return fmt.Sprintf("%s lacks %d of %d values, first at step %d, %v", f.Column, f.Count, rows, step, f.FirstTime)
	case quality.NonFinite:
		return fmt.Sprintf("infinite values of %s: %d, first at step %d, %v", f.Column, f.Count, step, f.FirstTime)
	case quality.Range:
		return fmt.Sprintf("values of %s out of range: %d, the furthest %v, beyond %v; first at step %d, %v", f.Column, f.Count, f.Value, f.Limit, step, f.FirstTime)
	case quality.Constant:
		return fmt.Sprintf("%s is %v in all steps", f.Column, f.Value)
	case quality.Stuck:
		return fmt.Sprintf("stretches of %s stuck for longer than %v: %d, the longest %.6g; the first from step %d, %v, on", f.Column, f.Limit, f.Count, f.Value, step, f.FirstTime)
	case quality.Jumps:
		return fmt.Sprintf("jumps of %s by more than %v: %d, by up to %.6g; first at step %d, %v", f.Column, f.Limit, f.Count, f.Value, step, f.FirstTime)
	}
	return fmt.Sprintf("%s: %s", f.Column, f.Check)
}
