package windows

import (
	"mlops/runner/config"
	"mlops/runner/etl"
)

// Settings are the keys of a section.
type Settings struct {
	SourceFolder string `yaml:"source_folder" location:"source" needed:"true" text:"path" doc:"The folder of the cases: Parquet files, one a case, at any depth." example:"data/tpl"`
	OutputFolder string `yaml:"output_folder" location:"output" needed:"true" text:"path" doc:"The folder of the windows." example:"data/windows"`
	WindowSize   int64  `yaml:"window_size" range:"[1,100000000]" needed:"true" doc:"Rows of a window." example:"40"`
	StepSize     int64  `yaml:"step_size" range:"[0,100000000]" doc:"Rows from one window's start to the next one's; below window_size windows overlap. 0 or null means window_size."`
	TimeColumn   string `yaml:"time_column" doc:"The column of times; empty: the one of that type, or one that is called so."`
	LabelColumn  string `yaml:"label_column" doc:"The column that labels each row; empty: LEAK where there is one, and else there are no labels." example:"LEAK"`
	Label        string `yaml:"label" enum:"any|last|majority|fraction" doc:"How a window's label is made of its rows' labels."`
	ShortTail    string `yaml:"short_tail" enum:"drop|keep|shift" doc:"What becomes of a case's last rows that do not fill a window."`
	// SelectedColumns are those kept beside time and label.
	SelectedColumns      []string `yaml:"selected_columns" doc:"The signals that are kept; null means all. Each case must have them."`
	Materialize          bool     `yaml:"materialize" doc:"Also write one Parquet file for each window, instead of its rows' numbers only."`
	CreateSubdirectories bool     `yaml:"create_subdirectories" doc:"With materialize, a folder for the windows of each case."`
	BatchSize            int      `yaml:"batch_size" range:"[1,100000000]" hash:"never" doc:"Rows that are read at once."`
}

// DefaultLabel is the label column that is taken where it is there.
const DefaultLabel = "LEAK"

// Type is the pipelines' type.
func Type() etl.Type {
	return etl.NewType("windows", "Cut cases into windows, with a label each",
		Settings{Label: "any", ShortTail: "drop", CreateSubdirectories: true, BatchSize: 16384}, open)
}

// Complete derives step_size.
func (s *Settings) Complete(config.Section) error {
	if s.StepSize == 0 {
		s.StepSize = s.WindowSize
	}
	return nil
}

// open makes the pipeline of its stages.
func open(s Settings, setup etl.Setup) (etl.Pipeline, error) {
	return &pipeline{
		Stages: etl.Stages[batch, made]{
			Planner:     planner{settings: s, store: setup.Store},
			Extractor:   extractor{s},
			Validators:  []etl.Validator[batch]{etl.ValidatorFunc[batch](timesAscend)},
			Transformer: cutter{s},
			Loader:      loader{s},
		},
		settings: s,
	}, nil
}

// pipeline is the stages and what is made of all cases together.
type pipeline struct {
	etl.Stages[batch, made]
	settings Settings
}
