package extraction

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/features"
	"mlops/runner/table"
	"mlops/runner/training"
)

// maxBaselineBytes bounds what is read of a baseline: 400 states of thousands of
// signals.
const maxBaselineBytes = 64 << 20

// takeBaseline reads or fits the baseline, where a group needs one.
func (g *gathering) takeBaseline(ctx context.Context) error {
	if g.set.Base() == nil {
		return nil
	}
	if g.settings.BaselinesFile != "" {
		return g.readBaseline(ctx)
	}
	if err := g.chooseCases(ctx); err != nil {
		return err
	}
	fit := g.set.NewFit(g.settings.Bands)
	if err := g.eachNormal(ctx, fit.Level); err != nil {
		return err
	}
	fit.Bands()
	if err := g.eachNormal(ctx, fit.Profile); err != nil {
		return err
	}
	var err error
	if g.baseline, err = fit.Baseline(); err != nil {
		return g.section.ErrorAt("normal_label", "%v: none of the training cases' windows is labelled %q; set normal_label, training_cases, or the groups operating_state and baseline_deviation to false", err, g.settings.NormalLabel)
	}
	return nil
}

func (g *gathering) readBaseline(ctx context.Context) error {
	location := g.settings.BaselinesFile
	file, err := g.work.Open(ctx, g.work.Input(baselinesInput))
	if err != nil {
		return err
	}
	defer file.Close()
	g.baseline = &features.Baseline{}
	if err := json.NewDecoder(io.LimitReader(file, maxBaselineBytes)).Decode(g.baseline); err != nil {
		return fmt.Errorf("%s is no file of baselines: %w", location, err)
	}
	if err := g.set.Check(g.baseline); err != nil {
		return fmt.Errorf("%s does not fit: %w", location, err)
	}
	return nil
}

// chooseCases finds the training cases.
func (g *gathering) chooseCases(ctx context.Context) error {
	runs, counts, err := g.splitRuns(ctx)
	if err != nil {
		return err
	}
	cases, target := runs.Column("case_id"), runs.Column(g.settings.TrainingTarget)
	g.fitted = map[string]bool{}
	if g.settings.TrainingCases != nil {
		for _, name := range cases.Dict() {
			if etl.Matches(name, g.settings.TrainingCases...) {
				g.fitted[name] = true
			}
		}
		if len(g.fitted) == 0 {
			return g.section.ErrorAt("training_cases", "no case is called so; the first of %d is %s", len(cases.Dict()), cases.Dict()[0])
		}
		return nil
	}
	cfg := config.Default()
	cfg.Training.Backend, cfg.Training.TestSize, cfg.Training.RandomState = "lightgbm", g.settings.TestSize, g.settings.RandomState
	cfg.Training.GroupColumn = cases.Name()
	if target.NullCount() == target.Len() { // nothing can be trained on it, so any split does
		target = table.NewFloat64(target.Name(), make([]float64, target.Len()), nil)
		cfg.Training.ProblemType = string(training.Regression)
	}
	held, err := training.HoldOut(cfg, target, cases, counts)
	if err != nil {
		g.work.Warnf(ctx, "no case can be held out, so bands and profiles are fitted on all of them: %v", err)
		held = make([]bool, cases.Len())
	}
	for i, code := range cases.Codes() {
		if !held[i] {
			g.fitted[cases.Dict()[code]] = true
		}
	}
	// Rows without a label are in neither part; their case is where the others are.
	for i, code := range cases.Codes() {
		if held[i] {
			delete(g.fitted, cases.Dict()[code])
		}
	}
	return nil
}

// splitRuns reads what the split depends on, the case and the target, of the first row
// of each run of equal ones, with how many there are; and whether any window has a
// label.
func (g *gathering) splitRuns(ctx context.Context) (runs *table.Table, counts []int, err error) {
	var parts []*table.Table
	for b, err := range g.batches(ctx, 16*gatherRows, false) {
		if err != nil {
			return nil, nil, err
		}
		labels := b.about.Column(g.settings.LabelColumn)
		g.labelled = g.labelled || labels.NullCount() < labels.Len()
		target := b.about.Column(g.settings.TrainingTarget)
		if target == nil {
			target = numbers(g.settings.TrainingTarget, b.levels[g.targetAt(g.settings.TrainingTarget)])
		}
		t, err := table.New(b.about.Column("case_id"), target)
		if err != nil {
			return nil, nil, err
		}
		var first []int // of each run
		for i := range t.NumRows() {
			if i == 0 || !target.Same(i, i-1) { // an item's rows are of one case
				first, counts = append(first, i), append(counts, 0)
			}
			counts[len(counts)-1]++
		}
		parts = append(parts, t.Take(first).Compact())
	}
	if runs, err = table.Concat(parts...); err != nil {
		return nil, nil, fmt.Errorf("put the cases together: %w", err)
	}
	return runs, counts, nil
}

// eachNormal gives do what the baseline looks at of each normal window of the
// training cases, in order.
func (g *gathering) eachNormal(ctx context.Context, do func(base []float64)) error {
	var row []float64
	for b, err := range g.batches(ctx, 16*gatherRows, false) {
		if err != nil {
			return err
		}
		// An item's rows are of one case.
		if b.about.NumRows() == 0 || !g.fitted[b.about.Column("case_id").Text(0)] {
			continue
		}
		labels := b.about.Column(g.settings.LabelColumn)
		for i := range b.about.NumRows() {
			if g.labelled && (labels.IsNull(i) || labels.Text(i) != g.settings.NormalLabel) {
				continue
			}
			row = g.base(row[:0], b, i)
			do(row)
		}
	}
	return nil
}
