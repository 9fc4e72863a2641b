package pipeline_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mlops/runner/pipeline"
	"mlops/runner/registry"
)

const registering = "deployment: {steps: [create_directory, save_model, save_preprocessor, save_metadata, {type: register, params: {name: houses, aliases: [champion]}}]}\n"

func TestARegisteredModelIsNamedWhereverADirectoryIs(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	trained := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, registering)})
	if trained.Deployment.Artifacts["registered_model"] != "models:/houses/1" {
		t.Errorf("got %+v", trained.Deployment)
	}
	for _, model := range []string{"models:/houses/1", "models:/houses@champion", "models:/houses"} {
		p, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model, BaseDir: dir}, env)
		if err != nil || p.Count != 120 {
			t.Errorf("%s: %+v, %v", model, p, err)
		}
	}
	status, err := pipeline.Status(t.Context(), pipeline.StatusRequest{Model: "models:/houses@latest"}, env)
	if err != nil || status.Dir != filepath.Join(dir, "models", "registry", "houses", "1") || status.Predictions.Rows != 360 || status.MetricSummaries["rmse"].Count != 1 {
		t.Errorf("got %+v, %v", status, err)
	}
	if o, err := pipeline.Observe(t.Context(), pipeline.ObserveRequest{Model: "models:/houses"}, env); err != nil || o.Status.Dir != status.Dir {
		t.Errorf("got %+v, %v", o, err)
	}
	inside := pipeline.PredictRequest{Data: "houses.csv", Model: "models:/houses/1", Output: "models/registry/houses/1/model.txt.json"}
	_, err = pipeline.Predict(t.Context(), inside, env)
	wantError(t, err, "config", pipeline.BadConfig, "lies in the deployment, which never changes")
	for model, want := range map[string]string{
		"models:/huoses":    `did you mean "houses"?`,
		"models:/houses/2":  "there is no such version",
		"models:/../houses": "is no model name",
	} {
		_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: model}, env)
		wantError(t, err, "load", pipeline.BadData, want)
	}
	elsewhere := settings(t, "deployment: {output_dir: elsewhere}\n")
	_, err = pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: "models:/houses", Config: elsewhere}, env)
	wantError(t, err, "load", pipeline.BadData, filepath.Join(dir, "elsewhere", "registry"), "there is no registry yet")
}

func TestARegistryLeadsNowhereElse(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	other := train(t, pipeline.Env{}, pipeline.TrainRequest{Data: filepath.Join(dir, "houses.csv"), BaseDir: t.TempDir(), Config: settings(t, "")})
	train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, registering)})
	version := filepath.Join(dir, "models", "registry", "houses", "1")
	if err := errors.Join(os.RemoveAll(version), os.Symlink(other.Deployment.Dir, version)); err != nil {
		t.Fatal(err)
	}
	_, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: "models:/houses/1"}, env)
	wantError(t, err, "load", pipeline.Forbidden, "lies outside the allowed directories")
	c := settings(t, strings.Replace(registering, "name: houses", "name: houses, registry: /srv/registry", 1))
	_, err = pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: c}, env)
	wantError(t, err, "config", pipeline.Forbidden, "deployment step register: model registry: /srv/registry lies outside")
	_, err = pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "houses.csv", Model: "models:/houses/1", Config: c}, env)
	wantError(t, err, "load", pipeline.Forbidden, "/srv/registry lies outside")
}

func TestARegistryThatRefusesLeavesNoDeployment(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, registering)})
	taken := settings(t, strings.Replace(registering, "name: houses", "name: Houses", 1))
	_, err := pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: taken}, env)
	wantError(t, err, "deploy", pipeline.BadConfig, `deployment step register: the model name "Houses" is taken by "houses"`)
	file := filepath.Join(dir, "models", "registry", "houses", "model.json")
	if err := os.WriteFile(file, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = pipeline.Train(t.Context(), pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, registering)}, env)
	wantError(t, err, "deploy", pipeline.BadConfig, file+" is not valid JSON")
	if got := names(t, filepath.Join(dir, "models")); len(got) != 2 {
		t.Errorf("models holds %q", got)
	}
}

func TestAnAttemptAfterOneThatRegisteredDoesNotRegisterAgain(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	env.WorkflowID, env.TaskID, env.Attempt = "w", "w/0", 1
	first := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, registering)})
	env.Attempt = 2
	if again := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, registering)}); again.Deployment.Dir != first.Deployment.Dir {
		t.Errorf("the second attempt made %s", again.Deployment.Dir)
	}
	if err := os.RemoveAll(first.Deployment.Dir); err != nil { // as if the first had died right after registering
		t.Fatal(err)
	}
	if again := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, registering)}); again.Deployment.Artifacts["registered_model"] != "models:/houses/1" {
		t.Errorf("got %+v", again.Deployment)
	}
	m, err := registry.New(filepath.Join(dir, "models", "registry"), nil).Model("houses")
	if err != nil || len(m.Versions) != 1 || m.Versions[0].By != "workflow w" {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestServersAreContactedOnlyWithLeave(t *testing.T) {
	dir, env := environment(t)
	houses(t, dir, "houses.csv", 120)
	down := httptest.NewServer(nil)
	down.Close()
	tracking := settings(t, "deployment: {steps: [create_directory, save_model, save_preprocessor, save_metadata, {type: mlflow, params: {tracking_uri: "+down.URL+", retries: 0}}]}\n")
	request := pipeline.TrainRequest{Data: "houses.csv", Config: tracking}
	_, err := pipeline.Train(t.Context(), request, env)
	wantError(t, err, "config", pipeline.BadConfig, "deployment step mlflow: no server is contacted from here")
	env.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	_, err = pipeline.Train(t.Context(), request, env)
	wantError(t, err, "config", pipeline.BadConfig, down.URL+" may not be contacted from here: no address was allowed")
	env.AllowURL = func(u *url.URL) error {
		if u.String() != down.URL {
			return errors.New("not this one")
		}
		return nil
	}
	r := train(t, env, request)
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "deployment step mlflow: the run is not or not wholly on the tracking server") {
		t.Errorf("warnings %q", r.Warnings)
	}
}
