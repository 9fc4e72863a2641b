// Package deploy publishes a trained model as a deployment and opens it again.
//
// A deployment is a directory of data; nothing in it is ever executed or
// evaluated by this program:
//
//	model.txt          the model (the file's name is the backend's choice)
//	preprocessor.json  the fitted preprocessing
//	profile.json       the training data's profile, column by column
//	schema.json        the raw columns that a prediction needs, with their kinds
//	inference.json     which model and files belong together: what opens first
//	metadata.json      who made it when from what, its figures, its configuration
//	checksums.txt      SHA-256 of every file above; `sha256sum -c` checks it too
//	logs/              history, written after publishing; see package observe
//
// [Publish] has registered steps write these files into a hidden staging
// directory beside the final one, opens the result from disk, and requires it to
// give the validation predictions of the training bit for bit. Then it asks the
// gate, lets each [Publisher] among the steps act outside (push to a bucket,
// register a version, log to a tracking server) and renames the directory, so that
// a deployment is there complete or not at all. A failure removes what was staged
// and takes back what was done outside; a crash leaves the staging directory to
// the next attempt, which clears it away.
//
// [Open] trusts nothing: it checks every file against its checksum, every
// document against its format and version, and no path leads out of the
// directory.
//
//	publish.go     the whole of publishing
//	step.go        the registry of steps; steps.go: the standard ones
//	phases.go      what a step may do when
//	environment.go what steps may reach beside the directory
//	archive.go, object_store.go, register.go, mlflow.go: further steps
//	order.go       what a list of steps must hold
//	staging.go     the hidden directory, its lock and its end
//	checksums.go   the list of checksums
//	documents.go   what the JSON files hold
//	bundle.go      opening a deployment and predicting with it
//	compare.go     what differs between two
//	filesystem.go  the disk, as far as publishing needs it
package deploy
