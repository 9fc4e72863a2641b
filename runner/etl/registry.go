package etl

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"mlops/runner/config"
	"mlops/runner/pipeline"
	"mlops/runner/storage"
	"mlops/runner/table"
)

// Common are the keys that every section has.
type Common struct {
	// Type is the pipeline's, where the section's name does not say it.
	Type string `yaml:"type" hash:"never" doc:"The type of the pipeline, where the section is not named after it."`
	// OnError says what a failed item does to the run.
	OnError string `yaml:"on_error" enum:"fail|skip" hash:"never" doc:"What an item that fails does: it ends the run, or is skipped and told in the result."`
	// MaxErrors bounds the failed items with on_error: skip.
	MaxErrors int `yaml:"max_errors" range:"[0,1000000]" hash:"never" doc:"With on_error: skip, how many items may fail; one more ends the run."`
	// MaxWorkers is the number of items that are worked on at once in one process.
	MaxWorkers int `yaml:"max_workers" range:"[0,1024]" hash:"never" doc:"Items worked on at once in each process; 0 or null means as many as there are processors."`
	// ShardSize is the number of items in one task of a fan-out.
	ShardSize int `yaml:"shard_size" range:"[0,1000000]" hash:"never" doc:"Items in one task where the run is spread over workers; 0 means as many as make 64 tasks."`
}

func defaultCommon() Common { return Common{OnError: "fail", MaxErrors: 100} }

// Setup is what a pipeline is opened with besides its settings.
type Setup struct {
	// Section makes errors about keys at their place in the file.
	Section config.Section
	// Store reads and writes.
	Store *Store
	// Env is what else the run may reach.
	Env pipeline.Env
	// Output is the location that outputs' paths start from.
	Output string
}

// Completer is what a struct of settings implements, by a pointer, whose
// defaults depend on other keys or whose keys must fit one another. It is called
// when the section is decoded, before locations are resolved; what it sets counts
// as configuration. Its errors are best made by the section's ErrorAt.
type Completer interface {
	Complete(s config.Section) error
}

// Type is a kind of pipeline.
type Type struct {
	name    string
	summary string
	keys    func() []config.Key
	decode  func(s config.Section, common *Common) (*settings, error)
}

// settings are a section's, decoded.
type settings struct {
	hash    string
	flat    map[string]string
	resolve func(s config.PipelineStorage, root string) (sources, outputs []string)
	open    func(s Setup) (Pipeline, error)
}

// NewType makes a type of pipeline. name is a word such as windows: the type's
// section is then windows_pipeline. P is the struct that the section decodes into
// over defaults, strictly, by the tags of [config.DecodeSection]; its fields that
// are locations are tagged
//
//	location:"source"  what the pipeline reads: a folder or a file
//	location:"output"  the folder of its outputs; exactly one field is it
//
// and hold absolute paths or URLs when open is called; open reads and writes
// nothing. A source that another section's output folder is, or that lies in it,
// makes the section depend on that one. Keys that change no result, such as the
// size of a buffer, are tagged hash:"never".
func NewType[P any](name, summary string, defaults P, open func(p P, s Setup) (Pipeline, error)) Type {
	checkSettings(name, reflect.TypeFor[P]())
	return Type{
		name: name, summary: summary,
		keys: func() []config.Key {
			return append(config.SectionKeys(&defaults), config.SectionKeys(new(defaultCommon()))...)
		},
		decode: func(s config.Section, common *Common) (*settings, error) {
			p := new(P)
			*p = defaults
			if err := config.DecodeSection(s, common, p); err != nil {
				return nil, err
			}
			if c, ok := any(p).(Completer); ok {
				if err := c.Complete(s); err != nil {
					return nil, err
				}
			}
			out := &settings{open: func(s Setup) (Pipeline, error) { return open(*p, s) }}
			out.hash, out.flat = config.Effective(p)
			out.resolve = func(s config.PipelineStorage, root string) (sources, outputs []string) {
				return ResolvePaths(s, root, p)
			}
			return out, nil
		},
	}
}

// checkSettings panics where a type's struct of settings is not what [NewType]
// says: it is a fault of the program's.
func checkSettings(name string, t reflect.Type) {
	outputs := 0
	for i := range t.NumField() {
		field := t.Field(i)
		key := field.Tag.Get("yaml")
		if slices.ContainsFunc(config.SectionKeys(&Common{}), func(k config.Key) bool { return k.Path == key }) {
			panic(fmt.Sprintf("etl: NewType(%q): the key %s is one that every section has", name, key))
		}
		switch field.Tag.Get("location") {
		case "", "source":
		case "output":
			outputs++
		default:
			panic(fmt.Sprintf("etl: NewType(%q): the tag of %s is neither source nor output", name, key))
		}
	}
	if outputs != 1 {
		panic(fmt.Sprintf("etl: NewType(%q): %d fields are the output folder; exactly one must be", name, outputs))
	}
}

// Registry holds the types of pipelines by name.
type Registry struct{ types map[string]Type }

// NewRegistry returns a registry of types; two of one name panic.
func NewRegistry(types ...Type) *Registry {
	r := &Registry{types: make(map[string]Type, len(types))}
	for _, t := range types {
		if _, taken := r.types[t.name]; taken || t.name == "" {
			panic(fmt.Sprintf("etl: NewRegistry: the name %q is empty or taken", t.name))
		}
		r.types[t.name] = t
	}
	return r
}

// Types returns the types by name.
func (r *Registry) Types() []Type {
	var all []Type
	for _, name := range slices.Sorted(maps.Keys(r.types)) {
		all = append(all, r.types[name])
	}
	return all
}

// TypeOf returns the type of a section's pipeline: what its key type says, else
// its name without _pipeline. Errors are [*config.Error]s.
func (r *Registry) TypeOf(s config.Section) (Type, error) {
	name, err := s.Word("type")
	if err != nil {
		return Type{}, err
	}
	key := "type"
	if name == "" {
		key = ""
		name = strings.TrimSuffix(s.Name(), config.SectionSuffix)
	}
	if t, ok := r.types[name]; ok {
		return t, nil
	}
	known := slices.Sorted(maps.Keys(r.types))
	all := strings.Join(known, ", ")
	switch near := table.Nearest(name, known); {
	case key == "" && s.Name() == "pipeline":
		return Type{}, s.ErrorAt(key, "a section of this name needs the key type, which says what it runs (known: %s)", all)
	case key == "" && near != "":
		return Type{}, s.ErrorAt(key, "no type of pipeline has this name; did you mean %q? Otherwise give the section the key type (known: %s)", near+config.SectionSuffix, all)
	case near != "":
		return Type{}, s.ErrorAt(key, "unknown type of pipeline %q; did you mean %q? (known: %s)", name, near, all)
	}
	return Type{}, s.ErrorAt(key, "unknown type of pipeline %q; name the section after one, or give it the key type (known: %s)", name, all)
}

// Open makes a job of a section, checking every key, and reads and writes
// nothing. Relative locations start at root, the directory of the project, or
// where the file's storage section says, which is also where buckets are looked for.
// Errors are [*config.Error]s.
func (r *Registry) Open(file *config.Pipelines, section, root string, env pipeline.Env) (*Job, error) {
	s, err := file.Section(section)
	if err != nil {
		return nil, err
	}
	t, err := r.TypeOf(s)
	if err != nil {
		return nil, err
	}
	if env.Storage == nil {
		env.Storage = storage.New(storage.Options{})
	}
	env.Storage = env.Storage.At(bucketScheme, storage.Endpoint{URL: file.Storage.Endpoint, Region: file.Storage.Region, PathStyle: file.Storage.PathStyle})
	if env.Now == nil {
		env.Now = time.Now
	}
	j := &Job{section: section, typeName: t.name, common: defaultCommon(), store: NewStore(env.Storage), env: env}
	j.digests = &digests{store: j.store, known: make(map[digestKey]*digest)}
	set, err := t.decode(s, &j.common)
	if err != nil {
		return nil, err
	}
	j.hash, j.flat = set.hash, set.flat
	sources, outputs := set.resolve(file.Storage, root)
	if outputs[0] == "" {
		return nil, s.ErrorAt("output_folder", "is needed: the folder of the outputs")
	}
	if slices.ContainsFunc(sources, func(source string) bool { return cleanLocation(source) == cleanLocation(outputs[0]) }) {
		return nil, s.ErrorAt("output_folder", "is also what the section reads; name another folder")
	}
	j.sources, j.output, j.store.own = sources, outputs[0], outputs[0]
	if j.pipeline, err = set.open(Setup{Section: s, Store: j.store, Env: env, Output: j.output}); err != nil {
		return nil, err
	}
	return j, nil
}
