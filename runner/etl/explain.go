package etl

import (
	"fmt"
	"strings"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Sections describes the sections that are called after types, by name.
func (r *Registry) Sections() []config.Key {
	var all []config.Key
	for _, t := range r.Types() {
		all = append(all, t.describe())
	}
	return all
}

// describe tells about the type's section.
func (t Type) describe() config.Key {
	return config.Key{Path: t.name + config.SectionSuffix, Text: t.summary + ".", Type: "section of a pipelines file"}
}

// Explain tells about a type's section, such as "windows_pipeline", or a key of it,
// such as "windows_pipeline.step_size"; ok is false where path begins with no type's
// section. The error for a key that there is none of names the nearest.
func (r *Registry) Explain(path string) (e *config.Explanation, ok bool, err error) {
	section, key, _ := strings.Cut(strings.Trim(strings.TrimSpace(path), "."), ".")
	name, is := strings.CutSuffix(section, config.SectionSuffix)
	t, known := r.types[name]
	if !is || !known {
		return nil, false, nil
	}
	e = &config.Explanation{Key: t.describe()}
	found := key == ""
	var paths []string
	for _, k := range t.keys() {
		paths = append(paths, k.Path)
		under := k.Path[:max(strings.LastIndexByte(k.Path, '.'), 0)]
		at := k
		at.Path = section + "." + k.Path
		if k.Path == key {
			e.Key, found = at, true
		}
		if under == key {
			e.Below = append(e.Below, at)
		}
	}
	if !found {
		message := "unknown key; see mlops-cli config explain " + section
		if near := table.Nearest(key, paths); near != "" {
			message = fmt.Sprintf("unknown key; did you mean %q?", section+"."+near)
		}
		return nil, true, &config.Error{Key: path, Message: message}
	}
	return e, true, nil
}
