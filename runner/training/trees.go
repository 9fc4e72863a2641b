package training

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"mlops/runner/gbdt"
	"mlops/runner/progress"
	"mlops/runner/table"
)

// Between two looks at the context chunkTrees trees are asked, of at most
// maxChunkRows rows.
const (
	chunkTrees   = 1 << 18
	maxChunkRows = 1 << 15
)

// treeModel is a trained ensemble of trees: the model of both backends.
type treeModel struct {
	info    ModelInfo
	trees   *gbdt.Model
	outputs outputForm
}

// outputForm tells what the ensemble's outputs are.
type outputForm uint8

const (
	asValue       outputForm = iota // the value of a regression
	asPositive                      // the probability of the second class
	asProba                         // the probability of each present class
	asForestShare                   // see [forestShare]
)

func (m *treeModel) Info() ModelInfo      { return m.info }
func (m *treeModel) Name() string         { return m.info.Model }
func (m *treeModel) Problem() ProblemType { return m.info.Problem }
func (m *treeModel) FileName() string     { return "model.txt" }

// Rounds is the number of iterations, each of one tree an output.
func (m *treeModel) Rounds() int { return m.trees.NumIterations() }

func (m *treeModel) Write(w io.Writer) error { return m.trees.WriteText(w) }

func (m *treeModel) FeatureImportance() map[string]float64 {
	gains := m.trees.FeatureImportance("gain")
	total := 0.0
	for _, g := range gains {
		total += g
	}
	out := make(map[string]float64, len(gains))
	for i, g := range gains {
		out[m.info.Features[i]] = 0
		if total > 0 {
			out[m.info.Features[i]] = g / total
		}
	}
	return out
}

func (m *treeModel) Predict(ctx context.Context, features *table.Table) (*Prediction, error) {
	columns := make([][]float64, len(m.info.Features))
	for i, name := range m.info.Features {
		c := features.Column(name)
		if c == nil {
			return nil, fmt.Errorf("predict: %w", &table.MissingColumnError{Name: name, Have: features.Names()})
		}
		if c.Kind() != table.Float64 {
			return nil, fmt.Errorf("predict: feature %q holds %s, not numbers", name, c.Kind())
		}
		columns[i] = c.Floats()
	}
	out := &Prediction{}
	if m.info.Problem.IsClassification() {
		out.Classes = m.info.Target.Classes
		out.Class = make([]int, 0, features.NumRows())
		out.Proba = make([]float64, 0, features.NumRows()*len(out.Classes))
	} else {
		out.Values = make([]float64, 0, features.NumRows())
	}
	part := make([][]float64, len(columns))
	chunkRows := min(maxChunkRows, max(128, chunkTrees/max(1, m.Rounds()*m.trees.NumOutputs())))
	for lo := 0; lo < features.NumRows(); lo += chunkRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hi := min(lo+chunkRows, features.NumRows())
		for i := range columns {
			part[i] = columns[i][lo:hi]
		}
		if err := m.predictChunk(part, out); err != nil {
			return nil, fmt.Errorf("predict: %w", err)
		}
	}
	return out, nil
}

// predictChunk appends the predictions of some rows.
func (m *treeModel) predictChunk(columns [][]float64, out *Prediction) error {
	predict := m.trees.Predict
	if m.outputs == asForestShare {
		predict = m.trees.PredictRaw
	}
	scores, err := predict(columns)
	if err != nil {
		return err
	}
	if m.outputs == asValue {
		out.Values = append(out.Values, scores...)
		return nil
	}
	width := m.trees.NumOutputs()
	share := make([]float64, len(m.info.Present))
	proba := make([]float64, len(out.Classes)) // absent classes stay 0
	for row := 0; row < len(scores); row += width {
		m.present(scores[row:row+width], share)
		for i, k := range m.info.Present {
			proba[k] = share[i]
		}
		out.Proba = append(out.Proba, proba...)
		out.Class = append(out.Class, argmax(proba))
	}
	return nil
}

// present turns a row's outputs into the probabilities of the present classes.
func (m *treeModel) present(scores, share []float64) {
	switch m.outputs {
	case asPositive:
		p := min(max(scores[0], 0), 1)
		share[0], share[1] = 1-p, p
	case asForestShare:
		forestShare(scores, share)
	default:
		copy(share, scores)
	}
}

// argmax returns the first of the largest values.
func argmax(values []float64) int {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best
}

// rowsOf gives a part's features and labels as the trees take them: classes
// become indices into present.
func rowsOf(d Data, present []int) (features []gbdt.Feature, label []float64) {
	for _, c := range d.Features.Columns() {
		features = append(features, gbdt.Feature{Name: c.Name(), Values: c.Floats(), Categorical: slices.Contains(d.Categorical, c.Name())})
	}
	if d.Classes == nil {
		return features, d.Values
	}
	label = make([]float64, len(d.Classes))
	for i, k := range d.Classes {
		at, _ := slices.BinarySearch(present, k)
		label[i] = float64(at)
	}
	return features, label
}

// presentClasses lists the classes that occur, ascending; fewer than two of them
// cannot be learnt.
func presentClasses(job Job) ([]int, error) {
	if !job.Problem.IsClassification() {
		return nil, nil
	}
	seen := make([]bool, len(job.Target.Classes))
	for _, k := range job.Train.Classes {
		seen[k] = true
	}
	var present []int
	for k, s := range seen {
		if s {
			present = append(present, k)
		}
	}
	if len(present) < 2 {
		return nil, gbdt.ErrOneClass
	}
	return present, nil
}

// without returns the part's rows whose class is present.
func (d Data) without(present []int) Data {
	rows := make([]int, 0, len(d.Classes))
	for i, k := range d.Classes {
		if _, ok := slices.BinarySearch(present, k); ok {
			rows = append(rows, i)
		}
	}
	if len(rows) == len(d.Classes) {
		return d
	}
	classes := make([]int, len(rows))
	for i, r := range rows {
		classes[i] = d.Classes[r]
	}
	return Data{Features: d.Features.Take(rows), Categorical: d.Categorical, Classes: classes}
}

// trainTrees bins the data and grows the ensemble, reporting each iteration.
func trainTrees(ctx context.Context, job Job, p gbdt.Params, present []int, weight []float64) (*gbdt.Model, error) {
	if job.Train.Features.NumColumns() == 0 {
		return nil, &DataError{Reason: "preprocessing leaves no features"}
	}
	features, label := rowsOf(job.Train, present)
	train, err := gbdt.NewDataset(ctx, features, label, weight, p)
	if err != nil {
		return nil, err
	}
	job.Train = Data{} // the numbers are binned: eight times smaller
	var valid *gbdt.Dataset
	if job.Validation != nil {
		part := *job.Validation
		if job.Problem.IsClassification() {
			part = part.without(present)
		}
		if part.Features.NumRows() > 0 {
			features, label := rowsOf(part, present)
			if valid, err = gbdt.NewValidation(ctx, train, features, label, nil); err != nil {
				return nil, err
			}
		}
	}
	if valid == nil {
		p.EarlyStoppingRound = 0
	}
	return gbdt.Train(ctx, train, valid, p, reporter(ctx, job.Quiet))
}

// reporter tells the sink of each iteration, with an estimate of the time left.
func reporter(ctx context.Context, quiet bool) gbdt.Callback {
	if quiet {
		return func(gbdt.Iteration) error { return nil }
	}
	sink := progress.From(ctx)
	start := time.Now()
	return func(it gbdt.Iteration) error {
		done := float64(it.Index + 1)
		figures := map[string]float64{"iteration": done}
		for name, v := range it.Metrics {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				figures[name] = v
			}
		}
		left := time.Since(start).Seconds() / done * float64(it.Total-it.Index-1)
		sink.Report(progress.Report{
			Stage: "train", Fraction: done / float64(it.Total), Metrics: figures,
			Left: time.Duration(left * float64(time.Second)),
		})
		return nil
	}
}

// loadTrees reads an ensemble and checks that it is the one that info tells of.
// fits tells by the ensemble's objective.
func loadTrees(info ModelInfo, r io.Reader, form outputForm, fits func(objective string) bool) (Model, error) {
	trees, err := gbdt.ReadText(r)
	if err != nil {
		return nil, err
	}
	outputs := 1
	if info.Problem == Multiclass {
		outputs = len(info.Present)
	}
	switch {
	case trees.NumFeatures() != len(info.Features):
		return nil, fmt.Errorf("the model takes %d features, its description names %d", trees.NumFeatures(), len(info.Features))
	case trees.NumOutputs() != outputs:
		return nil, fmt.Errorf("the model has %d outputs a row where %d are expected", trees.NumOutputs(), outputs)
	case !fits(trees.Objective()):
		return nil, fmt.Errorf("the model's objective %q does not fit %s", trees.Objective(), info.Problem)
	}
	return &treeModel{info: info, trees: trees, outputs: form}, nil
}
