// Package extraction is the pipeline features: it makes a row of numbers of each
// window that a windows pipeline made, by package features.
//
// # Items
//
// An item is a case, or, of a case with more windows than a checkpoint has
// (write_buffer_rows × checkpoint_frequency), a run of its windows; the windows
// before it that its features depend on are read with it, so that the cut changes
// nothing. Each item's rows are a file of their own in metadata/checkpoints. A run
// that is broken off goes on behind the last one, and a case that changes costs its
// own rows only.
//
// # What is fitted
//
// Bands of operation and normal profiles are fitted when all rows are there, on the
// training cases alone: those that a training with the same test_size and
// random_state would train on, with the cases as its groups, or those that
// training_cases names. Only windows that are labelled 0 count as normal, all of
// them where there are no labels. They are saved as metadata/baselines.json, which
// baselines_file takes in place of a fit: of data that a model shall judge.
//
// # Outputs
//
//	data/features_dataset.parquet    case_id, source_file, window, start, end, start_time,
//	                                 end_time, label, targets, case_columns, features
//	metadata/features_schema.json    the features' names, in order
//	metadata/features_metadata.json  what was made of what, each feature with its formula
//	metadata/baselines.json          what was fitted
package extraction
