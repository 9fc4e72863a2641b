// Package registry keeps named models with numbered versions and aliases, as
// files below one directory:
//
//	REGISTRY/
//	  .lock             held while something is changed
//	  .staging-…/       a version that is being copied
//	  churn/
//	    model.json      versions, aliases and their history: what counts
//	    1/  2/  …       the versions, each a whole deployment
//
// A version is a copy, so that nothing that happens to the directory it was made
// of changes it. Its number is never given twice. An alias is a name that points
// to a version and can be moved; each move is recorded with time, person, origin
// and goal. The alias "latest" always points to the newest version and is never
// moved.
//
// A model is named by a [Ref]: models:/churn/3, models:/churn@champion,
// models:/churn for the newest.
//
// A version exists from the moment that model.json tells of it: that file is
// replaced in one step, after the version's directory is complete and durable.
// What a crash leaves, a staging directory or a numbered one that model.json does
// not know, nobody sees, and the next change clears it away. Changes are made one
// at a time, by a lock that holds between processes; reading needs none. A
// model.json that is damaged or missing is an error and never an empty model.
//
// Every access goes through an [os.Root] of the directory, so that no name and no
// symbolic link leads out of it.
//
//	reference.go  how models are named
//	document.go   model.json
//	registry.go   reading
//	change.go     the lock, and clearing away what a crash left
//	register.go   a new version; copy.go: its files
//	alias.go      moving aliases
//	delete.go     deleting versions and models
package registry
