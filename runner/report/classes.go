package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"mlops/runner/metrics"
)

func classificationPart(ctx context.Context, r *Report, truth Truth, p Prediction, w metrics.Weights, o Options) (*ClassificationPart, error) {
	figures := w.ClassificationReport(truth.Classes, p.Classes)
	matrix, classes := w.ConfusionMatrix(truth.Classes, p.Classes)
	part := &ClassificationPart{
		Macro: average(figures.Macro), WeightedAverage: average(figures.Weighted), Micro: average(figures.Micro),
	}
	for i, c := range figures.Classes {
		predicted := 0.0
		for j := range matrix {
			predicted += matrix[j][i]
		}
		part.Classes = append(part.Classes, Class{truth.Names[c.Class], c.Precision, c.Recall, c.F1, c.Support, predicted})
	}
	part.Confusion = Confusion{Counts: matrix}
	for _, class := range classes {
		part.Confusion.Labels = append(part.Confusion.Labels, truth.Names[class])
	}
	part.Confusion = part.Confusion.atMost(MaxConfusion)
	if truth.Problem == Binary {
		part.Positive = truth.Names[1]
	}
	if p.Proba == nil {
		return part, nil
	}
	return part, part.addCurves(ctx, r, truth, p, w, o)
}

func average(s metrics.ClassScore) Average { return Average{s.Precision, s.Recall, s.F1} }

// group is a class, or the classes that share what is left of a limit.
type group struct {
	name    string
	classes []int
}

// merged is how many classes share a group, and 0 for a class of its own.
func (g group) merged() int {
	if len(g.classes) == 1 {
		return 0
	}
	return len(g.classes)
}

// groups keeps the limit largest classes, in the order of classes, and merges
// the others into a last one. A single class over the limit stays.
func groups(names []string, classes []int, support []float64, limit int) []group {
	var kept []group
	if len(classes) <= limit+1 {
		for _, class := range classes {
			kept = append(kept, group{names[class], []int{class}})
		}
		return kept
	}
	order := make([]int, len(classes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(support[b], support[a]) })
	largest := slices.Clone(order[:limit])
	slices.Sort(largest)
	for _, i := range largest {
		kept = append(kept, group{names[classes[i]], []int{classes[i]}})
	}
	other := group{name: otherName(len(classes) - limit)}
	for _, i := range order[limit:] {
		other.classes = append(other.classes, classes[i])
	}
	return append(kept, other)
}

func otherName(classes int) string { return fmt.Sprintf("other (%d classes)", classes) }

// atMost merges the smallest classes beyond the limit, and a row of classes that
// are merged already with them.
func (c Confusion) atMost(limit int) Confusion {
	if len(c.Labels) <= limit+1 {
		return c
	}
	own := len(c.Labels)
	if c.Merged > 0 {
		own--
	}
	support := make([]float64, own)
	for i := range support {
		for _, count := range c.Counts[i] {
			support[i] += count
		}
	}
	order := make([]int, own)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(support[b], support[a]) })
	kept := slices.Clone(order[:limit])
	slices.Sort(kept)
	at := make([]int, len(c.Labels))
	for i := range at {
		at[i] = limit
	}
	merged := Confusion{Merged: c.Merged + own - limit}
	for place, i := range kept {
		at[i] = place
		merged.Labels = append(merged.Labels, c.Labels[i])
	}
	merged.Labels = append(merged.Labels, otherName(merged.Merged))
	merged.Counts = make([][]float64, limit+1)
	for i := range merged.Counts {
		merged.Counts[i] = make([]float64, limit+1)
	}
	for i, row := range c.Counts {
		for j, count := range row {
			merged.Counts[at[i]][at[j]] += count
		}
	}
	return merged
}
