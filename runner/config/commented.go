package config

import (
	"bytes"
	"fmt"
	"reflect"
)

// about tells what each key means, for a key that is not set by default how it may
// look, and what that example needs beside it. Tests check that every key is here.
var about = map[string]struct{ text, example, with string }{
	"preprocessing":                    {text: "How features are made from the raw columns. Fitted on training rows only."},
	"preprocessing.handle_missing":     {text: "Missing cells: drop (the row), mean, median, mode or constant."},
	"preprocessing.encode_categorical": {text: "Replace text by label codes in sorted order."},
	"preprocessing.scale_features":     {text: "Standardize numeric columns to mean 0 and standard deviation 1."},
	"preprocessing.steps": {text: "Steps in order, in the place of the three toggles above. An empty list means none.",
		example: "[{type: missing_values, params: {strategy: median}}, categorical_encoder, feature_scaler]"},
	"training":                      {text: "Which model is trained and how it is judged."},
	"training.backend":              {text: "classic (alias sklearn), lightgbm or neural_network."},
	"training.model_type":           {text: "auto, or a model of the backend such as random_forest_classifier, logistic_regression or ridge."},
	"training.problem_type":         {text: "auto (by the objective or the target), classification, regression or ranking."},
	"training.test_size":            {text: "Validation part: a fraction below 1, or a count of rows; 0 means none, to train on every row."},
	"training.validation_data":      {text: "Table with the rows to validate on, in the place of test_size.", example: "holdout.csv"},
	"training.random_state":         {text: "Seed of splits and training, 0 to 4294967295."},
	"training.cv_folds":             {text: "Cross-validation folds, 0 to 1000; 0 or 1 means none."},
	"training.group_column":         {text: "Column that says which rows belong together: no group is divided by splits and folds; in ranking, the query.", example: "customer_id"},
	"training.time_column":          {text: "Column of times or numbers: the latest rows validate, and folds judge by what is learnt from earlier rows; not a feature.", example: "measured_at"},
	"training.sample_weight_column": {text: "Column of the rows' weights in training; not a feature.", example: "weight"},
	"training.init_score_column": {text: "Column of raw scores that training starts from, or a list of one a class; not a feature.",
		example: "base_score", with: "backend: lightgbm"},
	"training.init_model":    {text: "Deployment or LightGBM model text whose training goes on (lightgbm).", example: "models/deployment_20260101_120000", with: "backend: lightgbm"},
	"training.snapshot_freq": {text: "Iterations between snapshots, from which an interrupted training goes on; 0 means none.", example: "100"},
	"training.params": {text: "The backend's own parameters: LightGBM's names for lightgbm, scikit-learn's for classic and neural_network.",
		example: "{n_estimators: 200}"},
	"deployment":                   {text: "Where and how the model is published."},
	"deployment.output_dir":        {text: "Directory that receives the deployment directories."},
	"deployment.deployment_prefix": {text: "Begins a deployment directory's name: PREFIX_YYYYMMDD_HHMMSS."},
	"deployment.create_endpoint":   {text: "Also write an endpoint script."},
	"deployment.endpoint_filename": {text: "Name of the endpoint script; the built-in one is a POSIX shell script."},
	"deployment.endpoint_template": {text: "Path of a template for the endpoint script, or the template itself where it has several lines; empty means the built-in one.", example: "predict.sh.tmpl"},
	"deployment.metadata_filename": {text: "Name of the metadata file."},
	"deployment.version":           {text: "Version of the deployment."},
	"deployment.deployment_time":   {text: "Fixed time of the deployment (RFC 3339); empty means now.", example: `"2026-01-01T12:00:00Z"`},
	"deployment.steps": {text: "Steps in order, in the place of the standard ones.",
		example: "[create_directory, save_model, save_preprocessor, save_report, save_metadata]"},
	"observability":                 {text: "What is recorded about a deployment and when to alert."},
	"observability.track_metrics":   {text: "Append each run's metrics to the deployment's history."},
	"observability.log_predictions": {text: "Append predictions to the deployment's log."},
	"observability.alert_threshold": {text: "Value that accuracy, f1_score, ndcg, precision, r2_score, recall and roc_auc must reach where they have no threshold of their own."},
	"observability.metric_thresholds": {text: "Thresholds by metric.",
		example: "{accuracy: 0.9, rmse: 2.5}"},
	"observability.metric_directions": {text: "Whether higher or lower is better, by metric.",
		example: "{rmse: lower}"},
	"observability.steps": {text: "Steps in order, in the place of the standard ones.",
		example: "[metrics_logger, predictions_logger, {type: metric_threshold, params: {default_threshold: 0.8}}]"},
}

// Commented returns the default configuration with a comment above each key; it
// parses back to [Default]. With full, keys that are not set by default follow
// as commented examples.
func Commented(full bool) []byte {
	var b bytes.Buffer
	b.WriteString("# Configuration of mlops-cli. Every key is optional: what is left out keeps the value shown here.\n")
	defaults := reflect.ValueOf(*Default())
	for i := range defaults.NumField() {
		section := defaults.Type().Field(i).Tag.Get("yaml")
		if section == "" {
			continue
		}
		fmt.Fprintf(&b, "\n# %s\n%s:\n", about[section].text, section)
		writeSection(&b, section, defaults.Field(i), full)
	}
	return b.Bytes()
}

func writeSection(b *bytes.Buffer, section string, v reflect.Value, full bool) {
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		info := about[join(section, key)]
		field := v.Field(i)
		if kind := field.Kind(); kind == reflect.Slice || kind == reflect.Map {
			if full {
				fmt.Fprintf(b, "  # %s\n  # %s: %s\n", info.text, key, info.example)
			}
			continue
		}
		fmt.Fprintf(b, "  # %s\n  %s: %s\n", info.text, key, scalarYAML(field.Interface()))
	}
}
