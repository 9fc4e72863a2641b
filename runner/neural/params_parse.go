package neural

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"mlops/runner/table"
)

// ParseParams returns base with the named values set. Names are scikit-learn's,
// with embedding_dim and num_threads besides. Values may be Go numbers, booleans,
// strings and, for hidden_layer_sizes, a number or a list of such; numbers and
// booleans may also be given as text, the list as "50,50". verbose is accepted and changes nothing:
// [Options].OnEpoch reports. An unknown name or a value of the wrong type or out of
// range is a [*ParamError]. Whether NumClass fits the loss is left to
// [Params.Validate].
func ParseParams(base Params, values map[string]any) (Params, error) {
	p := base
	p.HiddenLayerSizes = slices.Clone(base.HiddenLayerSizes)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(paramTable, func(s paramSpec) bool { return s.name == key })
		if i < 0 {
			return base, &ParamError{Key: key, Reason: unknownParam(key)}
		}
		s := &paramTable[i]
		if s.field == nil {
			continue
		}
		if !s.set(&p, values[key]) {
			return base, &ParamError{Key: key, Reason: fmt.Sprintf("must be %s, not %v (%T)", s.want(&p), values[key], values[key])}
		}
		if reason := s.check(&p); reason != "" {
			return base, &ParamError{Key: key, Reason: reason}
		}
	}
	return p, nil
}

// ParamNames lists the parameters that [ParseParams] understands.
func ParamNames() []string {
	names := make([]string, len(paramTable))
	for i := range paramTable {
		names[i] = paramTable[i].name
	}
	return names
}

func unknownParam(key string) string {
	switch key {
	case "warm_start":
		return "is not a parameter here: a model to start from is an option of the training"
	case "num_class":
		return "is not a parameter: the target tells the number of classes"
	}
	if near := table.Nearest(key, ParamNames()); near != "" {
		return fmt.Sprintf("unknown; did you mean %q?", near)
	}
	return "unknown; the known ones are " + strings.Join(ParamNames(), ", ")
}

// set stores a value; false where it is of the wrong type.
func (s *paramSpec) set(p *Params, value any) (ok bool) {
	switch field := s.field(p).(type) {
	case *bool:
		*field, ok = asBool(value)
	case *int:
		if special, known := s.special[specialWord(value)]; known {
			*field = special
			return true
		}
		*field, ok = asInt(value)
		for _, special := range s.special {
			ok = ok && *field != special // which has a word instead
		}
	case *float64:
		*field, ok = asFloat(value)
	case *string:
		*field, ok = value.(string)
	case *[]int:
		*field, ok = asInts(value)
	}
	return ok
}

// specialWord is a text as it is, and "inf" for infinity.
func specialWord(value any) string {
	if f, ok := value.(float64); ok && math.IsInf(f, 1) {
		return "inf"
	}
	text, _ := value.(string)
	return text
}

func asFloat(value any) (float64, bool) {
	v := reflect.ValueOf(value)
	switch {
	case !v.IsValid():
		return 0, false
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanUint():
		return float64(v.Uint()), true
	case v.CanFloat():
		return v.Float(), true
	case v.Kind() == reflect.String: // json.Number, too
		f, err := strconv.ParseFloat(strings.TrimSpace(v.String()), 64)
		return f, err == nil
	}
	return 0, false
}

func asInt(value any) (int, bool) {
	f, ok := asFloat(value)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int(f), true
}

func asBool(value any) (bool, bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		return v == "true", v == "true" || v == "false"
	}
	return false, false
}

func asInts(value any) ([]int, bool) {
	if text, ok := value.(string); ok {
		value = strings.Split(text, ",")
	}
	v := reflect.ValueOf(value)
	if !v.IsValid() || v.Kind() != reflect.Slice {
		one, ok := asInt(value)
		return []int{one}, ok
	}
	list := make([]int, v.Len())
	for i := range list {
		var ok bool
		if list[i], ok = asInt(v.Index(i).Interface()); !ok {
			return nil, false
		}
	}
	return list, true
}
