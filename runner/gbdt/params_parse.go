package gbdt

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"mlops/runner/table"
)

// ParseParams returns base with the named values set. Names are LightGBM's
// parameters and aliases. Values may be Go numbers, booleans, strings, string
// lists (metric) or json.Number, and the text of any of them. An unknown name,
// two aliases of one parameter, a value of the wrong type or out of range is a
// *ParamError that names the key as it was given. The result is validated.
func ParseParams(base Params, values map[string]any) (Params, error) {
	p := base
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	given := map[string]string{}
	classes := false
	for _, key := range keys {
		spec := findParam(key)
		if spec == nil {
			return base, &ParamError{Key: key, Reason: unknownParam(key)}
		}
		if earlier, ok := given[spec.name]; ok {
			return base, &ParamError{Key: key, Reason: fmt.Sprintf("is the same parameter as %q: give only one of them", earlier)}
		}
		given[spec.name] = key
		classes = classes || spec.name == "num_class"
		if spec.field == nil {
			continue
		}
		if err := spec.set(&p, key, values[key]); err != nil {
			return base, err
		}
	}
	if !p.manyClasses() && p.Objective != CustomLoss && !classes {
		p.NumClass = 1
	}
	if err := p.Validate(); err != nil {
		return base, err
	}
	return p, nil
}

// ParamNames lists LightGBM's names of the parameters that are understood.
func ParamNames() []string {
	names := make([]string, len(paramTable))
	for i := range paramTable {
		names[i] = paramTable[i].name
	}
	return names
}

// ParamInfo describes a parameter.
type ParamInfo struct {
	Name    string   // LightGBM's
	Aliases []string // its other names
	Doc     string   // what it means
}

// ParamInfos describes the parameters of [ParamNames], in their order.
func ParamInfos() []ParamInfo {
	infos := make([]ParamInfo, len(paramTable))
	for i, s := range paramTable {
		infos[i] = ParamInfo{Name: s.name, Aliases: slices.Clone(s.aliases), Doc: s.doc}
	}
	return infos
}

func findParam(key string) *paramSpec {
	for i := range paramTable {
		if paramTable[i].name == key || slices.Contains(paramTable[i].aliases, key) {
			return &paramTable[i]
		}
	}
	return nil
}

func (s *paramSpec) set(p *Params, key string, value any) error {
	fail := func(want string) error {
		return &ParamError{Key: key, Reason: fmt.Sprintf("must be %s, not %v (%T)", want, value, value)}
	}
	switch field := s.field(p).(type) {
	case *bool:
		b, ok := asBool(value)
		if !ok {
			return fail("true or false")
		}
		*field = b
	case *int:
		v, ok := asFloat(value)
		if !ok || v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return fail("a whole number " + s.rangeText())
		}
		if !s.limits.has(v) {
			return fail(s.rangeText())
		}
		*field = int(v)
	case *float64:
		v, ok := asFloat(value)
		if !ok {
			return fail("a number " + s.rangeText())
		}
		if !s.limits.has(v) {
			return fail(s.rangeText())
		}
		*field = v
	case *string:
		text, ok := value.(string)
		stored, known := s.choices[text]
		if !ok || !known {
			return fail("one of " + s.choiceText())
		}
		*field = stored
	case *[]string:
		list, ok := asList(value)
		if !ok {
			return fail("a name or a list of names")
		}
		*field = list
	case *[]int:
		list, ok := asNumbers(value)
		if !ok || !s.allWhole(list) {
			return fail("a whole number " + s.rangeText() + ", or a list of such")
		}
		*field = make([]int, len(list))
		for i, v := range list {
			(*field)[i] = int(v)
		}
	case *[][]int:
		lists, ok := asGroups(value)
		if !ok {
			return fail("groups of feature numbers, as [0,1],[2,3]")
		}
		*field = lists
	case *[]float64:
		list, ok := asNumbers(value)
		if !ok || !s.allInRange(list) {
			return fail("a list of numbers " + s.rangeText())
		}
		*field = list
	}
	return nil
}

func (s *paramSpec) allInRange(list []float64) bool {
	return !slices.ContainsFunc(list, func(v float64) bool { return !s.limits.has(v) })
}

func (s *paramSpec) allWhole(list []float64) bool {
	return s.allInRange(list) && !slices.ContainsFunc(list, func(v float64) bool { return v != math.Trunc(v) || math.Abs(v) > 1<<53 })
}

func (s *paramSpec) checkRange(p *Params) error {
	bad := func(v any, want string) error {
		return &ParamError{Key: s.name, Reason: fmt.Sprintf("must be %s, not %v", want, v)}
	}
	switch field := s.field(p).(type) {
	case *int:
		if !s.limits.has(float64(*field)) {
			return bad(*field, s.rangeText())
		}
	case *float64:
		if !s.limits.has(*field) {
			return bad(*field, s.rangeText())
		}
	case *string:
		for _, stored := range s.choices {
			if stored == *field {
				return nil
			}
		}
		return bad(strconv.Quote(*field), "one of "+s.choiceText())
	case *[]int:
		for _, v := range *field {
			if !s.limits.has(float64(v)) {
				return bad(v, "whole numbers "+s.rangeText())
			}
		}
	case *[]float64:
		if !s.allInRange(*field) {
			return bad(*field, "numbers "+s.rangeText())
		}
	}
	return nil
}

func (s *paramSpec) rangeText() string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	var parts []string
	if s.limits.low > -unbounded {
		sign := ">= "
		if s.limits.openLow {
			sign = "> "
		}
		parts = append(parts, sign+number(s.limits.low))
	}
	if s.limits.high < unbounded {
		sign := "<= "
		if s.limits.openHigh {
			sign = "< "
		}
		parts = append(parts, sign+number(s.limits.high))
	}
	return strings.Join(parts, " and ")
}

func (s *paramSpec) choiceText() string {
	names := make([]string, 0, len(s.choices))
	for name := range s.choices {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// unknownParam says that key is no parameter, and what was likely meant.
func unknownParam(key string) string {
	var known []string
	for i := range paramTable {
		known = append(append(known, paramTable[i].name), paramTable[i].aliases...)
	}
	if near := table.Nearest(key, known); near != "" {
		return fmt.Sprintf("unknown; did you mean %q?", near)
	}
	return "unknown; docs/gbdt-parameters.md lists the known ones"
}
