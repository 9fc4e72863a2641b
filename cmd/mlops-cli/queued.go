package main

import (
	"fmt"
	"slices"
	"strings"

	"mlops/cmd/mlops-cli/output"
	mlopsv1 "mlops/proto/mlops/v1"
)

// whyQueued says what keeps every worker from taking a task, or "" if one could.
func whyQueued(operation string, spec *mlopsv1.TaskSpec, workers []*mlopsv1.WorkerInfo) string {
	const still = "the workflow is still queued: "
	var ready []*mlopsv1.WorkerInfo
	for _, w := range workers {
		if w.GetState() == "ready" {
			ready = append(ready, w)
		}
	}
	if len(ready) == 0 {
		if len(workers) > 0 {
			return still + fmt.Sprintf("none of the %d workers that the master knows is ready (mlops-cli workers)", len(workers))
		}
		return still + "no worker is connected to the master; start mlops-worker"
	}
	needed := append([]string{operation}, spec.GetRequirements().GetCapabilities()...)
	able := filter(ready, func(w *mlopsv1.WorkerInfo) bool {
		return !slices.ContainsFunc(needed, func(c string) bool { return !slices.Contains(w.GetCapabilities(), c) })
	})
	if len(able) == 0 {
		return still + "no worker offers " + strings.Join(needed, " and ")
	}
	labels := spec.GetRequirements().GetLabels()
	for _, key := range output.Sorted(labels) {
		able = filter(able, func(w *mlopsv1.WorkerInfo) bool { return w.GetLabels()[key] == labels[key] })
		if len(able) > 0 {
			continue
		}
		if key == hostLabel {
			return still + "its files are on this host, and no worker runs here that could take it; start one here, or use --upload"
		}
		return still + fmt.Sprintf("no worker that could take it carries the label %s=%s", key, labels[key])
	}
	interactive := spec.GetSlotClass() == mlopsv1.SlotClass_SLOT_CLASS_INTERACTIVE
	able = filter(able, func(w *mlopsv1.WorkerInfo) bool {
		return interactive && w.GetInteractiveSlots() > 0 || !interactive && w.GetSlots() > 0
	})
	if len(able) == 0 {
		return still + "no worker that could take it has slots for such work"
	}
	return ""
}

func filter(workers []*mlopsv1.WorkerInfo, keep func(*mlopsv1.WorkerInfo) bool) []*mlopsv1.WorkerInfo {
	var kept []*mlopsv1.WorkerInfo
	for _, w := range workers {
		if keep(w) {
			kept = append(kept, w)
		}
	}
	return kept
}
