package selection

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

// fitted is what the trees tell.
type fitted struct {
	importance map[string]float64
	problem    training.ProblemType
	metrics    map[string]float64
	warnings   []string
}

// checkTraining tells what is wrong with the trees' parameters at the section's
// place.
func checkTraining(cfg *config.Config, section config.Section) error {
	err := training.Check(cfg)
	if err == nil {
		return nil
	}
	key, text := "lgbm_params", err.Error()
	var located *config.Error
	if errors.As(err, &located) {
		text = located.Message
		if name, ok := strings.CutPrefix(located.Key, "training.params."); ok {
			key += "." + name
		}
	}
	return section.ErrorAt(key, "%s", text)
}

// fit trains on the features, holding out whole cases where there are any.
func (p *selection) fit(ctx context.Context, t *table.Table, features []string) (*fitted, error) {
	cfg := *p.training
	columns := append([]string{}, features...)
	if cfg.Training.GroupColumn = p.caseColumn(t.Names()); cfg.Training.GroupColumn != "" {
		columns = append(columns, cfg.Training.GroupColumn)
	}
	data, err := t.Select(append(columns, p.settings.LabelColumn)...)
	if err != nil {
		return nil, err
	}
	outcome, err := training.Train(ctx, training.Request{Table: data, Target: p.settings.LabelColumn, Config: &cfg})
	if err != nil {
		return nil, fmt.Errorf("fit trees: %w", err)
	}
	trees, ok := training.Trees(outcome.Model)
	if !ok {
		return nil, fmt.Errorf("the model %s has no trees", outcome.Model.Name())
	}
	out := &fitted{importance: map[string]float64{}, problem: outcome.Problem, metrics: outcome.Metrics, warnings: outcome.Warnings}
	values := trees.FeatureImportance(p.settings.ImportanceType)
	for i, name := range outcome.Model.Info().Features {
		out.importance[name] = values[i]
	}
	return out, nil
}
