package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/pipeline"
)

// modelCard is a deployment step of a user's own: it writes a page about the model
// into the deployment.
type modelCard struct {
	Owner string `yaml:"owner"`
}

// Run needs the directory and what the training left; it says so where they lack.
func (m modelCard) Run(_ context.Context, c *deploy.Context) error {
	if len(c.Candidate.Run.Metrics) == 0 {
		return errors.New("there are no metrics to write about; set training.test_size or cv_folds")
	}
	const name = "CARD.md"
	err := c.Write(name, 0o666, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "# %s\n\nPredicts %s from %d features. Ask %s.\n",
			c.Candidate.Run.ModelName, c.Candidate.Run.Target, len(c.Candidate.Run.Features), m.Owner)
		return err
	})
	if err == nil {
		c.Artifacts["model_card"] = name // stands in metadata.json
	}
	return err
}

func newModelCard(s config.Step) (deploy.Step, error) {
	card, err := config.DecodeParams[modelCard](s)
	if err == nil && card.Owner == "" {
		err = s.ErrorAt("owner", "is missing; name who is to be asked")
	}
	return card, err
}

// A step of one's own is registered under a name at start-up and named in the
// configuration like any other.
func ExampleRegister() {
	deploy.Register("model_card", newModelCard)

	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	var data strings.Builder
	data.WriteString("water,light,thrives\n")
	for i := range 60 {
		fmt.Fprintf(&data, "%d,%d,%v\n", i%7, i%11, i%7 > 2)
	}
	if err := os.WriteFile(filepath.Join(dir, "plants.csv"), []byte(data.String()), 0o666); err != nil {
		fmt.Println(err)
		return
	}
	c, err := config.Parse("plants.yaml", []byte(`
training: {backend: lightgbm, cv_folds: 0}
deployment:
  steps:
    - create_directory
    - save_model
    - save_preprocessor
    - {type: model_card, params: {owner: the gardener}}
    - save_metadata
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	trained, err := pipeline.Train(context.Background(), pipeline.TrainRequest{Data: "plants.csv", BaseDir: dir, Config: c}, pipeline.Env{})
	if err != nil {
		fmt.Println(err)
		return
	}
	card, err := os.ReadFile(filepath.Join(trained.Deployment.Dir, trained.Deployment.Artifacts["model_card"]))
	fmt.Print(string(card), err)
	// Output:
	// # lightgbm
	//
	// Predicts thrives from 2 features. Ask the gardener.
	// <nil>
}
