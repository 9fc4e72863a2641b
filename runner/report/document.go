package report

import (
	"encoding/json"
	"fmt"
	"io"

	"mlops/runner/metrics"
	"mlops/runner/strictjson"
)

// Version is the version of the document's form that this package writes and reads.
const Version = 1

// The limits of a document.
const (
	MaxCurves         = 10   // classes that have curves of their own; the others share one
	MaxCurvePoints    = 400  // points of a curve
	MaxConfusion      = 50   // classes of the confusion matrix; the others share a row and a column
	MaxFeatures       = 1000 // features of an importance
	MaxResidualPoints = 2000 // rows that stand for all in the plots of a regression
	MaxHistogramBins  = 60
	MaxCalibration    = 100  // bins of a calibration curve
	MaxClasses        = 2000 // of a classification: their table and matrix are kept whole on the way
	maxDocument       = 64 << 20
)

// Problem is what a model predicts.
type Problem string

// The problems.
const (
	Binary     Problem = "binary_classification"
	Multiclass Problem = "multiclass_classification"
	Regression Problem = "regression"
)

// Report is the document. Its JSON form is stable within a Version.
type Report struct {
	Version  int     `json:"version"`
	Model    string  `json:"model,omitempty"`
	Target   string  `json:"target,omitempty"`
	Data     string  `json:"data,omitempty"` // which part of the data: "validation", …
	Problem  Problem `json:"problem"`
	Rows     int     `json:"rows"`
	Weighted bool    `json:"weighted,omitempty"` // whether sample weights were given

	Headline string    `json:"headline"` // the name of the metric that stands for all
	Metrics  []Metric  `json:"metrics"`  // in alphabetical order
	Omitted  []Omitted `json:"omitted,omitempty"`

	Classification *ClassificationPart `json:"classification,omitempty"`
	Regression     *RegressionPart     `json:"regression,omitempty"`

	Importances   []Importance   `json:"importances,omitempty"`
	LearningCurve *LearningCurve `json:"learning_curve,omitempty"`
}

// Metric is one figure.
type Metric struct {
	Name           string  `json:"name"`
	Value          float64 `json:"value"`
	HigherIsBetter bool    `json:"higher_is_better"`
}

// Omitted is a figure that the data does not define.
type Omitted struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// ClassificationPart is what only a classification has.
type ClassificationPart struct {
	Positive        string           `json:"positive,omitempty"` // of two classes the one whose probability is scored
	Classes         []Class          `json:"classes"`
	Macro           Average          `json:"macro"`
	WeightedAverage Average          `json:"weighted"`
	Micro           Average          `json:"micro"`
	Confusion       Confusion        `json:"confusion"`
	ROC             []ROC            `json:"roc,omitempty"`
	PrecisionRecall []PrecisionCurve `json:"precision_recall,omitempty"`
	Calibration     []Calibration    `json:"calibration,omitempty"`
	Gains           []Gain           `json:"gains,omitempty"` // of two classes
}

// Class is a row of the table of classes: those that occur in the truth or the
// prediction, in the model's order.
type Class struct {
	Name      string  `json:"name"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1_score"`
	Support   float64 `json:"support"`   // rows of the class, or their weights' sum
	Predicted float64 `json:"predicted"` // rows predicted as it
}

// Average is a mean over the classes.
type Average struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1_score"`
}

// Confusion counts rows, or sums their weights, by true class (first index) and
// predicted class (second index).
type Confusion struct {
	Labels []string    `json:"labels"`
	Counts [][]float64 `json:"counts"`
	Merged int         `json:"merged,omitempty"` // how many classes share the last row and column
}

// ROC is the curve of a class against the rest.
type ROC struct {
	Class  string    `json:"class"`
	Merged int       `json:"merged,omitempty"` // how many classes share the curve
	AUC    float64   `json:"roc_auc"`
	FPR    []float64 `json:"fpr"`
	TPR    []float64 `json:"tpr"`
	// Thresholds[i] is that of point i+1: at point 0 no row is called positive.
	Thresholds []float64 `json:"thresholds"`
}

// PrecisionCurve is the curve of a class's precision and recall.
type PrecisionCurve struct {
	Class            string    `json:"class"`
	Merged           int       `json:"merged,omitempty"` // how many classes share the curve
	AveragePrecision float64   `json:"average_precision"`
	Prevalence       float64   `json:"prevalence"` // the precision of calling all rows positive
	Precision        []float64 `json:"precision"`
	Recall           []float64 `json:"recall"`
	// Thresholds[i] is that of point i; the last point has none.
	Thresholds []float64 `json:"thresholds"`
}

// Calibration compares a class's probabilities with what came true.
type Calibration struct {
	Class    string           `json:"class"`
	Merged   int              `json:"merged,omitempty"` // how many classes share the curve
	Strategy metrics.Strategy `json:"strategy"`
	ProbTrue []float64        `json:"prob_true"`
	ProbPred []float64        `json:"prob_pred"`
	Weight   []float64        `json:"weight"` // rows in each bin, or their weights' sum
	// Error is the expected calibration error: the mean distance of ProbTrue and
	// ProbPred, weighted by Weight.
	Error float64 `json:"error"`
}

// Gain says what is won by acting on the rows that score highest.
type Gain struct {
	Share     float64 `json:"share"`     // of all rows that have at least the threshold
	Threshold float64 `json:"threshold"` // the lowest probability among them
	Rows      float64 `json:"rows"`
	Precision float64 `json:"precision"` // the share of positive rows among them
	Recall    float64 `json:"recall"`    // the share of all positive rows: the gain
	Lift      float64 `json:"lift"`      // precision over that of all rows
	FPR       float64 `json:"fpr"`
	F1        float64 `json:"f1_score"`
}

// RegressionPart is what only a regression has. A residual is the true value
// less the prediction; residuals are counted by rows, without weights.
type RegressionPart struct {
	Residuals Residuals `json:"residuals"`
	Histogram Histogram `json:"histogram"`
	Points    Points    `json:"points"`
}

// Residuals sums the residuals up.
type Residuals struct {
	Mean      float64    `json:"mean"`
	Std       float64    `json:"std"` // of the population
	Quantiles []Quantile `json:"quantiles"`
}

// Quantile is the value that a share Q of the rows does not exceed, interpolated
// linearly.
type Quantile struct {
	Q     float64 `json:"q"`
	Value float64 `json:"value"`
}

// Histogram counts residuals in bins of equal width: Counts[i] are those from
// Edges[i] up to Edges[i+1]. Far outliers are only counted, in Below and Above.
type Histogram struct {
	Edges  []float64 `json:"edges"`
	Counts []int     `json:"counts"`
	Below  int       `json:"below,omitempty"`
	Above  int       `json:"above,omitempty"`
}

// Points are rows drawn at random that stand for all.
type Points struct {
	True      []float64 `json:"true"`
	Predicted []float64 `json:"predicted"`
}

// Metric returns a figure by its name.
func (r *Report) Metric(name string) (value float64, found bool) {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m.Value, true
		}
	}
	return 0, false
}

// WriteJSON writes the document, indented, the same bytes for the same report.
// A report that Read would refuse is an error.
func (r *Report) WriteJSON(w io.Writer) error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("write the model report: %w", err)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// VersionError says that a document has a form that this package does not know.
type VersionError struct{ Got int }

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the model report has version %d and this program reads version %d: write it anew with this program", e.Got, Version)
}

// Read reads a document that WriteJSON wrote. It may come from anywhere: what
// does not fit together is an error, another version a *VersionError.
func Read(r io.Reader) (*Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read the model report: %w", err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("read the model report: it has more than %d bytes", maxDocument)
	}
	var head struct{ Version int }
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("read the model report: %w", err)
	}
	if head.Version != Version {
		return nil, &VersionError{head.Version}
	}
	var report Report
	if err := strictjson.Decode(data, &report); err != nil {
		return nil, fmt.Errorf("read the model report: it %w", err)
	}
	if err := report.validate(); err != nil {
		return nil, fmt.Errorf("read the model report: %w", err)
	}
	return &report, nil
}
