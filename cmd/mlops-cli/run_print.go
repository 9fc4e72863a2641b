package main

import (
	"fmt"
	"io"
	"slices"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/runner/etl"
)

// shownOutcomes bounds the items that are listed for people; -o json has more.
const shownOutcomes = 50

func (a *app) printRun(w io.Writer, r *mlopsv1.RunResult, explain bool) {
	output.Pairs(w, r.GetSection(),
		[2]string{"type", r.GetType()},
		[2]string{"output", a.short(r.GetOutput())},
		[2]string{"would be done", counted(r.GetPlanned())},
		[2]string{"done", counted(r.GetDone())},
		[2]string{"skipped", counted(r.GetSkipped())},
		[2]string{"failed", counted(r.GetFailed())},
		[2]string{"rows", counted(r.GetRows())},
		[2]string{"tasks", counted(r.GetShards())},
		[2]string{"gathered", gathered(r.GetGathered())},
		[2]string{"removed", counted(int64(len(r.GetRemoved())))},
	)
	printOutcomes(w, r, explain)
	var warnings []string
	for _, o := range append(slices.Clone(r.GetOutcomes()), r.GetGathered()) {
		for _, text := range o.GetWarnings() {
			warnings = append(warnings, o.GetItem()+": "+text)
		}
	}
	printTimings(w, r.GetTimings(), r.GetPeakRssBytes())
	printWarnings(w, warnings)
}

func counted(n int64) string {
	if n == 0 {
		return ""
	}
	return output.Count(n)
}

func gathered(o *mlopsv1.RunOutcome) string {
	if o == nil {
		return ""
	}
	return o.GetStatus() + ": " + o.GetReason()
}

// printOutcomes lists the items: all that explain asks for, else those that
// did not go as one would expect.
func printOutcomes(w io.Writer, r *mlopsv1.RunResult, explain bool) {
	var rows [][]string
	left := int64(0)
	for _, o := range r.GetOutcomes() {
		unusual := o.GetStatus() == string(etl.Failed) || o.GetStatus() == string(etl.Skipped) && o.GetReason() != etl.UpToDate
		switch {
		case !explain && !unusual:
		case !explain && len(rows) == shownOutcomes:
			left++
		default:
			rows = append(rows, []string{o.GetItem(), o.GetStatus(), o.GetReason(), counted(o.GetRows())})
		}
	}
	if len(rows) == 0 {
		return
	}
	output.Rows(w, "Items", []string{"item", "status", "reason", "rows"}, rows, 3)
	if explain {
		left += r.GetOutcomesOmitted()
	}
	if left > 0 {
		fmt.Fprintf(w, "and %s more\n\n", output.Count(left))
	}
}
