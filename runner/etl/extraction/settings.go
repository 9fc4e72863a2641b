package extraction

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/features"
)

// Settings are the keys of a section.
type Settings struct {
	SourceFolder string `yaml:"source_folder" location:"source" needed:"true" text:"path" doc:"The folder that a windows pipeline made." example:"data/windows"`
	OutputFolder string `yaml:"output_folder" location:"output" doc:"The folder of the features; null means features beside the source folder's windows." example:"data/features"`
	WindowSize   int64  `yaml:"window_size" range:"[0,100000000]" doc:"Rows of a window, to be sure that it is that of the windows; 0 or null takes theirs."`
	// FeatureColumns are the signals.
	FeatureColumns  []string `yaml:"feature_columns" doc:"The signals, by name or by a pattern with * and ?; null means every numeric column of the cases that is no time, label, target or trend of the leak itself." example:"[PT_*, GT_*]"`
	PressureColumns []string `yaml:"pressure_columns" doc:"Which signals are pressures, by name or pattern." example:"[PT_*]"`
	FlowColumns     []string `yaml:"flow_columns" doc:"Which signals are flows, by name or pattern." example:"[GT_*]"`
	LabelColumn     string   `yaml:"label_column" doc:"What the column of the windows' labels is called in the data set." example:"LEAK"`
	// Targets are further labels, made of the cases' rows.
	Targets     []Target `yaml:"targets" doc:"Further columns to predict, each of a column of the cases."`
	CaseColumns []string `yaml:"case_columns" doc:"Columns of the index of cases, metadata/cases.parquet beside them, that each of a case's rows gets: labels, no features." example:"[leak_position_m]"`

	Wavelet      string           `yaml:"wavelet" doc:"The wavelet by PyWavelets' name: haar, db1 to db20, sym2 to sym20, coif1 to coif5."`
	WaveletLevel int              `yaml:"wavelet_level" range:"[1,32]" doc:"Levels of the decomposition."`
	WaveletMode  string           `yaml:"wavelet_mode" enum:"symmetric|periodic|zero|constant|reflect|periodization" doc:"How a window goes on beyond its ends."`
	Groups       features.Groups  `yaml:"groups" doc:"Which groups of features are made."`
	Raw          bool             `yaml:"include_raw_vectorization" doc:"Every value of the window is a feature, too."`
	Statistics   []string         `yaml:"statistics" doc:"Which statistics are made; null means all." example:"[mean, std, quantiles]"`
	Quantiles    []float64        `yaml:"quantiles" doc:"Which quantiles are made."`
	EnergyCutoff float64          `yaml:"energy_cutoff" range:"[0,0.5]" doc:"Where slow and fast oscillations part, in cycles a sample."`
	Lag          int              `yaml:"previous_window" range:"[1,1000000]" doc:"How many windows back the previous one is; with overlapping windows, window_size over step_size is the last that shares no row."`
	Tolerance    float64          `yaml:"trend_tolerance" range:"[0,1000]" doc:"Relative change over three windows up to which a signal is stable."`
	Stability    int              `yaml:"stability_limit" range:"[1,100000]" doc:"Where stability_duration stops counting."`
	MaxMissing   float64          `yaml:"max_missing" range:"[0,1]" doc:"Share of a signal's values in a window that may be missing, and are interpolated; with more, its features are missing."`
	Weights      features.Weights `yaml:"transient_weights" doc:"Weights of the parts of transient_score."`

	Bands          int      `yaml:"operating_bands" range:"[1,20]" doc:"Bands of mean pressure and of mean flow, of equally many training windows."`
	BaselinesFile  string   `yaml:"baselines_file" location:"source" doc:"Take the bands and profiles that a former run fitted, its metadata/baselines.json, instead of fitting them." example:"data/features/metadata/baselines.json"`
	TestSize       float64  `yaml:"test_size" part:"rows" doc:"The part that a training will hold out: what is fitted is fitted on the other cases."`
	RandomState    int64    `yaml:"random_state" range:"[0,4294967295]" doc:"Seeds the split, as the training's key does."`
	TrainingTarget string   `yaml:"training_target" doc:"The column that the training will predict, and holds out cases by; null means the label."`
	NormalLabel    string   `yaml:"normal_label" text:"number" doc:"The label of a normal window."`
	TrainingCases  []string `yaml:"training_cases" doc:"The cases that bands and profiles are fitted on, by name or pattern, instead of those that test_size and random_state leave."`

	Compression  string `yaml:"compression" enum:"snappy|zstd|gzip|none" doc:"How the Parquet files are compressed."`
	RowGroupSize int    `yaml:"parquet_row_group_size" range:"[0,10000000]" doc:"Rows of a row group of the data set; 0 or null means as many as make sixteen million cells."`
	BufferRows   int    `yaml:"write_buffer_rows" range:"[1,10000000]" hash:"never" doc:"Rows that are kept before they are written."`
	Checkpoint   int    `yaml:"checkpoint_frequency" range:"[1,10000000]" hash:"never" doc:"Buffers of rows from one checkpoint to the next one; a case's end is one, too."`
	RowsAtOnce   int    `yaml:"batch_size" range:"[1,100000000]" hash:"never" doc:"Rows of a case that are read at once."`
	UseParallel  *bool  `yaml:"use_parallel" hash:"never" doc:"False works on one item at a time, as max_workers: 1 does."`
}

// Target is a column to predict that is made of a column of the cases.
type Target struct {
	Name      string `yaml:"name" doc:"What it is called." example:"LEAK_FLOW_kg_s"`
	Column    string `yaml:"column" doc:"The column of the cases, by name or by a pattern that only one has." example:"GTLEAK_*"`
	Statistic string `yaml:"statistic" doc:"What of the window's values: mean, max, min, last, or any, which is 1 where one is not 0."`
}

// Type is the pipelines' type.
func Type() etl.Type {
	d := features.Default()
	return etl.NewType("features", "Make a row of features of each window", Settings{
		PressureColumns: []string{"PT*"}, FlowColumns: []string{"GT*"}, LabelColumn: "label",
		Wavelet: d.Wavelet, WaveletLevel: d.Level, WaveletMode: d.Mode, Groups: d.Groups, Quantiles: d.Quantiles, EnergyCutoff: d.EnergyCutoff,
		Lag: d.Lag, Tolerance: d.TrendTolerance, Stability: d.StabilityLimit, MaxMissing: d.MaxMissing, Weights: d.Weights,
		Bands: 3, TestSize: 0.2, RandomState: 42, NormalLabel: "0",
		Compression: "snappy", BufferRows: 5000, Checkpoint: 1000, RowsAtOnce: 16384,
	}, open)
}

// rowColumns describe a window in the data set.
var rowColumns = []string{"case_id", "source_file", "window", "start", "end", "start_time", "end_time"}

// statisticsOfTargets by name.
var statisticsOfTargets = []string{"mean", "max", "min", "last", "any"}

// Complete checks what can be told without windows, and fills in the output folder.
func (s *Settings) Complete(section config.Section) error {
	if s.OutputFolder == "" {
		s.OutputFolder = etl.Join(s.SourceFolder, "features")
	}
	for _, one := range []struct {
		key      string
		patterns []string
	}{
		{"feature_columns", s.FeatureColumns}, {"pressure_columns", s.PressureColumns}, {"flow_columns", s.FlowColumns}, {"training_cases", s.TrainingCases},
	} {
		for _, pattern := range one.patterns {
			if err := etl.CheckPattern(section, one.key, pattern); err != nil {
				return err
			}
		}
	}
	if slices.Contains(rowColumns, s.LabelColumn) || s.LabelColumn == "" {
		return section.ErrorAt("label_column", "%q is the name of another column of the data set; the columns are %v, the label and the features", s.LabelColumn, rowColumns)
	}
	names := append(slices.Clone(rowColumns), s.LabelColumn)
	for i := range s.Targets {
		t := &s.Targets[i]
		key := fmt.Sprintf("targets[%d]", i)
		if t.Statistic == "" {
			t.Statistic = "mean"
		}
		switch {
		case t.Name == "" || t.Column == "":
			return section.ErrorAt(key, "needs name, what the target is called, and column, what it is made of")
		case slices.Contains(names, t.Name):
			return section.ErrorAt(key, "the name %q is taken; name the target otherwise", t.Name)
		case !slices.Contains(statisticsOfTargets, t.Statistic):
			return section.ErrorAt(key, "statistic is one of %v, not %q", statisticsOfTargets, t.Statistic)
		}
		names = append(names, t.Name)
	}
	for _, name := range s.CaseColumns {
		if slices.Contains(names, name) {
			return section.ErrorAt("case_columns", "the name %q is taken by another column of the data set", name)
		}
		names = append(names, name)
	}
	if s.TrainingTarget == "" {
		s.TrainingTarget = s.LabelColumn
	}
	if !slices.Contains(names[len(rowColumns):], s.TrainingTarget) {
		return section.ErrorAt("training_target", "%q is neither the label nor a target nor among case_columns (%v)", s.TrainingTarget, names[len(rowColumns):])
	}
	// What does not depend on the windows is checked with some.
	return located(section, s.engine([]string{"PT", "GT"}, math.MaxInt32).Check())
}

// located puts an error about a setting at its place in the file.
func located(section config.Section, err error) error {
	var setting *features.SettingError
	if errors.As(err, &setting) {
		return section.ErrorAt(setting.Key, "%s", setting.Reason)
	}
	return err
}

// engine are the settings of the features of some signals.
func (s *Settings) engine(signals []string, windowSize int) features.Settings {
	return features.Settings{
		Signals: signals, Pressures: matching(signals, s.PressureColumns), Flows: matching(signals, s.FlowColumns),
		WindowSize: windowSize, Groups: s.Groups, Raw: s.Raw, Statistics: s.Statistics, Quantiles: s.Quantiles,
		Wavelet: s.Wavelet, Level: s.WaveletLevel, Mode: s.WaveletMode, EnergyCutoff: s.EnergyCutoff,
		Lag: s.Lag, TrendTolerance: s.Tolerance, StabilityLimit: s.Stability, MaxMissing: s.MaxMissing, Weights: s.Weights,
	}
}

// matching are the names that some pattern matches.
func matching(names, patterns []string) []string {
	var found []string
	for _, name := range names {
		if etl.Matches(name, patterns...) {
			found = append(found, name)
		}
	}
	return found
}
