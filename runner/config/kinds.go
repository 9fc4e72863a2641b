package config

import (
	"errors"
	"reflect"
)

// Kinds are what only the registries know: the kinds of steps by section and the
// backends. Package pipeline collects them. With them a configuration is described
// as a whole.
type Kinds struct {
	// Backends are the names that training.backend takes.
	Backends []string
	// Params are the parameters that training.params takes, by backend; a backend that
	// is missing takes what only it knows.
	Params map[string][]Param
	// Steps are the kinds of each section, by its name.
	Steps map[string][]StepKind
}

// StepKind is a registered kind of step.
type StepKind struct {
	// Type is the registered name.
	Type string
	// Text says in a sentence what the step does; "" where its registry does not
	// know.
	Text string
	// Params are its parameters; their paths are the parameters' names.
	Params []Key
	// Open tells that the parameters are not known: the factory does not decode
	// them with [DecodeParams].
	Open bool
}

// Param is a parameter of a backend.
type Param struct {
	Name string
	Text string // what it means; "" where nothing tells
}

// ParamsOf lists the parameters that [DecodeTrainingParams] reads into a struct.
func ParamsOf[T any]() []Param {
	var params []Param
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			params = append(params, Param{Name: name, Text: t.Field(i).Tag.Get("doc")})
		}
	}
	return params
}

// question asks a factory for its parameters in the place of a real step.
type question struct {
	params   []Key
	answered bool
}

// errAsked ends the factory's call.
var errAsked = errors.New("config: the step only asks for the parameters")

func (q *question) answer(defaults any) error {
	q.params, q.answered = keysOf(reflect.ValueOf(defaults), ""), true
	return errAsked
}

// NewStepKind describes a kind of step: it calls make, the step's factory, with a
// step that only asks, to which [DecodeParams] answers with the parameters' types,
// tags and defaults. Besides range and enum, a parameter's tags are
//
//	doc      what it means, in a sentence
//	needed   "true" where the step cannot do without it, "or" where another
//	         parameter may stand in its place
//	example  a value as it stands in YAML; not given: the default or first choice
//	with     further parameters that the example needs, e.g. "method: target"
func NewStepKind(name, text string, make func(Step) error) StepKind {
	q := &question{}
	// Any error ends the call; what counts is whether the question was answered.
	_ = make(Step{Type: name, asked: q})
	return StepKind{Type: name, Text: text, Params: q.params, Open: !q.answered}
}
