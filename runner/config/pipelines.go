package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"mlops/runner/table"
)

// Keys at the top of a pipelines file that are no sections.
const (
	storageKey      = "storage"
	rootKey         = "project_root"
	environmentsKey = "environments"
	schedulerKey    = "scheduler"
	// asidePrefix begins the names of what is kept aside, such as maps that
	// sections take over with <<.
	asidePrefix = "x-"
	// assigned begins what errors call an assignment.
	assigned = "--set "
)

// Pipelines is a pipelines file: a section for each pipeline, and what all of
// them share.
type Pipelines struct {
	// Storage says where relative locations lie.
	Storage PipelineStorage
	// ProjectRoot is the directory that relative locations start from, as the file
	// has it; "" where it does not say.
	ProjectRoot string

	name string
	root *node
}

// PipelinesOptions say what is laid over a pipelines file. The order is: file,
// the environment's entry under environments, Overlay, Set. Maps are merged key
// by key, everything else is replaced.
type PipelinesOptions struct {
	// Environment is the name of an overlay: an entry under environments, an
	// Overlay, or both; "": none.
	Environment string
	// Overlay is the text of the environment's own file, OverlayName what errors
	// call it; "": there is none.
	Overlay     []byte
	OverlayName string
	// Variables gives the value of ${NAME}; nil takes every text as it is.
	Variables func(name string) (value string, ok bool)
	// Set are assignments, SECTION.KEY=VALUE or, of Section, KEY=VALUE.
	Set []string
	// Section is the one that will be read: variables of the others stay as they are,
	// and need not be set; "": any may be read.
	Section string
}

// SectionSuffix ends the name of a section that is called after its type, such as
// windows_pipeline.
const SectionSuffix = "_pipeline"

// IsPipelines tells a pipelines file from a configuration: none of its sections is
// one of those, and one is called after a type or says its type.
func IsPipelines(data []byte) bool {
	root, err := parse("", data)
	if err != nil || root.kind != mapping {
		return false
	}
	ofConfig, is := keys(reflect.TypeFor[Config]()), false
	for _, e := range root.entries {
		if slices.Contains(ofConfig, e.key) {
			return false
		}
		is = is || strings.HasSuffix(e.key, SectionSuffix) || e.key != storageKey && e.value.child("type") != nil
	}
	return is
}

// ParsePipelines reads a pipelines file. name is what errors call it. Sections
// are decoded one by one with [DecodeSection]. Every error is an [*Error]; the
// limits of [Parse] hold.
func ParsePipelines(name string, data []byte, o PipelinesOptions) (*Pipelines, error) {
	root, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	if root.kind == null {
		return nil, &Error{File: name, Message: "has no section; a pipelines file has one for each pipeline, such as windows_pipeline"}
	}
	if root.kind != mapping {
		return nil, root.at.errorf("", "must be a map of sections, not %s", root.describe())
	}
	if root, err = overlay(root, name, o); err != nil {
		return nil, err
	}
	for _, assignment := range o.Set {
		if root, err = assign(root, assignment, o.Section); err != nil {
			return nil, err
		}
	}
	if o.Variables != nil {
		for _, e := range root.entries {
			if o.Section != "" && !slices.Contains([]string{o.Section, storageKey, rootKey}, e.key) {
				continue
			}
			if err := expand(e.value, e.key, o.Variables); err != nil {
				return nil, err
			}
		}
	}
	p := &Pipelines{name: name, root: root, Storage: PipelineStorage{Type: "local"}}
	return p, p.readShared()
}

// overlay lays the environment's keys over the file's.
func overlay(root *node, name string, o PipelinesOptions) (*node, error) {
	block := root.child(environmentsKey)
	root = root.without(environmentsKey)
	if o.Environment == "" {
		return root, nil
	}
	var known []string
	found := false
	if block != nil {
		if block.kind != mapping {
			return nil, block.at.errorf(environmentsKey, "must be a map from an environment's name to its sections, not %s", block.describe())
		}
		for _, e := range block.entries {
			known = append(known, e.key)
			if e.key == o.Environment {
				found = true
				if e.value.kind != mapping && e.value.kind != null {
					return nil, e.at.errorf(join(environmentsKey, e.key), "must be a map of sections, not %s", e.value.describe())
				}
				root = root.overlaid(e.value)
			}
		}
	}
	if o.OverlayName != "" {
		found = true
		over, err := parse(o.OverlayName, o.Overlay)
		if err != nil {
			return nil, err
		}
		if over.kind != mapping && over.kind != null {
			return nil, over.at.errorf("", "must be a map of sections, not %s", over.describe())
		}
		root = root.overlaid(over)
	}
	if !found {
		return nil, &Error{File: name, Message: fmt.Sprintf("has no environment %q%s", o.Environment, knownList(o.Environment, known))}
	}
	return root, nil
}

// knownList says which names there are, and the nearest one.
func knownList(name string, known []string) string {
	if len(known) == 0 {
		return "; it has none"
	}
	if near := table.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return " (known: " + strings.Join(known, ", ") + ")"
}

// assign sets one key of a section.
func assign(root *node, assignment, section string) (*node, error) {
	key, value, ok := strings.Cut(assignment, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" {
		return nil, &Error{Message: "override " + quoted(assignment) + ": must have the form key=value, such as windows_pipeline.window_size=50"}
	}
	n, err := parse(assigned+key, []byte(value))
	if err != nil {
		return nil, err
	}
	at := position{in: &source{name: assigned + shorten(assignment)}}
	relocate(n, at)
	keys := strings.Split(key, ".")
	if root.child(keys[0]) == nil && keys[0] != storageKey && keys[0] != rootKey {
		if section == "" {
			return nil, at.errorf(key, "names no section%s", knownList(keys[0], root.sections()))
		}
		keys = append([]string{section}, keys...)
	}
	for i := len(keys) - 1; i >= 0; i-- {
		n = &node{kind: mapping, at: at, entries: []entry{{key: keys[i], at: at, value: n}}}
	}
	return root.overlaid(n), nil
}

func (p *Pipelines) readShared() error {
	at := places{}
	p.root.record("", at)
	d := decoder{}
	if n := p.root.child(storageKey); n != nil {
		if err := refuseCredentials(n, storageKey); err != nil {
			return err
		}
		if err := d.decode(n, storageKey, valueOf(&p.Storage)); err != nil {
			return err
		}
	}
	if err := p.Storage.check(at); err != nil {
		return err
	}
	if n := p.root.child(rootKey); n != nil {
		return d.decode(n, rootKey, valueOf(&p.ProjectRoot))
	}
	return nil
}

// Name returns what errors call the file.
func (p *Pipelines) Name() string { return p.name }

// Names returns the sections' names in the file's order.
func (p *Pipelines) Names() []string { return p.root.sections() }

func (n *node) sections() []string {
	var names []string
	for _, e := range n.entries {
		if !slices.Contains([]string{storageKey, rootKey, environmentsKey, schedulerKey}, e.key) && !strings.HasPrefix(e.key, asidePrefix) {
			names = append(names, e.key)
		}
	}
	return names
}

// Section returns a section by its name; one that is missing is an [*Error]
// which tells the nearest.
func (p *Pipelines) Section(name string) (Section, error) {
	names := p.Names()
	if !slices.Contains(names, name) {
		return Section{}, &Error{File: p.name, Message: fmt.Sprintf("has no section %q%s", name, knownList(name, names))}
	}
	for _, e := range p.root.entries {
		if e.key != name {
			continue
		}
		if e.value.kind != mapping && e.value.kind != null {
			return Section{}, e.at.errorf(name, "must be a map of keys, not %s", e.value.describe())
		}
		s := Section{name: name, n: e.value, places: places{name: e.at}}
		e.value.record(name, s.places)
		return s, nil
	}
	return Section{}, nil
}

// Only returns the text of a file that has just one section and what all share,
// with everything laid over it and every variable expanded: read it without
// Variables. A key stands in the line that it has in the file, so that an error
// about it names that one, save where several keys stand in one line.
func (p *Pipelines) Only(section string) []byte {
	w := lineWriter{file: p.root.at.in}
	for _, e := range p.root.entries {
		if e.key != section && e.key != storageKey && e.key != rootKey {
			continue
		}
		if keys := e.value.entries; len(keys) == 0 || keys[0].at.line <= e.at.line && keys[0].at.in == e.at.in {
			w.put(e.at, textYAML(e.key)+": "+flowYAML(e.value.orderedPlain(), floatYAML))
			continue
		}
		w.put(e.at, textYAML(e.key)+":")
		for _, child := range e.value.entries {
			w.put(child.at, "  "+textYAML(child.key)+": "+flowYAML(child.value.orderedPlain(), floatYAML))
		}
	}
	return []byte(w.text.String())
}

// lineWriter writes lines, each at the place that it has in a file if that is still
// to come.
type lineWriter struct {
	file    *source
	text    strings.Builder
	written int // lines
}

func (w *lineWriter) put(at position, line string) {
	for at.in == w.file && w.written < at.line-1 {
		w.text.WriteByte('\n')
		w.written++
	}
	w.text.WriteString(line)
	w.text.WriteByte('\n')
	w.written++
}

// orderedPlain is plain with maps in their order.
func (n *node) orderedPlain() any {
	switch n.kind {
	case mapping:
		out := pairs{}
		for _, e := range n.entries {
			out = append(out, pair{e.key, e.value.orderedPlain()})
		}
		return out
	case sequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.orderedPlain()
		}
		return list
	}
	return n.value
}

// without is the mapping without a key.
func (n *node) without(key string) *node {
	out := *n
	out.entries = slices.DeleteFunc(slices.Clone(n.entries), func(e entry) bool { return e.key == key })
	return &out
}

// overlaid is n with over's keys laid over it. A map without keys changes none.
func (n *node) overlaid(over *node) *node {
	if n.kind == mapping && over.kind == null {
		return n
	}
	if n.kind != mapping || over.kind != mapping {
		return over
	}
	out := *n
	out.entries = slices.Clone(n.entries)
	for _, e := range over.entries {
		i := slices.IndexFunc(out.entries, func(have entry) bool { return have.key == e.key })
		if i < 0 {
			out.entries = append(out.entries, e)
			continue
		}
		under := out.entries[i]
		at := e.at
		if under.value.kind == mapping && e.value.kind == mapping {
			at = under.at // of which the keys alone are new
		}
		out.entries[i] = entry{key: e.key, at: at, value: under.value.overlaid(e.value)}
	}
	return &out
}
