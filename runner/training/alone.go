package training

import (
	"context"

	"mlops/runner/config"
	"mlops/runner/table"
)

// alone is a backend of user programs that does something useful without one, too:
// where the configuration names no program, own works in its place.
type alone struct {
	programs
	own Backend
}

func init() {
	Register("callable", programs{"callable"})
	Register(deepLearning, alone{programs{deepLearning}, neuralNetwork{}})
	Register("nlp", alone{programs{"nlp"}, nlp{}})
}

// of is the backend that works for the configuration.
func (a alone) of(cfg *config.Config) Backend {
	if _, named := cfg.Training.Params["program"]; named {
		return a.programs
	}
	return a.own
}

func (a alone) Check(cfg *config.Config) error { return a.of(cfg).Check(cfg) }

func (a alone) Fit(ctx context.Context, job Job) (Model, error) {
	return a.of(job.Config).Fit(ctx, job)
}

// The models that own makes are those of another backend, which loads them, so that
// Load is that of programs.

func (a alone) permit(ctx context.Context, cfg *config.Config) error {
	if p, ok := a.of(cfg).(permitted); ok {
		return p.permit(ctx, cfg)
	}
	return nil
}

func (a alone) usesRaw(cfg *config.Config) bool {
	u, ok := a.of(cfg).(rawUser)
	return ok && u.usesRaw(cfg)
}

// UsesValidation implements validationUser.
func (a alone) UsesValidation(cfg *config.Config) bool { return needsValidation(a.of(cfg), cfg) }

// Kind implements kindTeller.
func (a alone) Kind(cfg *config.Config) string {
	if k, ok := a.of(cfg).(kindTeller); ok {
		return k.Kind(cfg)
	}
	return ""
}

// ownPreprocessing implements preprocessor.
func (a alone) ownPreprocessing(cfg *config.Config, features *table.Table) (*config.Config, error) {
	return withOwnPreprocessing(a.of(cfg), cfg, features)
}

// preprocessor is a backend that preprocesses in a way of its own where the
// configuration lists no steps.
type preprocessor interface {
	// ownPreprocessing gives the configuration for the raw features.
	ownPreprocessing(cfg *config.Config, features *table.Table) (*config.Config, error)
}

func withOwnPreprocessing(b Backend, cfg *config.Config, features *table.Table) (*config.Config, error) {
	if p, ok := b.(preprocessor); ok {
		return p.ownPreprocessing(cfg, features)
	}
	return cfg, nil
}
