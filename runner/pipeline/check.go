package pipeline

import (
	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/observe"
	"mlops/runner/training"
)

// Check tells what is wrong with a configuration, as far as it can be told without
// data, the registry and the network: every key, the backend and every step with
// their parameters. The error is a [*config.Error].
func Check(c *config.Config) error {
	_, _, err := check(c)
	return err
}

// check also returns the steps that it makes on the way.
func check(c *config.Config) (deploy.Steps, observe.Steps, error) {
	if err := c.Validate(); err != nil {
		return nil, nil, err
	}
	if err := training.Check(c); err != nil {
		return nil, nil, err
	}
	watchers, err := observe.New(c.Observability)
	if err != nil {
		return nil, nil, err
	}
	steps, err := deploy.NewSteps(c.Deployment)
	return steps, watchers, err
}
