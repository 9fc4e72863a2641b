// Package selection is the pipeline feature_selection: it fits boosted trees to a
// table of features, ranks the features by what the trees make of them, drops
// those that say what a better one says, and writes the names of the best as the
// list that training reads as its features_schema_file.
//
// # What is fitted
//
// The table is input_path: a Parquet file, or all those in a folder, one after
// another in the order of their names. Its features are those that
// features_schema_file lists, or that the table lists of its own, as a features
// pipeline's does, or else its numeric columns; the label, the case and exclude_columns
// are none. The trees are LightGBM's, by package training, with lgbm_params. Where
// there is a column of cases, whole cases are held out (test_size), so that the
// score in the metadata is one of cases that the trees have not seen; a training
// of the same test_size and random_state on the same table holds out the same
// ones, and its held-out cases then had no part in the ranking either.
//
// # What is selected
//
// Features in the order of their importance: gain, what the splits on a feature
// gained, or split, how many there are. Of equal ones the earlier column comes
// first. A feature that no tree uses is never selected. One whose correlation
// (Pearson's, absolute, over the rows in which both are known) with a feature that
// was selected before is above correlation_threshold is dropped. The first top_k
// of the others are selected. Correlations know nothing of labels; they are taken
// over at most 50,000 rows, evenly spread.
//
// # Outputs
//
//	features_schema.json             ["PT_in_mean", …], most important first
//	metadata/feature_selection.json  all features with importance, and what became of each
package selection

import (
	"mlops/runner/config"
	"mlops/runner/etl"
)

// Settings are the keys of a section.
type Settings struct {
	InputPath    string `yaml:"input_path" location:"source" needed:"true" text:"path" doc:"The table of features: a Parquet file, or a folder of such." example:"data/features/data"`
	OutputFolder string `yaml:"output_folder" location:"output" needed:"true" text:"path" doc:"The folder of the selection." example:"data/selection"`
	LabelColumn  string `yaml:"label_column" needed:"true" doc:"The column that the features are to predict." example:"label"`
	CaseColumn   string `yaml:"case_column" doc:"The column of cases, which are held out whole; empty: case_id or case where there is one, and else rows are held out."`
	SchemaFile   string `yaml:"features_schema_file" location:"source" doc:"A JSON list of the names that are looked at; empty: those that a features pipeline made, and of another table every numeric column."`
	// ExcludeColumns are no features.
	ExcludeColumns []string       `yaml:"exclude_columns" doc:"Columns that are no features; null means window, start, end, start_time and end_time."`
	TopK           int            `yaml:"top_k" range:"[1,100000]" doc:"How many features are selected at most."`
	ImportanceType string         `yaml:"importance_type" enum:"gain|split" doc:"What a feature's importance is: what its splits gained, or their number."`
	Correlation    float64        `yaml:"correlation_threshold" range:"[0,1]" doc:"A feature more correlated than this with a better one is dropped; 1 drops none."`
	ProblemType    string         `yaml:"problem_type" enum:"auto|classification|regression" doc:"What the label is; auto goes by its values."`
	TestSize       float64        `yaml:"test_size" part:"rows" doc:"The part that is held out to score the trees."`
	RandomState    int64          `yaml:"random_state" range:"[0,4294967295]" doc:"Seeds the split and the trees."`
	LGBMParams     map[string]any `yaml:"lgbm_params" doc:"LightGBM's parameters of the trees." example:"{num_leaves: 31}"`
}

// windowColumns describe a window and are no features of it.
var windowColumns = []string{"window", "start", "end", "start_time", "end_time"}

// caseColumns are what a column of cases is called.
var caseColumns = []string{"case_id", "case"}

// Type is the pipelines' type.
func Type() etl.Type {
	return etl.NewType("feature_selection", "Select the features that boosted trees make most of",
		Settings{TopK: 100, ImportanceType: "gain", Correlation: 0.95, ProblemType: "auto", TestSize: 0.2, RandomState: 42}, open)
}

// Complete fills in the columns of windows.
func (s *Settings) Complete(config.Section) error {
	if s.ExcludeColumns == nil {
		s.ExcludeColumns = windowColumns
	}
	return nil
}
