package tplgenkey

import (
	"mlops/runner/config"
	"mlops/runner/etl"
)

// Settings are the keys of a section.
type Settings struct {
	SourceFolder string `yaml:"source_folder" location:"source" needed:"true" text:"path" doc:"The folder of the trend files (.tpl) and keyword files (.genkey), at any depth." example:"data/olga"`
	OutputFolder string `yaml:"output_folder" location:"output" needed:"true" text:"path" doc:"The folder of the cases: Parquet files." example:"data/tpl"`
	// SelectedColumns are names, or patterns as of a shell.
	SelectedColumns []string `yaml:"selected_columns" doc:"The trends that are kept, by column name or by a pattern with * and ?; null means all that are no label. Each case must have each of them." example:"[PT_*, GT_*]"`
	LabelTrend      string   `yaml:"label_trend" doc:"The trend that labels each row, by column name or pattern; empty: GTLEAK*, where there is one such trend, and else there are no labels." example:"CONTR_*FUGA"`
	LabelAbove      float64  `yaml:"label_above" doc:"LEAK is 1 where the label's trend is above this, and else 0. Of GTLEAK, which is negative where mass leaves the pipe, the size counts."`
	Unpaired        string   `yaml:"unpaired" enum:"keep|skip|fail" doc:"What becomes of a trend file without a keyword file of its name, which can be a case nevertheless; a keyword file without a trend file cannot, and is warned of, left, or an error."`
	OnBadGenkey     string   `yaml:"on_bad_genkey" enum:"fail|warn" doc:"What becomes of a case whose keyword file is not what it should be: it fails, or nothing of the file is in the index."`
	// Noise is by the trend's name or pattern; see [Instrument].
	Noise     map[string]Instrument `yaml:"noise" hash:"set" doc:"Instruments that trends are read with, by the trend's name or a pattern of one; the others stay as they are." example:"{PT_*: {accuracy_of_span: 0.1, range: [0, 1.0e+6]}}"`
	NoiseSeed int64                 `yaml:"noise_seed" hash:"set" doc:"What the instruments' random numbers begin with, beside the case's and the trend's name." example:"7"`
	Quality   Quality               `yaml:"quality" doc:"What is looked for in the rows of a case, and in the cases together, and what a finding does." example:"{gaps: {max: 5, action: fail}}"`
	Resample  Resample              `yaml:"resample" doc:"A fixed step for the cases' rows." example:"{step: 0.5}"`
	// IOWorkers and ParseWorkers are one thing here: a case is read and parsed in one go.
	IOWorkers    int `yaml:"io_workers" range:"[0,1024]" hash:"never" doc:"Cases that are read at once in each process, at most; 0 or null means as many as max_workers."`
	ParseWorkers int `yaml:"parse_workers" range:"[0,1024]" hash:"never" doc:"Cases that are parsed at once in each process, at most; 0 or null means as many as max_workers."`
	BatchSize    int `yaml:"batch_size" range:"[1,100000000]" hash:"never" doc:"Rows that are read at once."`
}

// labelColumn is the label's.
const labelColumn = "LEAK"

// Type is the pipelines' type.
func Type() etl.Type {
	return etl.NewType("tpl_genkey", "Make Parquet of OLGA's trend files, a file a case", Settings{Unpaired: "keep", OnBadGenkey: "fail", Quality: defaultQuality(), BatchSize: 4096}, open)
}

// Complete checks the patterns.
func (s *Settings) Complete(section config.Section) error {
	if s.LabelTrend != "" {
		if err := etl.CheckPattern(section, "label_trend", s.LabelTrend); err != nil {
			return err
		}
	}
	for _, pattern := range s.SelectedColumns {
		if err := etl.CheckPattern(section, "selected_columns", pattern); err != nil {
			return err
		}
	}
	if err := checkNoise(section, s.Noise); err != nil {
		return err
	}
	if err := s.Quality.check(section); err != nil {
		return err
	}
	return s.Resample.check(section, s.Quality.Backwards.Action)
}

// turns has room for as many cases as may be read and parsed at once; nil: that is not
// bounded but by max_workers.
func (s Settings) turns() chan struct{} {
	most := s.IOWorkers
	if most == 0 || s.ParseWorkers > 0 && s.ParseWorkers < most {
		most = s.ParseWorkers
	}
	if most == 0 {
		return nil
	}
	return make(chan struct{}, most)
}

// open makes the pipeline of its stages.
func open(s Settings, setup etl.Setup) (etl.Pipeline, error) {
	return &pipeline{
		Stages: etl.Stages[batch, batch]{
			Planner:     planner{settings: s, store: setup.Store},
			Extractor:   extractor{settings: s, turns: s.turns()},
			Validators:  []etl.Validator[batch]{etl.ValidatorFunc[batch](watchLeak)},
			Transformer: preparer{s},
			Loader:      loader{},
		},
		settings: s, section: setup.Section,
	}, nil
}

// pipeline is the stages and the index of all cases.
type pipeline struct {
	etl.Stages[batch, batch]
	settings Settings
	section  config.Section
}
