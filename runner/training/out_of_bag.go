package training

import (
	"context"
	"math"

	"mlops/runner/gbdt"
)

const oobScore = "oob_score"

// outOfBag measures a forest on the rows that it was trained on, each predicted by
// the trees that were grown without it: scikit-learn's oob_score_.
func (m *treeModel) outOfBag(ctx context.Context, job *Job, p gbdt.Params) (map[string]float64, error) {
	scores, err := m.trees.OutOfBag(ctx, columnsOf(job.Train), p)
	if err != nil {
		return nil, err
	}
	width := m.trees.NumOutputs()
	rows := len(scores) / width
	var kept []float64
	var truth Data
	for row := range rows {
		one := scores[row*width : (row+1)*width]
		switch {
		case math.IsNaN(one[0]): // every tree was grown on it
			continue
		case job.Train.Classes != nil:
			truth.Classes = append(truth.Classes, job.Train.Classes[row])
		default:
			truth.Values = append(truth.Values, job.Train.Values[row])
		}
		kept = append(kept, one...)
	}
	if left := rows - len(kept)/width; left > 0 {
		job.warnf("%d of %d training rows were drawn for every tree, so that %s leaves them out; with more trees there are fewer", left, rows, oobScore)
	}
	out := Prediction{Classes: m.info.Target.Classes}
	m.appendTo(&out, kept)
	if out.Len() == 0 {
		return nil, nil
	}
	_, measure := measures(m.info.Problem, truth, &out)
	value, err := measure(headline(m.info.Problem))
	if err != nil {
		job.warnf("%s is left out: %v", oobScore, err)
		return nil, nil
	}
	return map[string]float64{oobScore: value}, nil
}
