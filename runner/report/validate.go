package report

import (
	"errors"
	"fmt"
	"math"
)

// check collects the first thing that is wrong with a document.
type check struct{ err error }

func (c *check) that(ok bool, format string, args ...any) {
	if !ok && c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// maxNumber keeps the difference of any two numbers finite.
const maxNumber = 1e300

// numbers checks that all are finite.
func (c *check) numbers(what string, v ...float64) {
	for _, x := range v {
		c.that(math.Abs(x) <= maxNumber, "%s holds %v, which is not a finite number of at most %v", what, x, maxNumber)
	}
}

// rates checks that all are within 0..1, and how many they are.
func (c *check) rates(what string, n int, v []float64) {
	c.that(len(v) == n, "%s has %d values and not %d", what, len(v), n)
	for _, x := range v {
		c.that(x >= 0 && x <= 1, "%s holds %v, which is not within 0..1", what, x)
	}
}

// validate tells what does not fit together.
func (r *Report) validate() error {
	c := &check{}
	c.that(r.Version == Version, "version %d is not %d", r.Version, Version)
	for _, m := range r.Metrics {
		c.numbers("metric "+m.Name, m.Value)
	}
	switch r.Problem {
	case Binary, Multiclass:
		if r.Classification == nil || r.Regression != nil {
			return errors.New("a classification needs the part \"classification\" and no \"regression\"")
		}
		r.Classification.validate(c)
	case Regression:
		if r.Regression == nil || r.Classification != nil {
			return errors.New("a regression needs the part \"regression\" and no \"classification\"")
		}
		r.Regression.validate(c)
	default:
		return fmt.Errorf("unknown problem %q (known: %s, %s, %s)", r.Problem, Binary, Multiclass, Regression)
	}
	for i := range r.Importances {
		r.Importances[i].validate(c)
	}
	if r.LearningCurve != nil {
		r.LearningCurve.validate(c)
	}
	return c.err
}

func (p *ClassificationPart) validate(c *check) {
	c.that(len(p.Classes) > 0 && len(p.Classes) <= MaxClasses, "there are %d classes", len(p.Classes))
	for _, class := range p.Classes {
		c.rates("class "+class.Name, 3, []float64{class.Precision, class.Recall, class.F1})
		c.numbers("class "+class.Name, class.Support, class.Predicted)
	}
	for _, a := range []Average{p.Macro, p.WeightedAverage, p.Micro} {
		c.numbers("an average", a.Precision, a.Recall, a.F1)
	}
	labels := len(p.Confusion.Labels)
	c.that(labels > 0 && labels <= MaxConfusion+1 && len(p.Confusion.Counts) == labels, "the confusion matrix has %d labels and %d rows", labels, len(p.Confusion.Counts))
	for _, row := range p.Confusion.Counts {
		c.that(len(row) == labels, "the confusion matrix has %d labels and %d columns", labels, len(row))
		for _, count := range row {
			c.that(count >= 0, "the confusion matrix holds %v", count)
		}
		c.numbers("the confusion matrix", row...)
	}
	c.that(len(p.ROC) <= MaxCurves+1 && len(p.PrecisionRecall) <= MaxCurves+1 && len(p.Calibration) <= MaxCurves+1, "there are more than %d curves of a kind", MaxCurves+1)
	c.that(len(p.ROC) == len(p.PrecisionRecall), "there are %d ROC curves and %d of precision and recall", len(p.ROC), len(p.PrecisionRecall))
	for _, curve := range p.ROC {
		n := len(curve.FPR)
		c.that(n >= 2 && n <= MaxCurvePoints && len(curve.Thresholds) == n-1, "a ROC curve has %d points and %d thresholds", n, len(curve.Thresholds))
		c.rates("a ROC curve", n, curve.FPR)
		c.rates("a ROC curve", n, curve.TPR)
		c.numbers("a ROC curve", append([]float64{curve.AUC}, curve.Thresholds...)...)
	}
	for _, curve := range p.PrecisionRecall {
		n := len(curve.Recall)
		c.that(n >= 2 && n <= MaxCurvePoints && len(curve.Thresholds) == n-1, "a precision-recall curve has %d points and %d thresholds", n, len(curve.Thresholds))
		c.rates("a precision-recall curve", n, curve.Precision)
		c.rates("a precision-recall curve", n, curve.Recall)
		c.numbers("a precision-recall curve", append([]float64{curve.AveragePrecision, curve.Prevalence}, curve.Thresholds...)...)
	}
	for _, curve := range p.Calibration {
		n := len(curve.ProbPred)
		c.that(n >= 1 && n <= MaxCalibration && len(curve.Weight) == n, "a calibration curve has %d bins and %d weights", n, len(curve.Weight))
		c.rates("a calibration curve", n, curve.ProbPred)
		c.rates("a calibration curve", n, curve.ProbTrue)
		c.numbers("a calibration curve", append([]float64{curve.Error}, curve.Weight...)...)
		for _, weight := range curve.Weight {
			c.that(weight > 0, "a calibration curve has a bin of weight %v", weight)
		}
	}
	for _, g := range p.Gains {
		c.rates("a gain", 5, []float64{g.Share, g.Precision, g.Recall, g.FPR, g.F1})
		c.numbers("a gain", g.Threshold, g.Rows, g.Lift)
	}
}

func (p *RegressionPart) validate(c *check) {
	c.numbers("the residuals", p.Residuals.Mean, p.Residuals.Std)
	for _, q := range p.Residuals.Quantiles {
		c.numbers("a quantile", q.Q, q.Value)
	}
	bins := len(p.Histogram.Counts)
	c.that(bins >= 1 && bins <= MaxHistogramBins && len(p.Histogram.Edges) == bins+1, "the histogram has %d bins and %d edges", bins, len(p.Histogram.Edges))
	c.numbers("the histogram", p.Histogram.Edges...)
	for i := 1; i < len(p.Histogram.Edges); i++ {
		c.that(p.Histogram.Edges[i] > p.Histogram.Edges[i-1], "the histogram's edges do not rise")
	}
	for _, count := range p.Histogram.Counts {
		c.that(count >= 0, "the histogram holds %d", count)
	}
	points := len(p.Points.True)
	c.that(points >= 1 && points <= MaxResidualPoints && len(p.Points.Predicted) == points, "there are %d true values and %d predictions", points, len(p.Points.Predicted))
	c.numbers("the points", p.Points.True...)
	c.numbers("the points", p.Points.Predicted...)
}

func (m *Importance) validate(c *check) {
	switch m.Kind {
	case PermutationImportance, GainImportance, SplitImportance, CoefficientImportance:
	default:
		c.that(false, "unknown kind %q of an importance", m.Kind)
	}
	c.that(len(m.Features) > 0 && len(m.Features) <= MaxFeatures, "the importance %q has %d features", m.Kind, len(m.Features))
	c.numbers("the importance "+string(m.Kind), m.Baseline)
	if m.Intercept != nil {
		c.numbers("the intercept", *m.Intercept)
	}
	for _, f := range m.Features {
		c.numbers("the importance of "+f.Name, f.Value, f.Std)
	}
}

func (l *LearningCurve) validate(c *check) {
	c.that(len(l.Series) > 0 && len(l.Series) <= MaxSeries, "the learning curve has %d series", len(l.Series))
	for _, s := range l.Series {
		n := len(s.X)
		c.that(n >= 1 && n <= MaxCurvePoints && len(s.Y) == n, "series %q of the learning curve has %d steps and %d values", s.Name, n, len(s.Y))
		c.that(s.Std == nil || len(s.Std) == n, "series %q of the learning curve has %d steps and %d deviations", s.Name, n, len(s.Std))
		c.numbers("series "+s.Name, s.X...)
		c.numbers("series "+s.Name, s.Y...)
		c.numbers("series "+s.Name, s.Std...)
	}
	if l.Best != nil {
		c.numbers("the best step", *l.Best)
	}
}
