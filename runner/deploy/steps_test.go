package deploy_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/deploy"
)

// uploadStep stands for a step of a user's own.
type uploadStep struct {
	Bucket string `yaml:"bucket"`
}

func (s uploadStep) Run(_ context.Context, c *deploy.Context) error {
	c.Artifacts["upload"] = s.Bucket + "/" + filepath.Base(c.Dir)
	return c.Write("notes/upload.txt", 0o666, func(w io.Writer) error {
		_, err := io.WriteString(w, s.Bucket)
		return err
	})
}

// idleStep makes a list one that is only checked as it runs.
type idleStep struct{}

func (idleStep) Run(context.Context, *deploy.Context) error { return nil }

func TestStepsOfTheConfiguration(t *testing.T) {
	step := func(name string) config.Step { return config.Step{Type: name} }
	all := []config.Step{step("create_directory"), step("save_model"), step("save_preprocessor"), step("save_metadata")}
	for _, c := range []struct {
		name  string
		steps []config.Step
		want  string // of the error
	}{
		{"a step of the user's own", slices.Insert(slices.Clone(all), 1, config.Step{Type: "test_upload", Params: map[string]any{"bucket": "b"}}), ""},
		{"no directory", all[1:], "deployment step save_model: there is no directory yet; put the step create_directory first"},
		{"two directories", append(slices.Clone(all[:1]), all...), "create_directory: the directory is there already"},
		{"metadata before the model", []config.Step{all[0], all[3]}, "save_metadata: no model was saved; put the step save_model before"},
		{"metadata before preprocessing", []config.Step{all[0], all[1], all[3]}, "put the step save_preprocessor before"},
		{"a step twice", append(slices.Clone(all), all[1]), "save_model: two steps write model.txt"},
		{"no metadata", all[:3], "inference.json is missing"},
		{"no steps", []config.Step{}, "list create_directory first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parent := t.TempDir()
			o := options(t, parent)
			o.Config.Steps = append([]config.Step{step("test_nothing")}, c.steps...)
			o.Steps = steps(t, o.Config)
			p, err := deploy.Publish(t.Context(), candidate(t), o)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
				wantNames(t, parent)
				return
			}
			if err != nil || !strings.HasPrefix(p.Artifacts["upload"], "b/.staging-") {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
}

func TestAListThatMakesNoDeploymentIsToldBeforeItRuns(t *testing.T) {
	const directory, model, preprocessor, metadata = "create_directory", "save_model", "save_preprocessor", "save_metadata"
	for _, c := range []struct {
		steps []string
		want  string
	}{
		{[]string{directory, preprocessor, model, metadata}, ""},
		{[]string{model, preprocessor, metadata}, "deployment step save_model needs what create_directory makes; list create_directory before it"},
		{[]string{directory, model, metadata}, "step save_metadata needs what save_preprocessor makes"},
		{[]string{directory, model, preprocessor, "endpoint_script", model, metadata}, "step save_model is listed twice"},
		{[]string{directory, model, preprocessor}, "cannot be opened without what save_metadata writes"},
		{[]string{}, "cannot be opened without what save_metadata writes"},
	} {
		d := config.Default().Deployment
		d.Steps = []config.Step{}
		for _, name := range c.steps {
			d.Steps = append(d.Steps, config.Step{Type: name})
		}
		if _, err := deploy.NewSteps(d); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.steps, err, c.want)
		}
	}
}

func TestUnknownStepsAndParametersAreTold(t *testing.T) {
	for want, step := range map[string]config.Step{
		`did you mean "save_model"? (known: archive, create_directory, endpoint_script, `: {Type: "save_modle"},
		`unknown deployment step "docker" (known: archive, create_directory`:              {Type: "docker"},
		`bucket`: {Type: "save_model", Params: map[string]any{"bucket": "x"}},
	} {
		c := config.Default().Deployment
		c.Steps = []config.Step{step}
		_, err := deploy.NewSteps(c)
		var typed *config.Error
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", step.Type, err, want)
		}
	}
}

func TestFileNamesOfTheConfigurationDoNotClash(t *testing.T) {
	for want, change := range map[string]func(*config.Deployment){
		`deployment.metadata_filename: "Schema.json" is the name of another part`: func(c *config.Deployment) { c.MetadataFilename = "Schema.json" },
		`two steps write model.txt`: func(c *config.Deployment) { c.MetadataFilename = "model.txt" },
		`deployment.endpoint_filename: "checksums.txt" is the name of another part`: func(c *config.Deployment) { c.CreateEndpoint, c.EndpointFilename = true, "checksums.txt" },
		`endpoint_filename: "metadata.json" is the name of another part`:            func(c *config.Deployment) { c.CreateEndpoint, c.EndpointFilename = true, "metadata.json" },
		`"../x" is no file name for a deployment`:                                   func(c *config.Deployment) { c.MetadataFilename = "../x" },
		`deployment_time: parsing time "soon"`:                                      func(c *config.Deployment) { c.DeploymentTime = "soon" },
		`deployment.endpoint_filename is empty; name the file`:                      func(c *config.Deployment) { c.CreateEndpoint, c.EndpointFilename = true, "" },
	} {
		parent := t.TempDir()
		o := options(t, parent)
		change(&o.Config)
		var err error
		if o.Steps, err = deploy.NewSteps(o.Config); err == nil {
			_, err = deploy.Publish(t.Context(), candidate(t), o)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		wantNames(t, parent)
	}
}
