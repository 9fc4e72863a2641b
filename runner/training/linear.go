package training

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"mlops/runner/config"
	"mlops/runner/linear"
	"mlops/runner/table"
)

// The linear models, by scikit-learn's names in this backend's spelling.
const (
	logisticRegression = "logistic_regression"
	linearRegression   = "linear_regression"
	ridgeRegression    = "ridge"
	lassoRegression    = "lasso"
	elasticNet         = "elastic_net"
)

// logisticIterations is the default of max_iter; scikit-learn's own is 100.
const logisticIterations = 1000

// linearEstimator is a linear model by its name, with the parameters of package
// linear. It takes numbers alone: a missing cell is an error.
type linearEstimator string

func (e linearEstimator) isClassifier() bool { return e == logisticRegression }

func (e linearEstimator) check(cfg *config.Config) error {
	if err := refuse(cfg, "a linear model"); err != nil {
		return err
	}
	if e.isClassifier() {
		_, _, err := readLogistic(cfg)
		return err
	}
	_, err := e.regression(cfg)
	return err
}

// readLogistic reads the parameters of a logistic regression. Its class weights are
// by label, which package linear does not know.
func readLogistic(cfg *config.Config) (linear.LogisticRegression, classWeight, error) {
	weight, err := readClassWeight(cfg, true)
	if err != nil {
		return linear.LogisticRegression{}, weight, err
	}
	values := map[string]any{"max_iter": logisticIterations}
	maps.Copy(values, cfg.Training.Params)
	delete(values, "class_weight")
	p, err := linear.ParseLogisticRegression(values)
	return p, weight, paramError(cfg, err)
}

// regressionFit is the method Fit of package linear's models of numbers.
type regressionFit func(ctx context.Context, x *linear.Dense, y []float64, o linear.FitOptions) (*linear.Regressor, error)

// regression gives the configured model's fit.
func (e linearEstimator) regression(cfg *config.Config) (fit regressionFit, err error) {
	values := cfg.Training.Params
	switch e {
	case ridgeRegression:
		var p linear.Ridge
		p, err = linear.ParseRidge(values)
		fit = p.Fit
	case lassoRegression:
		var p linear.Lasso
		p, err = linear.ParseLasso(values)
		fit = p.Fit
	case elasticNet:
		var p linear.ElasticNet
		p, err = linear.ParseElasticNet(values)
		fit = p.Fit
	default:
		var p linear.LinearRegression
		p, err = linear.ParseLinearRegression(values)
		fit = p.Fit
	}
	return fit, paramError(cfg, err)
}

func (e linearEstimator) fit(ctx context.Context, job Job, name string) (Model, error) {
	if job.Train.Features.NumColumns() == 0 {
		return nil, errNoFeatures
	}
	m := &linearModel{info: job.info("classic", name)}
	columns, err := finiteColumns(job.Train.Features, m.info.Features, nil, name)
	if err != nil {
		return nil, dataError(err, job.Train.inputRows())
	}
	x, err := linear.NewDense(m.info.Features, columns)
	if err != nil {
		return nil, err
	}
	if coded := codesOf(job.Train.Features, job.Train.Categorical); len(coded) > 0 {
		job.warnf("%s takes the label codes of %s for numbers, whose order says nothing; set the method of the step categorical_encoder to one_hot", name, strings.Join(coded, ", "))
	}
	meter := job.Meter(ctx)
	options := linear.FitOptions{SampleWeight: job.Train.Weights, Progress: func(it linear.Iteration) error {
		meter.Iteration(it.Index+1, it.Total, map[string]float64{"loss": it.Loss})
		return nil
	}}
	var report linear.Report
	if e.isClassifier() {
		report, err = m.fitClasses(ctx, job, x, options)
	} else {
		report, err = m.fitNumbers(ctx, job, e, x, options)
	}
	if err != nil {
		return nil, paramError(job.Config, err)
	}
	if !report.Converged && report.Iterations > 0 {
		job.warnf("%s did not converge within %d iterations; scale the features, or raise training.params.max_iter or tol", name, report.Iterations)
	}
	m.importance = linearImportance(m.coefficients(), columns)
	return m, nil
}

func (m *linearModel) fitClasses(ctx context.Context, job Job, x *linear.Dense, o linear.FitOptions) (linear.Report, error) {
	p, weight, err := readLogistic(job.Config)
	if err != nil {
		return linear.Report{}, err
	}
	of, err := weight.byClass(job)
	if err != nil {
		return linear.Report{}, err
	}
	p.ClassWeight = linear.ClassWeight{Balanced: weight.balanced, Of: of}
	if m.classifier, err = p.Fit(ctx, x, job.Train.Classes, len(job.Target.Classes), o); err != nil {
		return linear.Report{}, err
	}
	m.info.Present = m.classifier.Present()
	return m.classifier.Report(), nil
}

func (m *linearModel) fitNumbers(ctx context.Context, job Job, e linearEstimator, x *linear.Dense, o linear.FitOptions) (linear.Report, error) {
	fit, err := e.regression(job.Config)
	if err != nil {
		return linear.Report{}, err
	}
	if m.regressor, err = fit(ctx, x, job.Train.Values, o); err != nil {
		return linear.Report{}, err
	}
	return m.regressor.Report(), nil
}

// codesOf lists the categorical columns of more than two label codes.
func codesOf(features *table.Table, categorical []string) []string {
	var coded []string
	for _, name := range categorical {
		if c := features.Column(name); c != nil && slices.ContainsFunc(c.Floats(), func(v float64) bool { return v > 1 }) {
			coded = append(coded, name)
		}
	}
	return coded
}

func (e linearEstimator) load(info ModelInfo, r io.Reader) (Model, error) {
	return loadLinear(info, r, e.isClassifier())
}
