package training

import (
	"maps"
	"math"
	"slices"

	"mlops/runner/config"
)

const keyClassWeight = "training.params.class_weight"

// classWeight is scikit-learn's parameter of that name.
type classWeight struct {
	balanced bool
	of       map[string]float64 // by label; a class that is not there has 1
}

// readClassWeight reads training.params.class_weight: null, balanced, or a map from
// label to weight.
func readClassWeight(cfg *config.Config, classes bool) (classWeight, error) {
	value := cfg.Training.Params["class_weight"]
	if value != nil && !classes {
		return classWeight{}, cfg.ErrorAt(keyClassWeight, "a regression has no classes; leave it out, or set training.problem_type to classification")
	}
	switch value := value.(type) {
	case nil:
		return classWeight{}, nil
	case string:
		if value == "balanced" {
			return classWeight{balanced: true}, nil
		}
	case map[string]any:
		of := make(map[string]float64, len(value))
		for _, label := range slices.Sorted(maps.Keys(value)) {
			w, ok := number(value[label])
			if !ok || !(w >= 0 && w <= maxTarget) {
				return classWeight{}, cfg.ErrorAt(keyClassWeight, "class %q: a weight must be a number of at least 0, not %v", label, value[label])
			}
			of[label] = w
		}
		return classWeight{of: of}, nil
	}
	return classWeight{}, cfg.ErrorAt(keyClassWeight, "must be null, balanced, or a map from class to weight, not %v", value)
}

func number(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v)
	}
	return 0, false
}

// byClass gives the weights of classes that have one, by index into the target's.
func (w classWeight) byClass(job Job) (map[int]float64, error) {
	if w.of == nil {
		return nil, nil
	}
	out := make(map[int]float64, len(w.of))
	for _, label := range slices.Sorted(maps.Keys(w.of)) {
		at := slices.IndexFunc(job.Target.Classes, func(l Label) bool { return l.String() == label })
		if at < 0 {
			return nil, job.Config.ErrorAt(keyClassWeight, "the target has no class %q; its classes are %s", label, listOf(job.Target.Classes))
		}
		out[at] = w.of[label]
	}
	return out, nil
}

// ofRows multiplies a training part's weights by those of its rows' classes.
func (w classWeight) ofRows(job Job, present int) ([]float64, error) {
	of, err := w.byClass(job)
	if err != nil {
		return nil, err
	}
	switch {
	case w.balanced:
		return timesWeights(balanced(job.Train.Classes, len(job.Target.Classes), present), job.Train.Weights), nil
	case of == nil:
		return job.Train.Weights, nil
	}
	weights := make([]float64, len(job.Train.Classes))
	for i, k := range job.Train.Classes {
		weights[i] = 1
		if w, given := of[k]; given {
			weights[i] = w
		}
	}
	return timesWeights(weights, job.Train.Weights), nil
}

// timesWeights multiplies a by b, which may be nil, in place.
func timesWeights(a, b []float64) []float64 {
	for i, w := range b {
		a[i] *= w
	}
	return a
}

// balanced weighs every present class alike: rows / (classes · rows of the
// class), as scikit-learn's class_weight="balanced".
func balanced(classes []int, count, present int) []float64 {
	size := countOfClasses(classes, count)
	weight := make([]float64, len(classes))
	for i, k := range classes {
		weight[i] = float64(len(classes)) / float64(present*size[k])
	}
	return weight
}
