package training_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"mlops/runner/config"
	"mlops/runner/table"
	"mlops/runner/training"
)

// nearestCentroid is a backend: a row is of the class whose rows' mean is nearest.
type nearestCentroid struct{}

// centroidParams are what training.params may hold, with the keys that it uses.
type centroidParams struct {
	Power float64 `yaml:"power" range:"[1,10]"` // of Minkowski's distance
}

func (nearestCentroid) params(cfg *config.Config) (centroidParams, error) {
	return config.DecodeTrainingParams(cfg, centroidParams{Power: 2})
}

// Check tells what is wrong with a configuration before anything is read, and
// refuses the keys that the backend does nothing with.
func (b nearestCentroid) Check(cfg *config.Config) error {
	switch t := cfg.Training; {
	case t.ProblemType == "regression" || t.ProblemType == "ranking":
		return cfg.ErrorAt("training.problem_type", "nearest_centroid tells classes only")
	case t.SampleWeightColumn != "":
		return cfg.ErrorAt("training.sample_weight_column", "nearest_centroid does not weigh rows; leave it out")
	case len(t.InitScoreColumn) > 0:
		return cfg.ErrorAt("training.init_score_column", "nearest_centroid cannot start from scores; leave it out")
	case t.InitModel != "":
		return cfg.ErrorAt("training.init_model", "nearest_centroid cannot go on from a model; leave it out")
	}
	_, err := b.params(cfg)
	return err
}

// Fit trains on rows whose features are numbers, as preprocessing made them.
func (b nearestCentroid) Fit(ctx context.Context, job training.Job) (training.Model, error) {
	p, err := b.params(job.Config)
	if err != nil {
		return nil, err
	}
	if !job.Problem.IsClassification() {
		return nil, &training.DataError{Column: job.Target.Name, Reason: "nearest_centroid tells classes; set training.problem_type to classification"}
	}
	m := &centroids{info: training.ModelInfo{
		Backend: "nearest_centroid", Model: "nearest_centroid", Problem: job.Problem, Target: job.Target, Features: job.Train.Features.Names(),
	}, Power: p.Power, Means: make([][]float64, len(job.Target.Classes))}
	rows := make([]float64, len(m.Means))
	for k := range m.Means {
		m.Means[k] = make([]float64, len(m.info.Features))
	}
	for i, k := range job.Train.Classes {
		rows[k]++
		for j, c := range job.Train.Features.Columns() {
			m.Means[k][j] += c.Floats()[i]
		}
	}
	for k, n := range rows {
		if n == 0 {
			continue // every row of the class was dropped: see ModelInfo.Present
		}
		m.info.Present = append(m.info.Present, k)
		for j := range m.Means[k] {
			m.Means[k][j] /= n
		}
	}
	return m, ctx.Err()
}

// Load reads a model's bytes, which may come from anywhere.
func (nearestCentroid) Load(info training.ModelInfo, r io.Reader) (training.Model, error) {
	m := &centroids{info: info}
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, err
	}
	for _, mean := range m.Means {
		if len(m.Means) != len(info.Target.Classes) || len(mean) != len(info.Features) || !(m.Power >= 1) {
			return nil, errors.New("the centroids are not those of the model's classes and features")
		}
	}
	return m, nil
}

// centroids is a trained model.
type centroids struct {
	info  training.ModelInfo
	Power float64     `json:"power"`
	Means [][]float64 `json:"means"` // by class of the target
}

func (m *centroids) Info() training.ModelInfo              { return m.info }
func (m *centroids) Name() string                          { return m.info.Model }
func (m *centroids) Problem() training.ProblemType         { return m.info.Problem }
func (m *centroids) FeatureImportance() map[string]float64 { return nil }
func (m *centroids) FileName() string                      { return "model.json" }
func (m *centroids) Write(w io.Writer) error               { return json.NewEncoder(w).Encode(m) }

// Predict gives probabilities that fall with the distance.
func (m *centroids) Predict(_ context.Context, features *table.Table) (*training.Prediction, error) {
	classes := len(m.Means)
	p := &training.Prediction{Classes: m.info.Target.Classes, Proba: make([]float64, features.NumRows()*classes)}
	for i := range features.NumRows() {
		proba, best, sum := p.Proba[i*classes:(i+1)*classes], 0, 0.0
		for _, k := range m.info.Present {
			distance := 0.0
			for j, name := range m.info.Features {
				distance += math.Pow(math.Abs(features.Column(name).Floats()[i]-m.Means[k][j]), m.Power)
			}
			proba[k] = 1 / (1 + distance)
			sum += proba[k]
			if proba[k] > proba[best] {
				best = k
			}
		}
		for k := range proba {
			proba[k] /= sum
		}
		p.Class = append(p.Class, best)
	}
	return p, nil
}

func init() { training.Register("nearest_centroid", nearestCentroid{}) }

// A backend of one's own is registered by name; from then on configurations use it
// like any other.
func ExampleRegister() {
	cfg, err := config.Parse("mine.yaml", []byte(`
training:
  backend: nearest_centroid
  cv_folds: 5
  params: {power: 1}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var size []float64
	var kind []string
	for i := range 100 {
		size = append(size, float64(i%10)+float64(i%2)*8)
		kind = append(kind, []string{"small", "large"}[i%2])
	}
	tab, err := table.New(table.NewFloat64("size", size, nil), table.NewString("kind", kind, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := training.Train(context.Background(), training.Request{Table: tab, Target: "kind", Config: cfg})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: accuracy %.2f, cv_mean %.2f\n", out.Model.Name(), out.Metrics["accuracy"], out.Metrics["cv_mean"])

	cfg.Training.Params["power"] = 0.5
	fmt.Println(training.Check(cfg))
	// Output:
	// nearest_centroid: accuracy 1.00, cv_mean 0.99
	// mine.yaml:5:12: training.params.power: must be at least 1 and at most 10, not 0.5
	//      5 |   params: {power: 1}
	//        |            ^
}
