package training

import (
	"mlops/runner/config"
	"mlops/runner/table"
)

// HoldOut returns, row by row, whether [Train] would validate on it, given the
// target's column, that of groups, nil for none, and a configuration with the same
// training section: so that what is fitted before the training has not seen the
// rows that the model is judged by. Rows without a target are not held out.
// Errors are those of the split.
func HoldOut(cfg *config.Config, target, group *table.Column) ([]bool, error) {
	backend, err := backendOf(cfg)
	if err != nil {
		return nil, err
	}
	g, _, err := newGoal(target, problemKind(backend, cfg, nil))
	if err != nil {
		return nil, err
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
