package config

import "strings"

// Config is a run's whole configuration. The zero Config is not valid; start
// from [Default], [Parse] or [Load].
type Config struct {
	// Preprocessing says how features are made from the raw columns.
	Preprocessing Preprocessing `yaml:"preprocessing"`
	// Training says which model is trained and how it is judged.
	Training Training `yaml:"training"`
	// Deployment says where and how the model is published.
	Deployment Deployment `yaml:"deployment"`
	// Observability says what is recorded and when to alert.
	Observability Observability `yaml:"observability"`

	places places // where each key was given, for errors
	notes  []string
}

// Notes tell which keys of the file were read and do nothing, and why: some of
// Make MLOps Easy's have no meaning here.
func (c *Config) Notes() []string { return c.notes }

// Preprocessing is the section of the same name. Where Steps is not nil, the
// three toggles are not looked at.
type Preprocessing struct {
	// HandleMissing is the strategy for missing cells: drop, mean, median, mode
	// or constant.
	HandleMissing string `yaml:"handle_missing" enum:"drop|mean|median|mode|constant"`
	// EncodeCategorical replaces text by label codes in sorted order.
	EncodeCategorical bool `yaml:"encode_categorical"`
	// ScaleFeatures standardizes numeric columns to mean 0 and deviation 1.
	ScaleFeatures bool `yaml:"scale_features"`
	// Steps replaces the toggles: nil means "by the toggles", an empty list means
	// no preprocessing at all.
	Steps []Step `yaml:"steps"`
}

// Training is the section of the same name.
type Training struct {
	// Backend is the canonical name of a registered backend, e.g. "classic",
	// "lightgbm" or "neural_network"; the alias "sklearn" reads as "classic".
	Backend string `yaml:"backend" text:"word"`
	// ModelType is a model of the backend, or "auto" for its choice by problem
	// type.
	ModelType string `yaml:"model_type" text:"word"`
	// ProblemType is auto, classification, regression or ranking; auto goes by the
	// objective, where the backend's parameters name one, and else by the target.
	ProblemType string `yaml:"problem_type" enum:"auto|classification|regression|ranking"`
	// TestSize is the validation part: a fraction below 1, or a count of rows. 0
	// means none: the model is trained on all rows, and only cross-validation
	// judges it.
	TestSize float64 `yaml:"test_size" part:"rows"`
	// ValidationData is the location of a table with the rows to validate on; empty
	// means that TestSize sets rows apart.
	ValidationData string `yaml:"validation_data" hash:"set"`
	// RandomState seeds splits and training.
	RandomState int64 `yaml:"random_state" range:"[0,4294967295]"`
	// CVFolds is the number of cross-validation folds; 0 and 1 mean none.
	CVFolds int `yaml:"cv_folds" range:"[0,1000]"`
	// GroupColumn names the column that says which rows belong together: no group
	// is divided between the training part, the validation part and the folds. For
	// ranking a group is a query. Empty means none. The column is no feature.
	GroupColumn string `yaml:"group_column" hash:"set"`
	// TimeColumn names the column of the rows' times: the latest rows validate, and
	// each fold is judged by what is learnt from earlier ones. Empty means none. The
	// column is no feature.
	TimeColumn string `yaml:"time_column" hash:"set"`
	// SampleWeightColumn names the column of the rows' weights in training, finite
	// and not negative; empty means that all rows count the same. The column is no
	// feature.
	SampleWeightColumn string `yaml:"sample_weight_column" hash:"set"`
	// InitScoreColumn names the column of the raw scores that training starts from,
	// or one column for each class; nil means none. The columns are no features.
	InitScoreColumn Columns `yaml:"init_score_column" hash:"set"`
	// InitModel is the location of the model whose training goes on: a deployment,
	// or a file of LightGBM's model text. Empty means none.
	InitModel string `yaml:"init_model" hash:"set"`
	// SnapshotFreq is the number of iterations between two snapshots of a training,
	// from which an interrupted run goes on; 0 means none. It changes no model.
	SnapshotFreq int `yaml:"snapshot_freq" range:"[0,1000000]" hash:"never"`
	// Params are the backend's own, by its names (LightGBM's for lightgbm,
	// scikit-learn's for classic and neural_network). The backend checks them.
	Params map[string]any `yaml:"params"`
}

// Deployment is the section of the same name. Where Steps is not nil, it
// replaces the standard steps.
type Deployment struct {
	// OutputDir is the directory that receives deployment directories.
	OutputDir string `yaml:"output_dir" text:"path"`
	// DeploymentPrefix begins the directory's name, PREFIX_YYYYMMDD_HHMMSS.
	DeploymentPrefix string `yaml:"deployment_prefix" text:"name"`
	// CreateEndpoint also writes an endpoint script, which runs this deployment's
	// predictions.
	CreateEndpoint bool `yaml:"create_endpoint"`
	// EndpointFilename is the name of that script. The built-in one is a POSIX
	// shell script.
	EndpointFilename string `yaml:"endpoint_filename" text:"name"`
	// EndpointTemplate is the path of a template for it, or, where it has more than
	// one line, the template itself; empty means the built-in one.
	EndpointTemplate string `yaml:"endpoint_template"`
	// MetadataFilename is the name of the metadata file.
	MetadataFilename string `yaml:"metadata_filename" text:"name"`
	// Version is the deployment's version, as text.
	Version string `yaml:"version" text:"number"`
	// DeploymentTime fixes the time in the directory's name and metadata, RFC
	// 3339; empty means now.
	DeploymentTime string `yaml:"deployment_time" text:"time"`
	// Steps lists deployment steps; nil means the standard ones.
	Steps []Step `yaml:"steps"`
}

// Observability is the section of the same name. Where Steps is not nil, it
// replaces the standard steps.
type Observability struct {
	// TrackMetrics appends each run's metrics to the deployment's history.
	TrackMetrics bool `yaml:"track_metrics"`
	// LogPredictions appends predictions to the deployment's log.
	LogPredictions bool `yaml:"log_predictions"`
	// AlertThreshold is the value that a metric without its own threshold must
	// reach.
	AlertThreshold float64 `yaml:"alert_threshold"`
	// MetricThresholds are thresholds by metric name.
	MetricThresholds map[string]float64 `yaml:"metric_thresholds"`
	// MetricDirections say by metric name whether higher or lower is better.
	MetricDirections map[string]string `yaml:"metric_directions" enum:"higher|lower"`
	// Steps lists observability steps; nil means the standard ones.
	Steps []Step `yaml:"steps"`
}

// TemplateInline tells whether the endpoint script's template stands in the
// configuration itself.
func (c *Config) TemplateInline() bool { return strings.Contains(c.Deployment.EndpointTemplate, "\n") }

// Default returns the configuration of an empty file.
func Default() *Config {
	return &Config{
		Preprocessing: Preprocessing{
			HandleMissing:     "drop",
			EncodeCategorical: true,
			ScaleFeatures:     true,
		},
		Training: Training{
			Backend:     "classic",
			ModelType:   "auto",
			ProblemType: "auto",
			TestSize:    0.2,
			RandomState: 42,
			CVFolds:     5,
		},
		Deployment: Deployment{
			OutputDir:        "./models",
			DeploymentPrefix: "deployment",
			EndpointFilename: "predict.sh",
			MetadataFilename: "metadata.json",
			Version:          "1.0.0",
		},
		Observability: Observability{
			TrackMetrics:   true,
			LogPredictions: true,
			AlertThreshold: 0.8,
		},
	}
}
