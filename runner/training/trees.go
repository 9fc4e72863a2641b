package training

import (
	"context"
	"fmt"
	"io"

	"mlops/runner/gbdt"
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
	figures map[string]float64 // metrics of its own that its training gave; nil: none
	before  int                // iterations of the model that training went on from
}

// Trees returns the trees of a model that consists of such.
func Trees(m Model) (trees *gbdt.Model, ok bool) {
	tm, ok := m.(*treeModel)
	if !ok {
		return nil, false
	}
	return tm.trees, true
}

// outputForm tells what the ensemble's outputs are.
type outputForm uint8

const (
	asValue       outputForm = iota // the value of a regression
	asPositive                      // the probability of the second class
	asProba                         // the probability of each present class
	asOneVsRest                     // for each present class, its probability against all others
	asForestShare                   // see [forestShare]
)

func (m *treeModel) Info() ModelInfo      { return m.info }
func (m *treeModel) Name() string         { return m.info.Model }
func (m *treeModel) Problem() ProblemType { return m.info.Problem }
func (m *treeModel) FileName() string     { return "model.txt" }

// Rounds is the number of iterations that were trained, each of one tree an
// output.
func (m *treeModel) Rounds() int { return m.trees.NumIterations() - m.before }

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
	return m.PredictFrom(ctx, features, nil)
}

// PredictFrom implements [Starter].
func (m *treeModel) PredictFrom(ctx context.Context, features *table.Table, initScore [][]float64) (*Prediction, error) {
	predict, err := m.predictor(initScore)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
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
	chunkRows := min(maxChunkRows, max(128, chunkTrees/max(1, m.trees.NumTrees())))
	for lo := 0; lo < features.NumRows(); lo += chunkRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hi := min(lo+chunkRows, features.NumRows())
		for i := range columns {
			part[i] = columns[i][lo:hi]
		}
		scores, err := predict(part, lo)
		if err != nil {
			return nil, fmt.Errorf("predict: %w", err)
		}
		m.appendTo(out, scores)
	}
	return out, nil
}

// predictor gives the function that predicts the rows of some columns, of which
// the first is row lo of all.
func (m *treeModel) predictor(initScore [][]float64) (func(columns [][]float64, lo int) ([]float64, error), error) {
	switch {
	case initScore != nil:
		return m.startingFrom(initScore)
	case m.outputs == asForestShare:
		return func(columns [][]float64, _ int) ([]float64, error) { return m.trees.PredictRaw(columns) }, nil
	}
	return func(columns [][]float64, _ int) ([]float64, error) { return m.trees.Predict(columns) }, nil
}

// appendTo appends the predictions of some rows by their outputs.
func (m *treeModel) appendTo(out *Prediction, scores []float64) {
	if m.outputs == asValue {
		out.Values = append(out.Values, scores...)
		return
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
}

// present turns a row's outputs into the probabilities of the present classes.
func (m *treeModel) present(scores, share []float64) {
	switch m.outputs {
	case asPositive:
		p := min(max(scores[0], 0), 1)
		share[0], share[1] = 1-p, p
	case asForestShare:
		forestShare(scores, share)
	case asOneVsRest:
		shareOut(scores, share)
	default:
		copy(share, scores)
	}
}

// shareOut divides probabilities by their sum, as scikit-learn's
// OneVsRestClassifier does; where all are 0 every class gets the same.
func shareOut(probabilities, share []float64) {
	sum := 0.0
	for _, p := range probabilities {
		sum += p
	}
	for i, p := range probabilities {
		if sum > 0 {
			share[i] = p / sum
		} else {
			share[i] = 1 / float64(len(share))
		}
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

// loadTrees reads an ensemble and checks that it is the one that info tells of.
// form tells by the ensemble's objective what its outputs are, how many a row, and
// whether that is an objective for the problem.
func loadTrees(info ModelInfo, r io.Reader, form func(objective string) (form outputForm, outputs int, fits bool)) (Model, error) {
	trees, err := gbdt.ReadText(r)
	if err != nil {
		return nil, err
	}
	outputForm, outputs, fits := form(trees.Objective())
	switch {
	case trees.NumFeatures() != len(info.Features):
		return nil, fmt.Errorf("the model takes %d features, its description names %d", trees.NumFeatures(), len(info.Features))
	case trees.NumOutputs() != outputs:
		return nil, fmt.Errorf("the model has %d outputs a row where %d are expected", trees.NumOutputs(), outputs)
	case !fits:
		return nil, fmt.Errorf("the model's objective %q does not fit %s", trees.Objective(), info.Problem)
	}
	return &treeModel{info: info, trees: trees, outputs: outputForm}, nil
}
