package pipeline

import (
	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/observe"
	"mlops/runner/preprocess"
	"mlops/runner/training"
)

//go:generate go test -run TestConfigurationReference -update

// Kinds collects what the registries know, so that a configuration can be
// described as a whole: its schema, its reference page, a single key.
func Kinds() config.Kinds {
	return config.Kinds{
		Backends: training.Known(),
		Params:   training.Params(),
		Steps: map[string][]config.StepKind{
			"preprocessing": preprocess.Kinds(),
			"deployment":    deploy.Kinds(),
			"observability": observe.Kinds(),
		},
	}
}
