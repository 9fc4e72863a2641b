package etl

import (
	"maps"
	"slices"

	"mlops/runner/pipeline"
)

// Job is a section of a pipelines file, ready to run.
type Job struct {
	section  string
	typeName string
	common   Common
	pipeline Pipeline
	sources  []string
	output   string
	hash     string
	flat     map[string]string
	store    *Store
	digests  *digests
	env      pipeline.Env
}

// Section returns the section's name.
func (j *Job) Section() string { return j.section }

// Type returns the name of the pipeline's type.
func (j *Job) Type() string { return j.typeName }

// Sources returns the absolute locations that the job reads.
func (j *Job) Sources() []string { return j.sources }

// Output returns the absolute location of the folder of the job's outputs.
func (j *Job) Output() string { return j.output }

// itemKeys begins the keys of an item's own params among those of the configuration.
const itemKeys = "item."

// configOf returns the hash and the keys of all that an item is made with.
func (j *Job) configOf(item Item) (hash string, flat map[string]string) {
	if len(item.Params) == 0 {
		return j.hash, j.flat
	}
	flat = maps.Clone(j.flat)
	texts := []string{j.hash}
	for _, key := range slices.Sorted(maps.Keys(item.Params)) {
		flat[itemKeys+key] = item.Params[key]
		texts = append(texts, key, item.Params[key])
	}
	return DigestOf(texts...), flat
}
