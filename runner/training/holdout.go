package training

import (
	"errors"

	"mlops/runner/config"
	"mlops/runner/table"
)

// HoldOut returns, row by row, whether [Train] would validate on it, given the
// target's column, that of groups, nil for none, and a configuration with the same
// training section: so that what is fitted before the training has not seen the
// rows that the model is judged by. Rows without a target are not held out. Where
// counts are given, a row stands for so many rows of its group with its target, one
// behind the other: groups only, as they are not divided. Errors are those of the
// split.
func HoldOut(cfg *config.Config, target, group *table.Column, counts []int) ([]bool, error) {
	backend, err := backendOf(cfg)
	if err != nil {
		return nil, err
	}
	kind := problemKind(backend, cfg, nil)
	if counts != nil {
		if group == nil {
			return nil, errors.New("rows that stand for several cannot be divided unless they are of groups")
		}
		cells := 0
		for i, n := range counts {
			if !target.IsNull(i) {
				cells += n
			}
		}
		if kind == "auto" {
			kind = kindClassification
			if !detectAmong(target, cells).IsClassification() {
				kind = string(Regression)
			}
		}
	}
	g, _, err := newGoal(target, kind)
	if err != nil {
		return nil, err
	}
	if counts != nil {
		g.counts = make([]int, g.size())
		for position := range g.counts {
			g.counts[position] = counts[g.row(position)]
		}
	}
	if group != nil {
		if err := g.readGroups(group); err != nil {
			return nil, err
		}
	}
	_, validation, _, err := split(g, cfg)
	if err != nil {
		return nil, err
	}
	held := make([]bool, target.Len())
	for _, position := range validation {
		held[g.row(position)] = true
	}
	return held, nil
}
