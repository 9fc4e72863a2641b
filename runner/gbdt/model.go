package gbdt

import (
	"slices"
	"strings"
)

// Model is a trained ensemble. It is not changed after training or reading and
// may be used by any number of goroutines.
type Model struct {
	objective     string // the objective line of the model text
	numClass      int
	outputs       int // raw scores, and trees an iteration
	average       bool
	featureNames  []string
	featureInfos  []string
	trees         []*tree
	parameters    []string // lines "[name: value]"
	bestIteration int
	transform     transform
	flat          flatTrees
	plain         plainTrees
	linear        bool // some trees have linear leaves
}

func newModel(d *Dataset, p *Params, objective string) *Model {
	m := &Model{
		objective: objective, numClass: p.NumClass, outputs: p.outputs(), average: p.Boosting == RandomForest,
		featureNames: slices.Clone(d.names), parameters: p.lines(false),
	}
	for _, mapper := range d.mappers {
		m.featureInfos = append(m.featureInfos, mapper.info())
	}
	// describe always gives a line that parseTransform knows.
	m.transform, _ = parseTransform(objective, m.outputs)
	return m
}

// NumClass is the number of classes of a multiclass model, else 1.
func (m *Model) NumClass() int { return m.numClass }

// NumOutputs is the number of predictions a row: one a class for a multiclass
// model, else 1.
func (m *Model) NumOutputs() int { return m.outputs }

// NumFeatures is the number of columns that a prediction needs.
func (m *Model) NumFeatures() int { return len(m.featureNames) }

// FeatureNames are the columns' names in the order of the prediction's columns.
func (m *Model) FeatureNames() []string { return slices.Clone(m.featureNames) }

// Objective is the objective's name, for example "binary".
func (m *Model) Objective() string {
	name, _, _ := strings.Cut(m.objective, " ")
	return name
}

// NumIterations is the number of boosting rounds.
func (m *Model) NumIterations() int { return len(m.trees) / m.outputs }

// NumTrees is the number of trees: one an iteration and output.
func (m *Model) NumTrees() int { return len(m.trees) }

// BestIteration is the number of iterations that a prediction uses: with early
// stopping those up to the best one, which are the only ones kept.
func (m *Model) BestIteration() int { return m.bestIteration }

// AverageOutput is true for a random forest, whose scores are averages.
func (m *Model) AverageOutput() bool { return m.average }

// FeatureImportance gives for each feature the summed gain ("gain") or the
// number ("split") of the splits on it, as LightGBM counts them. Any other kind
// counts as "split".
func (m *Model) FeatureImportance(kind string) []float64 {
	importance := make([]float64, len(m.featureNames))
	for _, t := range m.trees {
		for i, feature := range t.feature {
			if t.gain[i] <= 0 {
				continue
			}
			if kind == "gain" {
				importance[feature] += float64(t.gain[i])
			} else {
				importance[feature]++
			}
		}
	}
	return importance
}

func (m *Model) truncate(iterations int) { m.trees = m.trees[:iterations*m.outputs] }
