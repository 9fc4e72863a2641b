package training

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"mlops/runner/preprocess"
	"mlops/runner/report"
	"mlops/runner/table"
)

// What a report's permutation importance may cost: rows predicted in all, and the
// fewest rows that a loss is measured on.
const (
	maxPermutedRows = 200_000
	minPermutedRows = 100
	permutations    = 5 // of each column
)

// judgement is what a report is made of: the validation part and what the model
// says of it.
type judgement struct {
	model      Model
	fitted     *preprocess.Fitted
	problem    ProblemType
	target     Target
	truth      Data // classes or values; no features
	prediction *Prediction
	seed       uint64

	permuted *table.Table // raw columns of some of the rows; nil: no permutations
	rows     []int        // those rows, of the validation part
	reason   string       // why there are no permutations
}

// judge keeps what a report is made of. raw gives the raw columns at positions of
// the validation part.
func (r *run) judge(out *Outcome, judged Data, prediction *Prediction, raw func(rows []int) (*table.Table, error)) error {
	if r.goal.problem == Ranking || len(r.goal.Classes) > report.MaxClasses {
		return nil
	}
	j := &judgement{
		model: out.Model, fitted: out.Preprocess, problem: r.goal.problem, target: r.goal.Target,
		truth: Data{Classes: judged.Classes, Values: judged.Values}, prediction: prediction, seed: uint64(r.cfg.Training.RandomState),
	}
	out.judgement = j
	columns := len(out.Schema.Names())
	rows := prediction.Len()
	affordable := maxPermutedRows / (permutations * columns)
	switch _, isProgram := out.Model.(*programModel); {
	case isProgram:
		j.reason = "it would start the program for every shuffle"
	case judged.InitScore != nil:
		j.reason = "predictions start from scores in the data"
	case affordable < min(rows, minPermutedRows):
		j.reason = fmt.Sprintf("%d columns are too many", columns)
	default:
		j.rows = rand.New(rand.NewPCG(j.seed, 0)).Perm(rows)[:min(rows, affordable)]
		slices.Sort(j.rows)
		var err error
		if j.permuted, err = raw(j.rows); err != nil {
			return err
		}
		j.permuted, err = j.permuted.Select(out.Schema.Names()...)
		return err
	}
	return nil
}

// Report describes how good the model is on the validation part, every row
// counting as one: its metrics, tables, curves, and what each column is worth. nil
// where no rows were set apart, for a ranking, and for more than 2,000 classes. It
// predicts at most 200,000 rows, says so to the context's progress sink, and gives
// the same document each time.
func (o *Outcome) Report(ctx context.Context) (*report.Report, error) {
	j := o.judgement
	if j == nil {
		return nil, nil
	}
	r, err := report.New(ctx, j.truthOf(j.truth.Classes, j.truth.Values), answer(j.prediction), report.Options{
		Model: j.model.Name(), Target: j.target.Name, Data: "validation", Seed: j.seed,
	})
	if err != nil {
		return nil, err
	}
	if j.permuted == nil {
		r.Omitted = append(r.Omitted, report.Omitted{Name: "permutation importance", Reason: j.reason})
	} else if m, err := j.permutation(ctx, r); err == nil {
		r.Importances = append(r.Importances, m)
	} else if ctx.Err() != nil {
		return nil, err
	} else {
		r.Omitted = append(r.Omitted, report.Omitted{Name: "permutation importance", Reason: err.Error()})
	}
	if m, ok := j.model.(importances); ok {
		own, err := m.importances()
		if err != nil {
			return nil, err
		}
		r.Importances = append(r.Importances, own...)
	}
	return r, nil
}

// importances is a model that has figures of its own about its features.
type importances interface {
	importances() ([]report.Importance, error)
}

// permutation shuffles raw columns, so that it tells of what the user knows, and
// not of what preprocessing made of that.
func (j *judgement) permutation(ctx context.Context, r *report.Report) (report.Importance, error) {
	metric := r.Headline
	if _, found := r.Metric(metric); !found {
		metric = headline(j.problem) // of a single class roc_auc is not defined
	}
	return report.Permutation(ctx, report.PermutationRequest{
		Table: j.permuted, Truth: j.truthOf(pick(j.truth.Classes, j.rows), pick(j.truth.Values, j.rows)), Metric: metric,
		Repeats: permutations, Seed: j.seed,
		Predict: func(ctx context.Context, raw *table.Table) (report.Prediction, error) {
			features, err := j.fitted.TransformForInference(ctx, raw)
			if err != nil {
				return report.Prediction{}, err
			}
			p, err := j.model.Predict(ctx, features)
			if err != nil {
				return report.Prediction{}, err
			}
			return answer(p), nil
		},
	})
}

func (j *judgement) truthOf(classes []int, values []float64) report.Truth {
	t := report.Truth{Problem: report.Problem(j.problem), Classes: classes, Values: values}
	for _, label := range j.target.Classes {
		t.Names = append(t.Names, label.String())
	}
	return t
}

func answer(p *Prediction) report.Prediction {
	return report.Prediction{Values: p.Values, Classes: p.Class, Proba: p.Proba}
}

// importances are the gains and the numbers of the trees' splits.
func (m *treeModel) importances() (list []report.Importance, err error) {
	for _, kind := range []report.Kind{report.GainImportance, report.SplitImportance} {
		one, err := report.Trees(kind, m.info.Features, m.trees.FeatureImportance(string(kind)))
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// importances are the coefficients, of the first classes where there are many.
func (m *linearModel) importances() ([]report.Importance, error) {
	if m.regressor != nil {
		return report.Coefficients(m.info.Features, m.regressor.Coef(), []float64{m.regressor.Intercept()}, nil)
	}
	rows, intercept := m.classifier.Coef(), m.classifier.Intercept()
	classes := m.info.Present
	if len(rows) == 1 { // of two classes the second
		classes = classes[len(classes)-1:]
	}
	var coef []float64
	var names []string
	for i := range rows[:min(len(rows), report.MaxCurves)] {
		coef = append(coef, rows[i]...)
		names = append(names, m.info.Target.Classes[classes[i]].String())
	}
	return report.Coefficients(m.info.Features, coef, intercept[:len(names)], names)
}
