package report

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"mlops/runner/metrics"
)

// Options name what a report is about and choose how it looks at the data.
type Options struct {
	Model, Target, Data string

	// Headline is the metric that stands for all; Problem.Headline where empty,
	// or f1_score for a model without probabilities.
	Headline string
	// Bins of a calibration curve, at most MaxCalibration; 10 where 0.
	Bins int
	// Strategy of cutting the bins; metrics.Uniform where empty.
	Strategy metrics.Strategy
	// Seed draws the rows that stand for all in a regression's plots.
	Seed uint64
}

// New makes the report of a prediction. Figures that the data does not define
// are left out, with the reason; truth and prediction that do not belong
// together are an error that names the row. It ends soon after the context
// does. The slices are only read, and not kept.
func New(ctx context.Context, truth Truth, p Prediction, o Options) (*Report, error) {
	w, err := truth.check(p)
	if err != nil {
		return nil, fmt.Errorf("model report: %w", err)
	}
	r := &Report{
		Version: Version, Model: o.Model, Target: o.Target, Data: o.Data,
		Problem: truth.Problem, Rows: truth.Rows(), Weighted: w.Given(),
	}
	if o.Headline == "" && truth.Problem == Binary && p.Proba == nil {
		o.Headline = Multiclass.Headline() // the usual one needs probabilities
	}
	if r.Headline, err = headline(truth.Problem, o.Headline); err != nil {
		return nil, fmt.Errorf("model report: %w", err)
	}
	if err := r.addMetrics(ctx, truth, p); err != nil {
		return nil, fmt.Errorf("model report: %w", err)
	}
	if truth.Problem == Regression {
		r.Regression = regressionPart(truth, p, o.Seed)
	} else if r.Classification, err = classificationPart(ctx, r, truth, p, w, o); err != nil {
		return nil, fmt.Errorf("model report: %w", err)
	}
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("model report: %w", err)
	}
	return r, nil
}

func headline(problem Problem, name string) (string, error) {
	if name == "" {
		return problem.Headline(), nil
	}
	known := metrics.ClassificationNames()
	if problem == Regression {
		known = metrics.RegressionNames()
	}
	canonical, _ := metrics.Canonical(name)
	for _, k := range known {
		if k == canonical {
			return canonical, nil
		}
	}
	return "", fmt.Errorf("the headline %q is not a metric of a %s; known: %s", name, problem, strings.Join(known, ", "))
}

// addMetrics computes every metric of the problem once. The micro averages are
// the accuracy, and for two classes the one-versus-rest areas are roc_auc: they
// would only repeat.
func (r *Report) addMetrics(ctx context.Context, truth Truth, p Prediction) error {
	names := metrics.RegressionNames()
	if truth.Problem != Regression {
		names = metrics.ClassificationNames()
	}
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, "_micro"),
			truth.Problem == Binary && strings.HasPrefix(name, "roc_auc_ovr"),
			truth.Problem == Multiclass && name == "roc_auc_ovr_weighted":
			continue
		case truth.Problem != Regression && p.Proba == nil && needsProba(name):
			r.Omitted = append(r.Omitted, Omitted{name, "the model gives no probabilities"})
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		value, err := truth.Metric(name, p)
		if errors.Is(err, metrics.ErrNotBinary) {
			continue
		}
		if err == nil && !(math.Abs(value) <= maxNumber) {
			err = fmt.Errorf("its value is %v", value)
		}
		if err != nil {
			r.Omitted = append(r.Omitted, Omitted{name, strings.TrimPrefix(err.Error(), "metrics: ")})
			continue
		}
		higher, _ := metrics.Direction(name)
		r.Metrics = append(r.Metrics, Metric{name, value, higher})
	}
	return nil
}

func needsProba(name string) bool {
	return name == "average_precision" || name == "brier" || name == "log_loss" || strings.HasPrefix(name, "roc_auc")
}
