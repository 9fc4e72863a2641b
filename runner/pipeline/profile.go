package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"mlops/runner/deploy"
	"mlops/runner/profile"
	"mlops/runner/table"
	"mlops/runner/training"
)

// trainingProfile sums up what a model was trained on, for the drift step: the
// raw columns that it needs and the target, and what it predicts of the rows that
// the outcome keeps.
func trainingProfile(ctx context.Context, t *table.Table, o *training.Outcome) ([]byte, error) {
	watched, err := t.Select(append(slices.Clone(o.Preprocess.Schema().Names()), o.Target.Name)...)
	if err != nil {
		return nil, fmt.Errorf("profile the training data: %w", err)
	}
	p, err := profile.Of(ctx, watched)
	if err != nil {
		return nil, fmt.Errorf("profile the training data: %w", err)
	}
	if sample := o.Sample.Prediction; sample != nil && sample.Len() > 0 {
		p.Predictions = profile.OfColumn(sampleColumn(sample))
	}
	return json.Marshal(p)
}

// predictionName is the column of predictions in a profile.
const predictionName = "prediction"

// sampleColumn is what a profile counts of a model's answer: a classifier's labels
// are categories, whatever their kind.
func sampleColumn(p *training.Prediction) *table.Column {
	if p.Values != nil {
		return table.NewFloat64(predictionName, slices.Clone(p.Values), nil)
	}
	labels := make([]string, len(p.Class))
	for i, k := range p.Class {
		labels[i] = p.Classes[k].String()
	}
	return table.NewString(predictionName, labels, nil)
}

// predictionColumn is the same of a deployment's predictions.
func predictionColumn(p *deploy.Predictions) *table.Column {
	if p.Classes == nil {
		return p.Values
	}
	labels := make([]string, p.Len())
	for i := range labels {
		labels[i] = p.Values.Text(i)
	}
	return table.NewString(predictionName, labels, nil)
}

// maxProfileBytes bounds a profile that is read: some hundred thousand columns.
const maxProfileBytes = 1 << 30

// readProfile reads the profile of a deployment's training data; nil where it has
// none, as those of earlier versions.
func readProfile(b *deploy.Bundle) (*profile.Profile, error) {
	data, err := b.ReadFile(deploy.ProfileFile, maxProfileBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the training profile: %w", err)
	}
	return profile.Parse(data)
}
