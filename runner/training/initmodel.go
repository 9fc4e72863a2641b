package training

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"mlops/runner/gbdt"
	"mlops/runner/preprocess"
	"mlops/runner/table"
)

const keyInitModel = "training.init_model"

// InitModel is a model that training goes on from: its trees come first in the new
// model, and the new ones are grown on what they leave over.
type InitModel struct {
	name   string // what errors call it
	trees  *gbdt.Model
	info   *ModelInfo         // of a deployment; nil: not known
	fitted *preprocess.Fitted // of a deployment: its preprocessing goes on, too; nil: none
}

// InitModelOf makes a deployment's model one to go on from. fitted is its
// preprocessing, which then takes the place of the configured one: the trees know
// its codes and scales.
func InitModelOf(name string, m Model, fitted *preprocess.Fitted) (*InitModel, error) {
	t, ok := m.(*treeModel)
	if !ok || t.trees.AverageOutput() {
		return nil, fmt.Errorf("training cannot go on from %s: it is a model of %s, not of boosted trees", name, m.Name())
	}
	if len(t.info.InitScore) > 0 {
		return nil, fmt.Errorf("training cannot go on from %s: it was itself trained from initial scores (%s), which are no part of it", name, strings.Join(t.info.InitScore, ", "))
	}
	info := m.Info()
	return &InitModel{name: name, trees: t.trees, info: &info, fitted: fitted}, nil
}

// ReadInitModel reads LightGBM's model text, which is untrusted. It tells nothing of
// preprocessing: the configured one must give the features that it knows.
func ReadInitModel(name string, r io.Reader) (*InitModel, error) {
	trees, err := gbdt.ReadText(r)
	if err != nil {
		return nil, fmt.Errorf("%s is no model text of LightGBM: %w", name, err)
	}
	if trees.AverageOutput() {
		return nil, fmt.Errorf("training cannot go on from %s: it is a random forest, not of boosted trees", name)
	}
	if kindOf(trees.Objective()) == "" {
		return nil, fmt.Errorf("training cannot go on from %s: its objective is %q; known are %s", name, trees.Objective(), fitting(Regression, Binary, Multiclass, Ranking))
	}
	return &InitModel{name: name, trees: trees}, nil
}

// Fingerprint identifies the model.
func (m *InitModel) Fingerprint() (string, error) {
	sum := sha256.New()
	if err := m.trees.WriteText(sum); err != nil {
		return "", fmt.Errorf("%s: %w", m.name, err)
	}
	if m.fitted != nil {
		state, err := m.fitted.MarshalJSON()
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.name, err)
		}
		sum.Write(state)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// kind is what the model predicts, as a value of training.problem_type.
func (m *InitModel) kind() string { return kindOf(m.trees.Objective()) }

// agree compares the deployment with the data, and gives the target its classes.
func (m *InitModel) agree(r *run) error {
	if m.info == nil {
		return nil
	}
	g := r.goal
	if known := m.info.Problem; known != g.problem && (!known.IsClassification() || !g.problem.IsClassification()) {
		return r.cfg.ErrorAt(keyInitModel, "%s is of a %s and the data asks for a %s; set training.problem_type, or train without it", m.name, known, g.problem)
	}
	for _, c := range r.features.Columns() {
		if !slices.Contains(m.fitted.Schema().Names(), c.Name()) && c.NullCount() < c.Len() {
			return &DataError{Column: c.Name(), Reason: fmt.Sprintf("%s %s does not know this feature; remove the column, or train without it", keyInitModel, m.name)}
		}
	}
	for _, name := range m.fitted.Schema().Names() {
		if !r.features.Has(name) {
			return &DataError{Reason: fmt.Sprintf("%s %s needs a feature that is not there: %v", keyInitModel, m.name, &table.MissingColumnError{Name: name, Have: r.features.Names()})}
		}
	}
	if !g.problem.IsClassification() {
		return nil
	}
	known := m.info.Target.Classes
	if m.info.Target.Kind != g.Kind {
		return &DataError{Column: g.Name, Reason: fmt.Sprintf("the target holds %s, that of %s %s is %s; write it in the same way", g.Kind, keyInitModel, m.name, m.info.Target.Kind)}
	}
	place := make([]int, len(g.Classes))
	for k, label := range g.Classes {
		if place[k] = slices.Index(known, label); place[k] < 0 {
			return &DataError{Column: g.Name, Reason: fmt.Sprintf("%s %s does not know the class %q (it knows %s); remove its rows, or train without it", keyInitModel, m.name, label, listOf(known))}
		}
	}
	for i, k := range g.classes {
		g.classes[i] = place[k]
	}
	g.Classes, g.problem = known, m.info.Problem
	return nil
}

// check compares the model with what is to be trained.
func (m *InitModel) check(j *Job, objective string, outputs int) error {
	if was := m.trees.Objective(); was != objective {
		key, _ := askedObjective(j.Config.Training.Params)
		return j.Config.ErrorAt(strings.TrimSuffix("training.params."+key, "."), "the objective is %s, that of %s %s is %s; it must be the same one", objective, keyInitModel, m.name, was)
	}
	if n := m.trees.NumOutputs(); n != outputs {
		return j.Config.ErrorAt(keyInitModel, "%s has %d outputs a row, and the target's %d classes ask for %d", m.name, n, len(j.Target.Classes), outputs)
	}
	return m.checkFeatures(j)
}

// textNames are what the model text may call a feature: white space in its name is
// an underscore there, and a name that is there already has its position appended.
func textNames(name string, position int) []string {
	plain := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" \t\n\r", r) }), "_")
	return []string{plain, fmt.Sprintf("%s_%d", plain, position)}
}

// checkFeatures compares the features by name and order.
func (m *InitModel) checkFeatures(j *Job) error {
	have, want := j.Train.Features.Names(), m.trees.FeatureNames()
	for i, name := range want {
		if i >= len(have) {
			return j.Config.ErrorAt(keyInitModel, "%s has %d features, the data has %d: %q is not among them", m.name, len(want), len(have), name)
		}
		if have[i] != name && !slices.Contains(textNames(have[i], i), name) {
			return j.Config.ErrorAt(keyInitModel, "feature %d of %s is %q, that of the data is %q; the features must be the same ones in the same order", i+1, m.name, name, have[i])
		}
	}
	if len(have) > len(want) {
		return j.Config.ErrorAt(keyInitModel, "%s has %d features, the data has %d: %s does not know %q", m.name, len(want), len(have), m.name, have[len(want)])
	}
	return nil
}
