package training

import (
	"context"
	"io"
	"maps"
	"math"
	"slices"

	"mlops/runner/config"
	"mlops/runner/neural"
	"mlops/runner/table"
)

// neuralNetwork is the backend of multilayer perceptrons, with the parameters of
// package neural. auto is mlp_classifier or mlp_regressor by the problem's type.
//
// Label codes get embeddings. A regression's target is brought to mean 0 and
// deviation 1 for the training, and predictions back. With early_stopping the
// validation part decides when to stop, or where test_size is 0 the
// cross-validation folds do.
type neuralNetwork struct{}

const (
	neuralBackend = "neural_network"
	mlpClassifier = "mlp_classifier"
	mlpRegressor  = "mlp_regressor"
	deepLearning  = "deep_learning"
	keyLoss       = "training.params.loss"
)

// hiddenLayerSizes is the default of hidden_layer_sizes; scikit-learn's own is one
// layer of 100.
var hiddenLayerSizes = []int{50, 50}

// deepLayerSizes is the default of the backend deep_learning, which also stops early.
var deepLayerSizes = []int{128, 64, 32}

func mlpFor(classes bool) string {
	if classes {
		return mlpClassifier
	}
	return mlpRegressor
}

func (neuralNetwork) Check(cfg *config.Config) error {
	if err := checkModelType(cfg, []string{"auto", mlpClassifier, mlpRegressor}); err != nil {
		return err
	}
	if err := refuse(cfg, "a neural network"); err != nil {
		return err
	}
	for _, classes := range neuralKinds(cfg) {
		if _, _, err := neuralParams(cfg, classes); err != nil {
			return err
		}
	}
	return nil
}

// neuralKinds tells whether the configuration is for classes, for numbers, or, as
// far as can be told without data, for either.
func neuralKinds(cfg *config.Config) []bool {
	model, problem := cfg.Training.ModelType, cfg.Training.ProblemType
	if problem == "auto" {
		problem = neuralNetwork{}.Kind(cfg)
	}
	switch {
	case problem != "":
		return []bool{problem == kindClassification}
	case model != "auto":
		return []bool{model == mlpClassifier}
	case cfg.Training.Params["class_weight"] != nil:
		return []bool{true}
	}
	return []bool{true, false}
}

// Kind goes by the loss.
func (neuralNetwork) Kind(cfg *config.Config) string {
	switch cfg.Training.Params["loss"] {
	case neural.LogLoss:
		return kindClassification
	case neural.SquaredError, neural.Poisson:
		return "regression"
	}
	return ""
}

// neuralParams reads training.params over the defaults, for classes or numbers.
// NumClass is left to the caller.
func neuralParams(cfg *config.Config, classes bool) (neural.Params, classWeight, error) {
	base := neural.DefaultParams()
	base.HiddenLayerSizes = hiddenLayerSizes
	if cfg.Training.Backend == deepLearning {
		base.HiddenLayerSizes, base.EarlyStopping = deepLayerSizes, true
	}
	base.RandomState = int(cfg.Training.RandomState)
	problem := any(Regression)
	if classes {
		base.Loss, problem = neural.LogLoss, kindClassification
	}
	if asked := cfg.Training.ModelType; asked != "auto" && asked != mlpFor(classes) {
		return base, classWeight{}, unfit(cfg, asked, problem)
	}
	weight, err := readClassWeight(cfg, classes)
	if err != nil {
		return base, weight, err
	}
	values := maps.Clone(cfg.Training.Params)
	delete(values, "class_weight")
	p, err := neural.ParseParams(base, values)
	if err != nil {
		return p, weight, paramError(cfg, err)
	}
	if (p.Loss == neural.LogLoss) != classes {
		return p, weight, cfg.ErrorAt(keyLoss, "the loss %s does not fit a target of %s; leave it out, or set training.problem_type", p.Loss, problem)
	}
	return p, weight, nil
}

// UsesValidation tells whether training needs rows to stop early on.
func (neuralNetwork) UsesValidation(cfg *config.Config) bool {
	p, _, err := neuralParams(cfg, neuralKinds(cfg)[0])
	return err == nil && p.EarlyStopping && p.Solver != neural.LBFGS
}

func (neuralNetwork) Fit(ctx context.Context, job Job) (Model, error) {
	if job.Train.Features.NumColumns() == 0 {
		return nil, errNoFeatures
	}
	classes := job.Problem.IsClassification()
	p, weight, err := neuralParams(job.Config, classes)
	if err != nil {
		return nil, err
	}
	m := &neuralModel{info: job.info(neuralBackend, mlpFor(classes)), scale: targetScale{Scale: 1}}
	if m.info.Present, err = presentClasses(job); err != nil {
		return nil, err
	}
	if classes {
		p.NumClass = len(m.info.Present)
		if job.Train.Weights, err = weight.ofRows(job, p.NumClass); err != nil {
			return nil, err
		}
	} else {
		m.scale = scaleOf(job.Train, p.Loss)
	}
	m.categories = categoriesOf(job.Train)
	train, err := m.dataset(job.Train)
	if err != nil {
		return nil, err
	}
	valid, err := m.validation(job)
	if err != nil {
		return nil, err
	}
	if job.Rounds > 0 {
		p.MaxIter, p.EarlyStopping, p.NIterNoChange = job.Rounds, false, neural.NeverStop
	}
	meter := job.Meter(ctx)
	options := neural.Options{Validation: valid, OnEpoch: func(e neural.Epoch) error {
		figures := map[string]float64{"loss": e.Loss}
		if e.Validated {
			figures["validation_loss"], figures["validation_score"] = e.ValidationLoss, e.ValidationScore
		}
		meter.Iteration(e.Number, p.MaxIter, figures)
		return nil
	}}
	if m.network, err = neural.Train(ctx, train, p, options); err != nil {
		return nil, paramError(job.Config, inUnits(err, job.Train.Values))
	}
	if m.network.History().NIter == p.MaxIter && job.Rounds == 0 {
		job.warnf("the network did not converge within %d iterations; raise training.params.max_iter, or scale the features", p.MaxIter)
	}
	m.importance, err = m.shuffledImportance(ctx, train.Features, job.Config.Training.RandomState)
	return m, err
}

// scaleOf is how a regression's target is scaled for the training. A Poisson
// target, whose predictions are exponentials, keeps its 0.
func scaleOf(d Data, loss string) targetScale {
	mean, deviation := weightedMeanAndDeviation(d.Values, d.Weights)
	s := targetScale{Shift: mean, Scale: deviation}
	if loss == neural.Poisson {
		s = targetScale{Scale: mean}
	}
	if !(s.Scale > 0) {
		s.Scale = 1
	}
	return s
}

// maxCodes bounds the codes of a column that gets embeddings.
const maxCodes = 1 << 20

// categoriesOf is the number of codes of each feature, 0 of a numeric one. A
// column that was scaled after it was encoded holds codes no more.
func categoriesOf(d Data) []int {
	categories := make([]int, d.Features.NumColumns())
	for i, c := range d.Features.Columns() {
		if !slices.Contains(d.Categorical, c.Name()) {
			continue
		}
		count := 1.0
		for _, v := range c.Floats() {
			if v-v == 0 && (v != math.Trunc(v) || v < 0 || v >= maxCodes) {
				count = 0
				break
			}
			if v >= count {
				count = v + 1
			}
		}
		categories[i] = int(count)
	}
	return categories
}

// dataset is a part as the network takes it: classes are indices into those that
// are present, a regression's target is scaled.
func (m *neuralModel) dataset(d Data) (neural.Dataset, error) {
	features, err := m.inputs(d.Features)
	if err != nil {
		return neural.Dataset{}, dataError(err, d.inputRows())
	}
	out := neural.Dataset{Features: features, Weight: d.Weights, Target: make([]float64, d.Features.NumRows())}
	for i := range out.Target {
		if d.Classes != nil {
			at, _ := slices.BinarySearch(m.info.Present, d.Classes[i])
			out.Target[i] = float64(at)
		} else {
			out.Target[i] = (d.Values[i] - m.scale.Shift) / m.scale.Scale
		}
	}
	return out, nil
}

// validation is the job's validation part of the classes that are present; nil
// where there are no such rows, or none that weighs.
func (m *neuralModel) validation(job Job) (*neural.Dataset, error) {
	if job.Validation == nil {
		return nil, nil
	}
	part := *job.Validation
	if job.Problem.IsClassification() {
		part = part.without(m.info.Present)
	}
	if part.Features.NumRows() == 0 {
		return nil, nil
	}
	if part.Weights != nil && slices.Max(part.Weights) == 0 {
		return nil, &DataError{Column: job.Config.Training.SampleWeightColumn, Reason: "among the rows to stop by, the weights add up to 0"}
	}
	d, err := m.dataset(part)
	return &d, err
}

// inputs are the features by name, with their categories.
func (m *neuralModel) inputs(features *table.Table) ([]neural.Feature, error) {
	var coded []string
	for i, name := range m.info.Features {
		if m.categories[i] > 0 {
			coded = append(coded, name)
		}
	}
	columns, err := finiteColumns(features, m.info.Features, coded, m.info.Model)
	if err != nil {
		return nil, err
	}
	out := make([]neural.Feature, len(columns))
	for i, values := range columns {
		out[i] = neural.Feature{Name: m.info.Features[i], Values: values, Categories: m.categories[i]}
	}
	return out, nil
}

func (neuralNetwork) Load(info ModelInfo, r io.Reader) (Model, error) { return loadNeural(info, r) }
