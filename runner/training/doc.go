// Package training makes a judged model of a table: it tells the kind of
// problem, splits, cross-validates, fits preprocessing and a backend's model on
// the training part, and measures the model on the validation part.
//
//	outcome, err := training.Train(ctx, training.Request{Table: t, Target: "price", Config: cfg})
//
// # What may see what
//
// Nothing is fitted on rows that it is judged on. The validation part is set
// aside first; cross-validation runs on the training part alone and fits
// preprocessing anew inside each fold. Validation rows go through the very path
// that prediction takes, every one of them: none is dropped for a missing cell.
// With training.test_size 0 the model is trained on every row, and only
// cross-validation judges it.
//
// # Backends
//
// A [Backend] is registered by name ([Register]). lightgbm takes LightGBM's
// parameters; classic (alias sklearn) takes scikit-learn's: its automatic
// choice is a random forest of 100 trees. Both grow trees of package runner/gbdt
// and keep LightGBM's model text; classic has package runner/linear's models
// besides, and neural_network trains runner/neural's: these keep a JSON document.
// [Load] brings a model back from its file and its [ModelInfo]. callable,
// deep_learning and nlp run the user's own program, where [Permit] allows it.
//
// Trees take missing cells as they are. The other models do not, and say which
// cell of which column stands in the way.
//
// # Beside the features
//
// A column may say which rows belong together (no split divides a group; a
// ranking's groups are its queries), what rows weigh, and from which raw scores
// training starts. [Data] hands them to the backend. A run may go on from an
// [InitModel], and with a [Checkpoint] from where an interrupted one broke off.
//
// # Determinism
//
// training.random_state seeds every draw, through generators of this package's
// own choosing (PCG), so that one table and one configuration give one model,
// bit for bit, whatever the file format of the table and the number of threads.
//
//	problem.go    kind of problem
//	columns.go    target, group, weight, initial scores and features
//	target.go     the target column: classes or numbers
//	label.go      a class by its original value
//	groups.go     rows that belong together
//	split.go      training and validation part
//	folds.go      cross-validation folds
//	split_groups.go  both, of whole groups
//	crossval.go   cross-validation
//	train.go      the whole run
//	prepare.go    preprocessed rows and a model of them
//	evaluate.go, ndcg.go  metrics by scikit-learn's names
//	checkpoint.go what an interrupted run leaves for the next
//	initmodel.go  a model to go on from
//	info.go       what a deployment keeps beside the model's bytes
//	registry.go   backends and models
//	lightgbm.go   the backend of boosted trees
//	objectives.go which of its objectives serve which problem
//	classic.go    the backend of scikit-learn's models
//	forest.go     of which forests and trees
//	linear.go, linear_model.go  and linear models
//	neural.go, neural_model.go  the backend of networks
//	class_weight.go  weights of classes
//	trees.go      the model of trees
//	train_trees.go  its training
//	link.go       predictions from initial scores
//	document.go   the file of the other models
//	finite.go     cells that these cannot take
//	errors.go, errors_model.go  whose fault an error is
//	program.go, program_model.go  the backend of users' own programs
package training
