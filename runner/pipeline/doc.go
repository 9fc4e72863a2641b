// Package pipeline takes a table from raw file to a watched model: train and
// deploy, predict, describe, observe. It is the library behind the commands: it
// needs no master, no worker and no network.
//
//	result, err := pipeline.Train(ctx, pipeline.TrainRequest{Data: "data.csv", Target: "label"}, pipeline.Env{})
//
// A request names locations and options; an [Env] holds what the run may reach,
// and its zero value is the local disk with everything permitted. Progress goes
// to the sink of package runner/progress in the context. An error is an [*Error]
// that tells the stage it happened in and whose fault it was.
package pipeline
