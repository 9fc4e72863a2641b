package training

import "context"

// FitForTest runs one training of a registered backend.
func FitForTest(ctx context.Context, backend string, job Job) (Model, error) {
	return backends[backend].Fit(ctx, job)
}

// LinkForTest applies the link of a model of trees to raw scores.
func LinkForTest(m Model, raw []float64) error {
	t := m.(*treeModel)
	link, err := linkOf(t.trees)
	if err != nil {
		return err
	}
	for i, width := 0, t.trees.NumOutputs(); i < len(raw); i += width {
		link(raw[i : i+width])
	}
	return nil
}

// RawForTest are the raw scores and the predictions of a model of trees.
func RawForTest(m Model, columns [][]float64) (raw, predicted []float64, err error) {
	t := m.(*treeModel)
	if raw, err = t.trees.PredictRaw(columns); err != nil {
		return nil, nil, err
	}
	predicted, err = t.trees.Predict(columns)
	return raw, predicted, err
}
